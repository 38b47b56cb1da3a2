// How quickly and how much was answered. Reads the chats that were active since from_ms, the latest
// first, within limits.
#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "core/desk/dates.hpp"
#include "core/desk/queries.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

struct Tally {
  std::uint64_t received = 0, answers = 0, visits = 0, ordered = 0, in_time = 0;
  std::vector<std::uint64_t> first, reply;  // times, ms

  Measures measures() {
    return {received, answers, visits, ordered, in_time, waits_of(first), waits_of(reply)};
  }

 private:
  static Waits waits_of(std::vector<std::uint64_t>& times) {
    if (times.empty()) return {};
    std::uint64_t sum = 0;
    for (const std::uint64_t time : times) sum += time;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
    std::nth_element(times.begin(), middle, times.end());
    return {times.size(), sum / times.size(), *middle};
  }
};

// One chat, entry by entry in the order in which the desk knows them.
struct Turns {
  bool open = false;             // a visit: since the buyer wrote, until somebody closed it
  bool answered = false;         // within the visit
  std::uint64_t waiting_ms = 0;  // since when the buyer waits; 0: does not
};

}  // namespace

NumbersView Queries::numbers(std::uint64_t from_ms, std::uint64_t to_ms,
                             std::string_view zone) const {
  NumbersView out;
  out.zone = zone;
  out.to_ms = to_ms;
  out.from_ms = std::max(from_ms, to_ms - std::min(to_ms, numbers_span_max_ms));
  Tally all;
  std::map<MemberNo, Tally> members;
  std::map<std::string, Tally> shops;
  std::map<std::int64_t, Tally> days;
  std::array<Tally, 24> hours;
  if (out.from_ms < to_ms) {
    const std::int64_t last = local_hour(policy_, zone, to_ms - 1).day;
    for (std::int64_t day = local_hour(policy_, zone, out.from_ms).day; day <= last; ++day) {
      days.try_emplace(day);
    }
  }
  const auto within = [&](std::uint64_t ms) { return ms >= out.from_ms && ms < to_ms; };

  std::size_t chats = 0;
  std::size_t entries = 0;
  state_.each(table::recent, {}, true, [&](std::string_view recent, std::string_view) {
    if (stamp_ms(place_of(recent).stamp) < out.from_ms) return false;
    if (chats == numbers_chats_max || entries >= numbers_entries_max) {
      out.left_out = true;
      return false;
    }
    ++chats;
    const Id16 id = id_at(recent, place_size);
    const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
    Tally& shop = shops[chat ? chat->shop : std::string()];
    Turns turns;
    std::optional<std::vector<Id16>> accounts;
    state_.each(
        table::entries, Key().id(id), false, [&](std::string_view key, std::string_view value) {
          ++entries;
          const auto record = state_.decode<EntryRecord>(value);
          const auto kind = static_cast<EntryKind>(record.kind);
          // Where an event counts that happened at a time: for all, the shop, the day and the hour.
          const auto count = [&](const auto& change) {
            const LocalHour when = local_hour(policy_, zone, record.at_ms);
            for (Tally* one :
                 {&all, &shop, &days[when.day], &hours.at(static_cast<std::size_t>(when.hour))}) {
              change(*one);
            }
          };
          if (kind == EntryKind::closed) {
            turns = {};
          } else if (kind == EntryKind::received && !record.automatic) {
            const bool opens = !turns.open;
            turns.open = true;
            if (turns.waiting_ms == 0) turns.waiting_ms = record.at_ms;
            if (!within(record.at_ms)) return true;
            if (opens && !accounts && chat && chat->buyer) accounts = state_.group(*chat->buyer);
            const bool ordered =
                opens && accounts &&
                ordered_between(state_, *accounts, record.at_ms, record.at_ms + order_after_ms);
            count([&](Tally& one) {
              ++one.received;
              one.visits += opens ? 1 : 0;
              one.ordered += ordered ? 1 : 0;
            });
          } else if ((kind == EntryKind::reply && state_.has(table::talk_out, key)) ||
                     kind == EntryKind::sent) {
            const bool first = !turns.answered;
            const std::uint64_t since_ms = std::exchange(turns.waiting_ms, 0);
            turns.answered = true;
            if (!within(record.at_ms)) return true;
            const auto add = [&](Tally& one) {
              ++one.answers;
              if (since_ms == 0) return;
              const std::uint64_t took_ms = record.at_ms - std::min(record.at_ms, since_ms);
              one.reply.push_back(took_ms);
              if (!first) return;
              one.first.push_back(took_ms);
              one.in_time += took_ms <= policy_.first_reply_ms ? 1 : 0;
            };
            count(add);
            if (record.member != 0) add(members[record.member]);
          }
          return true;
        });
    return true;
  });

  out.all = all.measures();
  for (auto& [member, tally] : members) out.members.push_back({member, tally.measures()});
  for (auto& [shop, tally] : shops) out.shops.push_back({shop, tally.measures()});
  for (auto& [day, tally] : days) out.days.push_back({date_text(day), tally.measures()});
  for (Tally& tally : hours) out.hours.push_back(tally.measures());
  return out;
}

}  // namespace deskmate::desk

// Enquiries that nobody answered in time. Reads the chats that were active since from_ms, the
// latest first, by the page.
#include <utility>

#include "core/desk/queries.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

// Named limits, of one page.
constexpr std::size_t missed_chats_max = 2'000;     // looked at
constexpr std::size_t missed_entries_max = 50'000;  // of these, about
constexpr std::size_t missed_of_chat_max = 50;      // the latest

// One chat, entry by entry.
struct TakenTurns {
  MemberNo owner = 0;
  bool answered = false;       // within the visit
  std::uint64_t asked_ms = 0;  // since when the buyer waits; 0: does not
  EventRef asked;
};

}  // namespace

std::optional<Page<MissedView>> Queries::missed(const MissedFilter& filter, std::string_view after,
                                                std::uint64_t now_ms, std::size_t limit) const {
  constexpr std::size_t key_size = place_size + sizeof(Id16);
  if (!after.empty() && after.size() != key_size) return std::nullopt;
  Page<MissedView> out;
  std::size_t chats = 0;
  std::size_t entries = 0;
  const auto look_at = [&](const Id16& id, const ChatRecord& chat) {
    std::vector<MissedView> found;
    TakenTurns turns;
    const auto end_wait = [&](MissedView::Outcome outcome, std::uint64_t end_ms) {
      const std::uint64_t asked_ms = std::exchange(turns.asked_ms, 0);
      if (asked_ms == 0 || asked_ms < filter.from_ms || asked_ms >= filter.to_ms) return;
      MissedView one;
      one.waited_ms = end_ms - std::min(end_ms, asked_ms);
      if (outcome != MissedView::Outcome::closed && one.waited_ms <= policy_.reply_warning_ms) {
        return;
      }
      if (filter.member && turns.owner != *filter.member) return;
      one.outcome = outcome;
      one.member = turns.owner;
      one.asked = turns.asked;
      one.asked_ms = asked_ms;
      found.push_back(std::move(one));
    };
    state_.each(table::entries, Key().id(id), false,
                [&](std::string_view key, std::string_view value) {
                  ++entries;
                  const auto record = state_.decode<EntryRecord>(value);
                  switch (static_cast<EntryKind>(record.kind)) {
                    case EntryKind::received:
                      if (!record.automatic && turns.asked_ms == 0) {
                        turns.asked_ms = record.at_ms;
                        turns.asked = state_.ref(place_of(key.substr(sizeof(Id16))));
                      }
                      break;
                    case EntryKind::reply:
                      if (!state_.has(table::talk_out, key)) break;
                      [[fallthrough]];
                    case EntryKind::sent:
                      end_wait(MissedView::Outcome::answered, record.at_ms);
                      turns.answered = true;
                      break;
                    case EntryKind::closed:
                      // Whoever was answered and then said thanks has missed nothing.
                      if (!turns.answered) end_wait(MissedView::Outcome::closed, record.at_ms);
                      turns = {};
                      break;
                    case EntryKind::assigned:
                      turns.owner = record.member;
                      break;
                    case EntryKind::transfer:
                    case EntryKind::released:
                      turns.owner = record.to;
                      break;
                    default:
                      break;
                  }
                  return true;
                });
    end_wait(MissedView::Outcome::waiting, now_ms);
    if (found.empty()) return;
    if (found.size() > missed_of_chat_max) {
      found.erase(found.begin(), found.end() - missed_of_chat_max);
    }
    const auto accounts = chat.buyer ? state_.group(*chat.buyer) : std::vector<Id16>();
    const ChatLabel name = label(id);
    for (auto one = found.rbegin(); one != found.rend(); ++one) {
      one->chat = name;
      one->shop = chat.shop;
      one->ordered =
          ordered_between(state_, accounts, one->asked_ms, one->asked_ms + order_after_ms);
      one->lost = !one->ordered && stage_of(state_, accounts) != "insale";
      out.rows.push_back(std::move(*one));
    }
  };
  state_.scan(
      table::recent, after.empty() ? Key().last() : Key().text(after), true,
      [&](std::string_view key, std::string_view) {
        if (key == after) return true;
        if (stamp_ms(place_of(key).stamp) < filter.from_ms || limit == 0) return false;
        const Id16 id = id_at(key, place_size);
        const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
        if (chat && (filter.shop.empty() || chat->shop == filter.shop)) {
          look_at(id, *chat);
        }
        if (out.rows.size() < limit && ++chats < missed_chats_max && entries < missed_entries_max) {
          return true;
        }
        out.next = key;
        return false;
      });
  return out;
}

}  // namespace deskmate::desk

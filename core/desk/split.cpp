// R6: the fairness ledger by the day. Reads what was given since from_ms, and nothing older.
#include <algorithm>
#include <set>

#include "core/desk/dates.hpp"
#include "core/desk/ledger.hpp"
#include "core/desk/peers.hpp"
#include "core/desk/queries.hpp"

namespace deskmate::desk {
namespace {

struct Day {
  std::map<MemberNo, SplitRow> rows;
  std::map<std::string, std::map<MemberNo, std::uint64_t>> charged;  // by set
  std::vector<MemberChange> changes;
  std::uint64_t from_ms = 0, to_ms = 0;
};

std::vector<SplitRow> rows_of(const std::map<MemberNo, SplitRow>& rows) {
  std::vector<SplitRow> out;
  for (const auto& [member, row] : rows) out.push_back(row);
  return out;
}

void add(std::map<MemberNo, SplitRow>& rows, const GivenRecord& given) {
  SplitRow& row = rows[given.member];
  row.member = given.member;
  ++row.given[given.rule];
  ++row.total;
  if (!given.set.empty()) ++row.charged;
}

}  // namespace

SplitView Queries::split(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const {
  SplitView out;
  out.zone = zone;
  std::map<std::int64_t, Day> days;
  const auto day_at = [&](std::uint64_t ms) -> Day& {
    Day& day = days[local_hour(policy_, zone, ms).day];
    if (day.from_ms == 0 || ms < day.from_ms) day.from_ms = ms;
    day.to_ms = std::max(day.to_ms, ms);
    return day;
  };
  // What is charged after a day's end is taken from the counts as they are now.
  std::map<std::string, std::map<MemberNo, std::uint64_t>> later;
  std::set<std::string> sets;
  std::map<MemberNo, SplitRow> all;
  const std::uint64_t last_ms = UINT64_MAX >> 16;
  state_.scan(table::given, Key().u64(std::min(from_ms, last_ms) << 16), false,
              [&](std::string_view key, std::string_view value) {
                const std::uint64_t at_ms = stamp_ms(place_of(key).stamp);
                const auto given = state_.decode<GivenRecord>(value);
                if (!given.set.empty()) sets.insert(given.set);
                if (at_ms >= to_ms) {
                  if (!given.set.empty()) ++later[given.set][given.member];
                  return true;
                }
                Day& day = day_at(at_ms);
                add(day.rows, given);
                add(all, given);
                if (!given.set.empty()) ++day.charged[given.set][given.member];
                return true;
              });
  state_.each(table::changes, {}, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<ChangeRecord>(value);
    if (!record.at.any()) return true;
    MemberChange change = change_view(state_, id_at(key, 0), record);
    if (change.in_force && change.in_force_ms >= from_ms && change.in_force_ms < to_ms) {
      day_at(change.in_force_ms).changes.push_back(std::move(change));
    }
    return true;
  });

  for (auto at = days.rbegin(); at != days.rend(); ++at) {
    Day& day = at->second;
    SplitDay view;
    view.date = date_text(at->first);
    view.from_ms = day.from_ms;
    view.to_ms = day.to_ms;
    view.rows = rows_of(day.rows);
    for (const std::string& set : sets) {
      LedgerRecord record = state_.load<LedgerRecord>(table::ledger, set);
      for (LedgerShare& share : record.shares) share.count -= later[set][share.member];
      const std::int64_t of = total_weight(record.shares);
      std::uint64_t given = 0;
      for (const LedgerShare& share : record.shares) given += share.count;
      SplitSet debts;
      for (const LedgerShare& share : record.shares) {
        const auto fair = static_cast<std::int64_t>(given * share.weight);
        debts.push_back({share.member, share.weight, share.count,
                         fair - of * static_cast<std::int64_t>(share.count), of});
      }
      view.debt.push_back(std::move(debts));
    }
    std::stable_sort(day.changes.begin(), day.changes.end(),
                     [](const auto& a, const auto& b) { return a.in_force_ms < b.in_force_ms; });
    view.changes = std::move(day.changes);
    out.days.push_back(std::move(view));
    for (const auto& [set, members] : day.charged) {
      for (const auto& [member, count] : members) later[set][member] += count;
    }
  }
  std::reverse(out.days.begin(), out.days.end());
  out.rows = rows_of(all);
  out.waiting = changes_waiting();
  return out;
}

}  // namespace deskmate::desk

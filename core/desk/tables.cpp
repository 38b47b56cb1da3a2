#include "core/desk/tables.hpp"

#include <array>
#include <iterator>
#include <utility>

#include "core/desk/schema.hpp"

namespace deskmate::desk {

std::optional<std::string> MemoryTables::get(std::string_view table, std::string_view key) {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return std::nullopt;
  const auto entry = found->second.find(key);
  if (entry == found->second.end()) return std::nullopt;
  return entry->second;
}

void MemoryTables::put(std::string_view table, std::string_view key, std::string value) {
  tables_[std::string(table)].insert_or_assign(std::string(key), std::move(value));
}

void MemoryTables::erase(std::string_view table, std::string_view key) {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return;
  const auto entry = found->second.find(key);
  if (entry == found->second.end()) return;
  found->second.erase(entry);
  if (found->second.empty()) tables_.erase(found);
}

void MemoryTables::scan(std::string_view table, const Range& range, const Each& each) {
  const auto found = tables_.find(table);
  if (found == tables_.end()) return;
  const auto& entries = found->second;
  const auto goes_on = [&](const auto& entry) {
    return std::string_view(entry.first).starts_with(range.within) &&
           each(entry.first, entry.second);
  };
  if (!range.backwards) {
    for (auto at = entries.lower_bound(range.from); at != entries.end(); ++at) {
      if (!goes_on(*at)) return;
    }
    return;
  }
  for (auto at = std::make_reverse_iterator(entries.upper_bound(range.from)); at != entries.rend();
       ++at) {
    if (!goes_on(*at)) return;
  }
}

std::size_t MemoryTables::entries() const {
  std::size_t count = 0;
  for (const auto& [name, entries] : tables_) count += entries.size();
  return count;
}

std::span<const TableInfo> desk_tables() {
  static constexpr std::array all = {table::logs,
                                     table::members,
                                     table::buyers,
                                     table::contacts,
                                     table::mentions,
                                     table::quotes,
                                     table::joins,
                                     table::chats,
                                     table::messages,
                                     table::entries,
                                     table::drafts,
                                     table::requests,
                                     table::orders,
                                     table::parcels,
                                     table::products,
                                     table::phrases,
                                     table::plugins,
                                     table::ledger,
                                     table::claims,
                                     table::visits,
                                     table::peers,
                                     table::met,
                                     table::book,
                                     table::changes,
                                     table::erasures,
                                     table::forgotten,
                                     table::dead_keys,
                                     table::given,
                                     table::changes_open,
                                     table::talk_in,
                                     table::talk_out,
                                     table::chat_numbers,
                                     table::buyer_chats,
                                     table::served,
                                     table::open,
                                     table::todo,
                                     table::waiting,
                                     table::last_word,
                                     table::recent,
                                     table::loads,
                                     table::contact_buyers,
                                     table::joined,
                                     table::order_numbers,
                                     table::buyer_orders,
                                     table::contact_orders,
                                     table::recent_orders,
                                     table::order_parcels,
                                     table::order_requests,
                                     table::unfinished,
                                     table::under_way,
                                     table::by_hand,
                                     table::promises,
                                     table::questions,
                                     table::listening,
                                     table::promises_due,
                                     table::member_promises,
                                     table::chat_promises,
                                     table::questions_open,
                                     table::chat_questions,
                                     table::cases,
                                     table::case_lines,
                                     table::case_links,
                                     table::calls,
                                     table::words,
                                     table::case_numbers,
                                     table::cases_recent,
                                     table::member_cases,
                                     table::cases_due,
                                     table::cases_about,
                                     table::calls_about,
                                     table::problems,
                                     table::to_ship,
                                     table::sku_waiting,
                                     table::problems_open,
                                     table::problems_told,
                                     table::offers,
                                     table::payouts,
                                     table::outside,
                                     table::moved,
                                     table::limits,
                                     table::offers_recent,
                                     table::offers_approval,
                                     table::offers_ready,
                                     table::chat_offers,
                                     table::order_offers,
                                     table::charges,
                                     table::order_payouts,
                                     table::payouts_time,
                                     table::order_outside,
                                     table::outside_booked,
                                     table::outside_time,
                                     table::stations,
                                     table::parcel_numbers,
                                     table::parcels_still,
                                     table::parcels_due,
                                     table::parcels_sent,
                                     table::meta};
  return all;
}

}  // namespace deskmate::desk

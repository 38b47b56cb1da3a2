// Lists by the page: each goes on behind where the one before ended. Internal.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/desk/state.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

// Named limit: rows looked at for one page; so it may have fewer than were asked for.
inline constexpr std::size_t page_scanned_max = 5'000;

// What a page reads: the entries of a table that begin with prefix; the rest of a key, so many
// bytes, is where a page ends.
struct Listing {
  const TableInfo& table;
  std::string prefix;
  std::size_t rest = 0;
  bool backwards = false;
};

// take(rest of the key, row) returns whether there may be more, and sets the row if it is wanted.
// Nothing: `after` was never the end of a page.
template <class Row, class Take>
std::optional<Page<Row>> turn_page(const State& state, const Listing& list, std::string_view after,
                                   std::size_t limit, const Take& take) {
  if (!after.empty() && after.size() != list.rest) return std::nullopt;
  std::string from = list.prefix;
  from += after;
  if (after.empty() && list.backwards) from.append(list.rest, '\xff');
  Page<Row> page;
  std::string last;
  std::size_t looked_at = 0;
  state.scan(list.table, from, list.backwards, [&](std::string_view key, std::string_view) {
    if (key.substr(0, list.prefix.size()) != list.prefix) return false;
    const std::string_view at = key.substr(list.prefix.size());
    if (at == after) return true;
    std::optional<Row> row;
    if (!take(at, row)) return false;
    if (page.rows.size() == limit || looked_at++ == page_scanned_max) {
      page.next = last;
      return false;
    }
    if (row) page.rows.push_back(std::move(*row));
    last = at;
    return true;
  });
  return page;
}

}  // namespace deskmate::desk

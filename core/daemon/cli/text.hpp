// How answers look on a terminal: tables that line up in Chinese too, times, money. Pure.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/daemon/messages.hpp"

namespace deskmate::daemon::cli {

inline constexpr std::uint64_t hour_ms = 3'600'000;
inline constexpr std::uint64_t day_ms = 24 * hour_ms;
inline constexpr std::size_t text_columns = 40;  // of a text in a table
// As many digits of an id are shown as nobody types in vain; the desk takes the beginning.
inline constexpr std::size_t id_columns = 8;

// A number of an answer; nil: empty.
std::string number(const Value& value);
std::string short_id(const Value& id);

// Columns that a text takes on a terminal: wide characters (Chinese, emoji) take two.
std::size_t display_width(std::string_view text);

// The text with what could steer a terminal taken out; newlines stay where asked for.
std::string printable(std::string_view text, bool keep_lines = false);

// At most that many columns, with "…" where it was cut.
std::string shorten(std::string_view text, std::size_t columns);

// Rows under headings, columns lined up.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> row);
  void print(std::ostream& out) const;
  bool empty() const { return rows_.size() == 1; }

 private:
  std::vector<std::vector<std::string>> rows_;
};

// 1299, "EUR" → "12.99 EUR"
std::string money(std::int64_t minor, std::string_view currency);

// "12.99" → 1299 of a currency with two digits. Nothing for what is no amount, has too many digits
// or is not above 0.
std::optional<std::int64_t> parse_money(std::string_view text, std::string_view currency);

// "3 min", "41 h"
std::string ago(Language language, std::uint64_t ms);

// A time of the desk by the wall clock of this machine.
std::string when(std::uint64_t utc_ms);

// The answer as JSON, bytes as hex digits.
std::string to_json(const Value& value);

// The same on one line, for streams of them.
std::string to_json_line(const Value& value);

}  // namespace deskmate::daemon::cli

#include "core/daemon/cli/text.hpp"

#include <algorithm>
#include <limits>
#include <ostream>

#include "core/daemon/zone.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::size_t gap = 2;  // columns between columns

// Decodes one character of valid UTF-8 and moves on; U+FFFD for what is not.
char32_t next_character(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  const int more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : -1;
  if (more < 0) return 0xFFFD;
  char32_t point = first & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    if (at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) return 0xFFFD;
    point = point << 6 | (static_cast<unsigned char>(text[at++]) & 0x3Fu);
  }
  return point;
}

bool in(char32_t point, char32_t from, char32_t to) { return point >= from && point <= to; }

std::size_t width_of(char32_t point) {
  if (in(point, 0x300, 0x36F) || in(point, 0x200B, 0x200F) || in(point, 0xFE00, 0xFE0F)) return 0;
  const bool wide =
      in(point, 0x1100, 0x115F) || in(point, 0x2E80, 0xA4CF) || in(point, 0xAC00, 0xD7A3) ||
      in(point, 0xF900, 0xFAFF) || in(point, 0xFE30, 0xFE4F) || in(point, 0xFF00, 0xFF60) ||
      in(point, 0xFFE0, 0xFFE6) || in(point, 0x1F300, 0x1FAFF) || in(point, 0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

// Digits after the point, by ISO 4217; those not named here have two.
unsigned digits_of(std::string_view currency) {
  for (const char* none : {"JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF"}) {
    if (currency == none) return 0;
  }
  for (const char* three : {"KWD", "BHD", "OMR", "JOD", "TND", "IQD", "LYD"}) {
    if (currency == three) return 3;
  }
  return 2;
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) width += width_of(next_character(text, at));
  return width;
}

std::string printable(std::string_view text, bool keep_lines) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    const char32_t point = next_character(text, at);
    if (point == '\n' && keep_lines) {
      out += '\n';
    } else if (point == '\n' || point == '\t') {
      out += ' ';
    } else if (point >= 0x20 && !in(point, 0x7F, 0x9F) && !in(point, 0x202A, 0x202E) &&
               !in(point, 0x2066, 0x2069)) {
      out.append(text.substr(from, at - from));
    }
  }
  return out;
}

std::string shorten(std::string_view text, std::size_t columns) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    width += width_of(next_character(text, at));
    if (width > columns || (width == columns && at < text.size())) {
      return std::string(text.substr(0, from)) + "…";
    }
  }
  return std::string(text);
}

Table::Table(std::vector<std::string> headings) { rows_.push_back(std::move(headings)); }

std::string number(const Value& value) {
  return value.is_nil() ? std::string() : std::to_string(value.as_int());
}

std::string short_id(const Value& id) { return std::string(id.as_str().substr(0, id_columns)); }

void Table::add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i]));
    }
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] + gap - display_width(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  }
}

std::string money(std::int64_t minor, std::string_view currency) {
  const unsigned digits = digits_of(currency);
  std::string text = std::to_string(minor);
  const bool negative = text.front() == '-';
  if (negative) text.erase(0, 1);
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  if (digits > 0) text.insert(text.size() - digits, 1, '.');
  return (negative ? "-" : "") + text + " " + std::string(currency);
}

std::optional<std::int64_t> parse_money(std::string_view text, std::string_view currency) {
  const unsigned digits = digits_of(currency);
  const auto point = text.find('.');
  std::string whole(text.substr(0, point));
  std::string part(point == std::string_view::npos ? std::string_view() : text.substr(point + 1));
  const bool has_point = point != std::string_view::npos;
  if (whole.empty() || (has_point && part.empty()) || part.size() > digits) return std::nullopt;
  part.append(digits - part.size(), '0');
  std::int64_t out = 0;
  for (const char c : whole + part) {
    if (c < '0' || c > '9' || out > std::numeric_limits<std::int64_t>::max() / 10 - 10) {
      return std::nullopt;
    }
    out = out * 10 + (c - '0');
  }
  if (out <= 0) return std::nullopt;
  return out;
}

std::string ago(Language language, std::uint64_t ms) {
  const std::uint64_t seconds = ms / 1'000;
  if (seconds < 60) return say(language, "time.seconds", {std::to_string(seconds)});
  if (seconds < 3'600) return say(language, "time.minutes", {std::to_string(seconds / 60)});
  if (seconds < 72ull * 3'600)
    return say(language, "time.hours", {std::to_string(seconds / 3'600)});
  return say(language, "time.days", {std::to_string(seconds / 86'400)});
}

std::string when(std::uint64_t utc_ms) { return local_time({}, utc_ms); }

}  // namespace deskmate::daemon::cli

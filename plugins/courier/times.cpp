#include "plugins/courier/times.hpp"

#include <chrono>
#include <optional>

namespace deskmate::courier {
namespace {

// Reads digits off the front.
class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  std::optional<int> number(std::size_t digits) {
    if (text_.size() < digits) return std::nullopt;
    int out = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (text_[i] < '0' || text_[i] > '9') return std::nullopt;
      out = out * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return out;
  }
  bool take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view of) {
    if (text_.empty() || of.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  char front() const { return text_.empty() ? '\0' : text_.front(); }
  bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

std::optional<std::int64_t> days_of(Scan& scan) {
  const auto year = scan.number(4);
  if (!year || !scan.take_any("-/")) return std::nullopt;
  const auto month = scan.number(2);
  if (!month || !scan.take_any("-/")) return std::nullopt;
  const auto day = scan.number(2);
  if (!day || *year < 1971 || *year > 2199) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// Hours, minutes and seconds with a fraction, in milliseconds.
std::optional<std::int64_t> clock_of(Scan& scan) {
  const auto hour = scan.number(2);
  if (!hour || !scan.take(':')) return std::nullopt;
  const auto minute = scan.number(2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  int second = 0;
  int milli = 0;
  if (scan.take(':')) {
    const auto found = scan.number(2);
    if (!found || *found > 60) return std::nullopt;
    second = *found;
    if (scan.take('.')) {
      int scale = 100;
      while (const auto digit = scan.number(1)) {
        milli += *digit * scale;
        scale /= 10;
      }
    }
  }
  return ((std::int64_t{*hour} * 60 + *minute) * 60 + second) * 1'000 + milli;
}

std::optional<std::int64_t> zone_of(Scan& scan, std::int64_t otherwise) {
  if (scan.empty()) return otherwise;
  if (scan.take_any("Zz")) return scan.empty() ? std::optional<std::int64_t>(0) : std::nullopt;
  const char sign = scan.front();
  if (!scan.take_any("+-")) return std::nullopt;
  const auto hours = scan.number(2);
  scan.take(':');
  const auto minutes = scan.empty() ? std::optional<int>(0) : scan.number(2);
  if (!hours || !minutes || !scan.empty() || *hours > 18) return std::nullopt;
  const std::int64_t ahead = std::int64_t{*hours} * 60 + *minutes;
  return sign == '-' ? -ahead : ahead;
}

}  // namespace

std::int64_t time_ms(std::string_view text, std::int64_t zone_minutes) {
  Scan scan(text);
  const auto days = days_of(scan);
  if (!days) return 0;
  std::int64_t of_day = 0;
  if (!scan.empty()) {
    if (!scan.take_any("T ")) return 0;
    const auto clock = clock_of(scan);
    if (!clock) return 0;
    of_day = *clock;
  }
  const auto zone = zone_of(scan, zone_minutes);
  if (!zone) return 0;
  return *days * 86'400'000 + of_day - *zone * 60'000;
}

}  // namespace deskmate::courier

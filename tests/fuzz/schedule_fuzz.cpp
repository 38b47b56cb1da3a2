// Any lines as working hours, any name as a time zone, any time: a change that was announced comes,
// and none before it.
#include "core/daemon/zone.hpp"
#include "core/desk/schedule.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  // From 1970 to about 2500; beyond, the zones' library has no years.
  const auto now_ms = input.ConsumeIntegralInRange<std::uint64_t>(0, 16'725'225'600'000);
  static const char* const zones[] = {"Asia/Shanghai", "Europe/Berlin", "America/New_York",
                                      "UTC",           "Pacific/Apia",  ""};
  std::string zone = input.PickValueInArray(zones);
  if (input.ConsumeBool()) zone = input.ConsumeRandomLengthString(24);
  std::vector<std::string> lines;
  while (input.remaining_bytes() > 0 && lines.size() < 8) {
    lines.push_back(input.ConsumeRandomLengthString(80));
  }

  const std::int64_t minute = daemon::local_minutes(zone, now_ms);
  const auto utc = static_cast<std::int64_t>(now_ms / 60'000);
  check(minute >= utc - 26 * 60 && minute <= utc + 26 * 60);
  if (!daemon::zone_exists(zone)) check(minute == utc);
  check(daemon::local_time(zone, now_ms).size() >= 16);

  const auto schedule = desk::parse_schedule(lines);
  if (!schedule) return 0;
  // A line for a date may be a long time ahead.
  const bool dated = std::any_of(lines.begin(), lines.end(), [](const std::string& line) {
    const std::size_t at = line.find_first_of("0123456789");
    return at != std::string::npos && line.size() > at + 4 && line[at + 4] == '-';
  });
  const auto left = schedule->minutes_to_change(minute);
  if (left) {
    check(*left > 0 && (dated || *left <= 7 * 24 * 60));
    const bool now = schedule->covers(minute);
    check(schedule->covers(minute + *left) != now);
    check(schedule->covers(minute + *left - 1) == now &&
          schedule->covers(minute + *left / 2) == now);
  } else {
    check(schedule->covers(minute) == schedule->covers(minute + 4321));
  }
  const auto next = desk::next_change_ms(*schedule, zone, now_ms, daemon::local_minutes);
  check(next.has_value() == left.has_value());
  if (next) check(*next > now_ms && (dated || *next <= now_ms + 8ull * 24 * 3'600'000));
  return 0;
}

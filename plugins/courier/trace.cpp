#include "plugins/courier/trace.hpp"

#include <algorithm>
#include <tuple>

namespace deskmate::courier {

void put_in_order(Trace& trace) {
  auto& stations = trace.stations;
  std::erase_if(stations, [](const Station& one) { return one.at_ms <= 0; });
  const auto name = [](const Station& one) { return std::tie(one.at_ms, one.code, one.text); };
  std::stable_sort(stations.begin(), stations.end(),
                   [&](const Station& a, const Station& b) { return name(a) < name(b); });
  stations.erase(
      std::unique(stations.begin(), stations.end(),
                  [&](const Station& a, const Station& b) { return name(a) == name(b); }),
      stations.end());
  if (stations.size() > stations_max) {
    stations.erase(stations.begin(), stations.end() - static_cast<std::ptrdiff_t>(stations_max));
  }
  if (stations.empty()) return;
  if (trace.at_ms == 0) trace.at_ms = stations.back().at_ms;
  if (trace.text.empty()) trace.text = stations.back().text;
  if (trace.origin.empty()) trace.origin = stations.front().place;
}

}  // namespace deskmate::courier

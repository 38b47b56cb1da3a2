// Topics: the types of events, as readers and `desk.log` name them. Pure.
#pragma once

#include <string_view>

#include "core/bus/frame.hpp"

namespace deskmate::bus {

// "order.seen", "order.*", "*": a star stands alone, or last for a family. What has one elsewhere
// ("*.seen") covers nothing, so it is a mistake.
inline bool is_pattern(std::string_view topic) {
  if (topic.empty() || topic.size() > name_bytes_max) return false;
  const auto star = topic.find('*');
  if (star == std::string_view::npos || topic == "*") return true;
  return star + 1 == topic.size() && star > 1 && topic[star - 1] == '.';
}

}  // namespace deskmate::bus

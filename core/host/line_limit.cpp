#include "core/host/line_limit.hpp"

#include <utility>

namespace deskmate::host {

bool LineLimit::allow(std::uint64_t now_ms, std::uint64_t& left_out) {
  left_out = 0;
  const std::uint64_t second = now_ms / 1000;
  if (second != second_) {
    second_ = second;
    count_ = 0;
    left_out = std::exchange(dropped_, 0);
  }
  if (++count_ <= per_s_) return true;
  ++dropped_;
  ++ever_;
  return false;
}

void LineCutter::feed(std::string_view bytes,
                      const std::function<void(std::string_view line)>& each) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (line_.size() < line_max_) line_.append(part.substr(0, line_max_ - line_.size()));
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    finish(each);
  }
}

void LineCutter::finish(const std::function<void(std::string_view line)>& each) {
  const std::string line = std::exchange(line_, {});
  if (!line.empty()) each(line);
}

}  // namespace deskmate::host

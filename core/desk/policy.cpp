#include "core/desk/policy.hpp"

#include <algorithm>
#include <array>

namespace deskmate::desk {

std::span<const Role> roles() {
  static constexpr std::array<Role, 6> all = {{
      {"presale", "pre-sale", "售前"},
      {"insale", "in-sale", "售中"},
      {"aftersale", "after-sale", "售后"},
      {"review", "review care", "评价"},
      {"supervisor", "supervisor", "主管"},
      {"manager", "manager", "经理"},
  }};
  return all;
}

std::optional<std::size_t> authority(std::string_view role) {
  const auto all = roles();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Role& one) { return one.name == role; });
  if (at == all.end()) return std::nullopt;
  return static_cast<std::size_t>(at - all.begin());
}

std::int64_t utc_minutes(std::string_view, std::uint64_t utc_ms) {
  return static_cast<std::int64_t>(utc_ms / minute_ms);
}

std::uint32_t Policy::limit_of(std::string_view role, std::uint32_t own_capacity) const {
  std::uint32_t limit = suspend_at;
  if (own_capacity != 0) {
    limit = own_capacity;
  } else if (const auto of_role = capacity.find(role); of_role != capacity.end()) {
    limit = of_role->second;
  }
  return std::min(limit, suspend_at);
}

}  // namespace deskmate::desk

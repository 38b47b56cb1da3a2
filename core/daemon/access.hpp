// What a person who came in through a browser may do: as one member, with the access that the
// configuration gives (`[[member]] access`). The command line is the owner's and may do everything.
// Values only; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "core/bus/session.hpp"
#include "core/desk/types.hpp"

namespace deskmate::daemon {

enum class Access {
  viewer,  // sees
  agent,   // and answers buyers, acts on orders, says when they are away
  owner,   // and everything else: members, plugins, peers, backup, erasure
};
std::string_view to_string(Access access);
std::optional<Access> access_from(std::string_view text);

bus::Rights rights_of(Access access, desk::MemberNo member);

}  // namespace deskmate::daemon

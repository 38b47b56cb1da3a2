// R3: the reason of a routing decision in words.
#pragma once

#include <string>

#include "core/desk/types.hpp"

namespace deskmate::desk {

// The sentence for the `why` of a chat.assigned or chat.queued:
//   "last served by member 2, 41 h ago, online"
//   "by weight, 3:1, member 2 was owed 0.75"
//   "the peers could not see each other; member 2 by the draw of the weights 3:1"
// and for the `why` of a Right: "not acknowledged yet by everybody".
// A rule that this version does not know is named as it is.
std::string explain(const Value& why, Language language);

}  // namespace deskmate::desk

// R40: quick phrases with variables: "{buyer}, your parcel {parcel} is on its way. {agent}"
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::desk {

// The variables a phrase may use; the caller has their texts.
struct PhraseVariables {
  std::string buyer;
  std::string order;
  std::string parcel;
  std::string agent;
  std::string back;  // R15: when the shop answers again
};

struct Expanded {
  std::string text;
  std::vector<std::string>
      missing;  // variables used that have no text, each once: ask before sending
};

// Replaces each {variable} once, from left to right; what it is replaced by is not looked at again.
// An unknown name in braces stays as it is written; "{{" gives "{".
Expanded expand_phrase(std::string_view text, const PhraseVariables& variables);

}  // namespace deskmate::desk

#include "core/desk/phrases.hpp"

#include <algorithm>

namespace deskmate::desk {

Expanded expand_phrase(std::string_view text, const PhraseVariables& variables) {
  const std::map<std::string_view, const std::string*> known = {{"buyer", &variables.buyer},
                                                                {"order", &variables.order},
                                                                {"parcel", &variables.parcel},
                                                                {"agent", &variables.agent},
                                                                {"back", &variables.back}};
  Expanded out;
  while (!text.empty()) {
    const std::size_t brace = text.find('{');
    out.text.append(text.substr(0, brace));
    if (brace == std::string_view::npos) break;
    text.remove_prefix(brace);
    if (text.size() > 1 && text[1] == '{') {
      out.text += '{';
      text.remove_prefix(2);
      continue;
    }
    const std::size_t end = text.find('}');
    const std::string_view name =
        end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    const auto variable = known.find(name);
    if (variable == known.end()) {
      out.text += '{';
      text.remove_prefix(1);
      continue;
    }
    if (variable->second->empty() &&
        std::find(out.missing.begin(), out.missing.end(), name) == out.missing.end()) {
      out.missing.emplace_back(name);
    }
    out.text.append(*variable->second);
    text.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace deskmate::desk

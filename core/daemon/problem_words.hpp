// What rules found, in words: for members, and as a question to the buyer. Of kinds and reasons
// that are not known here (another's plugin) the words are theirs. Pure; any thread.
#pragma once

#include <deskmate/value.hpp>
#include <span>
#include <string>
#include <string_view>

#include "core/daemon/messages.hpp"

namespace deskmate::daemon {

// "The address has no house number". params: by name, amounts (…_minor) in
// params["currency"], times (…_ms) in `zone` (IANA; empty: the
// machine's).
std::string problem_text(std::string_view kind, std::string_view code, const Value& params,
                         Language language, std::string_view zone = {});
// "Vague address"
std::string problem_title(std::string_view kind, Language language);
// "ask the buyer"
std::string fix_text(std::string_view fix, Language language);
// What a buyer may be asked about it; empty: nothing is known to ask. number: of the order.
std::string buyer_question(std::string_view kind, std::string_view code, const Value& params,
                           std::string_view number, Language language);

// Is the text Chinese, going by its characters?
bool looks_chinese(std::string_view text);

// For the test that none lacks a language.
struct ProblemWords {
  std::string_view key;  // kind, kind/code, fix:NAME or evidence:KIND
  std::string_view en, zh;
  std::string_view ask_en, ask_zh;  // of the buyer; empty: nothing to ask
};
std::span<const ProblemWords> problem_words();

}  // namespace deskmate::daemon

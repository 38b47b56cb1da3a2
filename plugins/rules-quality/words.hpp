// Words as people write them, and whether a text has them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace deskmate::rules_quality {

// For comparing: ASCII letters in lower case, full width as half width, without characters that
// nobody sees; what is no UTF-8 is left out.
std::u32string folded(std::string_view text);

// A list of words, folded. One with a Chinese character is found anywhere, also with blanks and the
// marks *._-~ put between its characters; any other only as whole words.
class Words {
 public:
  // but: phrases in which the words mean no harm.
  explicit Words(const std::vector<std::string>& words = {},
                 const std::vector<std::string>& but = {});
  // The first of the list that is in the text (as folded), as it was written; empty: none is.
  std::string_view in(const std::u32string& text) const;

 private:
  struct Word {
    std::string written;
    std::u32string folded;
    bool whole = false;  // only as whole words
  };
  std::vector<Word> words_;
  std::vector<std::u32string> but_;
};

}  // namespace deskmate::rules_quality

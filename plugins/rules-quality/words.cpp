#include "words.hpp"

#include <algorithm>

namespace deskmate::rules_quality {
namespace {

constexpr char32_t first_ideograph = 0x2E80;  // and what stands beside them: kana, hangul, marks

// Blanks of no width, directions, soft hyphens: written to be not seen.
bool is_unseen(char32_t c) {
  return c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF;
}

bool is_letter(char32_t c) {
  return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9') || (c >= 0xC0 && c < 0x2000);
}

bool is_between(char32_t c) {
  return c == U' ' || c == U'\t' || c == U'\n' || c == U'\r' || c == U'*' || c == U'.' ||
         c == U'_' || c == U'-' || c == U'~' || c == 0xB7;
}

char32_t fold(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  if (c == 0x3000 || c == 0xA0) c = U' ';
  if (c == 0x2019) c = U'\'';
  return c >= U'A' && c <= U'Z' ? c + 32 : c;
}

std::u32string squeezed(const std::u32string& text) {
  std::u32string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out),
               [](char32_t c) { return !is_between(c); });
  return out;
}

bool has_whole(const std::u32string& text, const std::u32string& word) {
  for (auto at = text.find(word); at != std::u32string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !is_letter(text[at - 1]) || !is_letter(word.front());
    const bool ends = end == text.size() || !is_letter(text[end]) || !is_letter(word.back());
    if (begins && ends) return true;
  }
  return false;
}

void blot(std::u32string& text, const std::u32string& phrase) {
  for (auto at = text.find(phrase); at != std::u32string::npos; at = text.find(phrase, at)) {
    text.replace(at, phrase.size(), U"|");
  }
}

}  // namespace

std::u32string folded(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    char32_t c = lead < 0x80 ? lead : lead & (0xFFu >> (size + 1));
    bool whole = lead < 0x80 || lead >= 0xC0;
    for (std::size_t k = 1; k < size && whole; ++k) {
      const auto next = i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
      whole = (next & 0xC0u) == 0x80u;
      c = c << 6 | (next & 0x3Fu);
    }
    i += whole ? size : 1;
    if (!whole) continue;
    c = fold(c);
    if (!is_unseen(c)) out += c;
  }
  return out;
}

Words::Words(const std::vector<std::string>& words, const std::vector<std::string>& but) {
  for (const std::string& one : words) {
    Word word{one, folded(one), true};
    word.whole = std::all_of(word.folded.begin(), word.folded.end(),
                             [](char32_t c) { return c < first_ideograph; });
    if (!word.whole) word.folded = squeezed(word.folded);
    if (!word.folded.empty()) words_.push_back(std::move(word));
  }
  for (const std::string& one : but) {
    if (auto phrase = folded(one); !phrase.empty()) but_.push_back(std::move(phrase));
  }
}

std::string_view Words::in(const std::u32string& text) const {
  std::u32string rest = text;
  for (const auto& phrase : but_) blot(rest, phrase);
  const std::u32string dense = squeezed(rest);
  for (const Word& word : words_) {
    const bool found =
        word.whole ? has_whole(rest, word.folded) : dense.find(word.folded) != std::u32string::npos;
    if (found) return word.written;
  }
  return {};
}

}  // namespace deskmate::rules_quality

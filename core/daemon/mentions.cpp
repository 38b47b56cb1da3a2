#include "core/daemon/mentions.hpp"

#include <algorithm>

#include "core/daemon/pseudonym.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t capitals_min = 10;  // a code without digits is at least so long
constexpr std::size_t email_max = 254;
constexpr std::size_t phone_text_max = 24;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_number_char(char c) { return is_alnum(c) || c == '-' || c == '_'; }
bool is_local_char(char c) {
  return is_alnum(c) || std::string_view(".!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
}
bool is_domain_char(char c) { return is_alnum(c) || c == '-' || c == '.'; }
bool is_phone_char(char c) {
  return is_digit(c) || c == ' ' || c == '-' || c == '(' || c == ')' || c == '.';
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<Mention> find() {
    emails();
    phones();
    numbers();
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Found& a, const Found& b) { return a.at < b.at; });
    std::vector<Mention> out;
    for (auto& found : found_) {
      if (out.size() == mentions_max) break;
      if (std::find(out.begin(), out.end(), found.mention) == out.end()) {
        out.push_back(std::move(found.mention));
      }
    }
    return out;
  }

 private:
  struct Found {
    std::size_t at;
    Mention mention;
  };

  void add(std::size_t at, Mention::Kind kind, std::string_view text) {
    found_.push_back({at, {kind, std::string(text)}});
  }

  void emails() {
    for (std::size_t at = text_.find('@'); at != std::string_view::npos;
         at = text_.find('@', at + 1)) {
      std::size_t begin = at;
      while (begin > 0 && is_local_char(text_[begin - 1])) --begin;
      while (begin < at && text_[begin] == '.') ++begin;
      std::size_t end = at + 1;
      while (end < text_.size() && is_domain_char(text_[end])) ++end;
      while (end > at + 1 && !is_alnum(text_[end - 1])) --end;
      const auto domain = text_.substr(at + 1, end - at - 1);
      if (begin == at || domain.find('.') == std::string_view::npos || !is_alnum(domain.front())) {
        continue;
      }
      if (end - begin <= email_max)
        add(begin, Mention::Kind::email, text_.substr(begin, end - begin));
    }
  }

  void phones() {
    std::size_t i = 0;
    while (i < text_.size()) {
      const bool plus = text_[i] == '+' && i + 1 < text_.size() && is_digit(text_[i + 1]);
      if (!(plus || is_digit(text_[i]) || text_[i] == '(') ||
          (i > 0 && (is_number_char(text_[i - 1]) || text_[i - 1] == '@'))) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < text_.size() && is_phone_char(text_[end])) ++end;
      const std::size_t next = end;
      const bool word_goes_on = end < text_.size() && (is_alnum(text_[end]) || text_[end] == '_');
      while (end > i && !is_digit(text_[end - 1])) --end;
      const auto candidate = text_.substr(i, end - i);
      if (!(word_goes_on && end == next) && candidate.size() <= phone_text_max &&
          !normalise_phone(candidate, "").empty()) {
        add(i, Mention::Kind::phone, candidate);
      }
      i = next;
    }
  }

  void numbers() {
    std::size_t i = 0;
    while (i < text_.size()) {
      if (!is_alnum(text_[i])) {
        ++i;
        continue;
      }
      std::size_t end = i;
      while (end < text_.size() && is_number_char(text_[end])) ++end;
      const std::size_t next = end;
      while (end > i && !is_alnum(text_[end - 1])) --end;
      const auto word = text_.substr(i, end - i);
      const bool in_address =
          (i > 0 && text_[i - 1] == '@') || (next < text_.size() && text_[next] == '@');
      const bool digits = std::any_of(word.begin(), word.end(), is_digit);
      const bool capitals =
          word.size() >= capitals_min && std::all_of(word.begin(), word.end(), is_upper);
      if (!in_address && word.size() >= mention_number_min && word.size() <= mention_number_max &&
          (digits || capitals)) {
        add(i, Mention::Kind::number, word);
      }
      i = next;
    }
  }

  std::string_view text_;
  std::vector<Found> found_;
};

}  // namespace

std::vector<Mention> find_mentions(std::string_view text) {
  const std::string plain = to_half_width(text.substr(0, mention_text_max));
  return Finder(plain).find();
}

}  // namespace deskmate::daemon

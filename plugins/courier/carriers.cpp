#include "plugins/courier/carriers.hpp"

#include <algorithm>

namespace deskmate::courier {
namespace {

constexpr std::string_view not_followed = "-";

std::string trimmed_lower(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool is_word_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (static_cast<unsigned char>(c) & 0x80u) != 0;
}

bool fits(std::string_view name, std::string_view written) {
  if ((static_cast<unsigned char>(name.front()) & 0x80u) != 0) {
    return written.find(name) != std::string_view::npos;
  }
  return written.starts_with(name) &&
         (written.size() == name.size() || !is_word_part(written[name.size()]));
}

}  // namespace

Result<Carriers> Carriers::from(std::span<const CarrierName> own,
                                const std::vector<std::string>& extra) {
  Carriers out;
  out.own_ = own;
  for (const std::string& one : extra) {
    const std::string text = trimmed_lower(one);
    if (text == "*") {
      out.all_ = true;
      continue;
    }
    // The last one, as a code has none.
    const auto equals = one.rfind('=');
    Extra pair;
    if (equals != std::string::npos) {
      pair.name = trimmed_lower(std::string_view(one).substr(0, equals));
      pair.code = std::string_view(one).substr(equals + 1);
      std::erase(pair.code, ' ');
    }
    if (pair.name.empty() || pair.code.empty()) {
      return Error{Status::invalid,
                   "\"" + one + "\" is not \"what the shop writes = code\" or \"*\"", "carriers"};
    }
    out.extra_.push_back(std::move(pair));
  }
  return out;
}

std::optional<std::string> Carriers::code_of(std::string_view written) const {
  const std::string text = trimmed_lower(written);
  for (const Extra& one : extra_) {
    if (one.name != text) continue;
    if (one.code == not_followed) return std::nullopt;
    return one.code;
  }
  if (!text.empty()) {
    const auto found = std::find_if(own_.begin(), own_.end(),
                                    [&](const CarrierName& one) { return fits(one.name, text); });
    if (found != own_.end()) return std::string(found->code);
  }
  if (all_) return std::string();
  return std::nullopt;
}

}  // namespace deskmate::courier

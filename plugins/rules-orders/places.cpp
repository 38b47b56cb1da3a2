#include "places.hpp"

#include <algorithm>
#include <array>

namespace deskmate::rules_orders {
namespace {

bool is_ascii_mark(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x80 && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
         !(c >= '0' && c <= '9');
}

// Chinese marks and blanks that people put between parts of an address.
constexpr std::array<std::string_view, 7> wide_marks = {"，", "。", "、", "　", "（", "）", "－"};

}  // namespace

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && c != ' ') ++count;
  }
  return count;
}

bool has_house_number(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return true;
  }
  // Numbers in words, full-width digits, and what has none.
  static constexpr std::array<std::string_view, 18> signs = {"号", "栋", "幢", "室", "单元", "０",
                                                             "１", "２", "３", "４", "５",   "６",
                                                             "７", "８", "９", "楼", "组",   "弄"};
  return std::any_of(signs.begin(), signs.end(), [&](std::string_view sign) {
    return text.find(sign) != std::string_view::npos;
  });
}

std::string_view part(const rules::Order& order, std::string_view name) {
  for (const auto& [key, text] : order.address) {
    if (key == name) return text;
  }
  return {};
}

std::string street(const rules::Order& order) {
  if (const auto text = part(order, "text"); !text.empty()) return std::string(text);
  std::string out(part(order, "street"));
  if (const auto more = part(order, "street2"); !more.empty()) out.append(" ").append(more);
  return out;
}

std::string compared(const rules::Order& order) {
  std::string out;
  for (const auto& [name, text] : order.address) {
    if (!rules::is_place(name)) continue;
    for (std::size_t i = 0; i < text.size();) {
      const auto mark = std::find_if(
          wide_marks.begin(), wide_marks.end(),
          [rest = text.substr(i)](std::string_view wide) { return rest.starts_with(wide); });
      if (mark != wide_marks.end()) {
        i += mark->size();
        continue;
      }
      const char c = text[i++];
      if (!is_ascii_mark(c)) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
  }
  return out;
}

}  // namespace deskmate::rules_orders

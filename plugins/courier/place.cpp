#include "plugins/courier/place.hpp"

#include <algorithm>
#include <array>

namespace deskmate::courier {
namespace {

constexpr std::string_view city_sign = "市";
constexpr std::size_t phone_end_digits = 4;

// Provinces and cities of their rank by how they begin; addresses write 内蒙古自治区 or 内蒙古.
constexpr std::array<std::string_view, 34> provinces = {
    "北京",   "天津", "上海", "重庆", "河北", "山西", "辽宁", "吉林", "黑龙江",
    "江苏",   "浙江", "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南",
    "广东",   "海南", "四川", "贵州", "云南", "陕西", "甘肃", "青海", "台湾",
    "内蒙古", "广西", "西藏", "宁夏", "新疆", "香港", "澳门"};
// How what follows its name may begin.
constexpr std::array<std::string_view, 6> signs = {"维吾尔自治区", "壮族自治区", "回族自治区",
                                                   "自治区",       "特别行政区", "省"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string without_sign(std::string_view city) {
  if (city.size() > city_sign.size() && city.ends_with(city_sign)) {
    city.remove_suffix(city_sign.size());
  }
  return std::string(city);
}

std::string_view province_of(std::string_view text) {
  const auto* const found =
      std::find_if(provinces.begin(), provinces.end(),
                   [&](std::string_view one) { return text.starts_with(one); });
  return found == provinces.end() ? std::string_view() : *found;
}

std::string phone_end_of(std::string_view phone) {
  std::string digits;
  for (const char c : phone) {
    if (c >= '0' && c <= '9') digits += c;
  }
  if (digits.size() < phone_end_digits) return {};
  return digits.substr(digits.size() - phone_end_digits);
}

// "浙江省杭州市西湖区…", "北京市朝阳区…"
void read_text(std::string_view text, Destination& out) {
  const std::string_view province = province_of(text);
  if (province.empty()) return;
  out.region = province;
  std::string_view rest = text.substr(province.size());
  if (rest.starts_with(city_sign)) {
    out.city = province;
    return;
  }
  for (const std::string_view sign : signs) {
    if (!rest.starts_with(sign)) continue;
    rest.remove_prefix(sign.size());
    break;
  }
  const auto end = rest.find(city_sign);
  constexpr std::size_t city_bytes_max = 36;
  if (end != std::string_view::npos && end > 0 && end <= city_bytes_max) {
    out.city = rest.substr(0, end);
  }
}

}  // namespace

Destination destination_of(const Value& address) {
  Destination out;
  if (address.is_str()) {
    read_text(address.as_str(), out);
    return out;
  }
  out.city = without_sign(address["city"].as_str());
  for (const char* key : {"province", "state", "country_code", "country"}) {
    if (out.region.empty()) out.region = address[key].as_str();
  }
  const std::string_view short_name = province_of(out.region);
  if (!short_name.empty()) out.region = short_name;
  constexpr std::size_t region_bytes_max = 64;
  if (out.region.size() > region_bytes_max) out.region.clear();
  out.phone_end = phone_end_of(address["phone"].as_str());
  return out;
}

bool is_in(const Destination& destination, std::string_view place, std::string_view text) {
  if (destination.city.empty()) return false;
  const std::string_view where = place.empty() ? text : place;
  return lower(where).find(lower(destination.city)) != std::string::npos;
}

}  // namespace deskmate::courier

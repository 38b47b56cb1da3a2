#include "plugins/shop-vendure/answer.hpp"

#include <chrono>
#include <cmath>
#include <cstdio>

namespace deskmate::shop_vendure {
namespace {

// The digits of text[from, from + count) as a number; -1 where one is none.
int digits(std::string_view text, std::size_t from, std::size_t count) {
  if (from + count > text.size()) return -1;
  int number = 0;
  for (std::size_t i = from; i < from + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

bool punctuated(std::string_view text) {
  return text.size() >= 20 && text[4] == '-' && text[7] == '-' && text[10] == 'T' &&
         text[13] == ':' && text[16] == ':';
}

}  // namespace

Result<json::value> parse_answer(std::string_view body) {
  if (body.size() > answer_bytes_max) {
    return Error{Status::limit, "the shop's answer is too long", "vendure"};
  }
  json::parse_options options;
  options.max_depth = answer_depth_max;
  json::error_code failed;
  json::value value = json::parse({body.data(), body.size()}, failed, {}, options);
  if (failed) {
    return Error{Status::internal, "the shop's answer is not JSON: " + failed.message(), "vendure"};
  }
  return value;
}

std::int64_t parse_time_ms(std::string_view text) {
  if (!punctuated(text)) return -1;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  int millisecond = 0;
  if (text.size() == 24 && text[19] == '.') {
    millisecond = digits(text, 20, 3);
  } else if (text.size() != 20) {
    return -1;
  }
  if (text.back() != 'Z' || year < 1970 || month < 1 || day < 1 || hour < 0 || hour > 23 ||
      minute < 0 || minute > 59 || second < 0 || second > 60 || millisecond < 0) {
    return -1;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return -1;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * day_ms + ((hour * 60 + minute) * 60 + second) * std::int64_t{1000} + millisecond;
}

std::string format_time(std::int64_t at_ms) {
  if (at_ms < 0) at_ms = 0;
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(at_ms / day_ms)))};
  const auto rest = static_cast<int>(at_ms % day_ms);
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), rest / 3'600'000, rest / 60'000 % 60,
                rest / 1000 % 60, rest % 1000);
  return text;
}

void Fault::set(std::string_view path, std::string_view what) {
  if (!message_.empty()) return;
  message_ = "the shop's answer: ";
  message_.append(path).append(" ").append(what);
}

bool Field::has(std::string_view key) const {
  if (!value_ || !value_->is_object()) return false;
  const json::value* found = value_->get_object().if_contains({key.data(), key.size()});
  return found && !found->is_null();
}

Field Field::operator[](std::string_view key) const {
  std::string path = path_.empty() ? std::string(key) : path_ + '.' + std::string(key);
  if (!value_ || !value_->is_object()) {
    wrong("is not an object");
    return {nullptr, std::move(path), fault_};
  }
  return {value_->get_object().if_contains({key.data(), key.size()}), std::move(path), fault_};
}

std::string Field::id() const {
  std::string found = text(id_bytes_max);
  if (found.empty()) wrong("is not an id");
  return found;
}

std::string Field::text(std::size_t bytes_max) const {
  if (!value_ || !value_->is_string()) {
    wrong("is not text");
    return {};
  }
  const json::string& found = value_->get_string();
  if (found.size() > bytes_max) {
    wrong("is too long");
    return {};
  }
  return {found.data(), found.size()};
}

std::string Field::text_or_empty(std::size_t bytes_max) const {
  return is_null() ? std::string() : text(bytes_max);
}

std::int64_t Field::whole(std::int64_t min, std::int64_t max) const {
  std::int64_t number = 0;
  if (value_ && value_->is_int64()) {
    number = value_->get_int64();
  } else if (value_ && value_->is_double() && std::abs(value_->get_double()) <= 1e15 &&
             std::trunc(value_->get_double()) == value_->get_double()) {
    number = static_cast<std::int64_t>(value_->get_double());
  } else {
    wrong("is not a whole number");
    return min > 0 ? min : 0;
  }
  if (number < min || number > max) {
    wrong("is out of range");
    return min > 0 ? min : 0;
  }
  return number;
}

bool Field::boolean() const {
  if (value_ && value_->is_bool()) return value_->get_bool();
  wrong("is not true or false");
  return false;
}

std::int64_t Field::time_ms() const {
  const std::int64_t found = parse_time_ms(text(40));
  if (found >= 0) return found;
  wrong("is not a time");
  return 0;
}

std::int64_t Field::time_ms_or(std::int64_t otherwise) const {
  return is_null() ? otherwise : time_ms();
}

const json::array* Field::list(std::size_t items_max) const {
  if (is_null()) return nullptr;
  if (!value_->is_array()) {
    wrong("is not a list");
    return nullptr;
  }
  if (value_->get_array().size() > items_max) {
    wrong("is too long");
    return nullptr;
  }
  return &value_->get_array();
}

}  // namespace deskmate::shop_vendure

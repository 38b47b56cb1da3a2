// Reads what the shop answered, and takes nothing for granted: a field that is missing, of another
// type, too long or out of range is remembered with its path, and reading goes on with harmless
// values. So one look at the end tells whether everything was as it should be:
//
//   Fault fault;
//   Field order(value, "order", fault);
//   const std::string code = order["code"].text(64);
//   if (fault) return fault.error();
#pragma once

#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "deskmate/result.hpp"

namespace deskmate::shop_vendure {

namespace json = boost::json;

inline constexpr std::size_t answer_bytes_max = 1'048'576;
inline constexpr std::size_t answer_depth_max = 32;
inline constexpr std::size_t id_bytes_max = 64;
inline constexpr std::size_t text_bytes_max = 4096;
inline constexpr std::int64_t day_ms = 86'400'000;
inline constexpr std::int64_t quantity_max = 1'000'000;           // pieces of an order's line
inline constexpr std::int64_t money_max = 1'000'000'000'000'000;  // minor units; exact in a double

// JSON within the limits above, or Status::internal: the text itself is never in the message.
Result<json::value> parse_answer(std::string_view body);

// UTC milliseconds of "2026-11-22T09:33:08.563Z"; the fraction may be missing. Negative: not a
// time.
std::int64_t parse_time_ms(std::string_view text);

// The same the other way, as the shop's filters want it.
std::string format_time(std::int64_t at_ms);

// The first thing that was wrong.
class Fault {
 public:
  explicit operator bool() const { return !message_.empty(); }
  const std::string& message() const { return message_; }
  Error error() const { return {Status::internal, message_, "vendure"}; }
  void set(std::string_view path, std::string_view what);

 private:
  std::string message_;
};

// One value of the answer. Copies are cheap; the json and the fault must outlive it.
class Field {
 public:
  Field(const json::value& value, std::string path, Fault& fault)
      : value_(&value), path_(std::move(path)), fault_(&fault) {}

  bool is_null() const { return !value_ || value_->is_null(); }
  bool has(std::string_view key) const;  // there, and not null

  Field operator[](std::string_view key) const;  // a fault where this is no object

  // The same value with a fault of its own, where one bad item must not spoil the list.
  Field with(Fault& fault) const { return {value_, path_, &fault}; }

  std::string id() const;                                  // of 1 to id_bytes_max bytes
  std::string text(std::size_t bytes_max) const;           // must be text
  std::string text_or_empty(std::size_t bytes_max) const;  // null is empty, too
  std::int64_t whole(std::int64_t min, std::int64_t max) const;
  std::int64_t money() const { return whole(-money_max, money_max); }
  bool boolean() const;
  std::int64_t time_ms() const;
  std::int64_t time_ms_or(std::int64_t otherwise) const;  // for null

  // Calls read(Field) for each element; a longer list is a fault. Null counts as empty.
  template <class Read>
  void each(std::size_t items_max, Read read) const {
    const json::array* items = list(items_max);
    if (!items) return;
    std::size_t index = 0;
    for (const json::value& item : *items) {
      read(Field(item, path_ + '[' + std::to_string(index++) + ']', *fault_));
    }
  }

 private:
  Field(const json::value* value, std::string path, Fault* fault)
      : value_(value), path_(std::move(path)), fault_(fault) {}
  const json::array* list(std::size_t items_max) const;
  void wrong(std::string_view what) const { fault_->set(path_, what); }

  const json::value* value_;
  std::string path_;
  Fault* fault_;
};

}  // namespace deskmate::shop_vendure

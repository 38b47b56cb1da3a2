// Structured values and their msgpack bytes: what frames, events, settings and answers are made of.
//
//   Value event = Value::map({{"type", "message.received"}, {"facts", Value::map({{"at", 1}})}});
//   std::string bytes = encode(event);
//
//   Document document;                       // reusable, reads without copying
//   if (auto parsed = document.parse(bytes); !parsed) return parsed.error();
//   std::string_view type = document.root()["type"].as_str();
//
// Value owns and can be changed; View only reads, is a pointer's size, and is valid as long as its
// Document is neither parsed again nor destroyed and the parsed bytes live. None of this is shared
// between threads without a lock; const use from several threads is fine.
//
// Of msgpack, maps have text keys, text is UTF-8 and there are no extension types; anything else is
// refused with Status::invalid. Where a key stands twice, the first counts.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "deskmate/result.hpp"

namespace deskmate {

// What is accepted from outside. The defaults are those of a frame (see frames.md).
struct Limits {
  std::size_t depth_max = 32;         // collections within collections
  std::size_t items_max = 65'536;     // of one collection
  std::size_t bytes_max = 1'048'576;  // of the whole
};
inline constexpr Limits default_limits{};

// msgpack bin, as distinct from text.
struct Bytes {
  std::string data;

  Bytes() = default;
  explicit Bytes(std::string bytes) : data(std::move(bytes)) {}
  explicit Bytes(std::string_view bytes) : data(bytes) {}
  explicit Bytes(std::span<const std::uint8_t> bytes) : data(bytes.begin(), bytes.end()) {}

  std::size_t size() const { return data.size(); }
  bool empty() const { return data.empty(); }
  bool operator==(const Bytes&) const = default;
};

class Value;
class View;
using Array = std::vector<Value>;

// Text keys to values, in the order of insertion.
class Map {
 public:
  using Member = std::pair<std::string, Value>;

  Map() = default;
  Map(std::initializer_list<Member> members);

  // Null where there is no such key.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  bool contains(std::string_view key) const { return find(key) != nullptr; }

  // The value of key, which is added as nil where it is missing.
  Value& operator[](std::string_view key);
  // The value of key, or nil.
  const Value& operator[](std::string_view key) const;

  void set(std::string_view key, Value value);
  // Puts a member at the end without looking whether the key is there.
  void add(std::string key, Value value);
  bool erase(std::string_view key);

  using Members = std::vector<Member>;
  std::size_t size() const;
  bool empty() const;
  Members::const_iterator begin() const;
  Members::const_iterator end() const;
  Members::iterator begin();
  Members::iterator end();

  // In order, too: {a, b} is not {b, a}, as their bytes are not.
  bool operator==(const Map& other) const;

 private:
  Members members_;
};

// Any value. Numbers from 0 to INT64_MAX are held as int64, whatever they were made from, so that
// equal numbers are equal values.
class Value {
 public:
  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  template <std::signed_integral T>
  Value(T value) : data_(std::int64_t{value}) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) Value(T value) {
    if (std::uint64_t{value} <= std::uint64_t{INT64_MAX}) {
      data_ = static_cast<std::int64_t>(value);
    } else {
      data_ = std::uint64_t{value};
    }
  }
  Value(double value) : data_(value) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(Bytes bytes) : data_(std::move(bytes)) {}
  Value(Array array) : data_(std::move(array)) {}
  Value(Map map) : data_(std::move(map)) {}
  // No other pointer becomes a bool.
  template <class T>
  Value(T*) = delete;

  static Value map(std::initializer_list<Map::Member> members = {}) { return Map(members); }
  static Value array(std::initializer_list<Value> items = {}) { return Array(items); }
  static Value bin(std::string_view bytes) { return Bytes(bytes); }
  static Value bin(std::span<const std::uint8_t> bytes) { return Bytes(bytes); }

  bool is_nil() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  // A whole number; is_uint: that as_uint can hold; is_int: that as_int can hold.
  bool is_int() const { return std::holds_alternative<std::int64_t>(data_); }
  bool is_uint() const;
  bool is_double() const { return std::holds_alternative<double>(data_); }
  bool is_str() const { return std::holds_alternative<std::string>(data_); }
  bool is_bin() const { return std::holds_alternative<Bytes>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_map() const { return std::holds_alternative<Map>(data_); }

  // The value, or otherwise where it is of another kind or does not fit.
  bool as_bool(bool otherwise = false) const;
  std::int64_t as_int(std::int64_t otherwise = 0) const;
  std::uint64_t as_uint(std::uint64_t otherwise = 0) const;
  double as_double(double otherwise = 0) const;  // whole numbers too
  std::string_view as_str(std::string_view otherwise = {}) const;
  std::string_view as_bin(std::string_view otherwise = {}) const;
  const Array& as_array() const;  // empty where it is none
  const Map& as_map() const;      // empty where it is none

  // Elements and members; 0 for everything else.
  std::size_t size() const;

  // A member or an element; nil where there is none.
  const Value& operator[](std::string_view key) const { return as_map()[key]; }
  const Value& operator[](const char* key) const { return as_map()[std::string_view(key)]; }
  template <std::integral I>
  const Value& operator[](I index) const {
    return at(static_cast<std::size_t>(index));
  }
  template <std::integral I>
  const Value& operator[](I index) {
    return at(static_cast<std::size_t>(index));
  }

  // For building: a nil becomes a map, an array; another kind throws std::logic_error.
  Value& operator[](std::string_view key) { return make_map()[key]; }
  Value& operator[](const char* key) { return make_map()[std::string_view(key)]; }
  Map& make_map();
  Array& make_array();
  void push_back(Value item) { make_array().push_back(std::move(item)); }

  bool operator==(const Value& other) const = default;

 private:
  friend class Writer;
  const Value& at(std::size_t index) const;

  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, Array,
               Map>
      data_;
};

inline std::size_t Map::size() const { return members_.size(); }
inline bool Map::empty() const { return members_.empty(); }
inline Map::Members::const_iterator Map::begin() const { return members_.begin(); }
inline Map::Members::const_iterator Map::end() const { return members_.end(); }
inline Map::Members::iterator Map::begin() { return members_.begin(); }
inline Map::Members::iterator Map::end() { return members_.end(); }

// The shortest msgpack bytes of a value; map members in their order.
std::string encode(const Value& value);
std::string encode(const View& view);

// The value in bytes, all of them: what follows it is an error, too.
Result<Value> decode(std::string_view bytes, const Limits& limits = default_limits);

// Writes msgpack piece by piece, where building a Value first would cost too much. Whoever opens an
// array or a map of n must write n elements, or n keys each followed by its value.
//
//   std::string out;
//   Writer(out).array(2).integer(9).integer(1);  // a ping
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Writer& nil();
  Writer& boolean(bool value);
  Writer& integer(std::int64_t value);
  Writer& unsigned_integer(std::uint64_t value);
  Writer& number(double value);
  Writer& text(std::string_view value);
  Writer& key(std::string_view value) { return text(value); }
  Writer& bin(std::string_view value);
  Writer& array(std::size_t count);
  Writer& map(std::size_t count);
  Writer& value(const Value& value);
  Writer& value(const View& view);

 private:
  std::string& out_;
};

namespace detail {
struct Node;
}

// A value inside a Document.
class View {
 public:
  View();  // nil

  bool is_nil() const;
  bool is_bool() const;
  bool is_int() const;
  bool is_uint() const;
  bool is_double() const;
  bool is_str() const;
  bool is_bin() const;
  bool is_array() const;
  bool is_map() const;

  // As of Value; text and bytes point into what was parsed.
  bool as_bool(bool otherwise = false) const;
  std::int64_t as_int(std::int64_t otherwise = 0) const;
  std::uint64_t as_uint(std::uint64_t otherwise = 0) const;
  double as_double(double otherwise = 0) const;
  std::string_view as_str(std::string_view otherwise = {}) const;
  std::string_view as_bin(std::string_view otherwise = {}) const;

  // Elements or members; 0 for everything else.
  std::size_t size() const;

  // A member or an element; nil where there is none. Both walk: iterate where all are wanted.
  View operator[](std::string_view key) const;
  View operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  template <std::integral I>
  View operator[](I index) const {
    return at(static_cast<std::size_t>(index));
  }
  bool contains(std::string_view key) const;

  // The elements of an array (of anything else: none).  for (View item : view)
  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  // The members of a map (of anything else: none).  for (auto [key, item] : view.members())
  class Members;
  Members members() const;

  // An owning copy.
  Value to_value() const;

 private:
  friend class Document;
  friend class Writer;
  explicit View(const detail::Node* node) : node_(node) {}
  View at(std::size_t index) const;

  const detail::Node* node_;
};

class View::Iterator {
 public:
  View operator*() const { return View(at_); }
  Iterator& operator++();
  bool operator==(const Iterator&) const = default;

 private:
  friend class View;
  explicit Iterator(const detail::Node* at) : at_(at) {}
  const detail::Node* at_;
};

class View::Members {
 public:
  class Iterator {
   public:
    std::pair<std::string_view, View> operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator&) const = default;

   private:
    friend class Members;
    explicit Iterator(const detail::Node* at) : at_(at) {}
    const detail::Node* at_;
  };

  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(last_); }

 private:
  friend class View;
  Members(const detail::Node* first, const detail::Node* last) : first_(first), last_(last) {}
  const detail::Node* first_;
  const detail::Node* last_;
};

// Parsed bytes. Parsing again reuses the memory; whatever the bytes claim, no more than about 32
// times their size is used.
class Document {
 public:
  Document();
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  // Reads one value, which must be all of bytes. They are not copied and have to outlive the views.
  // After an error root() is nil.
  Result<void> parse(std::string_view bytes, const Limits& limits = default_limits);

  View root() const;

 private:
  std::vector<detail::Node> nodes_;
};

// Is it UTF-8, as Unicode defines it (no surrogates, no overlong forms, up to U+10FFFF)?
bool is_utf8(std::string_view text);

// The same text with U+FFFD in place of what is not UTF-8; for text from outside.
std::string fix_utf8(std::string_view text);

}  // namespace deskmate

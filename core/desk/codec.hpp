// How the desk writes its records and keys. A record is a bit for each field that differs from its
// default, then those fields in order. Whoever changes a record's fields raises fold_version, by
// which older tables are made anew. Internal.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/desk/tables.hpp"
#include "core/desk/types.hpp"

namespace deskmate::desk {

// A value kept as msgpack; nil for nothing, and for what cannot be read.
inline Value decode_value(const std::string& bytes) {
  if (bytes.empty()) return {};
  auto value = decode(bytes);
  return value ? std::move(*value) : Value();
}

// Numbers in keys are big-endian, so that they sort.
inline void write_be(char* out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i > 0; --i, value >>= 8) out[i - 1] = static_cast<char>(value & 0xff);
}
inline void append_be(std::string& out, std::uint64_t value, std::size_t bytes) {
  char number[8];
  write_be(number, value, bytes);
  out.append(number, bytes);
}
inline std::uint64_t read_be(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

// An event's place in the one order that decides registers: (stamp, peer, incarnation, seq). peer
// is the first 8 bytes of the peer's id. All zero: none.
struct Place {
  std::uint64_t stamp = 0;
  std::uint64_t peer = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
  bool operator==(const Place&) const = default;
  friend bool operator<(const Place& a, const Place& b) {
    return std::tie(a.stamp, a.peer, a.incarnation, a.seq) <
           std::tie(b.stamp, b.peer, b.incarnation, b.seq);
  }
  bool any() const { return seq != 0; }
};
inline constexpr std::size_t place_size = 32;

// Builds a key from parts of fixed width; a text may only stand last or be followed by end().
// Throws std::length_error beyond table_key_max.
class Key {
 public:
  Key() {}
  Key(const Key& other) { add(other); }
  Key& operator=(const Key& other) = delete;
  Key& u8(std::uint8_t value) { return number(value, 1); }
  Key& u32(std::uint32_t value) { return number(value, 4); }
  Key& u64(std::uint64_t value) { return number(value, 8); }
  Key& id(const Id16& value) { return add(bytes_of(value)); }
  Key& peer(const Id32& value) { return add(bytes_of(value)); }
  Key& text(std::string_view value) { return add(value); }
  Key& end() { return u8(0); }
  Key& place(const Place& value) {
    return u64(value.stamp).u64(value.peer).u64(value.incarnation).u64(value.seq);
  }
  // After everything that begins with what is there so far.
  Key& last() {
    constexpr std::size_t size = place_size + sizeof(Id16);
    return std::memset(room(size), 0xff, size), *this;
  }
  std::string str() const { return std::string(std::string_view(*this)); }
  operator std::string_view() const { return {bytes_, size_}; }

 private:
  char* room(std::size_t bytes) {
    if (bytes > sizeof(bytes_) - size_) throw std::length_error("a key of the desk's tables");
    return bytes_ + std::exchange(size_, size_ + bytes);
  }
  Key& number(std::uint64_t value, std::size_t bytes) {
    return write_be(room(bytes), value, bytes), *this;
  }
  Key& add(std::string_view part) {
    if (!part.empty()) std::memcpy(room(part.size()), part.data(), part.size());
    return *this;
  }

  char bytes_[table_key_max];
  std::size_t size_ = 0;
};

inline Place place_of(std::string_view bytes) {
  if (bytes.size() < place_size) return {};
  return {read_be(bytes.substr(0, 8)), read_be(bytes.substr(8, 8)), read_be(bytes.substr(16, 8)),
          read_be(bytes.substr(24, 8))};
}
inline Id16 id_at(std::string_view bytes, std::size_t offset) {
  Id16 id{};
  if (bytes.size() >= offset + id.size())
    bytes.copy(reinterpret_cast<char*>(id.data()), id.size(), offset);
  return id;
}

inline Id32 peer_at(std::string_view bytes, std::size_t offset) {
  Id32 id{};
  if (bytes.size() >= offset + id.size())
    bytes.copy(reinterpret_cast<char*>(id.data()), id.size(), offset);
  return id;
}

// Places of one record mostly are of one log and close to each other, and many are the same: they
// are told by what came before them in the record.
class PlaceBook {
 public:
  static constexpr std::uint8_t seen_max = 16;        // told by their number
  static constexpr std::uint8_t same_log = seen_max;  // as the one before; how much further on
  static constexpr std::uint8_t whole = seen_max + 1;

  // The number of a place that came before, or seen_max.
  std::uint8_t find(const Place& place) const {
    std::uint8_t at = 0;
    while (at < count_ && !(seen_[at] == place)) ++at;
    return at < count_ ? at : seen_max;
  }
  const Place* at(std::uint8_t number) const { return number < count_ ? &seen_[number] : nullptr; }
  const Place* last() const { return any_ ? &last_ : nullptr; }
  void add(const Place& place) {
    if (count_ < seen_max) seen_[count_++] = place;
    last_ = place;
    any_ = true;
  }

 private:
  std::array<Place, seen_max> seen_;
  Place last_;
  std::uint8_t count_ = 0;
  bool any_ = false;
};

// record.fields(encoder) names the fields once, for both directions.
class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  template <class... Field>
  void operator()(const Field&... field) {
    const std::size_t bits = out_.size();
    out_.append((sizeof...(field) + 7) / 8, '\0');
    std::size_t index = 0;
    (
        [&] {
          if (!is_default(field)) {
            char& byte = out_[bits + index / 8];
            byte = static_cast<char>(byte | 1 << index % 8);
            put(field);
          }
          ++index;
        }(),
        ...);
  }

 private:
  template <std::integral T>
  static bool is_default(T value) {
    return value == 0;
  }
  static bool is_default(const std::string& value) { return value.empty(); }
  static bool is_default(const Place& value) { return !value.any(); }
  template <std::size_t size>
  static bool is_default(const std::array<std::uint8_t, size>& value) {
    return value == std::array<std::uint8_t, size>{};
  }
  template <class T>
  static bool is_default(const std::optional<T>& value) {
    return !value.has_value();
  }
  template <class T>
  static bool is_default(const std::vector<T>& value) {
    return value.empty();
  }
  template <class T>
  requires requires(T& value, Encoder& encoder) { value.fields(encoder); }
  static bool is_default(const T& value) {
    if constexpr (requires { value.any(); }) {
      return !value.any();
    } else {
      return false;
    }
  }

  void number(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  // Small ones are short, whatever their sign.
  void difference(std::uint64_t value) {
    number(value << 1 ^ (static_cast<std::int64_t>(value) < 0 ? ~std::uint64_t{0} : 0));
  }
  void put(bool) {}  // true, as it is there
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void put(T value) { number(value); }
  void put(std::int64_t value) { difference(static_cast<std::uint64_t>(value)); }
  void put(const std::string& value) {
    number(value.size());
    out_.append(value);
  }
  void put(const Id16& value) { out_.append(bytes_of(value)); }
  void put(const Id32& value) { out_.append(bytes_of(value)); }
  void put(const Place& value) {
    const std::uint8_t seen = places_.find(value);
    if (seen < PlaceBook::seen_max) {
      out_.push_back(static_cast<char>(seen));
      return;
    }
    const Place* last = places_.last();
    if (last != nullptr && last->peer == value.peer && last->incarnation == value.incarnation) {
      out_.push_back(static_cast<char>(PlaceBook::same_log));
      difference(value.stamp - last->stamp);
      difference(value.seq - last->seq);
    } else {
      out_.push_back(static_cast<char>(PlaceBook::whole));
      out_.append(Key().place(value));
    }
    places_.add(value);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(*value);
  }
  template <class T>
  void put(const std::vector<T>& values) {
    number(values.size());
    for (const auto& value : values) put(value);
  }
  template <class T>
  requires requires(T& value, Encoder& encoder) { value.fields(encoder); }
  void put(const T& value) { const_cast<T&>(value).fields(*this); }

  std::string& out_;
  PlaceBook places_;
};

// Throws std::runtime_error when the bytes are none of ours: the tables are damaged.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  template <class... Field>
  void operator()(Field&... field) {
    const std::string_view bits = take((sizeof...(field) + 7) / 8);
    std::size_t index = 0;
    (
        [&] {
          if ((bits[index / 8] >> index % 8 & 1) != 0) get(field);
          ++index;
        }(),
        ...);
  }
  void end() const {
    if (!rest_.empty()) damaged();
  }

 private:
  [[noreturn]] static void damaged() { throw std::runtime_error("the desk's tables are damaged"); }
  std::string_view take(std::uint64_t bytes) {
    if (bytes > rest_.size()) damaged();
    const std::string_view out = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return out;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = byte();
      value |= std::uint64_t{part & 0x7fU} << shift;
      if (part < 0x80) return value;
    }
    damaged();
  }
  std::uint64_t difference() {
    const std::uint64_t value = number();
    return value >> 1 ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0);
  }
  void get(bool& value) { value = true; }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void get(T& value) { value = static_cast<T>(number()); }
  void get(std::int64_t& value) { value = static_cast<std::int64_t>(difference()); }
  void get(std::string& value) { value = take(number()); }
  void get(Id16& value) { value = id_at(take(value.size()), 0); }
  void get(Id32& value) { value = peer_at(take(value.size()), 0); }
  void get(Place& value) {
    const std::uint8_t kind = byte();
    if (const Place* seen = places_.at(kind)) {
      value = *seen;
      return;
    }
    const Place* last = places_.last();
    if (kind == PlaceBook::same_log && last != nullptr) {
      value = *last;
      value.stamp += difference();
      value.seq += difference();
    } else if (kind == PlaceBook::whole) {
      value = place_of(take(place_size));
    } else {
      damaged();
    }
    places_.add(value);
  }
  template <class T>
  void get(std::optional<T>& value) {
    get(value.emplace());
  }
  template <class T>
  void get(std::vector<T>& values) {
    const std::uint64_t count = number();
    values.clear();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (rest_.empty()) damaged();  // each takes a byte at least
      get(values.emplace_back());
    }
  }
  template <class T>
  requires requires(T& value, Decoder& decoder) { value.fields(decoder); }
  void get(T& value) { value.fields(*this); }

  std::string_view rest_;
  PlaceBook places_;
};

template <class Record>
std::string encode_record(const Record& record) {
  std::string out;
  Encoder encoder(out);
  const_cast<Record&>(record).fields(encoder);
  return out;
}

template <class Record>
Record decode_record(std::string_view bytes) {
  Record record;
  Decoder decoder(bytes);
  record.fields(decoder);
  decoder.end();
  return record;
}

}  // namespace deskmate::desk

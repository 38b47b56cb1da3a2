// How the desk writes its records and keys. A record is a msgpack array of its fields in order;
// fields are only ever added at the end, and a missing one keeps its default. Internal.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

// Numbers in keys are big-endian, so that they sort.
inline void append_be(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
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
class Key {
 public:
  Key() = default;
  Key& u8(std::uint8_t value) { return append_be(bytes_, value, 1), *this; }
  Key& u32(std::uint32_t value) { return append_be(bytes_, value, 4), *this; }
  Key& u64(std::uint64_t value) { return append_be(bytes_, value, 8), *this; }
  Key& id(const Id16& value) { return bytes_.append(bytes_of(value)), *this; }
  Key& peer(const Id32& value) { return bytes_.append(bytes_of(value)), *this; }
  Key& text(std::string_view value) { return bytes_.append(value), *this; }
  Key& end() { return bytes_.push_back('\0'), *this; }
  Key& place(const Place& value) {
    return u64(value.stamp).u64(value.peer).u64(value.incarnation).u64(value.seq);
  }
  // After everything that begins with what is there so far.
  Key& last() { return bytes_.append(place_size + sizeof(Id16), '\xff'), *this; }
  const std::string& str() const { return bytes_; }
  operator std::string_view() const { return bytes_; }

 private:
  std::string bytes_;
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

// record.fields(encoder) names the fields once, for both directions.
class Encoder {
 public:
  explicit Encoder(std::string& out) : writer_(out) {}

  template <class... Field>
  void operator()(const Field&... field) {
    writer_.array(sizeof...(field));
    (put(field), ...);
  }

 private:
  void put(bool value) { writer_.boolean(value); }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) void put(T value) { writer_.unsigned_integer(value); }
  void put(std::int64_t value) { writer_.integer(value); }
  void put(const std::string& value) { writer_.bin(value); }
  void put(const Id16& value) { writer_.bin(bytes_of(value)); }
  void put(const Id32& value) { writer_.bin(bytes_of(value)); }
  void put(const Place& value) {
    if (value.any()) {
      writer_.bin(Key().place(value));
    } else {
      writer_.nil();
    }
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      writer_.nil();
    }
  }
  template <class T>
  void put(const std::vector<T>& values) {
    writer_.array(values.size());
    for (const auto& value : values) put(value);
  }
  template <class T>
  requires requires(T& value, Encoder& encoder) { value.fields(encoder); }
  void put(const T& value) { const_cast<T&>(value).fields(*this); }

  Writer writer_;
};

class Decoder {
 public:
  explicit Decoder(View array) : array_(array) {}

  template <class... Field>
  void operator()(Field&... field) {
    auto at = array_.begin();
    const auto end = array_.end();
    (
        [&] {
          if (at == end) return;
          get(*at, field);
          ++at;
        }(),
        ...);
  }

 private:
  static void get(View view, bool& value) { value = view.as_bool(); }
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) static void get(View view, T& value) {
    value = static_cast<T>(view.as_uint());
  }
  static void get(View view, std::int64_t& value) { value = view.as_int(); }
  static void get(View view, std::string& value) { value = view.as_bin(); }
  static void get(View view, Id16& value) { value = id_at(view.as_bin(), 0); }
  static void get(View view, Id32& value) {
    if (view.as_bin().size() == value.size()) {
      view.as_bin().copy(reinterpret_cast<char*>(value.data()), value.size());
    }
  }
  static void get(View view, Place& value) { value = place_of(view.as_bin()); }
  template <class T>
  static void get(View view, std::optional<T>& value) {
    if (!view.is_nil()) get(view, value.emplace());
  }
  template <class T>
  static void get(View view, std::vector<T>& values) {
    values.clear();
    values.reserve(view.size());
    for (const View item : view) get(item, values.emplace_back());
  }
  template <class T>
  requires requires(T& value, Decoder& decoder) { value.fields(decoder); }
  static void get(View view, T& value) {
    Decoder decoder(view);
    value.fields(decoder);
  }

  View array_;
};

template <class Record>
std::string encode_record(const Record& record) {
  std::string out;
  Encoder encoder(out);
  const_cast<Record&>(record).fields(encoder);
  return out;
}

// Throws std::runtime_error when the bytes are none of ours: the tables are damaged.
template <class Record>
Record decode_record(std::string_view bytes, Document& document) {
  if (!document.parse(bytes)) throw std::runtime_error("the desk's tables are damaged");
  Record record;
  Decoder decoder(document.root());
  record.fields(decoder);
  return record;
}

}  // namespace deskmate::desk

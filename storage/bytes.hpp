// Big-endian numbers and views of bytes, for the formats of this folder.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace deskmate::storage {

template <class Number>
void put_number(char* out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out[i] =
        static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * (sizeof(Number) - 1 - i)));
  }
}

template <class Number>
void append_number(std::string& out, Number number) {
  char bytes[sizeof(Number)];
  put_number(bytes, number);
  out.append(bytes, sizeof(Number));
}

// Reads from the first bytes; there must be enough of them.
template <class Number>
Number get_number(const char* bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<Number>(number);
}

template <std::size_t size>
std::string_view view_of(const std::array<std::uint8_t, size>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

template <std::size_t size>
std::array<std::uint8_t, size> array_of(std::string_view bytes) {
  std::array<std::uint8_t, size> result{};
  // memcpy wants a real source even for no bytes.
  if (!bytes.empty()) {
    bytes.copy(reinterpret_cast<char*>(result.data()), size);
  }
  return result;
}

inline const unsigned char* unsigned_of(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// For unordered maps: ids are hashes or random, so any eight bytes do.
struct IdHash {
  template <std::size_t size>
  std::size_t operator()(const std::array<std::uint8_t, size>& id) const {
    std::size_t result = 0;
    std::memcpy(&result, id.data(), sizeof(result));
    return result;
  }
};

// Takes fields off the front of bytes; ok() turns false, for good, once there are too few.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  template <class Number>
  Number number() {
    std::string_view taken = take(sizeof(Number));
    return taken.empty() ? Number{} : get_number<Number>(taken.data());
  }
  template <std::size_t size>
  std::array<std::uint8_t, size> array() {
    return array_of<size>(take(size));
  }
  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace deskmate::storage

#include "core/desk/state_hash.hpp"

#include <sodium.h>

#include "core/desk/codec.hpp"

namespace deskmate::desk {
namespace {

std::uint64_t read_le(const unsigned char* bytes) {
  std::uint64_t value = 0;
  for (int i = 7; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

}  // namespace

// Each part is preceded by its length, so that no two entries have the same bytes.
HashSum::Lanes HashSum::entry(std::string_view table, std::string_view key,
                              std::string_view value) {
  crypto_generichash_state state;
  std::array<unsigned char, 32> out{};
  crypto_generichash_init(&state, nullptr, 0, out.size());
  for (const std::string_view part : {table, key, value}) {
    std::string length;
    append_be(length, part.size(), 4);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(length.data()),
                              length.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
  }
  crypto_generichash_final(&state, out.data(), out.size());
  return {read_le(&out[0]), read_le(&out[8]), read_le(&out[16]), read_le(&out[24])};
}

void HashSum::add(std::string_view table, std::string_view key, std::string_view value) {
  const Lanes lanes = entry(table, key, value);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes_[i] += lanes[i];
}

void HashSum::subtract(std::string_view table, std::string_view key, std::string_view value) {
  const Lanes lanes = entry(table, key, value);
  for (std::size_t i = 0; i < lanes.size(); ++i) lanes_[i] -= lanes[i];
}

StateHash HashSum::bytes() const {
  StateHash out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(lanes_[i / 8] >> (8 * (i % 8)) & 0xff);
  }
  return out;
}

HashSum HashSum::from(std::string_view bytes) {
  HashSum sum;
  if (bytes.size() != sizeof(StateHash)) return sum;
  for (std::size_t i = 0; i < sum.lanes_.size(); ++i) {
    sum.lanes_[i] = read_le(reinterpret_cast<const unsigned char*>(bytes.data()) + 8 * i);
  }
  return sum;
}

}  // namespace deskmate::desk

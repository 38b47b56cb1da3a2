#include "core/desk/rendezvous.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "core/desk/codec.hpp"

namespace deskmate::desk {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::string_view hash_name = "deskmate.rendezvous/1";

}  // namespace

// Bit by bit: with x in [1, 2), x squared is 2 or more exactly if the next bit of log2(x) is 1.
std::uint64_t log2_fixed(std::uint64_t x) {
  const int whole = 63 - std::countl_zero(x | 1);
  std::uint64_t mantissa = x << (63 - whole);  // 1.63
  std::uint64_t out = static_cast<std::uint64_t>(whole);
  for (int bit = 0; bit < log2_fraction_bits; ++bit) {
    const Wide square = static_cast<Wide>(mantissa) * mantissa;  // 2.126
    const bool above = (square >> 127) != 0;
    out = out << 1 | (above ? 1 : 0);
    mantissa = static_cast<std::uint64_t>(square >> (above ? 64 : 63));
  }
  return out;
}

std::uint64_t draw(const Id16& chat, MemberNo member) {
  std::string bytes(hash_name);
  bytes.append(bytes_of(chat));
  append_be(bytes, member, 4);
  std::array<unsigned char, 32> hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size(), nullptr, 0);
  const std::uint64_t value =
      read_be({reinterpret_cast<const char*>(hash.data()), sizeof(std::uint64_t)});
  const std::uint64_t one = std::uint64_t{64} << log2_fraction_bits;
  return std::max<std::uint64_t>(1, one - log2_fixed(std::max<std::uint64_t>(1, value)));
}

std::optional<MemberNo> rendezvous(const Id16& chat, std::span<const Contender> contenders) {
  std::optional<Contender> best;
  std::uint64_t best_draw = 1;
  for (const Contender& one : contenders) {
    if (one.weight == 0) continue;
    const std::uint64_t mine = draw(chat, one.member);
    const Wide theirs_scaled = best ? static_cast<Wide>(best->weight) * mine : 0;
    const Wide mine_scaled = static_cast<Wide>(one.weight) * best_draw;
    if (best && (mine_scaled < theirs_scaled ||
                 (mine_scaled == theirs_scaled && best->member < one.member))) {
      continue;
    }
    best = one;
    best_draw = mine;
  }
  if (!best) return std::nullopt;
  return best->member;
}

}  // namespace deskmate::desk

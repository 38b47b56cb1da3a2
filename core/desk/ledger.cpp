#include "core/desk/ledger.hpp"

#include <sodium.h>

#include <optional>

namespace deskmate::desk {
namespace {

// Counts up to 2^40 with weights up to weight_max need more than 64 bits in products.
__extension__ using SignedWide = __int128;

SignedWide owed_wide(std::span<const LedgerShare> shares, std::size_t member) {
  SignedWide n = 1;
  for (const LedgerShare& share : shares) n += share.count;
  return n * shares[member].weight -
         static_cast<SignedWide>(total_weight(shares)) * shares[member].count;
}

}  // namespace

std::int64_t total_weight(std::span<const LedgerShare> shares) {
  std::int64_t total = 0;
  for (const LedgerShare& share : shares) total += share.weight;
  return total;
}

std::int64_t owed(std::span<const LedgerShare> shares, std::size_t member) {
  return static_cast<std::int64_t>(owed_wide(shares, member));
}

// With k members, T the total of the weights, c the counts and the n-th chat to give: those for
// whom (2k-2)(n*w - T*c) >= T may have it without getting too far ahead; of these the one who would
// be too far behind first, that is with the smallest (T(2k-3) - (2k-2)(n*w - T*c)) / w. There
// always is one: what is owed sums up to T, so somebody is owed T/k or more, and k <= 2k-2 for k
// >= 2.
std::size_t next_by_weight(std::span<const LedgerShare> shares) {
  if (shares.size() == 1) return 0;
  const SignedWide total = total_weight(shares);
  const SignedWide twice = 2 * static_cast<SignedWide>(shares.size()) - 2;
  std::optional<std::size_t> best;
  SignedWide best_slack = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const SignedWide due = twice * owed_wide(shares, i);
    if (due < total) continue;
    const SignedWide slack = total * (twice - 1) - due;
    if (best) {
      const SignedWide mine = slack * shares[*best].weight;
      const SignedWide theirs = best_slack * shares[i].weight;
      if (mine > theirs) continue;
      // A tie goes to the greater weight, then to the lower number, who came first.
      if (mine == theirs && shares[i].weight <= shares[*best].weight) continue;
    }
    best = i;
    best_slack = slack;
  }
  return best.value_or(0);
}

std::string ledger_key(std::span<const LedgerShare> shares) {
  std::string bytes;
  for (const LedgerShare& share : shares) {
    append_be(bytes, share.member, 4);
    append_be(bytes, share.weight, 4);
  }
  std::string key(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(key.data()), key.size(),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), nullptr,
                     0);
  return key;
}

}  // namespace deskmate::desk

// R1: who is next by weight. Of the chats given out by weight among the same members with the same
// weights, after every one, each member's count is within 1 - 1/(2(k-1)) of the exact share, for k
// members: Tijdeman's rule, in whole numbers, from the counts alone.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "core/desk/records.hpp"

namespace deskmate::desk {

// The place in shares of the one who is next. shares: at least one, by member number, weights from
// 1 to weight_max. Counts may come from anywhere: those that have too few come first.
std::size_t next_by_weight(std::span<const LedgerShare> shares);

// What the member is owed before the next chat is given: (n*weight - total*count) / total, for the
// n-th chat and the total of the weights. Returns the numerator; total_weight the denominator.
std::int64_t owed(std::span<const LedgerShare> shares, std::size_t member);
std::int64_t total_weight(std::span<const LedgerShare> shares);

// The key of a set of members with weights in the ledger; counts are not looked at.
std::string ledger_key(std::span<const LedgerShare> shares);

}  // namespace deskmate::desk

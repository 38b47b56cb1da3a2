// What couriers answer, as values: a field that is missing or of another kind reads as nothing, as
// no two couriers leave out the same. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "deskmate/result.hpp"
#include "deskmate/value.hpp"

namespace deskmate::courier {

inline constexpr std::size_t answer_bytes_max = 1'048'576;
inline constexpr std::size_t answer_depth_max = 32;

// Error internal where it is no JSON within the limits; the text itself is never in the message.
Result<Value> parse_json(std::string_view text);

// Compact, members in their order; bins are left out.
std::string to_json(const Value& value);

// A text, or a number written out; cut to bytes_max at the end of a character.
std::string text_in(const Value& value, std::size_t bytes_max);

}  // namespace deskmate::courier

// Addresses and words as rules compare them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_orders {

// ASCII letters in lower case; the rest as it is.
std::string lowered(std::string_view text);
// Is one of the words (in lower case) in the text?
bool has_word(std::string_view text, const std::vector<std::string>& words);
// The index of the first that is in the text.
std::size_t word_in(std::string_view text, const std::vector<std::string>& words);
// Characters, not bytes; blanks do not count.
std::size_t characters(std::string_view text);
// Does it say a house, building, room, box?
bool has_house_number(std::string_view text);

// All parts, one after the other.
std::string whole(const rules::Order& order);
// A part by its name; empty: there is none.
std::string_view part(const rules::Order& order, std::string_view name);
// The street, or the whole where the address is one text.
std::string street(const rules::Order& order);
// For comparing: without blanks, marks and case.
std::string compared(const rules::Order& order);

}  // namespace deskmate::rules_orders

// Addresses and words as rules compare them. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_orders {

using rules::has_word;
using rules::lowered;
using rules::whole;
using rules::word_in;

// Characters, not bytes; blanks do not count.
std::size_t characters(std::string_view text);
// Does it say a house, building, room, box?
bool has_house_number(std::string_view text);

// A part by its name; empty: there is none.
std::string_view part(const rules::Order& order, std::string_view name);
// The street, or the whole where the address is one text.
std::string street(const rules::Order& order);
// For comparing: without blanks, marks and case.
std::string compared(const rules::Order& order);

}  // namespace deskmate::rules_orders

// Where a parcel goes, as far as an order's address says, and whether a station is there. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "deskmate/value.hpp"

namespace deskmate::courier {

struct Destination {
  std::string city;    // "杭州", "Leeds": without 市; empty: the address does not say
  std::string region;  // a province, state or country: what may be told for good
  std::string
      phone_end;  // the last four digits of its telephone number; some couriers ask for them
};

// Of an address as order.seen has it: a map of its parts, or a text.
Destination destination_of(const Value& address);

// Does the place, or where there is none the text, name the city?
bool is_in(const Destination& destination, std::string_view place, std::string_view text);

}  // namespace deskmate::courier

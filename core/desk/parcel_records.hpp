// What the tables hold of parcels. As in records.hpp every field is a register, a set that only
// grows, or follows from such. Internal.
#pragma once

#include <algorithm>
#include <deskmate/parcel.hpp>
#include <tuple>

#include "core/desk/records.hpp"

namespace deskmate::desk {

// A register in the time of whoever is told of: of two words the later by that time holds, whenever
// it came.
struct ToldAt {
  std::uint64_t ms = 0;
  Place at;
  // True: the word at that time holds.
  bool take(std::uint64_t word_ms, const Place& word_at) {
    if (at.any() && !(std::tie(ms, at) < std::tie(word_ms, word_at))) return false;
    ms = word_ms;
    at = word_at;
    return true;
  }
  template <class A>
  void fields(A& a) {
    a(ms, at);
  }
};

struct ParcelWordRecord {
  ToldAt at;
  std::string teller, status, code, carrier;
  template <class A>
  void fields(A& a) {
    a(at, teller, status, code, carrier);
  }
};

struct ParcelRecord {  // by parcel
  // Its shop's latest word, and the order that goes with it.
  ParcelWordRecord said;
  std::optional<Id16> order;
  // The couriers' latest word.
  ParcelWordRecord told;
  Latest<std::string> of;  // the shop, as couriers say
  Latest<Id16> tracking;
  ToldAt eta_at;
  std::uint64_t eta_ms = 0;
  Latest<std::string> origin, destination;
  // Of all that was ever said: when it first moved (0: it has not), when it last did, when it was
  // last seen in the city that it goes to, and every status it ever had, a bit each.
  std::uint64_t first_ms = 0, moved_ms = 0, here_ms = 0;
  std::uint32_t ever = 0;
  template <class A>
  void fields(A& a) {
    a(said, order, told, of, tracking, eta_at, eta_ms, origin, destination, first_ms, moved_ms,
      here_ms, ever);
  }

  const std::string& shop() const { return said.teller.empty() ? of.value : said.teller; }
  // A courier knows best, but that it is over the shop may hear first.
  const ParcelWordRecord& word() const {
    if (!told.at.at.any()) return said;
    return parcel::is_over(said.status) && said.at.ms > told.at.ms ? said : told;
  }
  bool under_way() const {
    return (said.at.at.any() || told.at.at.any()) && !parcel::is_over(word().status);
  }
  // When it last moved; where no station is known, when its status was last said to have changed.
  std::uint64_t still_since_ms() const { return moved_ms != 0 ? moved_ms : word().at.ms; }
};

struct StationRecord {      // by parcel, time, code and number among those
  Place at;                 // latest
  std::uint32_t index = 0;  // its place among the stations of that event: so its words are found
  std::string status;
  std::uint64_t grams = 0;  // 0: not weighed
  bool here = false;
  std::uint32_t member = 0;  // who wrote it down; 0: a courier's plugin
  template <class A>
  void fields(A& a) {
    a(at, index, status, grams, here, member);
  }
};

// station's key behind the parcel: time [8] number [4] code
inline constexpr std::size_t station_key_size = 12;

}  // namespace deskmate::desk

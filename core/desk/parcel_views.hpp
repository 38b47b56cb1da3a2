// What the desk says of parcels. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/types.hpp"

namespace deskmate::desk {

struct ParcelView {
  Id16 id{};
  std::string shop;
  std::optional<Id16> order;
  std::string status;          // deskmate/parcel.hpp, or a word of the shop's
  std::string raw_code;        // as whoever said the status calls it
  std::string carrier;         // as its shop says, else as the courier
  std::uint64_t at_ms = 0;     // since when it has this status
  std::string courier;         // the plugin instance that follows it; empty: only the shop does
  std::uint64_t sent_ms = 0;   // when it first moved; 0: it has not
  std::uint64_t moved_ms = 0;  // when it last did
  std::uint64_t eta_ms = 0;    // when the courier means to deliver it; 0: it does not say
  bool under_way = false;
  std::uint64_t stuck_ms = 0;       // from then on it is stuck unless it moves; 0: it cannot be
  bool trouble = false;             // its status is one that somebody has to look at
  bool here = false;                // its latest station is in the city that it goes to (R66)
  std::string origin, destination;  // the lane, no finer than a province or country
  std::optional<EventRef> seen;     // its shop's word; the body has the number on it
  std::optional<EventRef> told;     // the courier's word
};

struct StationView {
  std::uint64_t at_ms = 0;
  std::string status;
  std::string code;
  std::uint64_t grams = 0;  // 0: not weighed
  bool here = false;
  MemberNo member = 0;  // who wrote it down; 0: a courier's plugin
  EventRef ref;         // its body has place and text, under this number
  std::uint32_t index = 0;
};

struct ParcelDetail {
  ParcelView parcel;
  std::vector<StationView> stations;  // by time; the latest stations_shown_max
  bool earlier = false;               // there are older ones
  // R95: what it weighed at the first and the last station that has a scale; 0: none has.
  std::uint64_t first_grams = 0, last_grams = 0;
};

struct ParcelFilter {
  enum class Which {
    under_way,  // the one that has not moved for longest first
    stuck,      // of these, still for Policy::parcel_stuck_ms
    overdue,    // under way and beyond their eta, the longest overdue first
    trouble,    // under way with a status that somebody has to look at
    all,        // that ever moved, the one sent last first
  };
  Which which = Which::under_way;
  std::string shop = {};
  std::string carrier = {};  // as ParcelView has it
  // Of under_way and stuck: still since then at the latest; 0: as the policy says.
  std::uint64_t still_since_ms = 0;
};

// R68: what became of the parcels of one carrier on one lane that were sent in one month.
struct CourierFigures {
  std::string month;  // "2027-01", by the zone's clock
  std::string carrier;
  std::string origin, destination;
  std::uint64_t sent = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0, damaged = 0, returned = 0, expired = 0;
  std::uint64_t failed = 0;    // any of these four, each parcel once
  std::uint64_t attempts = 0;  // at least one delivery failed
  bool above = false;          // failed beyond Policy::courier_failures_ppm
};

struct CouriersView {
  std::string zone;
  std::uint64_t from_ms = 0, to_ms = 0;
  std::vector<CourierFigures> rows;  // by month, carrier, lane
  bool left_out = false;             // a limit was reached: earlier parcels are missing
};

// What a member heard at the courier's own desk (R95).
struct ParcelWord {
  Id16 parcel{};
  MemberNo member = 0;
  std::string status = {};  // empty: as it was
  std::uint64_t at_ms = 0;  // when it was so; 0: now
  std::uint64_t grams = 0;  // 0: not said
  std::string place = {}, text = {};
};

}  // namespace deskmate::desk

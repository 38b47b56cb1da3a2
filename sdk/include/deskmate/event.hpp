// An event before it is appended and as a reader gets it. The types and their fields: events.hpp.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/value.hpp"

namespace deskmate {

// 16 bytes that name something on the desk: an event, or the pseudonym of an external id. All zero
// means none.
struct Id {
  std::array<std::uint8_t, 16> bytes{};

  // The id in a bin of 16; none for any other.
  static Id from(std::string_view bin);

  bool empty() const { return *this == Id{}; }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::string hex() const;  // 32 digits, lower case
  Value to_value() const { return Value::bin(view()); }
  auto operator<=>(const Id&) const = default;
};

// What a plugin appends. External ids (a marketplace's order id, a Message-ID) go into refs and
// never into facts: the desk puts their pseudonyms into facts under the same names, and the ids
// themselves into the sealed body.
//
//   NewEvent event("message.received");
//   event.facts = {{"shop", "mail"}, {"at", now}};
//   event.refs = {{"thread", thread_id}, {"buyer", "ann@example.org"}, {"message", message_id}};
//   event.dedupe = "message";
//   event.contacts = {"email:ann@example.org"};
//   event.body = {{"text", "Where is my parcel?"}};
struct NewEvent {
  NewEvent() = default;
  explicit NewEvent(std::string event_type) : type(std::move(event_type)) {}

  std::string type;
  std::uint32_t schema = 1;
  Map facts;           // open for good: no personal data
  Map body;            // sealed under the buyer's key, erasable
  Map refs;            // name: external id, within facts.shop
  Map desk_refs;       // name: external id, the same in every shop (an order's number)
  std::string dedupe;  // the ref by which the same item is recognised when it comes again
  Array contacts;      // "email:someone@example.org", "phone:+8613800000000"
  std::string buyer;   // the ref of the buyer whose key seals the body; empty: "buyer"

  Value to_value() const;  // as deskmate.bus/1 takes it
};

// What became of one appended event.
struct Appended {
  bool duplicate = false;     // it was there before; the rest is empty then
  std::uint64_t arrival = 0;  // this peer's number for it
  Id id;
};

// An event as delivered. The views live until the handler returns.
struct Event {
  std::uint64_t arrival = 0;
  std::uint64_t stamp = 0;  // hybrid logical clock: UTC milliseconds << 16 | counter
  Id id;
  std::string_view type;
  std::uint32_t schema = 1;
  std::uint32_t flags = 0;  // DM_EVENT_...
  std::string_view facts;   // msgpack map
  std::string_view body;    // msgpack map; empty: none, erased or not granted

  std::int64_t at_ms() const { return static_cast<std::int64_t>(stamp >> 16); }
};

}  // namespace deskmate

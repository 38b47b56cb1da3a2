// What the structs of events.hpp and case_events.hpp are made of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/event_fields.hpp"

namespace deskmate::events {

namespace detail {
// What all have: fields of newer versions, kept.
struct Common {
  Map other_facts;
  Map other_body;
};
}  // namespace detail

// One type of its own.
#define DESKMATE_EVENT_TYPE(name)                     \
  static constexpr std::string_view type = name;      \
  std::string_view type_name() const { return type; } \
  bool set_type(std::string_view read) { return read.empty() || read == type; }

// --- Parts ---

// An attachment, stored by Session::put_file. {hash: <32 bytes>, size: 48213, name: "box.jpg",
// type: "image/jpeg"}
struct File {
  Bytes hash;              // 32 bytes
  std::uint64_t size = 0;  // bytes
  std::string name;        // as the sender named it
  std::string media_type;  // MIME type; "type" in the map
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("hash", e.hash);
    f("size", e.size);
    f("name", e.name);
    f("type", e.media_type);
  }
};

// A line of an order. {sku: "MUG-01", name: "Mug, blue", quantity: 2, price: 1299}
struct OrderLine {
  std::string sku;
  std::string name;
  std::int64_t quantity = 0;
  std::int64_t price = 0;               // of one piece, minor units of the order's currency
  bool custom = false;                  // made for this buyer
  std::vector<std::string> measures{};  // names of those given, never the figures
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("sku", e.sku);
    f("name", e.name);
    f("quantity", e.quantity);
    f("price", e.price);
    f("custom", e.custom);
    f("measures", e.measures);
  }
};

// Where a parcel was, as the courier says. {at: 1760000500000, status: "in_transit", code: "0",
// grams: 1250, here: true}
struct ParcelStation {
  std::int64_t at = 0;
  std::uint32_t nth = 0;              // of those with the same at and code: which, from 0
  std::string status;                 // one of parcel.hpp; empty: it does not tell
  std::string code;                   // as the courier says
  std::optional<std::int64_t> grams;  // what it weighed there
  bool here = false;                  // in the city that it goes to
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("at", e.at);
    f("nth", e.nth);
    f("status", e.status);
    f("code", e.code);
    f("grams", e.grams);
    f("here", e.here);
  }
};

// The words that go with it: they may name people. {place: "杭州市", text: "快件已发车"}
struct StationWords {
  std::string place;
  std::string text;
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("place", e.place);
    f("text", e.text);
  }
};

}  // namespace deskmate::events

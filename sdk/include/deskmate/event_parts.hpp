// What the structs of events.hpp and case_events.hpp are made of.
#pragma once

#include <cstdint>
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

}  // namespace deskmate::events

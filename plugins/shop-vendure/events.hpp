// What Vendure has, as the desk's events. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/event.hpp"
#include "plugins/shop-vendure/order.hpp"

namespace deskmate::shop_vendure {

// Precedes the request's id in what an action leaves in the shop: "deskmate:3f2a…" (32 digits).
inline constexpr std::string_view mark_prefix = "deskmate:";

// A variant with its stock, summed over the shop's stock locations.
struct Product {
  std::string id, sku, name, currency;
  std::int64_t price = 0;
  std::int64_t stock = 0;
  std::int64_t allocated = 0;
  bool sold = true;  // enabled
  Map options;       // {"laptop-ram": "8GB"}
};

extern const std::string_view product_fields;
Product read_product(const Field& variant);

// An event and where its version is kept (versions.hpp).
struct Seen {
  std::string table;   // "order" also holds the order's parcels
  std::string number;  // the id that says which group
  std::string thing;   // "parcel:7"
  NewEvent event;
};

// The order, its parcels and its buyer. shop is the instance's name.
std::vector<Seen> seen_of(const Order& order, const std::string& shop);
Seen seen_of(const Product& product, const std::string& shop);

// The desk's word for one of Vendure's states.
std::string order_state(std::string_view vendure_state);
std::string payment_state(const Order& order);
std::string_view parcel_status(std::string_view vendure_state);

// "email:li@example.org", "phone:+8613812345678"; empty where there is none.
std::string email_contact(std::string_view email);
std::string phone_contact(std::string_view phone);

// The text without what an action left in it.
std::string without_mark(std::string_view text);

}  // namespace deskmate::shop_vendure

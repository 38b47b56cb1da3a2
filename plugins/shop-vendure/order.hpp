// An order as Vendure has it, checked. Money is in minor units of the order's currency, times are
// UTC milliseconds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/shop-vendure/answer.hpp"

namespace deskmate::shop_vendure {

inline constexpr std::size_t lines_max = 1000;  // of one order
inline constexpr std::size_t payments_max = 200;
inline constexpr std::size_t refunds_max = 200;  // of one payment
inline constexpr std::size_t parcels_max = 200;
inline constexpr std::size_t records_max = 100;  // of an order's history, newest first

struct Line {
  std::string id;
  std::string variant;  // id
  std::string sku;
  std::string name;
  std::int64_t quantity = 0;    // without what was cancelled
  std::int64_t ordered = 0;     // with it
  std::int64_t unit_price = 0;  // with tax and discounts
};

struct Refund {
  std::string id;
  std::string state;  // Pending, Settled, Failed
  std::string reason;
  std::int64_t total = 0;
  std::int64_t created_ms = 0;
};

struct Payment {
  std::string id;
  std::string state;  // Created, Authorized, Settled, Declined, Error, Cancelled
  std::string method;
  std::int64_t amount = 0;
  std::vector<Refund> refunds;

  // What can still be given back: of a settled payment, what no refund but a failed one has taken.
  std::int64_t refundable() const;
};

struct ParcelLine {
  std::string line;
  std::int64_t quantity = 0;
};

struct Parcel {
  std::string id;
  std::string state;  // Created, Pending, Shipped, Delivered, Cancelled, or the shop's own
  std::string method;
  std::string tracking;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::vector<ParcelLine> lines;
};

struct Address {
  std::string full_name, company, street, street2, city, province, postal_code, country,
      country_code, phone;
  bool empty() const { return street.empty() || country_code.empty(); }
};

struct Customer {
  std::string id;  // empty: none
  std::string first_name, last_name, email, phone;
};

struct Order {
  std::string id;
  std::string code;   // what buyers call the order number
  std::string state;  // AddingItems … Delivered, Cancelled, Draft, or the shop's own
  bool active = false;
  std::string currency;
  std::int64_t total = 0;
  std::int64_t updated_ms = 0;
  std::int64_t placed_ms = 0;  // 0: never placed
  Customer customer;
  Address address;
  std::string shipping_method;  // id
  std::string shipping_name;
  std::vector<std::string> coupons;
  std::vector<Line> lines;
  std::vector<Payment> payments;
  std::vector<Parcel> parcels;

  // Only of an order asked for with order_history.
  std::vector<std::string> notes;          // newest first
  std::vector<std::string> cancellations;  // reasons, newest first
  bool history_complete = false;           // else there are more than records_max

  std::int64_t paid() const;      // settled
  std::int64_t refunded() const;  // and what is on its way back
  // Of this line, how many are in no parcel.
  std::int64_t unshipped(const Line& line) const;
};

// What to select of an Order, for read_order.
extern const std::string_view order_fields;
extern const std::string_view order_history;

// Faults are in the field's Fault; the order is not to be used then.
Order read_order(const Field& order);

}  // namespace deskmate::shop_vendure

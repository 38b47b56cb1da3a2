#include "plugins/shop-vendure/order.hpp"

#include <algorithm>

namespace deskmate::shop_vendure {
namespace {

constexpr std::size_t code_bytes_max = 100;
constexpr std::size_t name_bytes_max = 1000;
constexpr std::size_t coupons_max = 100;

std::string name(const Field& field) { return field.text_or_empty(name_bytes_max); }

Refund read_refund(const Field& from) {
  Refund refund;
  refund.id = from["id"].id();
  refund.state = from["state"].text(code_bytes_max);
  refund.reason = from["reason"].text_or_empty(text_bytes_max);
  refund.total = from["total"].whole(0, money_max);
  refund.created_ms = from["createdAt"].time_ms_or(0);
  return refund;
}

Payment read_payment(const Field& from) {
  Payment payment;
  payment.id = from["id"].id();
  payment.state = from["state"].text(code_bytes_max);
  payment.method = from["method"].text(code_bytes_max);
  payment.amount = from["amount"].money();
  from["refunds"].each(
      refunds_max, [&](const Field& refund) { payment.refunds.push_back(read_refund(refund)); });
  return payment;
}

Parcel read_parcel(const Field& from) {
  Parcel parcel;
  parcel.id = from["id"].id();
  parcel.state = from["state"].text(code_bytes_max);
  parcel.method = from["method"].text_or_empty(name_bytes_max);
  parcel.tracking = from["trackingCode"].text_or_empty(name_bytes_max);
  parcel.created_ms = from["createdAt"].time_ms();
  parcel.updated_ms = from["updatedAt"].time_ms();
  from["lines"].each(lines_max, [&](const Field& line) {
    parcel.lines.push_back({line["orderLineId"].id(), line["quantity"].whole(0, quantity_max)});
  });
  return parcel;
}

Line read_line(const Field& from) {
  Line line;
  line.id = from["id"].id();
  line.quantity = from["quantity"].whole(0, quantity_max);
  line.ordered = from["orderPlacedQuantity"].whole(0, quantity_max);
  line.unit_price = from["proratedUnitPriceWithTax"].money();
  const Field variant = from["productVariant"];
  line.variant = variant["id"].id();
  line.sku = variant["sku"].text(name_bytes_max);
  line.name = variant["name"].text(name_bytes_max);
  return line;
}

Customer read_customer(const Field& from) {
  Customer customer;
  if (from.is_null()) return customer;
  customer.id = from["id"].id();
  customer.first_name = name(from["firstName"]);
  customer.last_name = name(from["lastName"]);
  customer.email = name(from["emailAddress"]);
  customer.phone = name(from["phoneNumber"]);
  return customer;
}

Address read_address(const Field& from) {
  Address address;
  if (from.is_null()) return address;
  address.full_name = name(from["fullName"]);
  address.company = name(from["company"]);
  address.street = name(from["streetLine1"]);
  address.street2 = name(from["streetLine2"]);
  address.city = name(from["city"]);
  address.province = name(from["province"]);
  address.postal_code = name(from["postalCode"]);
  address.country = name(from["country"]);
  address.country_code = name(from["countryCode"]);
  address.phone = name(from["phoneNumber"]);
  return address;
}

void read_history(const Field& from, Order& order) {
  std::size_t seen = 0;
  from["items"].each(records_max, [&](const Field& item) {
    ++seen;
    const std::string type = item["type"].text(code_bytes_max);
    const Field data = item["data"];
    if (type == "ORDER_NOTE") {
      order.notes.push_back(data["note"].text_or_empty(answer_bytes_max));
    } else if (type == "ORDER_CANCELLATION") {
      order.cancellations.push_back(data["reason"].text_or_empty(answer_bytes_max));
    }
  });
  const std::int64_t total = from["totalItems"].whole(0, money_max);
  order.history_complete = static_cast<std::int64_t>(seen) >= total;
}

}  // namespace

const std::string_view order_fields = R"(
  id code state active updatedAt orderPlacedAt totalWithTax currencyCode couponCodes
  customer { id firstName lastName emailAddress phoneNumber }
  shippingAddress { fullName company streetLine1 streetLine2 city province postalCode country
    countryCode phoneNumber }
  shippingLines { shippingMethod { id name } }
  lines { id quantity orderPlacedQuantity proratedUnitPriceWithTax
    productVariant { id sku name } }
  payments { id state method amount refunds { id state reason total createdAt } }
  fulfillments { id state method trackingCode createdAt updatedAt
    lines { orderLineId quantity } })";

const std::string_view order_history = R"(
  history(options: {take: 100, sort: {createdAt: DESC},
    filter: {type: {in: ["ORDER_NOTE", "ORDER_CANCELLATION"]}}}) {
    totalItems items { type data } })";

std::int64_t Payment::refundable() const {
  if (state != "Settled") return 0;
  std::int64_t left = amount;
  for (const Refund& refund : refunds) {
    if (refund.state != "Failed") left -= refund.total;
  }
  return std::max<std::int64_t>(left, 0);
}

std::int64_t Order::paid() const {
  std::int64_t sum = 0;
  for (const Payment& payment : payments) {
    if (payment.state == "Settled") sum += payment.amount;
  }
  return sum;
}

std::int64_t Order::refunded() const {
  std::int64_t sum = 0;
  for (const Payment& payment : payments) {
    for (const Refund& refund : payment.refunds) {
      if (refund.state != "Failed") sum += refund.total;
    }
  }
  return sum;
}

std::int64_t Order::unshipped(const Line& line) const {
  std::int64_t left = line.quantity;
  for (const Parcel& parcel : parcels) {
    if (parcel.state == "Cancelled") continue;
    for (const ParcelLine& packed : parcel.lines) {
      if (packed.line == line.id) left -= packed.quantity;
    }
  }
  return std::max<std::int64_t>(left, 0);
}

Order read_order(const Field& from) {
  Order order;
  order.id = from["id"].id();
  order.code = from["code"].text(code_bytes_max);
  order.state = from["state"].text(code_bytes_max);
  order.active = from["active"].boolean();
  order.currency = from["currencyCode"].text(3);
  order.total = from["totalWithTax"].money();
  order.updated_ms = from["updatedAt"].time_ms();
  order.placed_ms = from["orderPlacedAt"].time_ms_or(0);
  order.customer = read_customer(from["customer"]);
  order.address = read_address(from["shippingAddress"]);
  from["shippingLines"].each(lines_max, [&](const Field& line) {
    order.shipping_method = line["shippingMethod"]["id"].id();
    order.shipping_name = name(line["shippingMethod"]["name"]);
  });
  from["couponCodes"].each(
      coupons_max, [&](const Field& code) { order.coupons.push_back(code.text(name_bytes_max)); });
  from["lines"].each(lines_max, [&](const Field& line) { order.lines.push_back(read_line(line)); });
  from["payments"].each(payments_max,
                        [&](const Field& item) { order.payments.push_back(read_payment(item)); });
  from["fulfillments"].each(parcels_max,
                            [&](const Field& item) { order.parcels.push_back(read_parcel(item)); });
  if (from.has("history")) read_history(from["history"], order);
  return order;
}

}  // namespace deskmate::shop_vendure

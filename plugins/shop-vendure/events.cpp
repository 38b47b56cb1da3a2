#include "plugins/shop-vendure/events.hpp"

#include <algorithm>
#include <limits>

#include "deskmate/events.hpp"
#include "deskmate/money_events.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr std::size_t options_max = 50;     // of one variant
constexpr std::size_t locations_max = 200;  // where one variant is in stock
constexpr std::size_t mark_digits = 32;
constexpr std::size_t phone_digits_min = 5;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string joined(const std::string& first, const std::string& second) {
  return first.empty() || second.empty() ? first + second : first + ' ' + second;
}

Value address_value(const Address& address) {
  Map parts;
  const auto put = [&parts](const char* name, const std::string& text) {
    if (!text.empty()) parts.set(name, text);
  };
  put("name", address.full_name);
  put("company", address.company);
  put("street", address.street);
  put("street2", address.street2);
  put("city", address.city);
  put("province", address.province);
  put("postal_code", address.postal_code);
  put("country", address.country);
  put("country_code", address.country_code);
  put("phone", address.phone);
  return parts.empty() ? Value() : Value(std::move(parts));
}

void add_contact(Array& contacts, std::string contact) {
  if (contact.empty()) return;
  const Value value(std::move(contact));
  if (std::find(contacts.begin(), contacts.end(), value) == contacts.end()) {
    contacts.push_back(value);
  }
}

// Who owns the order: Vendure makes a customer of a guest, too.
std::string buyer_of(const Order& order) {
  return order.customer.id.empty() ? "order:" + order.id : order.customer.id;
}

Seen order_seen(const Order& order, const std::string& shop) {
  events::OrderSeen seen;
  seen.shop = shop;
  seen.state = order_state(order.state);
  seen.payment = payment_state(order);
  seen.total = order.total;
  seen.paid = order.paid();
  seen.currency = order.currency;
  seen.placed_at = order.placed_ms;
  seen.updated_at = order.updated_ms;
  for (const Line& line : order.lines) {
    events::OrderLine& to = seen.lines.emplace_back();
    to.sku = line.sku;
    to.name = line.name;
    to.quantity = line.quantity;
    to.price = line.unit_price;
  }
  seen.other_facts = {{"raw_state", order.state}, {"refunded", order.refunded()}};
  seen.number = order.code;
  seen.name = order.address.full_name.empty()
                  ? joined(order.customer.first_name, order.customer.last_name)
                  : order.address.full_name;
  seen.address = address_value(order.address);
  if (!order.shipping_name.empty()) seen.other_body = {{"shipping", order.shipping_name}};
  Seen out{"order", order.id, "order:" + order.id, events::to_event(seen)};
  out.event.refs = {{"order", order.id}, {"buyer", buyer_of(order)}};
  out.event.desk_refs = {{"number", order.code}};
  add_contact(out.event.contacts, email_contact(order.customer.email));
  add_contact(out.event.contacts, phone_contact(order.customer.phone));
  add_contact(out.event.contacts, phone_contact(order.address.phone));
  return out;
}

Seen parcel_seen(const Order& order, const Parcel& parcel, const std::string& shop) {
  events::ParcelSeen seen;
  seen.shop = shop;
  seen.status = parcel_status(parcel.state);
  seen.raw_code = parcel.state;
  seen.carrier = without_mark(parcel.method);
  seen.at = parcel.updated_ms;
  seen.tracking = parcel.tracking;
  seen.raw_text = parcel.state;
  Seen out{"order", order.id, "parcel:" + parcel.id, events::to_event(seen)};
  out.event.refs = {{"parcel", parcel.id}, {"order", order.id}, {"buyer", buyer_of(order)}};
  return out;
}

// The request that left its mark in the text; empty: there is none.
Id marked(std::string_view text) {
  Id out;
  const std::size_t at = text.find(mark_prefix);
  if (at == std::string_view::npos) return out;
  const std::string_view hex = text.substr(at + mark_prefix.size(), mark_digits);
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10; };
  const bool whole = hex.size() == mark_digits && std::all_of(hex.begin(), hex.end(), [](char c) {
                       return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                     });
  if (!whole) return out;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return out;
}

// Whoever made it: the desk, or somebody in the shop's own admin.
Seen refund_seen(const Order& order, const Refund& refund, const std::string& shop) {
  events::RefundSeen seen;
  seen.shop = shop;
  seen.amount = refund.total;
  seen.currency = order.currency;
  seen.at = refund.created_ms != 0 ? refund.created_ms : order.updated_ms;
  seen.request = marked(refund.reason);
  seen.failed = refund.state == "Failed";
  Seen out{"order", order.id, "refund:" + refund.id, events::to_event(seen)};
  out.event.refs = {{"refund", refund.id}, {"order", order.id}, {"buyer", buyer_of(order)}};
  return out;
}

Seen buyer_seen(const Customer& customer, const std::string& shop) {
  events::BuyerSeen seen;
  seen.shop = shop;
  seen.name = joined(customer.first_name, customer.last_name);
  seen.email = customer.email;
  seen.phone = customer.phone;
  Seen out{"buyer", customer.id, "buyer:" + customer.id, events::to_event(seen)};
  out.event.refs = {{"buyer", customer.id}};
  add_contact(out.event.contacts, email_contact(customer.email));
  add_contact(out.event.contacts, phone_contact(customer.phone));
  return out;
}

}  // namespace

const std::string_view product_fields = R"(
  id sku name enabled priceWithTax currencyCode product { enabled }
  options { name group { code } } stockLevels { stockOnHand stockAllocated })";

Product read_product(const Field& from) {
  constexpr std::int64_t stock_max = std::numeric_limits<std::int32_t>::max();
  Product product;
  product.id = from["id"].id();
  product.sku = from["sku"].text(text_bytes_max);
  product.name = from["name"].text(text_bytes_max);
  product.currency = from["currencyCode"].text(3);
  product.price = from["priceWithTax"].money();
  product.sold = from["enabled"].boolean() && from["product"]["enabled"].boolean();
  from["options"].each(options_max, [&](const Field& option) {
    product.options.set(option["group"]["code"].text(text_bytes_max),
                        option["name"].text(text_bytes_max));
  });
  from["stockLevels"].each(locations_max, [&](const Field& level) {
    product.stock += level["stockOnHand"].whole(-stock_max, stock_max);
    product.allocated += level["stockAllocated"].whole(-stock_max, stock_max);
  });
  return product;
}

std::vector<Seen> seen_of(const Order& order, const std::string& shop) {
  std::vector<Seen> all;
  if (!order.customer.id.empty()) all.push_back(buyer_seen(order.customer, shop));
  all.push_back(order_seen(order, shop));
  for (const Parcel& parcel : order.parcels) all.push_back(parcel_seen(order, parcel, shop));
  for (const Payment& payment : order.payments) {
    for (const Refund& refund : payment.refunds) {
      if (refund.total > 0) all.push_back(refund_seen(order, refund, shop));
    }
  }
  return all;
}

Seen seen_of(const Product& product, const std::string& shop) {
  events::ProductSeen seen;
  seen.shop = shop;
  seen.sku = product.sku;
  seen.name = product.name;
  seen.stock = product.stock;
  seen.allocated = product.allocated;
  seen.price = product.price;
  seen.currency = product.currency;
  seen.options = product.options;
  if (!product.sold) seen.other_facts = {{"sold", false}};
  return {"product", product.id, "product:" + product.id, events::to_event(seen)};
}

std::string order_state(std::string_view state) {
  if (state == "AddingItems" || state == "ArrangingPayment" || state == "PaymentAuthorized" ||
      state == "Created") {
    return "open";
  }
  if (state == "PaymentSettled") return "paid";
  if (state == "PartiallyShipped") return "partly_shipped";
  if (state == "PartiallyDelivered") return "partly_delivered";
  if (state == "Modifying" || state == "ArrangingAdditionalPayment") return "changing";
  std::string words;  // Shipped, Delivered, Cancelled, and states of the shop's own
  for (const char c : state) {
    if (c >= 'A' && c <= 'Z' && !words.empty()) words.push_back('_');
    words.push_back(lower(c));
  }
  return words;
}

std::string payment_state(const Order& order) {
  const std::int64_t paid = order.paid();
  const std::int64_t refunded = order.refunded();
  if (refunded > 0) return refunded >= paid ? "refunded" : "partly_refunded";
  const bool settled =
      std::any_of(order.payments.begin(), order.payments.end(),
                  [](const Payment& payment) { return payment.state == "Settled"; });
  if (settled) return paid >= order.total || order.state == "Cancelled" ? "paid" : "partly_paid";
  const bool authorised =
      std::any_of(order.payments.begin(), order.payments.end(),
                  [](const Payment& payment) { return payment.state == "Authorized"; });
  return authorised ? "authorised" : "pending";
}

std::string_view parcel_status(std::string_view state) {
  if (state == "Created" || state == "Pending") return "pending";
  if (state == "Shipped") return "in_transit";
  if (state == "Delivered") return "delivered";
  if (state == "Cancelled") return "cancelled";
  return "unknown";
}

std::string email_contact(std::string_view email) {
  email = trimmed(email);
  if (email.find('@') == std::string_view::npos) return {};
  std::string contact = "email:";
  for (const char c : email) contact.push_back(lower(c));
  return contact;
}

std::string phone_contact(std::string_view phone) {
  phone = trimmed(phone);
  std::string digits;
  for (const char c : phone) {
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  if (digits.size() < phone_digits_min) return {};
  return (phone.front() == '+' ? "phone:+" : "phone:") + digits;
}

std::string without_mark(std::string_view text) {
  const auto at = text.find(mark_prefix);
  if (at == std::string_view::npos) return std::string(trimmed(text));
  std::string rest(trimmed(text.substr(0, at)));
  const std::size_t end = at + mark_prefix.size() + mark_digits;
  return end < text.size() ? joined(rest, std::string(trimmed(text.substr(end)))) : rest;
}

}  // namespace deskmate::shop_vendure

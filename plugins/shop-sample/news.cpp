// What the sample shop tells the desk.
#include <array>

#include "deskmate/money_events.hpp"
#include "world.hpp"

namespace deskmate::sample {

namespace {

struct Step {
  const char* status;
  const char* code;
  const char* text;
};
constexpr std::array<Step, 6> steps = {{
    {"info_received", "10", "已下单,等待揽收 / Label made, waiting for the courier"},
    {"picked_up", "20", "快件已揽收 / Picked up"},
    {"in_transit", "31", "已离开始发分拨中心 / Left the first sorting centre"},
    {"in_transit", "32", "到达中转站 / Arrived at a sorting centre on the way"},
    {"out_for_delivery", "40", "派送中 / Out for delivery"},
    {"delivered", "50", "已签收 / Delivered"},
}};

std::string trouble_text(const std::string& trouble) {
  if (trouble == "customs_hold") return "海关查验中 / Held by customs";
  if (trouble == "attempt_failed") return "派送未成功,收件人不在 / Nobody at home";
  return "中转站滞留,无新的扫描 / Stuck at a sorting centre, no scan since";
}

NewEvent tell(const std::string& shop, const Stock& stock) {
  events::ProductSeen seen;
  seen.shop = shop;
  seen.sku = stock.sku;
  seen.stock = stock.on_hand;
  seen.allocated = stock.allocated;
  seen.currency = currency;
  for (const Product& product : catalogue()) {
    if (stock.sku != product.sku) continue;
    seen.name = std::string(product.zh) + " / " + product.en;
    seen.price = product.price;
  }
  NewEvent event = events::to_event(seen);
  event.refs = {{"revision", "product/" + stock.sku + "@" + std::to_string(stock.revision)}};
  event.dedupe = "revision";
  return event;
}

Array contacts_of(const Buyer& buyer) { return {"email:" + buyer.email, "phone:" + buyer.phone}; }

NewEvent tell(const std::string& shop, const Buyer& buyer) {
  events::BuyerSeen seen;
  seen.shop = shop;
  seen.name = buyer.name;
  seen.email = buyer.email;
  seen.phone = buyer.phone;
  seen.address = Value::map({{"city", buyer.city}, {"street", buyer.street}});
  NewEvent event = events::to_event(seen);
  event.refs = {{"buyer", buyer.id}};
  event.contacts = contacts_of(buyer);
  event.dedupe = "buyer";
  return event;
}

NewEvent tell(const std::string& shop, const Order& order, const Buyer& buyer) {
  events::OrderSeen seen;
  seen.shop = shop;
  seen.state = order.state;
  seen.payment = order.payment;
  seen.total = order.total;
  seen.paid = order.paid;
  seen.currency = currency;
  seen.placed_at = order.placed_at;
  seen.updated_at = order.updated_at;
  seen.lines = order.lines;
  seen.number = order.number;
  seen.name = buyer.name;
  seen.address = Value::map(
      {{"city", buyer.city}, {"street", order.street.empty() ? buyer.street : order.street}});
  seen.note = order.note;
  seen.shipping = order.shipping;
  seen.promised_at = order.promised_at;
  seen.paid_at = order.placed_at;
  NewEvent event = events::to_event(seen);
  event.refs = {{"order", order.number},
                {"buyer", buyer.id},
                {"revision", order.number + "@" + std::to_string(order.revision)}};
  event.desk_refs = {{"number", order.number}};
  event.contacts = contacts_of(buyer);
  event.dedupe = "revision";
  return event;
}

// 32 digits as the id that they are; anything else as none.
Id id_of(const std::string& hex) {
  Id out;
  if (hex.size() != 2 * out.bytes.size()) return out;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  }
  return out;
}

NewEvent tell(const std::string& shop, const Order& order, const Refund& refund) {
  events::RefundSeen seen;
  seen.shop = shop;
  seen.amount = refund.amount;
  seen.currency = currency;
  seen.at = refund.at;
  seen.request = id_of(refund.request);
  NewEvent event = events::to_event(seen);
  event.refs = {{"refund", refund.id}, {"order", order.number}, {"buyer", order.buyer}};
  event.dedupe = "refund";
  return event;
}

NewEvent tell_parcel(const std::string& shop, const Order& order) {
  const Parcel& parcel = order.parcels.front();
  const Step& step = steps.at(static_cast<std::size_t>(parcel.step));
  events::ParcelSeen seen;
  seen.shop = shop;
  seen.status = parcel.trouble.empty() ? step.status : parcel.trouble;
  seen.raw_code = parcel.trouble.empty() ? step.code : "90";
  seen.raw_text = parcel.trouble.empty() ? step.text : trouble_text(parcel.trouble);
  seen.carrier = parcel.carrier;
  seen.at = parcel.at;
  seen.tracking = parcel.tracking;
  NewEvent event = events::to_event(seen);
  event.refs = {{"parcel", parcel.tracking},
                {"order", order.number},
                {"buyer", order.buyer},
                {"revision", parcel.tracking + "@" + std::to_string(parcel.at) + seen.raw_code}};
  event.dedupe = "revision";
  return event;
}

NewEvent tell(const std::string& shop, const Message& message, const Buyer& buyer) {
  events::MessageReceived received;
  received.shop = shop;
  received.at = message.at;
  received.text = message.text;
  received.name = buyer.name;
  NewEvent event = events::to_event(received);
  event.refs = {{"thread", buyer.id}, {"buyer", buyer.id}, {"message", message.id}};
  event.contacts = contacts_of(buyer);
  event.dedupe = "message";
  return event;
}

}  // namespace

std::vector<NewEvent> World::news(const std::string& shop) const {
  std::vector<NewEvent> all;
  for (const Stock& stock : meta_.stock) {
    if (stock.told != stock.revision) all.push_back(tell(shop, stock));
  }
  for (const auto& [id, buyer] : buyers_) {
    if (!buyer.told) all.push_back(tell(shop, buyer));
  }
  for (const std::string& number : meta_.orders) {
    const Order& order = orders_.at(number);
    if (order.told == order.revision) continue;
    all.push_back(tell(shop, order, buyers_.at(order.buyer)));
    if (!order.parcels.empty()) all.push_back(tell_parcel(shop, order));
    for (const Refund& refund : order.refunds) all.push_back(tell(shop, order, refund));
  }
  for (const Message& message : meta_.outbox) {
    all.push_back(tell(shop, message, buyers_.at(message.buyer)));
  }
  return all;
}

void World::told() {
  for (Stock& stock : meta_.stock) stock.told = stock.revision;
  for (auto& [id, buyer] : buyers_) {
    if (!buyer.told) changed_.insert("buyer/" + id);
    buyer.told = true;
  }
  for (auto& [number, order] : orders_) {
    if (order.told != order.revision) changed_.insert("order/" + number);
    order.told = order.revision;
  }
  if (!meta_.outbox.empty()) meta_changed_ = true;
  meta_.outbox.clear();
}

}  // namespace deskmate::sample

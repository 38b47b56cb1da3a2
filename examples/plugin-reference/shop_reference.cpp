// The smallest shop that does everything a connector does: one buyer, who has one order and writes
// once. Replies and notes are kept in the instance's own store, under the request's id: doing one
// again changes nothing, and look_up finds it.
#include <deskmate/plugin.hpp>

using deskmate::Action;
using deskmate::Found;
using deskmate::NewEvent;
using deskmate::Outcome;
using deskmate::Result;
using deskmate::Session;

class ReferenceShop : public deskmate::Connector {
  Result<void> poll(Session& desk) override {
    const auto buyer = desk.setting<std::string>("buyer");

    deskmate::events::OrderSeen seen;
    seen.shop = desk.instance();
    seen.state = seen.payment = "paid";
    seen.total = seen.paid = 1299;
    seen.currency = "EUR";
    seen.placed_at = seen.updated_at = 1'760'000'000'000;
    seen.number = "R-1001";
    NewEvent order = deskmate::events::to_event(seen);
    order.refs = {{"order", "1001"}, {"buyer", buyer}};
    order.desk_refs = {{"number", seen.number}};
    order.contacts = {"email:" + buyer};
    order.dedupe = "order";

    deskmate::events::MessageReceived written;
    written.shop = desk.instance();
    written.at = 1'760'000'060'000;
    written.text = "Hello, has my order R-1001 left yet?";
    NewEvent message = deskmate::events::to_event(written);
    message.refs = {{"thread", "t1"}, {"buyer", buyer}, {"message", "m1"}};
    message.contacts = order.contacts;
    message.dedupe = "message";

    const auto appended = desk.append({order, message});
    if (!appended) return appended.error();
    return {};
  }

  Outcome perform(Session& desk, const Action& action) override {
    if (action.text().empty()) return Outcome::failed("empty", "there is nothing to say");
    const auto put = desk.kv_put(key(action), action.text());
    if (!put) return put.error();
    return Outcome::done().ref("message", action.request.hex());
  }

  Found look_up(Session& desk, const Action& action) override {
    const auto found = desk.kv_get(key(action));
    if (!found) return found.error();
    return found->has_value() ? Found::yes().ref("message", action.request.hex()) : Found::no();
  }

  std::uint32_t poll_every_ms(Session& desk) override {
    return desk.setting<std::uint32_t>("poll_ms", 1000);
  }

  static std::string key(const Action& action) { return "sent/" + action.request.hex(); }
};

DESKMATE_PLUGIN(ReferenceShop, "shop-reference", "1.0.0")

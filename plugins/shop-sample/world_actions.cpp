// What is asked of the shop, by the desk and in its own admin.
#include <algorithm>

#include "world.hpp"

namespace deskmate::sample {
namespace {

void remember(Map& requests, const std::string& request, Value what) {
  if (requests.size() >= requests_max) requests.erase(requests.begin()->first);
  requests.set(request, std::move(what));
}

}  // namespace

Outcome World::perform(const Action& action, std::int64_t now_ms) {
  const std::string request = action.request.hex();
  if (action.kind == "reply") {
    const auto found = buyers_.find(std::string(action.ref("thread")));
    if (found == buyers_.end()) return Outcome::failed("not_found", "there is no such chat");
    return reply(found->second, action, now_ms);
  }
  const auto found = orders_.find(std::string(action.ref("order")));
  if (found == orders_.end()) return Outcome::failed("not_found", "there is no such order");
  Order& order = found->second;
  if (const Value* before = order.requests.find(request)) {
    return Outcome::done().ref("result", before->as_str());
  }
  const std::string buyer_id = order.buyer;
  Outcome outcome = on_order(order, action, now_ms);
  if (!outcome.is_done()) return outcome;
  remember(order.requests, request, outcome.to_map()["refs"]["result"].as_str());
  change(order, now_ms);
  acted_on_ = "order/" + order.number;
  Buyer& buyer = buyers_.at(buyer_id);
  if (action.kind != "order_note" && buyer.rounds > 0) {
    buyer.rounds = 0;
    plan(buyer, Mood::relief, now_ms + hurried(between(20'000, 90'000)));
  }
  return outcome;
}

Outcome World::reply(Buyer& buyer, const Action& action, std::int64_t now_ms) {
  const std::string request = action.request.hex();
  if (const Value* before = buyer.requests.find(request)) {
    return Outcome::done().ref("message", before->as_str());
  }
  const std::string message = "r" + request.substr(0, 12);
  remember(buyer.requests, request, message);
  const Value& automatic = action.facts["auto"];
  const bool greeting = automatic.is_str() || automatic.as_bool();  // nobody thanks for that
  if (!greeting) {
    buyer.answered_at = now_ms;
    buyer.speak_at = 0;
  }
  if (buyer.rounds > 0 && !greeting) {
    const auto drawn = below(100);
    const std::int64_t at_ms = now_ms + hurried(between(15'000, 120'000));
    if (drawn < 50) {
      buyer.rounds = 0;
      plan(buyer, Mood::thanks, at_ms);
    } else if (drawn < 80) {
      --buyer.rounds;
      plan(buyer, Mood::ask, at_ms);
    }
  }
  changed_.insert("buyer/" + buyer.id);
  acted_on_ = "buyer/" + buyer.id;
  return Outcome::done().ref("message", message);
}

Outcome World::on_order(Order& order, const Action& action, std::int64_t now_ms) {
  if (action.kind == "ship") {
    if (order.state != "paid") return Outcome::failed("state", "the order is " + order.state);
    send(order, std::string(action.body["tracking"].as_str()),
         std::string(action.facts["carrier"].as_str()), now_ms);
    return Outcome::done().ref("result", order.parcels[0].tracking);
  }
  if (action.kind == "refund") return refund(order, action, now_ms);
  if (action.kind == "cancel") return cancel(order, action, now_ms);
  if (action.kind == "resend") return resend(order, action.request.hex(), now_ms);
  if (action.kind == "coupon") return coupon(order, action);
  if (action.kind == "order_note") {
    if (action.text().empty()) return Outcome::failed("empty", "the note has no text");
    order.notes.emplace_back(action.text());
    return Outcome::done().ref("result", "note " + std::to_string(order.notes.size()));
  }
  return Outcome::failed("unsupported", "the sample shop does no " + action.kind);
}

void World::give_back(Order& order, Refund refund) {
  order.refunds.push_back(std::move(refund));
  order.payment = order.left() == 0 ? "refunded" : "partly_refunded";
}

Outcome World::refund(Order& order, const Action& action, std::int64_t now_ms) {
  const std::int64_t amount = action.facts["amount"].as_int(order.left());
  const std::string_view asked = action.facts["currency"].as_str(currency);
  if (asked != currency) return Outcome::failed("currency", "the shop takes CNY only");
  if (amount <= 0 || amount > order.left()) {
    return Outcome::failed("amount", "more than was paid, or nothing");
  }
  const std::string request = action.request.hex();
  give_back(order, {"R-" + request, amount, now_ms, request});
  return Outcome::done()
      .ref("result", "refund of " + std::to_string(amount))
      .fact("amount", amount);
}

void World::refund_in_admin(std::string_view what, std::int64_t now_ms) {
  while (!what.empty()) {
    const std::size_t comma = std::min(what.find(','), what.size());
    std::string_view one = what.substr(0, comma);
    what.remove_prefix(std::min(comma + 1, what.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    const std::size_t space = std::min(one.find(' '), one.size());
    const auto found = orders_.find(std::string(one.substr(0, space)));
    if (found == orders_.end() || space == one.size()) continue;
    std::int64_t amount = 0;
    for (const char c : one.substr(space + 1)) {
      if (c < '0' || c > '9' || amount > found->second.paid) break;
      amount = amount * 10 + (c - '0');
    }
    Order& order = found->second;
    const std::string id = "A-" + std::string(one);
    const bool done = std::any_of(order.refunds.begin(), order.refunds.end(),
                                  [&](const Refund& refund) { return refund.id == id; });
    if (done || amount <= 0 || amount > order.left()) continue;
    give_back(order, {id, amount, now_ms});
    change(order, now_ms);
  }
}

Outcome World::cancel(Order& order, const Action& action, std::int64_t now_ms) {
  if (order.state != "paid") return Outcome::failed("state", "the order is " + order.state);
  order.state = "cancelled";
  const std::string request = action.request.hex();
  if (order.left() > 0) give_back(order, {"R-" + request, order.left(), now_ms, request});
  order.payment = "refunded";
  order.ship_at = 0;
  allocate(order, -1);
  return Outcome::done().ref("result", "cancelled");
}

Outcome World::resend(Order& order, const std::string& request, std::int64_t now_ms) {
  if (order.state != "shipped" && order.state != "delivered") {
    return Outcome::failed("state", "the order is " + order.state);
  }
  if (orders_.size() >= 2 * orders_max) return Outcome::failed("limit", "too many orders", true);
  // Named after the request: should the shop die half way, the second try finds the first's order.
  Order again;
  again.number = order.number + "-R" + request.substr(0, 8);
  again.buyer = order.buyer;
  again.lines = order.lines;
  again.state = again.payment = "paid";
  again.placed_at = again.updated_at = now_ms;
  again.ship_at = now_ms + between(2 * hour_ms, 12 * hour_ms);
  again.notes = {"instead of " + order.number};
  allocate(again, 1);
  const std::string number = again.number;
  if (!orders_.contains(number)) meta_.orders.push_back(number);
  changed_.insert("order/" + number);
  orders_[number] = std::move(again);
  return Outcome::done().ref("result", number);
}

Outcome World::coupon(Order& order, const Action& action) {
  const std::int64_t amount = action.facts["amount"].as_int(coupon_default);
  if (amount <= 0) return Outcome::failed("amount", "a coupon of nothing");
  order.coupons.push_back("THANKS" + std::to_string(10'000 + below(90'000)));
  return Outcome::done()
      .ref("result", order.coupons.back())
      .fact("amount", amount)
      .body("code", order.coupons.back());
}

Found World::look_up(const Action& action) const {
  const bool is_reply = action.kind == "reply";
  const Buyer* buyer = is_reply ? find_buyer(action.ref("thread")) : nullptr;
  const Order* order = is_reply ? nullptr : find_order(action.ref("order"));
  const Map* requests = buyer ? &buyer->requests : order ? &order->requests : nullptr;
  const Value* before = requests ? requests->find(action.request.hex()) : nullptr;
  if (!before) return Found::no();
  return Found::yes().ref(is_reply ? "message" : "result", before->as_str());
}

Tail World::tail(const Thread& thread) const {
  const Buyer* buyer = find_buyer(thread.ref("thread"));
  if (buyer == nullptr) return Tail::cannot_tell("there is no such chat");
  return buyer->answered_at >= thread.since_ms && buyer->answered_at != 0 ? Tail::answered()
                                                                          : Tail::unanswered();
}

Claim World::claim(const Thread& thread) {
  const auto found = buyers_.find(std::string(thread.ref("thread")));
  std::string message(thread.ref("message"));
  if (found == buyers_.end() || message.empty()) {
    return Claim::cannot_tell("there is no such message");
  }
  if (thread.automatic) message += " greeting";
  Map& claims = found->second.claims;
  if (const Value* holder = claims.find(message)) {
    return holder->as_bin() == thread.claimer ? Claim::mine() : Claim::taken();
  }
  remember(claims, message, Value::bin(thread.claimer));
  changed_.insert("buyer/" + found->first);
  return Claim::mine();
}

}  // namespace deskmate::sample

#include "plugins/shop-vendure/actions.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "plugins/shop-vendure/events.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr std::int64_t coupon_days_default = 30;
constexpr std::int64_t coupon_days_max = 3650;

constexpr std::string_view ship_mutation =
    "mutation($input: FulfillOrderInput!) { addFulfillmentToOrder(input: $input) {"
    " __typename ... on Fulfillment { id state } ... on ErrorResult { errorCode message } } }";
constexpr std::string_view move_mutation =
    "mutation($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) {"
    " __typename ... on Fulfillment { id state } ... on ErrorResult { errorCode message } } }";
constexpr std::string_view refund_mutation =
    "mutation($input: RefundOrderInput!) { refundOrder(input: $input) {"
    " __typename ... on Refund { id state } ... on ErrorResult { errorCode message } } }";
constexpr std::string_view cancel_mutation =
    "mutation($input: CancelOrderInput!) { cancelOrder(input: $input) {"
    " __typename ... on Order { id state } ... on ErrorResult { errorCode message } } }";

bool any_has(const std::vector<std::string>& texts, const std::string& mark) {
  return std::any_of(texts.begin(), texts.end(), [&mark](const std::string& text) {
    return text.find(mark) != std::string::npos;
  });
}

const Parcel* own_parcel(const Order& order, const std::string& mark) {
  for (const Parcel& parcel : order.parcels) {
    if (parcel.method.find(mark) != std::string::npos) return &parcel;
  }
  return nullptr;
}

bool on_its_way(std::string_view state) { return state != "Created" && state != "Pending"; }

// What refunds of this request have come to.
struct OwnRefunds {
  std::int64_t given = 0;  // on its way or back
  bool failed = false;
  bool pending = false;
  std::string id;  // the last one's
};

OwnRefunds own_refunds(const Order& order, const std::string& mark) {
  OwnRefunds own;
  for (const Payment& payment : order.payments) {
    for (const Refund& refund : payment.refunds) {
      if (refund.reason.find(mark) == std::string::npos) continue;
      own.id = refund.id;
      if (refund.state == "Failed") {
        own.failed = true;
      } else {
        own.given += refund.total;
        own.pending = own.pending || refund.state != "Settled";
      }
    }
  }
  return own;
}

std::int64_t refundable(const Order& order) {
  std::int64_t sum = 0;
  for (const Payment& payment : order.payments) sum += payment.refundable();
  return sum;
}

json::object argument(std::string_view name, const std::string& value) {
  json::object out;
  out["name"] = json::string_view(name.data(), name.size());
  out["value"] = value;
  return out;
}

json::array line_inputs(const std::vector<Wanted>& lines) {
  json::array out;
  for (const Wanted& wanted : lines) {
    out.push_back({{"orderLineId", wanted.line->id}, {"quantity", wanted.quantity}});
  }
  return out;
}

Outcome refund_done(const OwnRefunds& own) {
  Outcome outcome = Outcome::done();
  outcome.ref("refund", own.id);
  outcome.fact("state", own.pending ? "pending" : "settled");
  if (own.pending) {
    outcome.body("text",
                 "Recorded in the shop, but the payment method does not pay it back by itself / "
                 "已在店铺登记，但该支付方式不会自动退款，请手动处理");
  }
  return outcome;
}

bool currency_differs(const Action& action, const std::string& currency) {
  const std::string_view asked = action.facts["currency"].as_str();
  return !asked.empty() && asked != currency;
}

Outcome refuse_currency(const std::string& currency) {
  return refuse("currency", "The shop's currency here is " + currency,
                "此处店铺使用的货币是 " + currency);
}

}  // namespace

Outcome Actions::perform(Session& desk, const Action& action) {
  if (action.kind == "coupon") return coupon(desk, action);
  Result<Order> order = fetch_order(desk, api_, action.ref("order"));
  if (!order) {
    if (order.error().code == Status::not_found) {
      return refuse("no_such_order", "The shop has no such order", "店铺中没有这个订单");
    }
    // Only looked so far: whatever went wrong, nothing was done by this attempt.
    const Error& error = order.error();
    const bool again = error.code != Status::denied && error.code != Status::invalid;
    return Outcome::failed(to_string(error.code), error.message, again);
  }
  if (action.kind == "ship") return ship(desk, action, *order);
  if (action.kind == "refund") return refund(desk, action, *order);
  if (action.kind == "cancel") return cancel(desk, action, *order);
  if (action.kind == "order_note") return order_note(desk, action, *order);
  if (action.kind == "resend") return resend(desk, api_, action, *order);
  return refuse("unknown_kind", "This shop cannot do that", "此店铺不支持该操作");
}

Outcome Actions::ship(Session& desk, const Action& action, const Order& order) {
  std::string id, state;
  if (const Parcel* own = own_parcel(order, mark_of(action))) {
    id = own->id;
    state = own->state;
  } else {
    const Selection selection = select_lines(
        order, action.facts["lines"], [&order](const Line& line) { return order.unshipped(line); });
    if (!selection.problem_en.empty()) {
      return refuse("nothing_to_ship",
                    selection.problem_en + "; a tracking code cannot be changed in this shop",
                    selection.problem_zh + "；此店铺发货后不能修改运单号");
    }
    const std::string_view carrier = action.facts["carrier"].as_str();
    json::object input;
    input["lines"] = line_inputs(selection.lines);
    input["handler"] = {
        {"code", "manual-fulfillment"},
        {"arguments",
         {argument("method", with_mark(carrier.empty() ? "Parcel" : carrier, action, 100)),
          argument("trackingCode", std::string(action.body["tracking"].as_str()))}}};
    Result<Mutated> made =
        mutate(desk, api_, ship_mutation, {{"input", std::move(input)}}, "addFulfillmentToOrder");
    if (!made) return made.error();
    if (made->refused) return refuse(*made->refused);
    id = made->id;
    state = made->state;
  }
  if (!on_its_way(state)) {
    Result<Mutated> moved = mutate(desk, api_, move_mutation, {{"id", id}, {"state", "Shipped"}},
                                   "transitionFulfillmentToState");
    if (!moved) return moved.error();
    if (moved->refused) {
      return Outcome::failed(moved->refused->code,
                             "The parcel is entered, but the shop does not mark it as shipped: " +
                                 moved->refused->message + " / 包裹已登记，但店铺未标记为已发货",
                             true, half_done_after_ms);
    }
  }
  return Outcome::done().ref("parcel", id);
}

Outcome Actions::refund(Session& desk, const Action& action, const Order& order) {
  OwnRefunds own = own_refunds(order, mark_of(action));
  if (own.failed && own.given == 0) {
    return refuse("refund_declined", "The payment provider declined the refund",
                  "支付渠道拒绝了退款");
  }
  if (currency_differs(action, order.currency)) return refuse_currency(order.currency);
  const Value& asked = action.facts["amount"];
  const std::int64_t room = refundable(order);
  const std::int64_t amount = asked.is_nil() ? own.given + room : asked.as_int(0);
  if (amount <= 0 && own.given == 0) {
    return refuse("refund_too_much", "Nothing is left to refund", "没有可退的金额");
  }
  std::int64_t left = amount - own.given;
  if (left <= 0) return refund_done(own);
  if (left > room) {
    return refuse("refund_too_much",
                  "At most " + std::to_string(room) + " (minor units) can still be refunded",
                  "最多还可退 " + std::to_string(room) + "（最小货币单位）");
  }
  for (const Payment& payment : order.payments) {
    const std::int64_t part = std::min(left, payment.refundable());
    if (part <= 0) continue;
    // An amount of 0 would make Vendure refund the lines instead; part is above 0. lines, shipping
    // and adjustment are deprecated but, left out, break the shop's database.
    json::object input;
    input["paymentId"] = payment.id;
    input["amount"] = part;
    input["lines"] = json::array();
    input["shipping"] = 0;
    input["adjustment"] = 0;
    input["reason"] = with_mark(action.text(), action, reason_bytes_max);
    Result<Mutated> made =
        mutate(desk, api_, refund_mutation, {{"input", std::move(input)}}, "refundOrder");
    if (!made) return made.error();
    if (made->refused && own.given == 0) return refuse(*made->refused);
    if (made->refused || made->state == "Failed") {
      if (own.given == 0) {
        return refuse("refund_declined", "The payment provider declined the refund",
                      "支付渠道拒绝了退款");
      }
      return Outcome::unknown("Of " + std::to_string(amount) + " only " +
                              std::to_string(own.given) +
                              " (minor units) was refunded / 仅部分退款");
    }
    own.given += part;
    own.id = made->id;
    own.pending = own.pending || made->state != "Settled";
    left -= part;
  }
  return refund_done(own);
}

Outcome Actions::cancel(Session& desk, const Action& action, const Order& order) {
  if (any_has(order.cancellations, mark_of(action))) return Outcome::done();
  if (order.state == "Cancelled") {
    return refuse("already_cancelled", "The order is cancelled already", "订单已经取消");
  }
  json::object input;
  input["orderId"] = order.id;
  input["reason"] = with_mark(action.text(), action, reason_bytes_max);
  if (action.facts["lines"].size() > 0) {
    const Selection selection =
        select_lines(order, action.facts["lines"], [](const Line& line) { return line.quantity; });
    if (!selection.problem_en.empty()) {
      return refuse("nothing_to_cancel", selection.problem_en, selection.problem_zh);
    }
    input["lines"] = line_inputs(selection.lines);
    input["cancelShipping"] = false;
  } else {
    input["cancelShipping"] = true;
  }
  Result<Mutated> made =
      mutate(desk, api_, cancel_mutation, {{"input", std::move(input)}}, "cancelOrder");
  if (!made) return made.error();
  if (made->refused) return refuse(*made->refused);
  return Outcome::done();
}

Outcome Actions::order_note(Session& desk, const Action& action, const Order& order) {
  if (any_has(order.notes, mark_of(action))) return Outcome::done();
  if (action.text().empty()) return refuse("no_text", "The note is empty", "备注为空");
  json::object input;
  input["id"] = order.id;
  input["note"] = with_mark(action.text(), action, note_bytes_max);
  input["isPublic"] = false;
  Result<Mutated> made = mutate(
      desk, api_, "mutation($input: AddNoteToOrderInput!) { addNoteToOrder(input: $input) { id } }",
      {{"input", std::move(input)}}, "addNoteToOrder");
  if (!made) return made.error();
  return Outcome::done();
}

Outcome Actions::coupon(Session& desk, const Action& action) {
  const std::int64_t amount = action.facts["amount"].as_int(0);
  if (amount <= 0 || amount > money_max) {
    return refuse("no_amount", "The coupon needs an amount", "优惠券需要金额");
  }
  Result<json::object> data = api_.ask(
      desk, "{ activeChannel { defaultCurrencyCode pricesIncludeTax } }", {}, Api::Kind::read);
  if (!data) return Outcome::failed(to_string(data.error().code), data.error().message, true);
  Fault fault;
  const json::value holder(std::move(*data));
  const Field channel = Field(holder, "", fault)["activeChannel"];
  const std::string currency = channel["defaultCurrencyCode"].text(3);
  if (fault) return Outcome::failed("answer", fault.message(), true);
  if (currency_differs(action, currency)) return refuse_currency(currency);

  const std::int64_t days = std::clamp<std::int64_t>(
      action.facts["valid_days"].as_int(coupon_days_default), 1, coupon_days_max);
  Promotion promotion;
  promotion.code = coupon_code(action);
  // The buyer reads the name on the order: not the reason, which is the desk's own.
  const std::string_view name = action.body["name"].as_str();
  promotion.name = name.empty() ? "Coupon / 优惠券" : std::string(name);
  promotion.mark = mark_of(action);
  promotion.ends_at_ms = desk.now_ms() + days * day_ms;
  promotion.actions = {{{"code", "order_fixed_discount"},
                        {"arguments", {argument("discount", std::to_string(amount))}}}};
  const std::int64_t least = action.facts["min_total"].as_int(0);
  if (least > 0) {
    promotion.conditions = {
        {{"code", "minimum_order_amount"},
         {"arguments",
          {argument("amount", std::to_string(least)), argument("taxInclusive", "true")}}}};
  }
  Result<std::optional<Refusal>> made = create_promotion(desk, api_, promotion);
  if (!made) return made.error();
  if (*made) return refuse(**made);
  Outcome outcome = Outcome::done();
  outcome.body("code", promotion.code);
  return outcome;
}

Found Actions::look_up(Session& desk, const Action& action) {
  Found found = look_up_now(desk, action);
  const std::int64_t age_ms = desk.now_ms() - action.since_ms;
  if (!found.is_no() || age_ms >= settle_ms) return found;
  // The attempt may still be on its way through the shop.
  if (!desk.sleep_ms(static_cast<std::uint64_t>(settle_ms - std::max<std::int64_t>(age_ms, 0)))) {
    return Found::cannot_tell("stopping");
  }
  return look_up_now(desk, action);
}

Found Actions::look_up_now(Session& desk, const Action& action) {
  if (action.kind == "coupon") {
    Result<bool> exists = promotion_exists(desk, api_, coupon_code(action));
    if (!exists) return exists.error();
    return *exists ? Found::yes() : Found::no();
  }
  Result<Order> order = fetch_order(desk, api_, action.ref("order"));
  if (!order) {
    return order.error().code == Status::not_found ? Found::no() : Found(order.error());
  }
  const std::string mark = mark_of(action);
  if (action.kind == "ship") {
    const Parcel* own = own_parcel(*order, mark);
    if (!own || !on_its_way(own->state)) return Found::no();  // perform finishes what was begun
    return Found::yes().ref("parcel", own->id);
  }
  if (action.kind == "refund") {
    const OwnRefunds own = own_refunds(*order, mark);
    const Value& asked = action.facts["amount"];
    const bool whole = asked.is_nil() ? refundable(*order) == 0 : own.given >= asked.as_int(0);
    if (own.given == 0 || !whole) return Found::no();
    return Found::yes().ref("refund", own.id).fact("state", own.pending ? "pending" : "settled");
  }
  if (action.kind == "resend") return look_up_resend(desk, api_, action, *order);
  const bool note = action.kind == "order_note";
  if (any_has(note ? order->notes : order->cancellations, mark)) return Found::yes();
  // A cart that never was an order is cancelled without a word about why.
  if (!note && order->state == "Cancelled" && order->placed_ms == 0) return Found::yes();
  if (!order->history_complete) {
    return Found::cannot_tell(
        "the order has too many notes to look through / 订单备注过多，无法核对");
  }
  return Found::no();
}

}  // namespace deskmate::shop_vendure

// Send again: a second order, free of charge, of the same lines to the same address.
//
// Vendure has no such thing, so it is put together: a draft order, noted on the first one; its
// lines, buyer, address and shipping; a coupon of this request that takes everything off; then it
// is placed with a payment of 0. Only the last step has an effect outside of the shop's drafts. Any
// of them may be the last one before a crash, so every step looks whether it has been done.
#include <algorithm>
#include <utility>

#include "plugins/shop-vendure/actions.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr std::string_view union_tail =
    " { __typename ... on Order { id state } ... on ErrorResult { errorCode message } } }";
constexpr std::string_view resend_word = " resend ";
constexpr std::string_view free_salt = "resend";

std::string with_tail(std::string_view head) { return std::string(head) + std::string(union_tail); }

// The id of this request's draft, out of the notes on the first order; the oldest counts.
std::string noted_draft(const Order& order, const std::string& mark) {
  const std::string start = mark + std::string(resend_word);
  std::string found;
  for (const std::string& note : order.notes) {
    const auto at = note.find(start);
    if (at == std::string::npos) continue;
    const auto from = at + start.size();
    const auto end = note.find_first_of(" \n", from);
    const std::string id = note.substr(from, end == std::string::npos ? end : end - from);
    if (!id.empty() && id.size() <= id_bytes_max) found = id;
  }
  return found;
}

bool being_made(std::string_view state) {
  return state == "Draft" || state == "ArrangingPayment" || state == "AddingItems";
}

class Resend {
 public:
  Resend(Session& desk, Api& api, const Action& action, const Order& first)
      : desk_(desk), api_(api), action_(action), first_(first) {}

  Outcome run();

 private:
  // Each returns what ends the action, or nothing where it goes on.
  using Step = std::optional<Outcome>;
  Step find_or_start();
  Step fill();
  Step make_free();
  Step place();
  Step reload();
  Step change(std::string_view query, const json::object& variables, std::string_view field);
  Outcome give_up(Outcome why);

  Session& desk_;
  Api& api_;
  const Action& action_;
  const Order& first_;
  Selection selection_;
  Order draft_;
};

Outcome Resend::run() {
  selection_ =
      select_lines(first_, action_.facts["lines"], [](const Line& line) { return line.ordered; });
  if (!selection_.problem_en.empty()) {
    return refuse("nothing_to_resend", selection_.problem_en, selection_.problem_zh);
  }
  if (first_.address.empty() || first_.customer.id.empty()) {
    return refuse("no_address", "The order has no address to send to", "订单没有收货地址");
  }
  if (Step end = find_or_start()) return *end;
  if (draft_.state == "Draft") {
    if (Step end = fill()) return *end;
    if (Step end = make_free()) return *end;
  }
  if (being_made(draft_.state)) {
    if (Step end = place()) return *end;
  }
  if (draft_.state == "Cancelled") {
    return refuse("resend_cancelled", "The second order was cancelled in the shop",
                  "补发订单已在店铺中取消");
  }
  Outcome outcome = Outcome::done();
  outcome.ref("resent", draft_.id);
  outcome.body("number", draft_.code);
  return outcome;
}

Resend::Step Resend::change(std::string_view query, const json::object& variables,
                            std::string_view field) {
  Result<Mutated> made = mutate(desk_, api_, query, variables, field);
  if (!made) return Outcome(made.error());
  if (made->refused) return give_up(refuse(*made->refused));
  draft_.state = made->state.empty() ? draft_.state : made->state;
  return std::nullopt;
}

Outcome Resend::give_up(Outcome why) {
  if (draft_.state != "Draft") return why;
  // Best effort: a draft that stays behind does nothing.
  Result<json::object> gone =
      api_.ask(desk_, "mutation($id: ID!) { deleteDraftOrder(orderId: $id) { result } }",
               {{"id", draft_.id}}, Api::Kind::write);
  if (!gone) desk_.log(Level::warn, "a draft order is left in the shop: " + gone.error().message);
  return why;
}

Resend::Step Resend::reload() {
  Result<Order> order = fetch_order(desk_, api_, draft_.id);
  if (!order) return Outcome(order.error());
  draft_ = std::move(*order);
  return std::nullopt;
}

Resend::Step Resend::find_or_start() {
  const std::string known = noted_draft(first_, mark_of(action_));
  if (!known.empty()) {
    Result<Order> order = fetch_order(desk_, api_, known);
    if (order) {
      draft_ = std::move(*order);
      return std::nullopt;
    }
    if (order.error().code != Status::not_found) {
      return Outcome::failed(to_string(order.error().code), order.error().message, true);
    }
  }
  Result<Mutated> made =
      mutate(desk_, api_, "mutation { createDraftOrder { id state } }", {}, "createDraftOrder");
  if (!made) return Outcome(made.error());
  draft_.id = made->id;
  draft_.state = made->state;
  json::object note;
  note["id"] = first_.id;
  note["isPublic"] = false;
  note["note"] = mark_of(action_) + std::string(resend_word) + draft_.id;
  Result<Mutated> noted =
      mutate(desk_, api_,
             "mutation($input: AddNoteToOrderInput!) { addNoteToOrder(input: $input) { id } }",
             {{"input", std::move(note)}}, "addNoteToOrder");
  if (!noted) return Outcome(noted.error());
  return reload();
}

Resend::Step Resend::fill() {
  if (draft_.customer.id.empty()) {
    const std::string query = with_tail(
        "mutation($id: ID!, $customer: ID!) { setCustomerForDraftOrder(orderId: $id, customerId: "
        "$customer)");
    if (Step end = change(query, {{"id", draft_.id}, {"customer", first_.customer.id}},
                          "setCustomerForDraftOrder")) {
      return end;
    }
  }
  for (const Wanted& wanted : selection_.lines) {
    std::int64_t asked = 0, there = 0;
    for (const Wanted& same : selection_.lines) {
      if (same.line->variant == wanted.line->variant) asked += same.quantity;
    }
    for (const Line& line : draft_.lines) {
      if (line.variant == wanted.line->variant) there += line.quantity;
    }
    if (there >= asked) continue;
    json::object input;
    input["productVariantId"] = wanted.line->variant;
    input["quantity"] = asked - there;
    const std::string query = with_tail(
        "mutation($id: ID!, $input: AddItemToDraftOrderInput!) { addItemToDraftOrder(orderId: $id, "
        "input: $input)");
    if (Step end = change(query, {{"id", draft_.id}, {"input", std::move(input)}},
                          "addItemToDraftOrder")) {
      return end;
    }
    Line& added = draft_.lines.emplace_back();
    added.variant = wanted.line->variant;
    added.quantity = asked - there;
  }
  const Address& to = first_.address;
  json::object address;
  const auto put = [&address](const char* name, const std::string& text) {
    if (!text.empty()) address[name] = text;
  };
  put("fullName", to.full_name);
  put("company", to.company);
  put("streetLine1", to.street);
  put("streetLine2", to.street2);
  put("city", to.city);
  put("province", to.province);
  put("postalCode", to.postal_code);
  put("countryCode", to.country_code);
  put("phoneNumber", to.phone);
  if (Step end = change("mutation($id: ID!, $input: CreateAddressInput!) {"
                        " setDraftOrderShippingAddress(orderId: $id, input: $input) { id } }",
                        {{"id", draft_.id}, {"input", std::move(address)}},
                        "setDraftOrderShippingAddress")) {
    return end;
  }
  if (!draft_.shipping_method.empty()) return std::nullopt;

  Result<json::object> data = api_.ask(
      desk_, "query($id: ID!) { eligibleShippingMethodsForDraftOrder(orderId: $id) { id } }",
      {{"id", draft_.id}}, Api::Kind::read);
  if (!data) return Outcome(data.error());
  Fault fault;
  const json::value holder(std::move(*data));
  std::vector<std::string> methods;
  Field(holder, "", fault)["eligibleShippingMethodsForDraftOrder"].each(
      lines_max, [&](const Field& method) { methods.push_back(method["id"].id()); });
  if (fault) return Outcome(fault.error());
  if (methods.empty()) {
    return give_up(refuse("no_shipping", "The shop has no shipping method for this address",
                          "店铺没有适用于该地址的配送方式"));
  }
  const bool same =
      std::find(methods.begin(), methods.end(), first_.shipping_method) != methods.end();
  const std::string query = with_tail(
      "mutation($id: ID!, $method: ID!) { setDraftOrderShippingMethod(orderId: $id, "
      "shippingMethodId: $method)");
  return change(query,
                {{"id", draft_.id}, {"method", same ? first_.shipping_method : methods.front()}},
                "setDraftOrderShippingMethod");
}

Resend::Step Resend::make_free() {
  Promotion promotion;
  promotion.code = coupon_code(action_, free_salt);
  promotion.name = "Sent again / 补发";
  promotion.mark = mark_of(action_);
  promotion.actions = {{{"code", "order_percentage_discount"},
                        {"arguments", {{{"name", "discount"}, {"value", "100"}}}}},
                       {{"code", "free_shipping"}, {"arguments", json::array()}}};
  Result<std::optional<Refusal>> made = create_promotion(desk_, api_, promotion);
  if (!made) return Outcome(made.error());
  if (*made) return give_up(refuse(**made));
  const bool applied = std::find(draft_.coupons.begin(), draft_.coupons.end(), promotion.code) !=
                       draft_.coupons.end();
  if (!applied) {
    const std::string query = with_tail(
        "mutation($id: ID!, $code: String!) { applyCouponCodeToDraftOrder(orderId: $id, "
        "couponCode: "
        "$code)");
    if (Step end = change(query, {{"id", draft_.id}, {"code", promotion.code}},
                          "applyCouponCodeToDraftOrder")) {
      return end;
    }
  }
  if (Step end = reload()) return end;
  if (draft_.total == 0) return std::nullopt;
  return give_up(refuse("not_free", "The shop does not let the second order be free of charge",
                        "店铺不允许补发订单免费"));
}

Resend::Step Resend::place() {
  if (draft_.state != "ArrangingPayment") {
    const std::string query = with_tail(
        "mutation($id: ID!, $state: String!) { transitionOrderToState(id: $id, state: $state)");
    if (Step end = change(query, {{"id", draft_.id}, {"state", "ArrangingPayment"}},
                          "transitionOrderToState")) {
      return end;
    }
  }
  if (draft_.total != 0) {
    return refuse("not_free", "The shop does not let the second order be free of charge",
                  "店铺不允许补发订单免费");
  }
  json::object input;
  input["orderId"] = draft_.id;
  input["method"] = "resend";
  input["transactionId"] = mark_of(action_);
  input["metadata"] = json::object();
  const std::string query =
      with_tail("mutation($input: ManualPaymentInput!) { addManualPaymentToOrder(input: $input)");
  return change(query, {{"input", std::move(input)}}, "addManualPaymentToOrder");
}

}  // namespace

Outcome resend(Session& desk, Api& api, const Action& action, const Order& order) {
  return Resend(desk, api, action, order).run();
}

Found look_up_resend(Session& desk, Api& api, const Action& action, const Order& order) {
  const std::string known = noted_draft(order, mark_of(action));
  if (known.empty()) {
    if (order.history_complete) return Found::no();
    return Found::cannot_tell(
        "the order has too many notes to look through / 订单备注过多，无法核对");
  }
  Result<Order> draft = fetch_order(desk, api, known);
  if (!draft) {
    return draft.error().code == Status::not_found ? Found::no() : Found(draft.error());
  }
  if (being_made(draft->state)) return Found::no();  // perform finishes it
  return Found::yes().ref("resent", draft->id);
}

}  // namespace deskmate::shop_vendure

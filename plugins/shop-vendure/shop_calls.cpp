// What the actions share: marks, lines, mutations, promotions.
#include <algorithm>
#include <utility>

#include "plugins/shop-vendure/actions.hpp"
#include "plugins/shop-vendure/events.hpp"
#include "plugins/shop-vendure/versions.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr std::string_view promotion_mutation =
    "mutation($input: CreatePromotionInput!) { createPromotion(input: $input) {"
    " __typename ... on Promotion { id } ... on ErrorResult { errorCode message } } }";
constexpr std::size_t promotion_name_bytes_max = 100;

const std::string& order_query() {
  static const std::string query = "query($id: ID!) { order(id: $id) {" +
                                   std::string(order_fields) + std::string(order_history) + "} }";
  return query;
}

// At most bytes_max bytes, without half a character.
std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0U) == 0x80U) {
    --bytes_max;
  }
  return text.substr(0, bytes_max);
}

// An answer of one mutation to a known field, whatever it holds.
Result<json::value> mutation_result(Session& desk, Api& api, std::string_view query,
                                    const json::object& variables, std::string_view field) {
  Result<json::object> data = api.ask(desk, query, variables, Api::Kind::write);
  if (!data) return data.error();
  json::value* found = data->if_contains({field.data(), field.size()});
  if (!found || !found->is_object()) {
    return Error{Status::internal, "the shop's answer has no " + std::string(field), "vendure"};
  }
  return std::move(*found);
}

}  // namespace

std::string mark_of(const Action& action) {
  return std::string(mark_prefix) + action.request.hex();
}

std::string with_mark(std::string_view text, const Action& action, std::size_t bytes_max) {
  std::string out(cut(text, bytes_max));
  if (!out.empty()) out += ' ';
  return out + mark_of(action);
}

std::string coupon_code(const Action& action, std::string_view salt) {
  constexpr std::string_view digits = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";  // 32, none alike
  // 80 bits of the request's own id, which is random.
  const std::string hex = action.request.hex() + std::string(salt);
  std::uint64_t first = hash64(hex), second = hash64(hex, first);
  std::string code = "DM";
  for (int i = 0; i < 8; ++i, first >>= 5U) code += digits[first & 31U];
  for (int i = 0; i < 8; ++i, second >>= 5U) code += digits[second & 31U];
  return code;
}

Outcome refuse(std::string code, const std::string& english, const std::string& chinese) {
  return Outcome::failed(std::move(code), english + " / " + chinese);
}

Outcome refuse(const Refusal& refusal) {
  return Outcome::failed(refusal.code, "The shop refuses / 店铺拒绝: " + refusal.message);
}

Result<Order> fetch_order(Session& desk, Api& api, std::string_view id) {
  if (id.empty() || id.size() > id_bytes_max) {
    return Error{Status::not_found, "the request names no order", "vendure"};
  }
  json::object variables;
  variables["id"] = json::string_view(id.data(), id.size());
  Result<json::object> data = api.ask(desk, order_query(), variables, Api::Kind::read);
  if (!data) return data.error();
  Fault fault;
  const json::value holder(std::move(*data));
  const Field found = Field(holder, "", fault)["order"];
  if (found.is_null()) return Error{Status::not_found, "the shop has no such order", "vendure"};
  Order order = read_order(found);
  if (fault) return fault.error();
  return order;
}

Result<Mutated> mutate(Session& desk, Api& api, std::string_view query,
                       const json::object& variables, std::string_view field) {
  Result<json::value> result = mutation_result(desk, api, query, variables, field);
  if (!result) return result.error();
  Fault fault;
  const Field from(*result, std::string(field), fault);
  Mutated mutated;
  mutated.refused = refusal(from);
  if (!mutated.refused) {
    mutated.id = from["id"].id();
    if (from.has("state")) mutated.state = from["state"].text(text_bytes_max);
  }
  if (fault) return fault.error();
  return mutated;
}

Selection select_lines(const Order& order, const Value& lines,
                       const std::function<std::int64_t(const Line&)>& room) {
  Selection selection;
  if (lines.size() == 0) {
    for (const Line& line : order.lines) {
      if (const std::int64_t all = room(line); all > 0) selection.lines.push_back({&line, all});
    }
    if (selection.lines.empty()) {
      selection.problem_en = "Nothing is left of this order";
      selection.problem_zh = "该订单没有可处理的商品";
    }
    return selection;
  }
  for (const Value& wanted : lines.as_array()) {
    const std::string_view sku = wanted["sku"].as_str();
    std::int64_t quantity = wanted["quantity"].as_int(1);
    if (quantity < 1 || quantity > quantity_max) quantity = quantity_max;  // refused below
    for (const Line& line : order.lines) {  // one sku may stand in several lines
      if (line.sku != sku || quantity == 0) continue;
      std::int64_t taken = 0;
      for (const Wanted& before : selection.lines) {
        if (before.line == &line) taken += before.quantity;
      }
      const std::int64_t part = std::min(quantity, room(line) - taken);
      if (part <= 0) continue;
      selection.lines.push_back({&line, part});
      quantity -= part;
    }
    if (quantity > 0) {
      selection.problem_en = "The order does not have that many of " + std::string(sku);
      selection.problem_zh = "订单中没有足够的 " + std::string(sku);
      return selection;
    }
  }
  return selection;
}

Result<bool> promotion_exists(Session& desk, Api& api, const std::string& code) {
  json::object variables;
  variables["code"] = code;
  Result<json::object> data =
      api.ask(desk,
              "query($code: String!) { promotions(options: {take: 1, filter: {couponCode: {eq: "
              "$code}}}) { totalItems } }",
              variables, Api::Kind::read);
  if (!data) return data.error();
  Fault fault;
  const json::value holder(std::move(*data));
  const std::int64_t total =
      Field(holder, "", fault)["promotions"]["totalItems"].whole(0, money_max);
  if (fault) return fault.error();
  return total > 0;
}

Result<std::optional<Refusal>> create_promotion(Session& desk, Api& api,
                                                const Promotion& promotion) {
  Result<bool> exists = promotion_exists(desk, api, promotion.code);
  if (!exists) return Error{Status::limit, exists.error().message, exists.error().where};
  if (*exists) return std::optional<Refusal>();
  Result<json::object> data =
      api.ask(desk, "{ activeChannel { defaultLanguageCode } }", {}, Api::Kind::read);
  if (!data) return Error{Status::limit, data.error().message, data.error().where};
  Fault fault;
  const json::value holder(std::move(*data));
  const std::string language =
      Field(holder, "", fault)["activeChannel"]["defaultLanguageCode"].text(20);
  if (fault) return Error{Status::limit, fault.message(), "vendure"};

  json::object translation;
  translation["languageCode"] = language;
  const std::string_view name = cut(promotion.name, promotion_name_bytes_max);
  translation["name"] = json::string_view(name.data(), name.size());
  translation["description"] = promotion.mark;
  json::object input;
  input["enabled"] = true;
  input["couponCode"] = promotion.code;
  input["usageLimit"] = 1;
  input["perCustomerUsageLimit"] = 1;
  if (promotion.ends_at_ms > 0) input["endsAt"] = format_time(promotion.ends_at_ms);
  input["conditions"] = promotion.conditions;
  input["actions"] = promotion.actions;
  input["translations"] = json::array{std::move(translation)};
  Result<Mutated> made =
      mutate(desk, api, promotion_mutation, {{"input", std::move(input)}}, "createPromotion");
  if (!made) return made.error();
  return made->refused;
}

}  // namespace deskmate::shop_vendure

// Any bytes as what a Vendure shop answers, to reading and to each action: nothing crashes, and
// what is not understood is never called done.
#include "plugins/shop-vendure/events.hpp"
#include "plugins/shop-vendure/fake_vendure.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::shop_vendure;
using fuzz::check;

namespace {

// A valid answer with one value somewhere in it replaced by the input's.
json::value& some_place(json::value& whole, FuzzedDataProvider& input) {
  json::value* at = &whole;
  for (int depth = 0; depth < 8; ++depth) {
    if (input.ConsumeIntegralInRange(0, 5) == 0) break;
    if (auto* object = at->if_object(); object != nullptr && !object->empty()) {
      const auto index = input.ConsumeIntegralInRange<std::size_t>(0, object->size() - 1);
      at = &(object->begin() + static_cast<std::ptrdiff_t>(index))->value();
    } else if (auto* array = at->if_array(); array != nullptr && !array->empty()) {
      at = &(*array)[input.ConsumeIntegralInRange<std::size_t>(0, array->size() - 1)];
    } else {
      break;
    }
  }
  return *at;
}

std::string altered(const std::string& answer, FuzzedDataProvider& input) {
  json::value whole = json::parse(answer);
  const int changes = input.ConsumeIntegralInRange(0, 3);
  for (int i = 0; i < changes; ++i) {
    json::value& place = some_place(whole, input);
    switch (input.ConsumeIntegralInRange(0, 6)) {
      case 0:
        place = nullptr;
        break;
      case 1:
        place = input.ConsumeIntegral<std::int64_t>();
        break;
      case 2:
        place = input.ConsumeFloatingPoint<double>();
        break;
      case 3:
        place = input.ConsumeBool();
        break;
      case 4:
        place = json::array(input.ConsumeIntegralInRange<std::size_t>(0, 3), json::value("a"));
        break;
      case 5:
        place = json::object{{"id", "1"}, {"state", "Settled"}};
        break;
      default:
        place = input.ConsumeRandomLengthString(32);
    }
  }
  return json::serialize(whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  static const char* const kinds[] = {"ship", "refund", "cancel", "order_note", "coupon", "resend"};
  const std::string kind = input.PickValueInArray(kinds);
  const bool raw = input.ConsumeBool();
  FakeVendure shop;
  std::string answer;
  if (raw) {
    const auto status = input.PickValueInArray({200, 400, 404, 500, 429});
    answer = fuzz::rest_of(input);
    (void)parse_answer(answer);
    shop.on("", {status, {{"vendure-auth-token", "t"}}, answer});
  } else {
    shop.on("orders(options", altered(page({order_json("7"), order_json("8")}, 2), input));
    shop.on("order(id", altered(one_order(order_json("7")), input));
    shop.on("productVariants(",
            altered(R"({"data":{"productVariants":{"totalItems":1,"items":[{"id":"5","sku":"M",
              "name":"Mug","enabled":true,"priceWithTax":1000,"currencyCode":"USD","options":[],
              "product":{"name":"Mug","enabled":true,"deletedAt":null},
              "stockLevels":[{"stockOnHand":3,"stockAllocated":1}]}]}}})",
                    input));
    shop.on("mutation", fuzz::rest_of(input));
    shop.on("login(", {200,
                       {{"vendure-auth-token", "t1"}},
                       R"({"data":{"login":{"__typename":"CurrentUser"}}})"});
  }
  (void)shop.bench.begin();
  (void)shop.bench.poll();
  const Action action = order_action(kind, {{"amount", 100}, {"currency", "USD"}});
  const Outcome outcome = shop.bench.perform(action);
  check(outcome.is_done() || outcome.is_failed() || outcome.is_unknown());
  if (raw && answer.find("data") == std::string::npos) check(!outcome.is_done());
  (void)shop.bench.look_up(action);
  for (const auto& event : shop.host.events()) {
    check(is_utf8(event.type) && decode(encode(event.appended)).has_value());
  }
  return 0;
}

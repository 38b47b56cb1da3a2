// The desk's fold over any events: facts of the right names with any values, and bytes that are no
// facts at all. Whatever their order the state is the same, and the router and the queries take it.
#include <algorithm>
#include <vector>

#include "core/desk/desk.hpp"
#include "core/desk/problems.hpp"
#include "core/desk/schema.hpp"
#include "core/desk/test_world.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::desk;
using fuzz::check;

namespace {

constexpr std::size_t events_max = 24;
constexpr std::uint64_t start_ms = 1'800'000'000'000;

const char* const types[] = {
    "message.received",  "message.sent",       "reply.requested",  "reply.attempted",
    "reply.done",        "reply.failed",       "reply.unknown",    "reply.resolved",
    "refund.requested",  "refund.done",        "refund.resolved",  "chat.assigned",
    "chat.queued",       "chat.closed",        "chat.transferred", "chat.noted",
    "chat.drafted",      "chat.flagged",       "buyer.joined",     "buyer.separated",
    "buyer.blocked",     "buyer.unblocked",    "buyer.seen",       "member.set",
    "member.presence",   "phrase.set",         "order.seen",       "parcel.seen",
    "product.seen",      "plugin.state",       "chat.released",    "overtime.asked",
    "overtime.answered", "promise.made",       "promise.kept",     "promise.dropped",
    "colleague.asked",   "colleague.answered", "member.listening", "case.opened",
    "case.changed",      "case.said",          "case.linked",      "call.logged",
    "problem.found",     "problem.cleared",    "problem.settled",  "problem.told",
    "buyer.contact",     "stock.counted",      "offer.proposed",   "offer.proposed",
    "offer.held",        "offer.read_back",    "offer.confirmed",  "offer.approved",
    "offer.refused",     "offer.ended",        "refund.seen",      "refund.booked",
    "payment.recorded",  "allowance.moved",    "limit.set",        "weather.seen"};
const char* const names[] = {
    "shop",      "thread",   "buyer",    "message",  "at",        "auto",       "contacts",
    "mentions",  "chat",     "visit",    "number",   "member",    "why",        "shares",
    "from",      "to",       "topic",    "a",        "b",         "until",      "name",
    "role",      "weight",   "zone",     "schedule", "capacity",  "experts",    "state",
    "language",  "text",     "order",    "total",    "paid",      "currency",   "lines",
    "sku",       "stock",    "price",    "parcel",   "status",    "amount",     "kind",
    "attempt",   "again",    "as",       "request",  "placed_at", "updated_at", "removed",
    "plugin",    "reason",   "code",     "payment",  "by",        "promise",    "question",
    "due",       "case",     "deadline", "assignee", "cause",     "wants",      "evidence",
    "direction", "seconds",  "answered", "party",    "titled",    "since",      "params",
    "fixes",     "how",      "mark",     "allowed",  "count",     "shown",      "warehouse",
    "shipping",  "measures", "offer",    "steps",    "step",      "purpose",    "needs",
    "instead",   "direct",   "refund",   "proof",    "charge",    "period",     "shared",
    "scope",     "value",    "failed",   "liable",   "standard",  "version",    "rule",
    "of",        "tracking", "stations", "eta",      "origin",    "nth",        "grams",
    "here"};
const char* const words[] = {
    "mail",  "shop",    "greeting",        "online",   "away",       "off",    "done",
    "again", "dropped", "abuse",           "presale",  "supervisor", "refund", "reply",
    "EUR",   "",        "mon 09:00-18:00", "delivered"};

Value some_value(FuzzedDataProvider& input, int depth) {
  switch (input.ConsumeIntegralInRange(0, 9)) {
    case 0:
      return Value();
    case 1:
      return input.ConsumeBool();
    case 2:
      return input.ConsumeIntegral<std::int64_t>();
    case 3:
    case 4:
      return input.ConsumeIntegralInRange<std::int64_t>(0, 4);
    case 5:
      return input.PickValueInArray(words);
    case 6:
    case 7:
      return Value::bin(id("id " + std::to_string(input.ConsumeIntegralInRange(0, 3))));
    case 8: {
      Array list;
      const int count = input.ConsumeIntegralInRange(0, 3);
      for (int i = 0; i < count && depth < 3; ++i) list.push_back(some_value(input, depth + 1));
      return list;
    }
    default:
      return start_ms + input.ConsumeIntegral<std::uint16_t>();
  }
}

// Facts that are right for the type but for what the input changes.
Map usual_facts(std::string_view type, FuzzedDataProvider& input) {
  const auto some = [&](const char* what) {
    return bin(std::string(what) + std::to_string(input.ConsumeIntegralInRange(0, 2)));
  };
  Map facts{{"shop", "mail"},
            {"chat", some("chat")},
            {"thread", some("chat")},
            {"buyer", some("buyer")},
            {"member", input.ConsumeIntegralInRange(1, 3)},
            {"at", start_ms + input.ConsumeIntegral<std::uint8_t>()}};
  if (type.starts_with("message.")) facts.set("message", some("message"));
  if (type.starts_with("chat.")) {
    facts.set("number", input.ConsumeIntegralInRange(1, 3));
    facts.set("visit", some("visit"));
    facts.set("to", input.ConsumeIntegralInRange(1, 3));
    facts.set("from", input.ConsumeIntegralInRange(1, 3));
  }
  if (type.starts_with("case.") || type.starts_with("call.")) {
    facts.set("case", bin("0/1/" + std::to_string(input.ConsumeIntegralInRange(1, 8))));
    facts.set("number", input.ConsumeIntegralInRange(1, 3));
    facts.set("kind", "lost");
    facts.set("party", "courier");
    facts.set("direction", "out");
  }
  if (type.starts_with("problem.") || type == "stock.counted") {
    facts.set("order", some("order"));
    facts.set("sku", "S");
    facts.set("kind", "audit");
    facts.set("how", "done");
    facts.set("count", input.ConsumeIntegralInRange(0, 3));
  }
  if (type.starts_with("parcel.")) {
    const bool by_courier = input.ConsumeBool();
    facts.set("parcel", some("parcel"));
    facts.set("member", Value());
    facts.set("status", by_courier ? "delivered" : "in_transit");
    if (by_courier) {
      facts.set("of", "shop");
      facts.set("stations",
                Value::array({Value::map(
                    {{"at", start_ms + input.ConsumeIntegralInRange<std::uint64_t>(0, 3)},
                     {"code", "50"},
                     {"status", "in_transit"},
                     {"grams", input.ConsumeIntegralInRange(0, 900)}})}));
    }
  }
  if (type.starts_with("promise.") || type.starts_with("colleague.")) {
    const Value made = bin("0/1/" + std::to_string(input.ConsumeIntegralInRange(1, 8)));
    facts.set("due", start_ms + input.ConsumeIntegral<std::uint8_t>());
    facts.set("from", 1);
    facts.set("to", 2);
    facts.set("promise", made);
    facts.set("question", made);
  }
  if (type.starts_with("offer.") || type.starts_with("payment.") ||
      type.starts_with("allowance.") || type.starts_with("limit.") || type == "refund.seen" ||
      type == "refund.booked") {
    facts.set("offer", bin("0/1/" + std::to_string(input.ConsumeIntegralInRange(1, 8))));
    facts.set("order", some("order"));
    facts.set("refund", some("refund"));
    facts.set("purpose", "settlement");
    facts.set("currency", type.starts_with("allowance.") ? "" : "EUR");
    facts.set("steps", Value::array({Value::map({{"kind", "refund"}, {"amount", 5}})}));
    facts.set("needs", Value::array({"settlements_month"}));
    facts.set("how", "declined");
    facts.set("amount", input.ConsumeIntegralInRange(1, 200));
    facts.set("proof", Value::array({Value::bin(std::string(32, 'p'))}));
    facts.set("charge", Value::map({{"period", 684}, {"count", 1}}));
    facts.set("period", 684);
    facts.set("to", Value::bin(bytes_of(log_name(1).peer)));
    facts.set("count", input.ConsumeIntegralInRange(1, 5));
    facts.set("name", "settlements_month");
    facts.set("value", input.ConsumeIntegralInRange(0, 9));
  }
  if (type.starts_with("buyer.")) {
    facts.set("a", some("buyer"));
    facts.set("b", some("buyer"));
  }
  if (type.starts_with("member.")) {
    facts.set("name", "Li");
    facts.set("role", "presale");
    facts.set("weight", input.ConsumeIntegralInRange(0, 5));
    facts.set("state", "online");
  }
  if (type.starts_with("order.") || (type.starts_with("refund.") && type != "refund.seen")) {
    facts.set("order", some("order"));
    facts.set("number", some("number"));
    facts.set("state", "paid");
    facts.set("total", 100);
    facts.set("currency", "EUR");
    facts.set("amount", input.ConsumeIntegralInRange(0, 200));
    facts.set("contacts", Value::array({some("contact")}));
  }
  return facts;
}

std::vector<TestEvent> some_events(FuzzedDataProvider& input) {
  std::vector<TestEvent> events;
  std::vector<Id16> requests;
  std::uint64_t seqs[3] = {};
  std::uint64_t stamps[3] = {};
  while (events.size() < events_max && input.remaining_bytes() > 0) {
    const std::string type = input.PickValueInArray(types);
    const auto log = input.ConsumeIntegralInRange<std::uint8_t>(0, 2);
    const storage::LogKey key{log == 2 ? log_name(1, 2) : log_name(log), ++seqs[log]};
    stamps[log] += 1 + (input.ConsumeIntegralInRange<std::uint64_t>(0, 3) << 15);
    Map facts = usual_facts(type, input);
    if (!requests.empty() && input.ConsumeBool()) {
      const auto index = input.ConsumeIntegralInRange<std::size_t>(0, requests.size() - 1);
      facts.set("request", Value::bin(requests[index]));
      facts.set("kind", type.substr(0, type.find('.')));
      facts.set("as", "done");
    }
    for (int changes = input.ConsumeIntegralInRange(0, 3); changes > 0; --changes) {
      facts.set(input.PickValueInArray(names), some_value(input, 0));
    }
    const bool request = type.ends_with(".requested") && input.ConsumeIntegralInRange(0, 7) != 0;
    events.push_back(make_event(key, (start_ms << 16) + stamps[log], type, Value(facts), request));
    if (input.ConsumeIntegralInRange(0, 15) == 0) {
      events.back().facts = input.ConsumeRandomLengthString(32);
    }
    if (request) requests.push_back(events.back().event);
  }
  return events;
}

StateHash hash_of(const std::vector<TestEvent>& events, MemoryTables& tables) {
  Desk desk(tables, Policy{});
  for (const TestEvent& event : events) desk.fold(event.view());
  check(desk.hash() == desk.full_hash());
  return desk.hash();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const auto turn = input.ConsumeIntegral<std::uint8_t>();
  const auto events = some_events(input);
  MemoryTables first;
  const StateHash hash = hash_of(events, first);

  auto order = events;
  std::reverse(order.begin(), order.end());
  MemoryTables backwards;
  check(hash_of(order, backwards) == hash && backwards == first);
  if (!order.empty()) {
    std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(turn % order.size()),
                order.end());
    for (std::size_t i = 0; i < order.size(); ++i) {
      std::swap(order[i], order[(i * 7 + turn) % order.size()]);
    }
  }
  order.insert(order.end(), events.begin(), events.end());  // and each a second time
  MemoryTables mixed;
  check(hash_of(order, mixed) == hash);
  // Only the counts of events say that they came twice.
  MemoryTables once = first;
  once.erase(table::meta.name, "state");
  mixed.erase(table::meta.name, "state");
  check(mixed == once);

  Policy policy;
  policy.self = log_name(1);
  policy.greetings["mail"] = "Hello {buyer}";
  Desk desk(first, policy);
  const std::uint64_t now_ms = start_ms + 100'000;
  const Proposals proposals = desk.decide(now_ms);
  check(proposals.size() <= 2 * decisions_max);
  for (const Proposal& proposal : proposals) check(proposal.facts.is_map());
  for (const auto& member : desk.members(now_ms)) check(member.number != 0);
  for (const auto& row : desk.chats({}, now_ms, 50)) {
    check(desk.chat(row.id, now_ms, 50).has_value());
    (void)explain(row.why, Language::english);
    (void)explain(row.why, Language::chinese);
  }
  (void)desk.queue(now_ms, 50);
  (void)desk.last_word(now_ms, 50);
  (void)desk.promises({}, {}, now_ms, 50);
  (void)desk.questions({}, {}, 50);
  (void)desk.calls({}, {}, 50);
  (void)desk.missed({.from_ms = 0, .to_ms = now_ms}, {}, now_ms, 50);
  for (const auto which :
       {CaseFilter::Which::open, CaseFilter::Which::over, CaseFilter::Which::all}) {
    CaseFilter filter;
    filter.which = which;
    const auto cases = desk.cases(filter, {}, now_ms, 50);
    for (const auto& row : cases.value().rows) {
      check(desk.case_detail(row.id, {}, now_ms, 50).has_value());
    }
  }
  for (const auto& order_view : desk.orders({}, 50)) {
    check(desk.order(order_view.id).has_value());
    check(desk.problems().context(order_view.id).has_value());
    (void)desk.problems().ship_place(order_view.id);
    (void)desk.problems().of({.order = order_view.id});
  }
  const auto open_problems = desk.problems().list({}, {}, 50);
  for (const auto& row : open_problems->rows) check(row.open);
  (void)desk.problems().list({.told_before_ms = now_ms}, {}, 50);
  (void)desk.problems().ship_queue({}, 50);
  (void)desk.problems().products_after({}, {}, 50);
  for (const auto& request : desk.pending_requests("", "", 50)) {
    check(desk.request(request.id).has_value());
  }
  (void)desk.unknown_requests(50);
  (void)desk.products("mail", 50);
  (void)desk.phrases();
  (void)desk.plugins();
  (void)desk.ledger();
  return 0;
}

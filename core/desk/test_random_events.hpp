// Used by the tests of the fold.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {

// Random events over a few ids, so that they meet: three logs (one peer with two incarnations),
// stamps that tie, the same message twice, outcomes before requests, broken facts.
class RandomEvents {
 public:
  explicit RandomEvents(std::uint32_t seed) : random_(seed) {}

  std::vector<TestEvent> events(std::size_t count) {
    // Requests first, as the outcomes name them; what order they are folded in is another matter.
    for (int i = 0; i < 4; ++i) {
      add("reply.requested",
          Value::map({{"chat", some("chat", 3)},
                      {"shop", "mail"},
                      {"thread", some("chat", 3)},
                      {"buyer", some("buyer", 3)},
                      {"member", number(3)},
                      {"seen", seen()},
                      {"auto", below(4) == 0 ? Value("greeting") : Value()}}),
          true);
      add("refund.requested",
          Value::map({{"shop", "shop"},
                      {"order", some("order", 3)},
                      {"member", number(3)},
                      {"amount", number(500)},
                      {"currency", "EUR"}}),
          true);
    }
    while (events_.size() < count) one();
    return events_;
  }

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  Value number(std::uint32_t n) { return 1 + below(n); }
  Value some(const std::string& what, std::uint32_t n) {
    return bin(what + std::to_string(below(n)));
  }
  Value peer() {
    const Id32 id = log_name(static_cast<std::uint8_t>(below(3))).peer;
    return Value::bin(bytes_of(id));
  }
  static constexpr std::uint64_t channel_ms = 1'800'000'000'000;
  Value seen() { return below(3) == 0 ? Value() : Value(channel_ms + below(100)); }
  Value some_place() {
    const auto& [key, stamp] = places_[below(static_cast<std::uint32_t>(places_.size()))];
    const std::uint64_t peer = read_be(bytes_of(key.log.peer).substr(0, 8));
    return Value::bin(Key().place({stamp, peer, key.log.incarnation, key.seq}).str());
  }
  Value some_list(const std::string& what, std::uint32_t n) {
    Array out;
    for (std::uint32_t i = below(3); i > 0; --i) out.push_back(some(what, n));
    return out;
  }

  void add(std::string type, const Value& facts, bool request = false) {
    const std::uint8_t log = static_cast<std::uint8_t>(below(3));
    const storage::LogKey key{log == 2 ? log_name(1, 2) : log_name(log), ++seqs_[log]};
    stamps_[log] += below(3) << 15;  // ties between logs, and milliseconds
    places_.emplace_back(key, (channel_ms << 16) + ++stamps_[log]);
    events_.push_back(make_event(key, places_.back().second, std::move(type), facts, request));
    if (request) requests_.push_back(events_.back().event);
  }

  void message(const char* type) {
    add(type, Value::map({{"shop", below(2) == 0 ? "mail" : "chat"},
                          {"thread", some("chat", 3)},
                          {"buyer", some("buyer", 3)},
                          {"message", some("message", 6)},
                          {"at", channel_ms + below(100)},
                          {"auto", below(5) == 0},
                          {"contacts", some_list("contact", 3)},
                          {"mentions", some_list("mention", 3)}}));
  }

  void outcome() {
    const Value request =
        Value::bin(requests_[below(static_cast<std::uint32_t>(requests_.size()))]);
    const std::string kind = below(2) == 0 ? "reply" : "refund";
    static const char* whats[] = {"attempted", "done", "failed", "unknown", "resolved"};
    static const char* as[] = {"done", "again", "dropped"};
    add(kind + "." + whats[below(5)], Value::map({{"request", request},
                                                  {"kind", kind},
                                                  {"attempt", number(3)},
                                                  {"again", below(2) == 0},
                                                  {"as", as[below(3)]},
                                                  {"message", some("message", 6)}}));
  }

  // One that is there already, or one that may come.
  Value some_event() {
    return bin(std::to_string(below(2)) + "/1/" + std::to_string(1 + below(60)));
  }

  void word() {
    const Value chat = some("chat", 3);
    switch (below(6)) {
      case 0:
        return add("promise.made", Value::map({{"chat", chat},
                                               {"member", number(3)},
                                               {"due", channel_ms + below(100)},
                                               {"kind", below(2) == 0 ? "answer" : "gift"}}));
      case 1:
      case 2:
        return add(below(2) == 0 ? "promise.kept" : "promise.dropped",
                   Value::map({{"promise", some_event()}, {"chat", chat}, {"member", number(3)}}));
      case 3:
        return add("colleague.asked",
                   Value::map({{"chat", chat},
                               {"from", number(3)},
                               {"to", below(2) == 0 ? number(3) : Value("supervisor")}}));
      case 4:
        return add("colleague.answered",
                   Value::map({{"question", some_event()}, {"chat", chat}, {"member", number(3)}}));
      default:
        return add("member.listening", Value::map({{"member", number(3)},
                                                   {"to", below(2) == 0 ? number(3) : Value()},
                                                   {"chat", below(2) == 0 ? chat : Value()},
                                                   {"until", channel_ms + below(100)}}));
    }
  }

  void about_case() {
    static const char* states[] = {"open", "waiting", "settled", "dropped"};
    const Value chat = some("chat", 3);
    const auto maybe = [&](Value value) { return below(2) == 0 ? std::move(value) : Value(); };
    switch (below(7)) {
      case 0:
      case 1:
        return add("case.opened", Value::map({{"number", number(3)},
                                              {"kind", below(2) == 0 ? "lost" : "platform"},
                                              {"member", number(3)},
                                              {"assignee", maybe(number(3))},
                                              {"chat", maybe(chat)},
                                              {"buyer", maybe(some("buyer", 3))},
                                              {"order", maybe(some("order", 3))},
                                              {"parcel", maybe(some("parcel", 2))},
                                              {"severity", maybe("high")},
                                              {"deadline", maybe(channel_ms + below(100))}}));
      case 2:
      case 3:
        return add("case.changed", Value::map({{"case", some_event()},
                                               {"member", number(3)},
                                               {"state", maybe(states[below(4)])},
                                               {"kind", maybe(below(2) == 0 ? "refund" : "lost")},
                                               {"cause", maybe(below(2) == 0 ? "courier" : "")},
                                               {"assignee", maybe(below(3))},
                                               {"deadline", maybe(below(2) * channel_ms)},
                                               {"liable", maybe("shop")},
                                               {"amount", maybe(number(100))},
                                               {"currency", "EUR"},
                                               {"wants", maybe(Value::array({"item", "slip"}))},
                                               {"hardship", maybe(below(2) == 0)},
                                               {"titled", below(2) == 0}}));
      case 4:
        return add("case.said",
                   Value::map({{"case", some_event()},
                               {"member", number(3)},
                               {"party", "courier"},
                               {"evidence", maybe("photo-" + std::to_string(below(40)))}}));
      case 5:
        return add("case.linked", Value::map({{"case", some_event()},
                                              {"member", number(3)},
                                              {"chat", maybe(chat)},
                                              {"order", maybe(some("order", 3))},
                                              {"removed", below(2) == 0}}));
      default:
        return add("call.logged", Value::map({{"chat", maybe(chat)},
                                              {"buyer", maybe(some("buyer", 3))},
                                              {"case", maybe(some_event())},
                                              {"member", number(3)},
                                              {"direction", below(2) == 0 ? "in" : "out"},
                                              {"answered", below(2) == 0},
                                              {"seconds", number(100)},
                                              {"at", maybe(channel_ms + below(100))}}));
    }
  }

  void problem() {
    Map facts{{"shop", "shop"}, {"kind", below(2) == 0 ? "audit" : "stock"}, {"member", number(3)}};
    if (below(3) == 0) {
      facts.add("sku", "S");
    } else {
      facts.add("order", some("order", 3));
    }
    const auto as = [&](const char* type) { add(type, facts); };
    switch (below(6)) {
      case 0:
      case 1:
        facts.add("code", below(2) == 0 ? "a" : "b");
        facts.add("params", Value::map({{"n", number(2)}}));
        facts.add("since", channel_ms + below(3));
        if (below(2) == 0) facts.add("amount", number(100));
        facts.add("fixes", Value::array({"refund"}));
        return as("problem.found");
      case 2:
        return as("problem.cleared");
      case 3:
        facts.add("how", below(2) == 0 ? "done" : "ignored");
        facts.add("mark", below(3));
        return as("problem.settled");
      case 4:
        if (facts.contains("order")) {
          facts.add("chat", some("chat", 3));
          return as("problem.told");
        }
        return add(
            "stock.counted",
            Value::map({{"shop", "shop"}, {"sku", "S"}, {"count", below(9)}, {"shown", below(9)}}));
      default:
        return add("buyer.contact",
                   Value::map({{"buyer", some("buyer", 3)}, {"allowed", below(2) == 0}}));
    }
  }

  void about_money() {
    const auto maybe = [&](Value value) { return below(2) == 0 ? std::move(value) : Value(); };
    const Value charge =
        Value::map({{"period", 684}, {"count", below(3)}, {"shared", maybe(below(2))}});
    switch (below(9)) {
      case 0:
      case 1:
        return add(
            "offer.proposed",
            Value::map(
                {{"shop", "shop"},
                 {"order", some("order", 3)},
                 {"chat", maybe(some("chat", 3))},
                 {"buyer", some("buyer", 3)},
                 {"member", number(3)},
                 {"purpose", below(2) == 0 ? "settlement" : "gift"},
                 {"currency", "EUR"},
                 {"direct", below(2) == 0},
                 {"needs", maybe("gifts_month")},
                 {"passed", maybe(Value::array({"ladder"}))},
                 {"instead", maybe(some_event())},
                 {"steps",
                  Value::array({Value::map({{"kind", "refund"}, {"amount", number(100)}}),
                                Value::map({{"kind", "resend"}, {"value", number(90)}})})}}));
      case 2: {
        static const char* said[] = {"offer.confirmed", "offer.read_back", "offer.approved",
                                     "offer.refused",   "offer.ended",     "offer.held"};
        return add(said[below(6)], Value::map({{"offer", some_event()},
                                               {"member", number(3)},
                                               {"how", "declined"},
                                               {"needs", Value::array({"discounts_day"})}}));
      }
      case 3:
      case 4:
        return add(below(2) == 0 ? "refund.requested" : "resend.requested",
                   Value::map({{"shop", "shop"},
                               {"order", some("order", 3)},
                               {"member", number(3)},
                               {"amount", number(100)},
                               {"currency", "EUR"},
                               {"purpose", maybe(below(2) == 0 ? "gift" : "discount")},
                               {"cause", maybe("courier")},
                               {"offer", maybe(some_event())},
                               {"step", below(2)},
                               {"charge", maybe(charge)}}),
                   true);
      case 5:
        return add("refund.seen", Value::map({{"shop", "shop"},
                                              {"order", some("order", 3)},
                                              {"refund", some("refund", 3)},
                                              {"amount", number(100)},
                                              {"currency", "EUR"},
                                              {"at", channel_ms + below(100)},
                                              {"request", maybe(some_event())},
                                              {"failed", below(3) == 0}}));
      case 6:
        return add(
            "refund.booked",
            Value::map({{"refund", some("refund", 3)}, {"member", number(3)}, {"period", 684}}));
      case 7:
        if (below(2) == 0) {
          return add("limit.set", Value::map({{"name", "settlements_month"},
                                              {"scope", maybe("member:1")},
                                              {"value", below(9)},
                                              {"removed", below(3) == 0}}));
        }
        return add("allowance.moved", Value::map({{"purpose", "settlement"},
                                                  {"member", number(3)},
                                                  {"period", 684},
                                                  {"to", peer()},
                                                  {"count", number(5)},
                                                  {"shared", below(2)}}));
      default:
        return add("payment.recorded",
                   Value::map({{"shop", "shop"},
                               {"order", some("order", 3)},
                               {"member", number(3)},
                               {"amount", number(100)},
                               {"currency", "EUR"},
                               {"at", channel_ms + below(100)},
                               {"proof", Value::array({Value::bin(std::string(32, 'p'))})},
                               {"charge", charge}}));
    }
  }

  // Its shop's word, a courier's, or what a member wrote down.
  void parcel() {
    static const char* statuses[] = {"in_transit", "delivered", "lost", "moved", "pending"};
    const std::uint32_t who = below(3);
    Array stations;
    for (std::uint32_t i = who == 0 ? 0 : below(4); i > 0; --i) {
      stations.push_back(Value::map({{"at", number(4)},
                                     {"nth", below(2)},
                                     {"code", below(2) == 0 ? "50" : "80"},
                                     {"status", statuses[below(5)]},
                                     {"grams", below(2) == 0 ? number(900) : Value()},
                                     {"here", below(2) == 0}}));
    }
    add("parcel.seen", Value::map({{"shop", who == 0 ? "shop" : "courier"},
                                   {"of", who == 0 ? Value() : Value("shop")},
                                   {"member", who == 2 ? number(3) : Value()},
                                   {"parcel", some("parcel", 2)},
                                   {"order", who == 0 ? some("order", 3) : Value()},
                                   {"tracking", below(2) == 0 ? some("tracking", 2) : Value()},
                                   {"status", below(4) == 0 ? "" : statuses[below(5)]},
                                   {"raw_code", "50"},
                                   {"carrier", below(2) == 0 ? "sf" : "yto"},
                                   {"at", below(4)},
                                   {"stations", std::move(stations)},
                                   {"eta", below(3)},
                                   {"origin", below(2) == 0 ? "Zhejiang" : ""},
                                   {"destination", below(2) == 0 ? "Beijing" : "Sichuan"}}));
  }

  void one() {
    if (below(7) == 0) return about_money();
    static const char* states[] = {"online", "away", "off", "back_soon", "nonsense"};
    const Value chat = some("chat", 3);
    switch (below(43)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return message("message.received");
      case 4:
        return message("message.sent");
      case 5:
      case 6:
        return outcome();
      case 7:
        return add("chat.assigned",
                   Value::map({{"chat", chat},
                               {"visit", some("visit", 3)},
                               {"number", number(4)},
                               {"member", number(3)},
                               {"why", Value::map({{"rule", "weight"}})},
                               {"shares", below(2) == 0 ? Value::array({Value::array({1, 3}),
                                                                        Value::array({2, 1})})
                                                        : Value()}}));
      case 8:
        return add(
            "chat.queued",
            Value::map({{"chat", chat},
                        {"number", number(4)},
                        {"why", Value::map({{"rule", below(2) == 0 ? "blocked" : "queued"}})}}));
      case 9:
      case 10:
        return add("chat.closed", Value::map({{"chat", chat},
                                              {"member", number(3)},
                                              {"upto", below(2) == 0 ? some_place() : Value()},
                                              {"seen", seen()}}));
      case 11:
        return add("chat.transferred",
                   Value::map({{"chat", chat},
                               {"from", number(3)},
                               {"to", below(2) == 0 ? number(3) : Value("supervisor")}}));
      case 12:
        if (below(2) == 0) {
          return add("chat.released", Value::map({{"chat", chat}, {"from", number(3)}}));
        }
        return add("chat.noted", Value::map({{"chat", chat}, {"member", number(3)}}));
      case 13:
        return add("chat.drafted",
                   Value::map({{"chat", chat}, {"member", number(3)}, {"empty", below(3) == 0}}));
      case 14:
        return add("chat.flagged", Value::map({{"chat", chat},
                                               {"member", number(3)},
                                               {"topic", below(2) == 0 ? "abuse" : "customs"}}));
      case 15:
        return add(below(2) == 0 ? "buyer.joined" : "buyer.separated",
                   Value::map({{"a", some("buyer", 3)}, {"b", some("buyer", 3)}, {"member", 1}}));
      case 16:
        return add(
            below(2) == 0 ? "buyer.blocked" : "buyer.unblocked",
            Value::map(
                {{"buyer", some("buyer", 3)}, {"member", number(3)}, {"until", below(2) * 1000}}));
      case 17:
        return add("buyer.seen", Value::map({{"shop", below(2) == 0 ? "mail" : "chat"},
                                             {"buyer", some("buyer", 3)},
                                             {"contacts", some_list("contact", 3)}}));
      case 18:
        if (below(3) == 0) {
          return add(below(2) == 0 ? "overtime.asked" : "overtime.answered",
                     Value::map({{"member", number(3)}, {"by", number(3)}, {"until", below(9)}}));
        }
        return add(below(2) == 0 ? "member.set" : "member.presence",
                   Value::map({{"member", number(3)},
                               {"name", "N"},
                               {"role", "presale"},
                               {"weight", number(5)},
                               {"state", states[below(5)]},
                               {"schedule", Value::array({"09:00-18:00"})}}));
      case 19:
        return add(
            "order.seen",
            Value::map(
                {{"shop", "shop"},
                 {"order", some("order", 3)},
                 {"number", some("mention", 3)},
                 {"buyer", some("buyer", 3)},
                 {"contacts", some_list("contact", 3)},
                 {"state", below(2) == 0 ? "paid" : "placed"},
                 {"payment", "paid"},
                 {"paid", number(100)},
                 {"updated_at", below(3)},
                 {"placed_at", below(3)},
                 {"lines", Value::array({Value::map({{"sku", "S"}, {"price", number(9)}})})}}));
      case 20:
        if (below(2) == 0) {
          return parcel();
        }
        return add("product.seen",
                   Value::map({{"shop", "shop"}, {"sku", "S"}, {"stock", number(9)}}));
      case 21:
      case 22:
        return add(
            "chat.assigned",
            Value::map({{"chat", chat},
                        {"visit", some("visit", 3)},
                        {"number", number(4)},
                        {"member", number(3)},
                        {"claim", below(2) == 0 ? "cut" : "book"},
                        {"why", Value::map({{"rule", "cut"}})},
                        {"shares", below(3) != 0 ? Value::array({Value::array({1, 3}),
                                                                 Value::array({2, number(9)})})
                                                 : Value()}}));
      case 23:
        return add("member.set", Value::map({{"member", number(3)},
                                             {"name", below(2) == 0 ? "N" : "M"},
                                             {"role", "presale"},
                                             {"weight", number(5)},
                                             {"keeps", below(3) == 0},
                                             {"peer", peer()},
                                             {"asks", Value::array({peer(), peer()})}}));
      case 24: {
        // A change that is there already, or one that may come.
        const std::string change = std::to_string(below(2)) + "/1/" + std::to_string(1 + below(30));
        return add("member.agreed",
                   Value::map({{"change", bin(change)},
                               {"asks", below(2) == 0 ? Value::array({peer()}) : Value()}}));
      }
      case 25:
        return add("peer.added", Value::map({{"peer", peer()},
                                             {"name", below(2) == 0 ? "A" : "B"},
                                             {"founder", below(2) == 0 ? peer() : Value()}}));
      case 26: {
        static const char* said[] = {"peer.agreed", "peer.hello", "peer.goodbye", "peer.ready",
                                     "book.passed"};
        return add(said[below(5)], Value::map({{"peer", peer()}, {"to", peer()}}));
      }
      case 27:
        if (below(4) == 0) {
          return add("peer.removed",
                     Value::map({{"peer", peer()}, {"cut", Value::array({Value::array({1, 2})})}}));
        }
        return add("peer.gone", Value::map({{"peer", peer()}}));
      case 28:
        return add("peer.met",
                   Value::map({{"peer", peer()},
                               {"stamp", (std::uint64_t{1'800'000'000'000} << 16) + below(40)},
                               {"incarnation", 1},
                               {"seq", number(9)}}));
      case 29:
        if (below(2) == 0) return add("buyer.erased", Value::map({{"buyer", some("buyer", 3)}}));
        return add("buyer.forgotten",
                   Value::map({{"buyer", some("buyer", 3)},
                               {"erasure", below(2) == 0 ? some("erasure", 2) : Value()},
                               {"keys", some_list("key", 3)}}));
      case 30:
      case 31:
      case 32:
        return word();
      case 33:
      case 34:
      case 35:
      case 36:
        return about_case();
      case 40:
      case 41:
      case 42:
        return problem();
      default:
        if (below(3) == 0) return add("weather.seen", Value::map({{"sun", true}}));
        if (below(2) == 0) return add("chat.closed", Value::map({{"chat", 7}}));
        return add(below(2) == 0 ? "phrase.set" : "plugin.state",
                   Value::map({{"name", "hello"},
                               {"language", "en"},
                               {"text", number(9)},
                               {"plugin", "mail"},
                               {"state", below(2) == 0 ? "started" : "stopped"}}));
    }
  }

  std::mt19937 random_;
  std::uint64_t seqs_[3] = {};
  std::uint64_t stamps_[3] = {};
  std::vector<Id16> requests_;
  std::vector<std::pair<storage::LogKey, std::uint64_t>> places_;  // and stamps
  std::vector<TestEvent> events_;
};

}  // namespace deskmate::desk

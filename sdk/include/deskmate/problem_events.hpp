// What rules found wrong with an order, or with a product in stock, and what became of it. Units
// and rules as in events.hpp, which includes this. A problem is called by what it is about (an
// order, or a shop's product) and its kind: of each there is at most one. None of these quotes a
// buyer: params are numbers, times, and words of the shop's own rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deskmate/event_fields.hpp"
#include "deskmate/event_parts.hpp"

namespace deskmate::events {

// Written by the desk when a rule finds it, and again when what it finds has changed.
// {shop: "box", order: <id>, kind: "vague_address", plugin: "orders", rule: "vague_address",
// version: "1.0.0", code: "no_number", params: {…}, severity: "normal", since: 1760000000000,
// fixes: ["ask_buyer"]}
struct ProblemFound : detail::Common {
  DESKMATE_EVENT_TYPE("problem.found")
  std::string shop;
  Id order;         // or
  std::string sku;  // of that shop
  std::string kind;
  std::string plugin;    // the instance whose rule it is
  std::string rule;      // its name there
  std::string version;   // of the plugin and of its settings
  std::string code;      // the reason, of those that the kind has
  Map params;            // of the reason: numbers, times in ms (…_ms), words
  std::string severity;  // "low", "normal", "high"
  std::int64_t since = 0;
  std::optional<std::int64_t> amount;  // what is at stake
  std::string currency;
  std::vector<std::string> fixes;  // suggested, best first: "ask_buyer", "refund", …
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("sku", e.sku);
    f("kind", e.kind);
    f("plugin", e.plugin);
    f("rule", e.rule);
    f("version", e.version);
    f("code", e.code);
    f("params", e.params);
    f("severity", e.severity);
    f("since", e.since);
    f("amount", e.amount);
    f("currency", e.currency);
    f("fixes", e.fixes);
  }
};

// It is not so any more. {shop: "box", order: <id>, kind: "vague_address", plugin: "orders",
// version: "1.0.0"}
struct ProblemCleared : detail::Common {
  DESKMATE_EVENT_TYPE("problem.cleared")
  std::string shop;
  Id order;
  std::string sku;
  std::string kind;
  std::string plugin;
  std::string version;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("sku", e.sku);
    f("kind", e.kind);
    f("plugin", e.plugin);
    f("version", e.version);
  }
};

// A member's word on it: done (solved, audited) or ignored. It is open again when a rule finds
// something else. {shop: "box", order: <id>, kind: "audit", member: 1, how: "done", mark: …} |
// {text: "Measured twice."}
struct ProblemSettled : detail::Common {
  DESKMATE_EVENT_TYPE("problem.settled")
  std::string shop;
  Id order;
  std::string sku;
  std::string kind;
  std::uint32_t member = 0;
  std::string how;         // "done", "ignored"
  std::uint64_t mark = 0;  // of what was settled
  std::string text;        // why
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("sku", e.sku);
    f("kind", e.kind);
    f("member", e.member);
    f("how", e.how);
    f("mark", e.mark);
  }
  template <class Self, class F>
  static void body(Self& e, F& f) {
    f("text", e.text);
  }
};

// The buyer was written to about it. {shop: "box", order: <id>, kind: "vague_address", member: 1,
// chat: <id>}
struct ProblemTold : detail::Common {
  DESKMATE_EVENT_TYPE("problem.told")
  std::string shop;
  Id order;
  std::string kind;
  std::uint32_t member = 0;
  Id chat;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("order", e.order);
    f("kind", e.kind);
    f("member", e.member);
    f("chat", e.chat);
  }
};

// May this buyer be written to and called without having asked? {buyer: <id>, member: 1, allowed:
// false}
struct BuyerContact : detail::Common {
  DESKMATE_EVENT_TYPE("buyer.contact")
  Id buyer;
  std::uint32_t member = 0;
  bool allowed = false;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("buyer", e.buyer);
    f("member", e.member);
    f("allowed", e.allowed);
  }
};

// Somebody counted what is in the warehouse, where the shop showed `shown`. {shop: "box",
// sku: "MUG-01", member: 1, count: 11, shown: 12}
struct StockCounted : detail::Common {
  DESKMATE_EVENT_TYPE("stock.counted")
  std::string shop;
  std::string sku;
  std::uint32_t member = 0;
  std::int64_t count = 0;
  std::int64_t shown = 0;
  template <class Self, class F>
  static void facts(Self& e, F& f) {
    f("shop", e.shop);
    f("sku", e.sku);
    f("member", e.member);
    f("count", e.count);
    f("shown", e.shown);
  }
};

}  // namespace deskmate::events

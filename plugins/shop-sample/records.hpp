// What the sample shop keeps of its buyers and orders, each under one key of the instance's store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "deskmate/events.hpp"

namespace deskmate::sample {

// A message that the desk may not have been given yet.
struct Message {
  std::string id;
  std::string buyer;
  std::string text;
  std::int64_t at = 0;
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("id", e.id);
    f("buyer", e.buyer);
    f("text", e.text);
    f("at", e.at);
  }
};

struct Buyer {
  std::string id;
  std::string language;  // "en", "zh"
  std::string name;
  std::string email;
  std::string phone;
  std::string city;
  std::string street;
  std::string order;             // what the chat is about; empty: a product
  std::string product;           // sku
  std::int64_t wrote_at = 0;     // 0: never
  std::int64_t speak_at = 0;     // when the next line is due; 0: none is
  std::string mood;              // of that line
  std::int32_t rounds = 0;       // answers after which there is still something to say
  bool told = false;             // the desk knows this buyer
  Map requests;                  // replies by request id (hex): message id
  std::int64_t answered_at = 0;  // by a reply that was no greeting; 0: never
  Map claims;                    // by message id: who answers it
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("id", e.id);
    f("language", e.language);
    f("name", e.name);
    f("email", e.email);
    f("phone", e.phone);
    f("city", e.city);
    f("street", e.street);
    f("order", e.order);
    f("product", e.product);
    f("wrote_at", e.wrote_at);
    f("speak_at", e.speak_at);
    f("mood", e.mood);
    f("rounds", e.rounds);
    f("told", e.told);
    f("requests", e.requests);
    f("answered_at", e.answered_at);
    f("claims", e.claims);
  }
};

struct Parcel {
  std::string tracking;
  std::string carrier;
  std::int32_t step = 0;     // into the steps of a parcel
  std::string trouble;       // instead of the step's status: "customs_hold", "exception", …
  bool sticks = false;       // it will get stuck half way
  std::int64_t at = 0;       // of the last scan
  std::int64_t next_at = 0;  // of the next one; 0: it has arrived
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("tracking", e.tracking);
    f("carrier", e.carrier);
    f("step", e.step);
    f("trouble", e.trouble);
    f("sticks", e.sticks);
    f("at", e.at);
    f("next_at", e.next_at);
  }
};

// Money given back: by the desk's request, or by somebody in the shop's own admin.
struct Refund {
  std::string id;
  std::int64_t amount = 0;  // fen
  std::int64_t at = 0;
  std::string request{};  // of the desk's: its id, hex
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("id", e.id);
    f("amount", e.amount);
    f("at", e.at);
    f("request", e.request);
  }
};

struct Order {
  std::string number;
  std::string buyer;
  std::vector<events::OrderLine> lines;
  std::string state;    // "paid", "shipped", "delivered", "cancelled"
  std::string payment;  // "paid", "partly_refunded", "refunded"
  std::int64_t total = 0;
  std::int64_t paid = 0;  // by the buyer, fen; what was given back is in refunds
  std::int64_t placed_at = 0;
  std::int64_t updated_at = 0;
  std::int64_t ship_at = 0;     // when the warehouse sends it by itself
  std::vector<Parcel> parcels;  // one, or none
  std::vector<std::string> notes;
  std::vector<std::string> coupons;
  std::vector<Refund> refunds;
  std::int32_t revision = 1;
  std::int32_t told = 0;                 // the revision that the desk knows
  Map requests;                          // actions by request id (hex): what they gave
  std::string street;                    // instead of the buyer's
  std::string note;                      // by the buyer
  std::optional<std::int64_t> shipping;  // charged for postage; unset: not said
  std::int64_t promised_at = 0;          // 0: nothing was promised
  Map other{};
  std::int64_t left() const {  // of what was paid
    std::int64_t sum = paid;
    for (const Refund& refund : refunds) sum -= refund.amount;
    return sum;
  }
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("number", e.number);
    f("buyer", e.buyer);
    f("lines", e.lines);
    f("state", e.state);
    f("payment", e.payment);
    f("total", e.total);
    f("paid", e.paid);
    f("placed_at", e.placed_at);
    f("updated_at", e.updated_at);
    f("ship_at", e.ship_at);
    f("parcels", e.parcels);
    f("notes", e.notes);
    f("coupons", e.coupons);
    f("refunds", e.refunds);
    f("revision", e.revision);
    f("told", e.told);
    f("requests", e.requests);
    f("street", e.street);
    f("note", e.note);
    f("shipping", e.shipping);
    f("promised_at", e.promised_at);
  }
};

struct Stock {
  std::string sku;
  std::int64_t on_hand = 0;
  std::int64_t allocated = 0;
  std::int32_t revision = 1;
  std::int32_t told = 0;
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("sku", e.sku);
    f("on_hand", e.on_hand);
    f("allocated", e.allocated);
    f("revision", e.revision);
    f("told", e.told);
  }
};

// The rest.
struct Meta {
  std::uint32_t format = 1;  // of these records
  std::uint64_t random = 0;
  std::uint64_t messages = 0;  // so far
  std::uint64_t number = 0;    // of the last order
  std::int64_t chat_at = 0;    // when somebody begins a chat; 0: never
  std::int64_t order_at = 0;   // when somebody orders
  std::uint32_t buyers = 0;
  std::vector<std::string> orders;
  std::vector<Stock> stock;
  std::vector<Message> outbox;
  Map other{};
  template <class Self, class F>
  static void fields(Self& e, F& f) {
    f("format", e.format);
    f("random", e.random);
    f("messages", e.messages);
    f("number", e.number);
    f("chat_at", e.chat_at);
    f("order_at", e.order_at);
    f("buyers", e.buyers);
    f("orders", e.orders);
    f("stock", e.stock);
    f("outbox", e.outbox);
  }
};

}  // namespace deskmate::sample

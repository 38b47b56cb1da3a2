// The sample shop by itself: buyers, orders, parcels and what happens to them. Pure: the clock
// comes in as an argument, chance from the seed, and what it keeps goes out as records; so the same
// seed and the same calls give the same shop. Not for several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "deskmate/connector.hpp"
#include "lines.hpp"
#include "records.hpp"

namespace deskmate::sample {

struct Options {
  std::uint64_t seed = 1;
  std::uint32_t buyers = 40;
  std::uint32_t messages_per_hour = 20;
  bool quick = true;
  std::string tour{};  // "en", "zh": begins with two buyers who speak it, see World::begin_tour
  bool odd_orders = false;  // begins with orders that have a problem, one of each kind
};

inline constexpr std::int64_t hour_ms = 3'600'000;
inline constexpr std::int64_t day_ms = 24 * hour_ms;
inline constexpr std::size_t orders_max = 400;   // then finished ones are forgotten
inline constexpr std::size_t requests_max = 60;  // remembered of one buyer or order
inline constexpr std::int64_t catch_up_ms =
    3'600'000;                                       // of chats after a pause; the rest is dropped
inline constexpr std::uint32_t unhurried_max = 20;   // messages_per_hour; above, all is quicker
inline constexpr std::size_t chats_at_once = 5;      // of Options::quick
inline constexpr std::int64_t coupon_default = 500;  // fen
inline constexpr const char* currency = "CNY";

class World {
 public:
  using Record = std::pair<std::string, std::string>;  // key, bytes; no bytes: erase it
  using Load = std::function<Result<std::optional<std::string>>(const std::string& key)>;

  // A new shop, with a past of some weeks.
  static World fresh(const Options& options, std::int64_t now_ms);
  // The shop that records() kept, or none if there is none.
  static Result<std::optional<World>> load(const Options& options, const Load& load);

  // Lets the time up to now_ms happen.
  void advance(std::int64_t now_ms);

  // What the desk does not know yet, as events of shop. told() says that it knows them now.
  std::vector<NewEvent> news(const std::string& shop) const;
  void told();

  // Gives money back as somebody in the shop's own admin would, where the order is there and has as
  // much left: "T_1001 500, T_1002 300", in fen. The same a second time changes nothing.
  void refund_in_admin(std::string_view what, std::int64_t now_ms);

  // Does an action. The same request a second time changes nothing and gives the same.
  Outcome perform(const Action& action, std::int64_t now_ms);
  Found look_up(const Action& action) const;

  // By the shop's own books. The first claim of a message holds; greetings have claims of their
  // own.
  Tail tail(const Thread& thread) const;
  Claim claim(const Thread& thread);

  // What changed since the last call; store them in this order.
  std::vector<Record> records();

  const std::map<std::string, Order>& orders() const { return orders_; }
  const std::map<std::string, Buyer>& buyers() const { return buyers_; }
  const Stock& stock(std::string_view sku) const;

 private:
  explicit World(const Options& options) : options_(options) {}

  std::uint64_t chance();                                     // 64 random bits
  std::uint64_t below(std::uint64_t bound);                   // 0 to bound - 1
  std::int64_t between(std::int64_t low, std::int64_t high);  // both included
  std::int64_t wait_ms(double per_hour, std::int64_t at_ms);  // until the next of a rhythm
  std::int64_t hurried(std::int64_t delay_ms) const;          // faster where chats are frequent

  Order& place_order(const std::string& buyer, std::int64_t at_ms);
  void place_odd_orders(std::int64_t now_ms);
  void send(Order& order, std::string tracking, std::string carrier, std::int64_t at_ms);
  void move_parcel(Order& order);
  void begin_chat(std::int64_t at_ms);
  // For a guided tour: the first chat is a question, the second about a parcel that is stuck.
  void begin_tour(std::int64_t now_ms);
  void speak(Buyer& buyer, Mood mood, std::int64_t at_ms);
  void plan(Buyer& buyer, Mood mood, std::int64_t at_ms);
  void forget_old_orders();
  std::string product_name(const Buyer& buyer) const;
  Stock& stock_of(std::string_view sku);
  void allocate(const Order& order, std::int64_t sign);
  void change(Order& order, std::int64_t at_ms);

  Outcome reply(Buyer& buyer, const Action& action, std::int64_t now_ms);
  Outcome on_order(Order& order, const Action& action, std::int64_t now_ms);
  Outcome refund(Order& order, const Action& action, std::int64_t now_ms);
  Outcome cancel(Order& order, const Action& action, std::int64_t now_ms);
  void give_back(Order& order, Refund refund);
  Outcome resend(Order& order, const std::string& request, std::int64_t now_ms);
  Outcome coupon(Order& order, const Action& action);

  const Buyer* find_buyer(std::string_view id) const;
  const Order* find_order(std::string_view number) const;

  Options options_;
  Meta meta_;
  std::map<std::string, Buyer> buyers_;
  std::map<std::string, Order> orders_;
  std::set<std::string> changed_;  // keys, without meta's
  bool meta_changed_ = false;
  std::string acted_on_;  // key of the record that holds the last request
};

}  // namespace deskmate::sample

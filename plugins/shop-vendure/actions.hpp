// What the desk asks the shop to do, each at most once.
//
// Every action leaves the request's id in the shop, in the very call that has the effect:
//   ship        in the fulfillment's method      refund      in the refund's reason
//   cancel      in the cancellation's reason     order_note  in the note
//   coupon      the coupon code is made of it    resend      in a note, with the draft order's id
// so looking there tells whether it was done. perform looks first, too: what was done half is
// finished, what was done is done.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deskmate/connector.hpp"
#include "plugins/shop-vendure/api.hpp"
#include "plugins/shop-vendure/order.hpp"

namespace deskmate::shop_vendure {

inline constexpr std::size_t reason_bytes_max = 180;  // Vendure's columns hold 255, with the mark
inline constexpr std::size_t note_bytes_max = 10'000;
inline constexpr std::uint64_t half_done_after_ms = 60'000;
// How long after its start an attempt may still be under way in the shop.
inline constexpr std::int64_t settle_ms = 3000;

class Actions {
 public:
  explicit Actions(Api& api) : api_(api) {}

  Outcome perform(Session& desk, const Action& action);
  Found look_up(Session& desk, const Action& action);

 private:
  Outcome ship(Session& desk, const Action& action, const Order& order);
  Outcome refund(Session& desk, const Action& action, const Order& order);
  Outcome cancel(Session& desk, const Action& action, const Order& order);
  Outcome order_note(Session& desk, const Action& action, const Order& order);
  Outcome coupon(Session& desk, const Action& action);
  Found look_up_now(Session& desk, const Action& action);

  Api& api_;
};

// --- What these and resend.cpp share ---

// "deskmate:3f2a…"
std::string mark_of(const Action& action);
// text, cut to bytes_max at a character's end, and the mark.
std::string with_mark(std::string_view text, const Action& action, std::size_t bytes_max);
// "DM" and 16 digits and letters, the same for the same request. salt: for two codes of one
// request.
std::string coupon_code(const Action& action, std::string_view salt = "");

// A failure that the member reads, in both languages.
Outcome refuse(std::string code, const std::string& english, const std::string& chinese);
// What the shop refused: nothing happened.
Outcome refuse(const Refusal& refusal);

// The order with its history. not_found where there is none.
Result<Order> fetch_order(Session& desk, Api& api, std::string_view id);

// One mutation with a union as its result, which is handed to read (may be null).
struct Mutated {
  std::optional<Refusal> refused;
  std::string id;
  std::string state;
};
// field: the mutation's name. The result's id and, where it has one, its state are read.
Result<Mutated> mutate(Session& desk, Api& api, std::string_view query,
                       const json::object& variables, std::string_view field);

// Lines of an order as asked for in facts.lines [{sku, quantity}] (none: all that room says).
struct Wanted {
  const Line* line = nullptr;
  std::int64_t quantity = 0;
};
// room(line): how many there are to be had. Empty text in problem where it is possible.
struct Selection {
  std::vector<Wanted> lines;
  std::string problem_en, problem_zh;
};
Selection select_lines(const Order& order, const Value& lines,
                       const std::function<std::int64_t(const Line&)>& room);

// Send again: a free order of the same lines to the same address (resend.cpp).
Outcome resend(Session& desk, Api& api, const Action& action, const Order& order);
Found look_up_resend(Session& desk, Api& api, const Action& action, const Order& order);

// Makes a promotion with that coupon code, usable once; nothing where there is one already.
struct Promotion {
  std::string code, name, mark;
  json::array conditions, actions;
  std::int64_t ends_at_ms = 0;  // 0: never
};
Result<std::optional<Refusal>> create_promotion(Session& desk, Api& api,
                                                const Promotion& promotion);
Result<bool> promotion_exists(Session& desk, Api& api, const std::string& code);

}  // namespace deskmate::shop_vendure

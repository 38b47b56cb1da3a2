// Brings the shop's orders, parcels, buyers and stock to the desk, a page at a time, so that an
// action never waits long behind it.
//
// Three ways, because Vendure 3.7 does not say everything by updatedAt (README.md, "Traps"):
//   changes  orders by updatedAt from the stored cursor on, with an overlap;
//   sweep    one page at each poll, round and round, of the orders that may still change: those
//            not delivered or cancelled, and those placed lately. Finds shipping, refunds, notes;
//   touched  what an action of ours has just changed, at the next poll.
// Products are walked through every product_minutes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "deskmate/session.hpp"
#include "plugins/shop-vendure/api.hpp"
#include "plugins/shop-vendure/order.hpp"

namespace deskmate::shop_vendure {

inline constexpr std::int64_t page_orders = 25;
inline constexpr std::int64_t page_products = 50;
inline constexpr int pages_per_poll_max = 4;         // of changes; the next poll comes at once
inline constexpr std::int64_t overlap_ms = 120'000;  // updatedAt has whole seconds, commits lag
inline constexpr std::size_t touched_max = 100;
inline constexpr std::string_view cursor_key = "cursor";  // value: UTC milliseconds as digits

class Sync {
 public:
  explicit Sync(Api& api) : api_(api) {}

  // One round. Everything that it has appended and the cursor are on disk when it returns.
  Result<void> poll(Session& desk);

  // There is more to fetch at once.
  bool behind() const { return behind_ || !touched_.empty() || product_ > 0; }

  // This order will be read at the next poll.
  void touch(std::string_view order);

 private:
  struct Page {
    std::vector<Order> orders;
    std::int64_t size = 0;       // with those that could not be read
    std::int64_t newest_ms = 0;  // of their updatedAt
    bool last = false;
  };
  Result<Page> fetch(Session& desk, const json::object& filter, const json::object& sort,
                     std::int64_t skip);
  Result<void> publish(Session& desk, const std::vector<Order>& orders);
  Result<void> changes(Session& desk);
  Result<void> touched(Session& desk);
  Result<void> sweep(Session& desk);
  Result<void> products(Session& desk);

  Api& api_;
  std::vector<std::string> touched_;
  bool behind_ = false;
  std::int64_t take_ = page_orders;  // less where the shop's answers are too long
  std::int64_t after_ms_ = -1;       // of the pass under way; -1: none is
  std::int64_t skip_ = 0;            // orders of the same second, beyond after_ms_
  std::int64_t swept_ = 0;
  std::int64_t product_ = 0;
  std::int64_t products_due_ms_ = 0;
};

}  // namespace deskmate::shop_vendure

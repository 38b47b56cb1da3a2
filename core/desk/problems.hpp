// Problems that rules found, and what the runner of the rules asks of the desk. Desk::problems()
// gives it; as of Desk: one thread, copies, no clock.
//
//   for (const auto& order : desk.problems().orders_after(last, 100)) …    // the sweep
//   append(desk.problems().found(about, finding));                           // what was found
//   desk.problems().list({}, {}, 100);                                       // what is open
//
// An order or product has at most one problem of each kind.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/desk/policy.hpp"
#include "core/desk/types.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

class State;
struct OrderRecord;
struct ProblemRecord;

// Named limits.
inline constexpr std::size_t other_orders_max = 16;     // of the same buyer, judged with an order
inline constexpr std::size_t order_records_max = 64;    // read to find them
inline constexpr std::size_t ship_ahead_max = 10'000;   // counted in front of an order
inline constexpr std::size_t short_orders_max = 2'000;  // looked at behind an order for one product

// An order, or else a product of a shop.
struct ProblemAbout {
  std::optional<Id16> order = {};
  std::string shop = {};  // of a product
  std::string sku = {};
  auto operator<=>(const ProblemAbout&) const = default;
};

struct ProblemFinding {
  std::string kind, plugin, rule, version, code;
  Value params;          // a map: numbers, times, words
  std::string severity;  // low, normal, high
  std::optional<std::int64_t> amount;
  std::string currency;
  std::vector<std::string> fixes;
  bool limits = false;  // of a claim: no refund above the amount without a reason
};

struct ProblemView {
  ProblemAbout about;
  std::string shop;
  std::optional<Id16> buyer;
  ProblemFinding finding;
  std::uint64_t since_ms = 0;
  std::uint64_t found_ms = 0;  // as it is now
  bool open = false;
  std::string settled;  // done, ignored; empty: it is not
  MemberNo settled_by = 0;
  std::optional<EventRef> settled_ref;  // its body says why
  std::uint64_t told_ms = 0;            // 0: the buyer was not written to about it
  MemberNo told_by = 0;
  bool answered = false;    // the buyer has written since
  bool left_alone = false;  // the buyer does not want to be contacted
};

struct ProblemFilter {
  std::string kind = {};  // empty: any
  std::string shop = {};
  std::string severity = {};
  std::optional<std::uint64_t> told_before_ms = {};  // written to by then, and no answer since
};

// What is judged with an order.
struct OrderContext {
  struct Stock {
    std::int64_t stock = 0, allocated = 0;
    std::optional<std::int64_t> warehouse;
    bool is_short = false;   // more was sold than is there, and this order's turn is too late
    std::int64_t price = 0;  // of one piece now, in the order's currency; 0: not said in it
  };
  OrderView order;
  std::vector<std::optional<Stock>> stock;  // by line; nothing: the shop has not said
  std::vector<OrderView> others;            // latest first, without parcels and requests
};

struct ShipPlace {
  std::size_t before = 0;  // orders paid earlier that are not sent either; at most ship_ahead_max
  std::size_t of = 0;      // in all, as far as counted
};

class Problems {
 public:
  Problems(const State& state, const Policy& policy) : state_(state), policy_(policy) {}

  // --- for the runner ---------------------------------------------------------------------------
  // Orders by id, behind `after`; nothing left: empty.
  std::vector<Id16> orders_after(const Id16& after, std::size_t limit) const;
  // Is it over for good: delivered, cancelled … since before `before_ms`?
  std::optional<OrderContext> context(const Id16& order, std::uint64_t over_before_ms = 0) const;
  // The same for an order as an event told it: what it looked like then.
  std::optional<OrderContext> context_of(const EventView& seen) const;
  std::vector<ProductView> products_after(std::string_view shop, std::string_view sku,
                                          std::size_t limit) const;
  std::optional<ProductView> product(std::string_view shop, std::string_view sku) const;
  // Those that stand, settled ones too.
  std::vector<ProblemView> of(const ProblemAbout& about) const;
  // What to append; nothing: it is known so.
  std::optional<Proposal> found(const ProblemAbout& about, const ProblemFinding& finding,
                                std::uint64_t now_ms) const;
  std::optional<Proposal> cleared(const ProblemAbout& about, std::string_view kind,
                                  std::string_view plugin, std::string_view version) const;

  // --- for people -------------------------------------------------------------------------------
  // Open ones, by the page: the longest open first, of told_before_ms those written to first.
  std::optional<Page<ProblemView>> list(const ProblemFilter& filter, std::string_view after,
                                        std::size_t limit) const;
  std::optional<ProblemView> one(const ProblemAbout& about, std::string_view kind) const;
  // how: done, ignored.
  Result<Proposal> settle(const ProblemAbout& about, std::string_view kind, MemberNo member,
                          std::string_view how, std::string_view reason) const;
  Result<Proposal> told(const Id16& order, std::string_view kind, MemberNo member,
                        const Id16& chat) const;
  // The chat in which the buyer of an order can be written to: the latest of their accounts, of the
  // same shop first.
  std::optional<Id16> chat_with(const Id16& order) const;
  Result<Proposal> set_contact(const Id16& buyer, MemberNo member, bool allowed) const;
  bool left_alone(const Id16& buyer) const;  // any of the joined accounts
  Result<Proposal> count_stock(std::string_view shop, std::string_view sku, MemberNo member,
                               std::int64_t count) const;
  // R64: nothing where it does not wait to be shipped.
  std::optional<ShipPlace> ship_place(const Id16& order) const;
  std::vector<OrderView> ship_queue(std::string_view shop, std::size_t limit) const;

 private:
  OrderContext context(const Id16& id, const OrderRecord& record) const;
  std::vector<OrderView> others(const Id16& id, const OrderRecord& record) const;
  std::optional<OrderContext::Stock> stock_for(const Id16& id, const OrderRecord& record,
                                               std::string_view sku) const;
  ProblemView view(const ProblemAbout& about, std::string_view kind,
                   const ProblemRecord& record) const;
  bool answered_since(const Id16& buyer, std::uint64_t ms) const;
  MemberNo known(MemberNo member) const;  // 0: there is none

  const State& state_;
  const Policy& policy_;
};

}  // namespace deskmate::desk

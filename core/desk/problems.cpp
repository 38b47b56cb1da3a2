#include "core/desk/problems.hpp"

#include <algorithm>

#include "core/desk/facts.hpp"
#include "core/desk/pages.hpp"
#include "core/desk/problem_keys.hpp"
#include "core/desk/state.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

constexpr std::size_t place_in_queue_rest = 8 + sizeof(Id16);

std::string queue_prefix(std::string_view shop) { return Key().text(shop).end().str(); }

Value map_of(const std::string& msgpack) {
  auto value = msgpack.empty() ? deskmate::Result<Value>(Value::map()) : decode(msgpack);
  return value && value->is_map() ? std::move(*value) : Value::map();
}

ProductView product_view(const State& state, std::string_view shop, std::string_view sku,
                         const ProductRecord& record) {
  ProductView view;
  view.shop = shop;
  view.sku = sku;
  view.name = record.name;
  view.stock = record.stock;
  view.allocated = record.allocated;
  view.warehouse = record.in_warehouse();
  view.price = record.price;
  view.currency = record.currency;
  view.options = map_of(record.options);
  view.seen_ms = stamp_ms(record.at.stamp);
  view.seen = state.ref(record.at);
  return view;
}

bool fits(const ProblemFilter& filter, const ProblemView& problem) {
  return (filter.kind.empty() || problem.finding.kind == filter.kind) &&
         (filter.shop.empty() || problem.shop == filter.shop) &&
         (filter.severity.empty() || problem.finding.severity == filter.severity) &&
         !(filter.told_before_ms && (problem.answered || problem.left_alone));
}

}  // namespace

std::vector<Id16> Problems::orders_after(const Id16& after, std::size_t limit) const {
  std::vector<Id16> out;
  state_.scan(table::orders, Key().id(after), false, [&](std::string_view key, std::string_view) {
    const Id16 id = id_at(key, 0);
    if (id != after) out.push_back(id);
    return out.size() < limit;
  });
  return out;
}

std::optional<OrderContext> Problems::context(const Id16& order,
                                              std::uint64_t over_before_ms) const {
  const auto record = state_.find<OrderRecord>(table::orders, Key().id(order));
  if (!record || !record->at.any()) return std::nullopt;
  if (is_over_order(record->state) && record->updated_ms < over_before_ms) return std::nullopt;
  return context(order, *record);
}

std::optional<OrderContext> Problems::context_of(const EventView& seen) const {
  Document document;
  if (!document.parse(seen.facts)) return std::nullopt;
  Facts facts(document.root());
  auto read = read_order(facts);
  if (!read) return std::nullopt;
  OrderContext out = context(read->first, read->second);
  out.order.seen = seen.key;
  return out;
}

OrderContext Problems::context(const Id16& id, const OrderRecord& record) const {
  OrderContext out;
  out.order = order_view(state_, policy_, id, record, OrderLink::own);
  out.stock.reserve(record.lines.size());
  for (const LineRecord& line : record.lines) {
    out.stock.push_back(stock_for(id, record, line.sku));
  }
  if (record.buyer) out.others = others(id, record);
  return out;
}

std::vector<OrderView> Problems::others(const Id16& id, const OrderRecord& record) const {
  std::vector<OrderView> out;
  for (const Id16& account : state_.group(*record.buyer)) {
    std::size_t read = 0;
    state_.each(table::buyer_orders, Key().id(account), true,
                [&](std::string_view key, std::string_view) {
                  const Id16 other = id_at(key, sizeof(Id16) + 8);
                  if (other == id) return true;
                  if (const auto found = state_.find<OrderRecord>(table::orders, Key().id(other))) {
                    out.push_back(order_row(state_, other, *found, OrderLink::own));
                  }
                  return ++read < order_records_max;
                });
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& a, const auto& b) { return a.placed_ms > b.placed_ms; });
  if (out.size() > other_orders_max) out.resize(other_orders_max);
  return out;
}

// More was sold than is there: the orders paid last have to wait. This one does unless those behind
// it want as many as are missing.
std::optional<OrderContext::Stock> Problems::stock_for(const Id16& id, const OrderRecord& record,
                                                       std::string_view sku) const {
  const auto product =
      state_.find<ProductRecord>(table::products, Key().text(record.shop).end().text(sku));
  if (!product || !product->at.any()) return std::nullopt;
  OrderContext::Stock out{product->stock, product->allocated, product->in_warehouse(), false,
                          product->currency == record.currency ? product->price : 0};
  const std::int64_t there = out.warehouse ? std::min(*out.warehouse, out.stock) : out.stock;
  const std::int64_t missing = out.allocated - there;
  if (missing <= 0 || !record.waits_to_ship()) return out;
  const std::string prefix = Key().text(record.shop).end().text(sku).end().str();
  std::uint64_t behind = 0;
  std::size_t read = 0;
  out.is_short = true;
  state_.each(table::sku_waiting, prefix, true, [&](std::string_view key, std::string_view value) {
    if (id_at(key, prefix.size() + 8) == id) return false;
    behind += read_be(value);
    if (behind >= static_cast<std::uint64_t>(missing)) out.is_short = false;
    return out.is_short && ++read < short_orders_max;
  });
  return out;
}

std::vector<ProductView> Problems::products_after(std::string_view shop, std::string_view sku,
                                                  std::size_t limit) const {
  std::vector<ProductView> out;
  const Key after = Key().text(shop).end().text(sku);
  const std::string from = shop.empty() ? std::string() : after.str();
  state_.scan(table::products, from, false, [&](std::string_view key, std::string_view value) {
    if (key == from) return true;
    const std::size_t end = key.find('\0');
    const auto record = state_.decode<ProductRecord>(value);
    if (end != std::string_view::npos && record.at.any()) {
      out.push_back(product_view(state_, key.substr(0, end), key.substr(end + 1), record));
    }
    return out.size() < limit;
  });
  return out;
}

std::optional<ProductView> Problems::product(std::string_view shop, std::string_view sku) const {
  const auto record = state_.find<ProductRecord>(table::products, Key().text(shop).end().text(sku));
  if (!record || !record->at.any()) return std::nullopt;
  return product_view(state_, shop, sku, *record);
}

bool Problems::left_alone(const Id16& buyer) const {
  const auto accounts = state_.group(buyer);
  return std::any_of(accounts.begin(), accounts.end(), [&](const Id16& account) {
    return state_.load<BuyerRecord>(table::buyers, Key().id(account)).left_alone.value;
  });
}

bool Problems::answered_since(const Id16& buyer, std::uint64_t ms) const {
  for (const Id16& account : state_.group(buyer)) {
    bool answered = false;
    std::size_t read = 0;
    state_.each(table::buyer_chats, Key().id(account), true,
                [&](std::string_view key, std::string_view) {
                  const Id16 chat = id_at(key, sizeof(Id16) + place_size);
                  const auto record = state_.load<ChatRecord>(table::chats, Key().id(chat));
                  answered = stamp_ms(record.last_in.stamp) > ms;
                  return !answered && ++read < chat_orders_max;
                });
    if (answered) return true;
  }
  return false;
}

ProblemView Problems::view(const ProblemAbout& about, std::string_view kind,
                           const ProblemRecord& record) const {
  const FoundRecord& found = record.found.value;
  ProblemView out;
  out.about = about;
  out.shop = about.shop;
  if (about.order) {
    const auto order = state_.load<OrderRecord>(table::orders, Key().id(*about.order));
    out.shop = order.shop;
    out.buyer = order.buyer;
  }
  out.finding = {std::string(kind),    found.plugin,   found.rule,   found.version,  found.code,
                 map_of(found.params), found.severity, found.amount, found.currency, found.fixes};
  out.since_ms = found.since_ms;
  out.found_ms = stamp_ms(record.found.at.stamp);
  out.open = record.open();
  if (record.is_settled()) {
    out.settled = record.settled.value.how;
    out.settled_by = record.settled.value.member;
    out.settled_ref = state_.ref(record.settled.at);
  }
  if (record.told.any()) {
    out.told_ms = stamp_ms(record.told.at.stamp);
    out.told_by = record.told.value.member;
    out.answered = out.buyer && answered_since(*out.buyer, out.told_ms);
  }
  out.left_alone = out.buyer && left_alone(*out.buyer);
  return out;
}

std::vector<ProblemView> Problems::of(const ProblemAbout& about) const {
  std::vector<ProblemView> out;
  const std::string prefix = problem_prefix(about);
  state_.each(table::problems, prefix, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<ProblemRecord>(value);
    if (record.stands()) out.push_back(view(about, key.substr(prefix.size()), record));
    return out.size() < order_problems_max;
  });
  return out;
}

std::optional<ProblemView> Problems::one(const ProblemAbout& about, std::string_view kind) const {
  const auto record = state_.find<ProblemRecord>(table::problems, problem_key(about, kind));
  if (!record || !record->stands()) return std::nullopt;
  return view(about, kind, *record);
}

std::optional<Page<ProblemView>> Problems::list(const ProblemFilter& filter, std::string_view after,
                                                std::size_t limit) const {
  const TableInfo& table = filter.told_before_ms ? table::problems_told : table::problems_open;
  Page<ProblemView> page;
  std::string last(after);
  std::size_t looked_at = 0;
  state_.scan(table, after, false, [&](std::string_view key, std::string_view) {
    if (key == after) return true;
    if (filter.told_before_ms && read_be(key.substr(0, 8)) > *filter.told_before_ms) return false;
    if (page.rows.size() == limit || looked_at++ == page_scanned_max) {
      page.next = last;
      return false;
    }
    last = key;
    const auto [about, kind] = problem_of_key(key.substr(8));
    const auto record = state_.find<ProblemRecord>(table::problems, key.substr(8));
    if (!record) return true;
    ProblemView problem = view(about, kind, *record);
    if (fits(filter, problem)) page.rows.push_back(std::move(problem));
    return true;
  });
  return page;
}

std::optional<Id16> Problems::chat_with(const Id16& order) const {
  const auto record = state_.find<OrderRecord>(table::orders, Key().id(order));
  if (!record || !record->buyer) return std::nullopt;
  std::optional<Id16> best;
  std::pair<bool, Place> best_rank;
  for (const Id16& account : state_.group(*record->buyer)) {
    std::size_t read = 0;
    state_.each(table::buyer_chats, Key().id(account), true,
                [&](std::string_view key, std::string_view) {
                  const Id16 id = id_at(key, sizeof(Id16) + place_size);
                  const auto chat = state_.load<ChatRecord>(table::chats, Key().id(id));
                  const std::pair rank(chat.shop == record->shop, chat.latest());
                  if (chat.last_in.any() && (!best || best_rank < rank)) {
                    best = id;
                    best_rank = rank;
                  }
                  return ++read < chat_orders_max;
                });
  }
  return best;
}

std::optional<ShipPlace> Problems::ship_place(const Id16& order) const {
  const auto record = state_.find<OrderRecord>(table::orders, Key().id(order));
  if (!record || !record->waits_to_ship()) return std::nullopt;
  ShipPlace out;
  const std::string prefix = queue_prefix(record->shop);
  bool behind = false;
  state_.each(table::to_ship, prefix, false, [&](std::string_view key, std::string_view) {
    behind = behind || id_at(key, prefix.size() + 8) == order;
    if (!behind) ++out.before;
    return ++out.of < ship_ahead_max;
  });
  return out;
}

std::vector<OrderView> Problems::ship_queue(std::string_view shop, std::size_t limit) const {
  std::vector<OrderView> out;
  const std::string prefix = shop.empty() ? std::string() : queue_prefix(shop);
  state_.each(table::to_ship, prefix, false, [&](std::string_view key, std::string_view) {
    if (key.size() < place_in_queue_rest) return true;
    const Id16 id = id_at(key, key.size() - sizeof(Id16));
    if (const auto order = state_.find<OrderRecord>(table::orders, Key().id(id))) {
      out.push_back(order_view(state_, policy_, id, *order, OrderLink::own));
    }
    return out.size() < limit;
  });
  return out;
}

}  // namespace deskmate::desk

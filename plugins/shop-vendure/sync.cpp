#include "plugins/shop-vendure/sync.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "plugins/shop-vendure/events.hpp"
#include "plugins/shop-vendure/versions.hpp"

namespace deskmate::shop_vendure {
namespace {

constexpr std::int64_t second_ms = 1000;
constexpr std::int64_t skip_max = 10'000'000;

const std::string& orders_query() {
  static const std::string query =
      "query($options: OrderListOptions) { orders(options: $options) { totalItems items {" +
      std::string(order_fields) + "} } }";
  return query;
}

const std::string& products_query() {
  static const std::string query =
      "query($options: ProductVariantListOptions) { productVariants(options: $options) {"
      " totalItems items {" +
      std::string(product_fields) + "} } }";
  return query;
}

json::object paged(json::object filter, json::object sort, std::int64_t skip, std::int64_t take) {
  json::object options;
  options["filter"] = std::move(filter);
  options["sort"] = std::move(sort);
  options["skip"] = skip;
  options["take"] = take;
  json::object variables;
  variables["options"] = std::move(options);
  return variables;
}

bool too_long(const Error& error) {
  return error.code == Status::limit && error.where != where_rate;
}

// Appends what has changed since it was last appended.
Result<void> append_changed(Session& desk, std::vector<Seen> all) {
  Versions versions(desk);
  std::vector<NewEvent> events;
  for (Seen& seen : all) {
    Value content = seen.event.to_value();
    // Vendure touches an order without changing anything that the desk knows of it.
    content["facts"].make_map().erase("updated_at");
    Result<std::optional<std::string>> version =
        versions.changed(seen.table, seen.number, seen.thing, encode(content));
    if (!version) return version.error();
    if (!*version) continue;
    seen.event.refs.set("version", **version);
    seen.event.dedupe = "version";
    events.push_back(std::move(seen.event));
  }
  if (events.empty()) return {};
  if (Result<std::vector<Appended>> done = desk.append(events); !done) return done.error();
  return versions.save();
}

Result<std::int64_t> stored_cursor(Session& desk) {
  Result<std::optional<std::string>> stored = desk.kv_get(cursor_key);
  if (!stored) return stored.error();
  std::int64_t cursor_ms = 0;
  if (*stored) {
    const std::string& text = **stored;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), cursor_ms);
    if (failed == std::errc() && end == text.data() + text.size()) return cursor_ms;
    desk.log(Level::warn, "the stored position is damaged: orders are read again");
  }
  const auto days = desk.setting<std::int64_t>("import_days", 90);
  return std::max<std::int64_t>(desk.now_ms() - days * day_ms, 0);
}

}  // namespace

void Sync::touch(std::string_view order) {
  if (order.empty() || touched_.size() >= touched_max) return;  // the sweep finds the rest
  touched_.emplace_back(order);
}

Result<Sync::Page> Sync::fetch(Session& desk, const json::object& filter, const json::object& sort,
                               std::int64_t skip) {
  for (;;) {
    Result<json::object> data =
        api_.ask(desk, orders_query(), paged(filter, sort, skip, take_), Api::Kind::read);
    if (!data && too_long(data.error()) && take_ > 1) {
      take_ = std::max<std::int64_t>(take_ / 2, 1);
      continue;
    }
    Page page;
    if (!data && too_long(data.error())) {
      desk.log(Level::warn,
               "one order's answer is too long and is left out: " + data.error().message);
      page.size = 1;
      return page;
    }
    if (!data) return data.error();
    Fault fault;
    const json::value holder(std::move(*data));
    const Field list = Field(holder, "", fault)["orders"];
    list["items"].each(static_cast<std::size_t>(take_), [&](const Field& item) {
      ++page.size;
      Fault own;
      Order order = read_order(item.with(own));
      if (own) {
        desk.log(Level::warn, "an order is left out: " + own.message());
        return;
      }
      page.newest_ms = std::max(page.newest_ms, order.updated_ms);
      page.orders.push_back(std::move(order));
    });
    const std::int64_t total = list["totalItems"].whole(0, skip_max);
    if (fault) return fault.error();
    page.last = page.size == 0 || skip + page.size >= total;
    return page;
  }
}

Result<void> Sync::publish(Session& desk, const std::vector<Order>& orders) {
  std::vector<Seen> all;
  const std::string shop = desk.instance();
  for (const Order& order : orders) {
    std::vector<Seen> seen = seen_of(order, shop);
    std::move(seen.begin(), seen.end(), std::back_inserter(all));
  }
  return append_changed(desk, std::move(all));
}

Result<void> Sync::poll(Session& desk) {
  if (Result<void> done = touched(desk); !done) return done;
  if (Result<void> done = changes(desk); !done) return done;
  if (behind_) return {};
  if (Result<void> done = sweep(desk); !done) return done;
  return products(desk);
}

Result<void> Sync::touched(Session& desk) {
  if (touched_.empty()) return {};
  std::vector<std::string> wanted;
  const auto count = std::min<std::size_t>(touched_.size(), static_cast<std::size_t>(take_));
  wanted.assign(touched_.end() - static_cast<std::ptrdiff_t>(count), touched_.end());
  json::object filter;
  filter["id"] = {{"in", json::array(wanted.begin(), wanted.end())}};
  filter["state"] = {{"notEq", "Draft"}};
  Result<Page> page = fetch(desk, filter, {{"id", "ASC"}}, 0);
  if (!page) return page.error();
  if (Result<void> done = publish(desk, page->orders); !done) return done;
  touched_.resize(touched_.size() - count);
  return {};
}

Result<void> Sync::changes(Session& desk) {
  behind_ = false;
  for (int pages = 0; pages < pages_per_poll_max && !desk.stopping(); ++pages) {
    Result<std::int64_t> cursor = stored_cursor(desk);
    if (!cursor) return cursor.error();
    if (after_ms_ < 0) {
      after_ms_ = std::max<std::int64_t>(*cursor - overlap_ms, 0);
      skip_ = 0;
    }
    json::object filter;
    filter["active"] = {{"eq", false}};  // no open carts
    filter["state"] = {{"notEq", "Draft"}};
    filter["updatedAt"] = {{"after", format_time(after_ms_)}};
    Result<Page> page = fetch(desk, filter, {{"updatedAt", "ASC"}}, skip_);
    if (!page) return page.error();
    if (Result<void> done = publish(desk, page->orders); !done) return done;
    if (page->newest_ms > *cursor) {
      if (auto put = desk.kv_put(cursor_key, std::to_string(page->newest_ms)); !put) return put;
    }
    if (page->last) {
      after_ms_ = -1;
      return {};
    }
    // By time rather than by count: an order that changes meanwhile moves to the end, and the
    // others would slip through.
    if (page->newest_ms - second_ms > after_ms_) {
      after_ms_ = page->newest_ms - second_ms;
      skip_ = 0;
    } else {
      skip_ += page->size;
    }
  }
  behind_ = true;
  return {};
}

Result<void> Sync::sweep(Session& desk) {
  const auto days = desk.setting<std::int64_t>("sweep_days", 30);
  json::object open;
  open["state"] = {{"notIn", {"Delivered", "Cancelled"}}};
  json::object lately;
  lately["orderPlacedAt"] = {{"after", format_time(desk.now_ms() - days * day_ms)}};
  json::object filter;
  filter["active"] = {{"eq", false}};
  filter["state"] = {{"notEq", "Draft"}};
  filter["_or"] = json::array{std::move(open), std::move(lately)};
  Result<Page> page = fetch(desk, filter, {{"id", "DESC"}}, swept_);
  if (!page) return page.error();
  if (Result<void> done = publish(desk, page->orders); !done) return done;
  swept_ = page->last ? 0 : swept_ + page->size;
  return {};
}

Result<void> Sync::products(Session& desk) {
  const std::int64_t now_ms = desk.now_ms();
  if (product_ == 0 && now_ms < products_due_ms_) return {};
  Result<json::object> data = api_.ask(
      desk, products_query(), paged({}, {{"id", "ASC"}}, product_, page_products), Api::Kind::read);
  if (!data) return data.error();
  Fault fault;
  const json::value holder(std::move(*data));
  const Field list = Field(holder, "", fault)["productVariants"];
  std::vector<Seen> all;
  std::int64_t size = 0;
  list["items"].each(static_cast<std::size_t>(page_products), [&](const Field& item) {
    ++size;
    Fault own;
    const Product product = read_product(item.with(own));
    if (own) {
      desk.log(Level::warn, "a product is left out: " + own.message());
    } else {
      all.push_back(seen_of(product, desk.instance()));
    }
  });
  const std::int64_t total = list["totalItems"].whole(0, skip_max);
  if (fault) return fault.error();
  if (Result<void> done = append_changed(desk, std::move(all)); !done) return done;
  product_ += size;
  if (size == 0 || product_ >= total) {
    product_ = 0;
    products_due_ms_ = now_ms + desk.setting<std::int64_t>("product_minutes", 10) * 60 * second_ms;
  }
  return {};
}

}  // namespace deskmate::shop_vendure

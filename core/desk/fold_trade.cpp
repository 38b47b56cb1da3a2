#include <tuple>

#include "core/desk/fold.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {

std::optional<std::pair<Id16, OrderRecord>> read_order(Facts& facts) {
  const Id16 id = facts.id("order");
  OrderRecord seen;
  seen.shop = facts.name("shop");
  seen.number = facts.id_if("number");
  seen.buyer = facts.id_if("buyer");
  seen.contacts = facts.ids("contacts");
  seen.state = facts.name_if("state");
  seen.payment = facts.name_if("payment");
  seen.total = facts.int_if("total");
  seen.paid = facts.int_if("paid");
  seen.currency = facts.name_if("currency");
  seen.placed_ms = facts.uint_if("placed_at");
  seen.updated_ms = facts.uint_if("updated_at");
  seen.paid_ms = facts.uint_if("paid_at");
  seen.ship_by_ms = facts.uint_if("ship_by");
  seen.promised_ms = facts.uint_if("promised_at");
  if (facts.has("shipping")) seen.shipping = facts.int_if("shipping");
  const View lines = facts.raw("lines");
  facts.require((lines.is_nil() || lines.is_array()) && lines.size() <= order_lines_max);
  if (!facts.ok()) return std::nullopt;
  for (const View line : lines) {
    Facts fields(line);
    const View measures = fields.raw("measures");
    fields.require(measures.is_nil() || measures.is_array());
    seen.lines.push_back({fields.name_if("sku", sku_max), fields.name_if("name", text_max),
                          fields.int_if("quantity"), fields.int_if("price"),
                          fields.flag_if("custom"), fields.names("measures", measures_max)});
    for (const std::string& one : seen.lines.back().measures) {
      fields.require(one.size() <= name_max);
    }
    if (!fields.ok()) return std::nullopt;
  }
  return std::pair(id, std::move(seen));
}

Folded Fold::order_seen(In& in) {
  auto read = read_order(in.facts);
  if (!read) return Folded::malformed;
  auto& [id, seen] = *read;
  seen.at = state_.place(in.event);
  state_.edit<OrderRecord>(table::orders, id, [&seen = seen](OrderRecord& order) {
    if (std::tie(order.updated_ms, order.at) < std::tie(seen.updated_ms, seen.at)) order = seen;
  });
  return Folded::quiet;
}

Folded Fold::product_seen(In& in) {
  Facts& facts = in.facts;
  const std::string shop = facts.name("shop");
  const std::string sku = facts.name("sku", sku_max);
  ProductRecord seen;
  seen.name = facts.name_if("name", text_max);
  seen.stock = facts.int_if("stock");
  seen.allocated = facts.int_if("allocated");
  seen.price = facts.int_if("price");
  seen.currency = facts.name_if("currency");
  seen.options = facts.bytes_if("options");
  if (facts.has("warehouse")) seen.warehouse = facts.int_if("warehouse");
  if (!facts.ok()) return Folded::malformed;
  const Key key = Key().text(shop).end().text(sku);
  ProductRecord product = state_.load<ProductRecord>(table::products, key);
  seen.at = state_.place(in.event);
  seen.counted_at = product.counted_at;
  seen.drift = product.drift;
  if (product.at < seen.at) product = seen;
  state_.save(table::products, key, product);
  return Folded::quiet;
}

Folded Fold::stock_counted(In& in) {
  Facts& facts = in.facts;
  const std::string shop = facts.name("shop");
  const std::string sku = facts.name("sku", sku_max);
  const std::int64_t count = facts.int_if("count");
  const std::int64_t shown = facts.int_if("shown");
  facts.require(facts.has("count") && count >= 0 && shown >= 0);
  if (!facts.ok()) return Folded::malformed;
  const Key key = Key().text(shop).end().text(sku);
  ProductRecord product = state_.load<ProductRecord>(table::products, key);
  if (take_latest(product.counted_at, state_.place(in.event))) product.drift = count - shown;
  state_.save(table::products, key, product);
  return Folded::quiet;
}

}  // namespace deskmate::desk

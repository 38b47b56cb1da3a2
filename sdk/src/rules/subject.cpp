// The subject as msgpack and back, and the sheet.
#include <algorithm>

#include "deskmate/rules.hpp"

namespace deskmate::rules {
namespace {

// Counts the members of a map first, so that it can be written in one go.
class MapWriter {
 public:
  explicit MapWriter(std::string& out) : out_(out) {}
  MapWriter& text(std::string_view key, std::string_view value) {
    if (!value.empty()) begin(key), writer_.text(value);
    return *this;
  }
  MapWriter& bin(std::string_view key, std::string_view value) {
    if (!value.empty()) begin(key), writer_.bin(value);
    return *this;
  }
  MapWriter& integer(std::string_view key, std::int64_t value) {
    if (value != 0) begin(key), writer_.integer(value);
    return *this;
  }
  MapWriter& integer(std::string_view key, const std::optional<std::int64_t>& value) {
    if (value) begin(key), writer_.integer(*value);
    return *this;
  }
  MapWriter& flag(std::string_view key, bool value) {
    if (value) begin(key), writer_.boolean(true);
    return *this;
  }
  template <class List, class Each>
  MapWriter& list(std::string_view key, const List& items, const Each& each) {
    if (items.empty()) return *this;
    begin(key);
    writer_.array(items.size());
    for (const auto& item : items) each(item, writer_, members_);
    return *this;
  }
  template <class Write>
  MapWriter& value(std::string_view key, bool there, const Write& write) {
    if (there) begin(key), write(members_);
    return *this;
  }
  void end() {
    Writer(out_).map(count_);
    out_ += members_;
  }

 private:
  void begin(std::string_view key) {
    ++count_;
    writer_.key(key);
  }
  std::string& out_;
  std::string members_;
  Writer writer_{members_};
  std::size_t count_ = 0;
};

void write(std::string& out, const Stock& stock) {
  MapWriter(out)
      .integer("stock", stock.stock)
      .integer("allocated", stock.allocated)
      .integer("warehouse", stock.warehouse)
      .flag("short", stock.is_short)
      .integer("price", stock.price)
      .end();
}

void write(std::string& out, const Line& line) {
  MapWriter map(out);
  map.text("sku", line.sku)
      .text("name", line.name)
      .integer("quantity", line.quantity)
      .integer("price", line.price)
      .flag("custom", line.custom)
      .list("measures", line.measures,
            [](std::string_view one, Writer& writer, std::string&) { writer.text(one); })
      .value("stock", line.stock.has_value(),
             [&](std::string& to) { write(to, line.stock.value()); })
      .end();
}

void write(std::string& out, const Parcel& parcel) {
  MapWriter(out)
      .text("status", parcel.status)
      .text("raw_code", parcel.raw_code)
      .text("carrier", parcel.carrier)
      .integer("at_ms", parcel.at_ms)
      .integer("sent_ms", parcel.sent_ms)
      .integer("moved_ms", parcel.moved_ms)
      .integer("stuck_ms", parcel.stuck_ms)
      .integer("eta_ms", parcel.eta_ms)
      .flag("under_way", parcel.under_way)
      .flag("here", parcel.here)
      .end();
}

void write(std::string& out, const Order& order) {
  MapWriter map(out);
  map.bin("id", order.id)
      .text("shop", order.shop)
      .text("number", order.number)
      .text("state", order.state)
      .text("payment", order.payment)
      .text("currency", order.currency)
      .integer("total", order.total)
      .integer("paid", order.paid)
      .integer("placed_ms", order.placed_ms)
      .integer("updated_ms", order.updated_ms)
      .integer("paid_ms", order.paid_ms)
      .integer("ship_by_ms", order.ship_by_ms)
      .integer("promised_ms", order.promised_ms)
      .integer("shipping", order.shipping)
      .text("name", order.name)
      .text("note", order.note)
      .flag("has_body", order.has_body);
  map.list("lines", order.lines,
           [](const Line& line, Writer&, std::string& to) { write(to, line); });
  map.flag("low_value", order.low_value);
  map.list("parcels", order.parcels,
           [](const Parcel& parcel, Writer&, std::string& to) { write(to, parcel); });
  map.list("actions", order.actions, [](const Done& done, Writer&, std::string& to) {
    MapWriter(to)
        .text("kind", done.kind)
        .text("state", done.state)
        .integer("at_ms", done.at_ms)
        .end();
  });
  map.value("address", !order.address.empty(), [&](std::string& to) {
    MapWriter parts(to);
    for (const auto& [name, part] : order.address) parts.text(name, part);
    parts.end();
  });
  map.end();
}

Stock read_stock(View from) {
  Stock out;
  for (const auto& [key, value] : from.members()) {
    if (key == "stock") out.stock = value.as_int();
    if (key == "allocated") out.allocated = value.as_int();
    if (key == "warehouse" && value.is_int()) out.warehouse = value.as_int();
    if (key == "short") out.is_short = value.as_bool();
    if (key == "price") out.price = value.as_int();
  }
  return out;
}

Line read_line(View from) {
  Line out;
  for (const auto& [key, value] : from.members()) {
    if (key == "sku") out.sku = value.as_str();
    if (key == "name") out.name = value.as_str();
    if (key == "quantity") out.quantity = value.as_int();
    if (key == "price") out.price = value.as_int();
    if (key == "custom") out.custom = value.as_bool();
    if (key == "measures") {
      for (const View one : value) out.measures.push_back(one.as_str());
    }
    if (key == "stock" && value.is_map()) out.stock = read_stock(value);
  }
  return out;
}

Parcel read_parcel(View from) {
  Parcel out;
  for (const auto& [key, value] : from.members()) {
    if (key == "status") out.status = value.as_str();
    if (key == "raw_code") out.raw_code = value.as_str();
    if (key == "carrier") out.carrier = value.as_str();
    if (key == "at_ms") out.at_ms = value.as_int();
    if (key == "sent_ms") out.sent_ms = value.as_int();
    if (key == "moved_ms") out.moved_ms = value.as_int();
    if (key == "stuck_ms") out.stuck_ms = value.as_int();
    if (key == "eta_ms") out.eta_ms = value.as_int();
    if (key == "under_way") out.under_way = value.as_bool();
    if (key == "here") out.here = value.as_bool();
  }
  return out;
}

void read_address(View from, Order& to) {
  if (from.is_str()) to.address.emplace_back("text", from.as_str());
  for (const auto& [name, part] : from.members()) to.address.emplace_back(name, part.as_str());
}

Order read_order(View from) {
  Order out;
  for (const auto& [key, value] : from.members()) {
    switch (key.empty() ? '\0' : key[0]) {
      case 'i':
        if (key == "id") out.id = value.as_bin();
        break;
      case 's':
        if (key == "shop") out.shop = value.as_str();
        if (key == "state") out.state = value.as_str();
        if (key == "ship_by_ms") out.ship_by_ms = value.as_int();
        if (key == "shipping" && value.is_int()) out.shipping = value.as_int();
        break;
      case 'n':
        if (key == "number") out.number = value.as_str();
        if (key == "name") out.name = value.as_str();
        if (key == "note") out.note = value.as_str();
        break;
      case 'p':
        if (key == "payment") out.payment = value.as_str();
        if (key == "paid") out.paid = value.as_int();
        if (key == "placed_ms") out.placed_ms = value.as_int();
        if (key == "paid_ms") out.paid_ms = value.as_int();
        if (key == "promised_ms") out.promised_ms = value.as_int();
        if (key == "parcels") {
          for (const View one : value) out.parcels.push_back(read_parcel(one));
        }
        break;
      case 'a':
        if (key == "address") read_address(value, out);
        if (key == "actions") {
          for (const View one : value) {
            out.actions.push_back(
                {one["kind"].as_str(), one["state"].as_str(), one["at_ms"].as_int()});
          }
        }
        break;
      default:
        if (key == "currency") out.currency = value.as_str();
        if (key == "total") out.total = value.as_int();
        if (key == "updated_ms") out.updated_ms = value.as_int();
        if (key == "has_body") out.has_body = value.as_bool();
        if (key == "lines") {
          out.lines.reserve(value.size());
          for (const View one : value) out.lines.push_back(read_line(one));
        }
        if (key == "low_value") out.low_value = value.as_bool();
    }
  }
  return out;
}

}  // namespace

std::string pack(const Subject& subject) {
  std::string out;
  MapWriter map(out);
  map.value("order", subject.order.has_value(),
            [&](std::string& to) { write(to, subject.order.value()); });
  map.value("product", subject.product.has_value(), [&](std::string& to) {
    const Product& product = subject.product.value();
    MapWriter(to)
        .text("shop", product.shop)
        .text("sku", product.sku)
        .text("name", product.name)
        .value("stock", true, [&](std::string& into) { write(into, product.stock); })
        .end();
  });
  map.value("draft", subject.draft.has_value(), [&](std::string& to) {
    MapWriter(to).text("shop", subject.shop).text("text", subject.draft.value().text).end();
  });
  map.value("claim", subject.claim.has_value(), [&](std::string& to) {
    const Claim& claim = subject.claim.value();
    MapWriter(to)
        .text("kind", claim.kind)
        .text("cause", claim.cause)
        .text("severity", claim.severity)
        .integer("opened_ms", claim.opened_ms)
        .flag("hardship", claim.hardship)
        .list("given", claim.given,
              [](std::string_view one, Writer& writer, std::string&) { writer.text(one); })
        .end();
  });
  map.list("others", subject.others,
           [](const Order& order, Writer&, std::string& to) { write(to, order); });
  map.end();
  return out;
}

Subject unpack(View subject, std::int64_t now_ms) {
  Subject out;
  out.now_ms = now_ms;
  if (const View order = subject["order"]; order.is_map()) {
    out.order = read_order(order);
    out.shop = out.order->shop;
  }
  if (const View product = subject["product"]; product.is_map()) {
    out.product = Product{product["shop"].as_str(), product["sku"].as_str(),
                          product["name"].as_str(), read_stock(product["stock"])};
    out.shop = out.product->shop;
  }
  if (const View draft = subject["draft"]; draft.is_map()) {
    out.draft = Draft{draft["text"].as_str()};
    out.shop = draft["shop"].as_str();
  }
  if (const View claim = subject["claim"]; claim.is_map()) {
    out.claim =
        Claim{claim["kind"].as_str(),      claim["cause"].as_str(),     claim["severity"].as_str(),
              claim["opened_ms"].as_int(), claim["hardship"].as_bool(), {}};
    for (const View one : claim["given"]) out.claim->given.push_back(one.as_str());
  }
  for (const View one : subject["others"]) out.others.push_back(read_order(one));
  return out;
}

std::string_view to_string(Judges judges) {
  switch (judges) {
    case Judges::drafts:
      return "drafts";
    case Judges::claims:
      return "claims";
    case Judges::orders:
      break;
  }
  return "orders";
}

std::optional<Judges> judges_from(std::string_view word) {
  for (const Judges one : {Judges::orders, Judges::drafts, Judges::claims}) {
    if (word == to_string(one)) return one;
  }
  return std::nullopt;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::size_t word_in(std::string_view text, const std::vector<std::string>& words) {
  if (words.empty() || text.empty()) return words.size();
  const std::string low = lowered(text);
  const auto at = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
    return !word.empty() && low.find(word) != std::string::npos;
  });
  return static_cast<std::size_t>(at - words.begin());
}

bool has_word(std::string_view text, const std::vector<std::string>& words) {
  return word_in(text, words) != words.size();
}

bool is_place(std::string_view part) {
  return part != "name" && part != "phone" && part != "company" && part != "country_code";
}

std::string whole(const Order& order) {
  std::string out;
  for (const auto& [name, text] : order.address) {
    if (is_place(name)) out.append(out.empty() ? "" : " ").append(text);
  }
  return out;
}

Finding& Finding::param(std::string_view name, Value value) {
  params.set(name, std::move(value));
  return *this;
}

Finding& Finding::fix(std::string_view name) {
  fixes.emplace_back(name);
  return *this;
}

Finding& Finding::is(std::string_view how_severe) {
  severity = how_severe;
  return *this;
}

Finding& Finding::costs(std::int64_t minor, std::string_view in) {
  amount = minor;
  currency = in;
  return *this;
}

Finding& Finding::at_most(std::int64_t minor, std::string_view in) {
  limits = true;
  return costs(minor, in);
}

Finding& Sheet::found(std::string_view kind, std::string_view code) {
  const bool again = std::any_of(findings_.begin(), findings_.end(),
                                 [&](const Finding& one) { return one.kind == kind; });
  if (again || findings_.size() >= findings_max) return spare_ = Finding();
  Finding& made = findings_.emplace_back();
  made.kind = made.rule = kind;
  made.code = code;
  return made;
}

void Sheet::fine(std::string_view kind, std::initializer_list<Map::Member> params) {
  if (explain_) fines_.push_back({std::string(kind), Map(params)});
}

void Sheet::clear() {
  findings_.clear();
  fines_.clear();
}

}  // namespace deskmate::rules

#include "core/daemon/rule_subjects.hpp"

#include <deque>
#include <deskmate/rules.hpp>

namespace deskmate::daemon {
namespace {

// Holds the bodies that the subject's views point into.
class Maker {
 public:
  Maker(const desk::Desk& desk, const Bodies& bodies) : desk_(desk), bodies_(bodies) {}

  rules::Order order(const desk::OrderView& view, bool with_body) {
    const auto ms = [](std::uint64_t time) { return static_cast<std::int64_t>(time); };
    rules::Order out;
    out.id = desk::bytes_of(view.id);
    out.shop = view.shop;
    out.state = view.state;
    out.payment = view.payment;
    out.currency = view.currency;
    out.total = view.total;
    out.paid = view.paid - desk_.order_money(view.id).refunded;
    out.placed_ms = ms(view.placed_ms);
    out.updated_ms = ms(view.updated_ms);
    out.paid_ms = ms(view.paid_ms);
    out.ship_by_ms = ms(view.ship_by_ms);
    out.promised_ms = ms(view.promised_ms);
    out.shipping = view.shipping;
    out.lines.reserve(view.lines.size());
    for (const auto& line : view.lines) {
      rules::Line& to = out.lines.emplace_back();
      to.sku = line.sku;
      to.name = line.name;
      to.quantity = line.quantity;
      to.price = line.price;
      to.custom = line.custom;
      to.measures.assign(line.measures.begin(), line.measures.end());
    }
    for (const auto& parcel : view.parcels) {
      rules::Parcel& to = out.parcels.emplace_back();
      to.status = parcel.status;
      to.raw_code = parcel.raw_code;
      to.carrier = parcel.carrier;
      to.at_ms = ms(parcel.at_ms);
      to.sent_ms = ms(parcel.sent_ms);
      to.moved_ms = ms(parcel.moved_ms);
      to.stuck_ms = ms(parcel.stuck_ms);
      to.eta_ms = ms(parcel.eta_ms);
      to.under_way = parcel.under_way;
      to.here = parcel.here;
    }
    if (!out.parcels.empty()) {
      const auto offers = desk_.standard_offers(view.id, 0);
      out.low_value = !offers.empty() && offers.front().fast;
    }
    for (const auto& request : view.requests) {
      out.actions.push_back(
          {request.kind, desk::to_string(request.state), ms(desk::stamp_ms(request.stamp))});
    }
    if (with_body) add_body(view.seen, out);
    return out;
  }

  bool awaited() const { return awaited_; }

 private:
  void add_body(const desk::EventRef& seen, rules::Order& to) {
    auto opened = bodies_.open(seen);
    awaited_ = awaited_ || opened.awaited;
    if (opened.bytes.empty()) return;
    bytes_.push_back(std::move(opened.bytes));
    Document& document = documents_.emplace_back();
    if (!document.parse(bytes_.back())) return;
    to.has_body = true;
    for (const auto& [key, value] : document.root().members()) {
      if (key == "number") to.number = value.as_str();
      if (key == "name") to.name = value.as_str();
      if (key == "note") to.note = value.as_str();
      if (key != "address") continue;
      if (value.is_str()) to.address.emplace_back("text", value.as_str());
      for (const auto& [name, part] : value.members()) to.address.emplace_back(name, part.as_str());
    }
  }

  const desk::Desk& desk_;
  const Bodies& bodies_;
  std::deque<std::string> bytes_;
  std::deque<Document> documents_;
  bool awaited_ = false;
};

rules::Stock stock_of(const desk::OrderContext::Stock& stock) {
  return {stock.stock, stock.allocated, stock.warehouse, stock.is_short, stock.price};
}

std::vector<std::string> texts_of(View list) {
  std::vector<std::string> out;
  for (const View item : list) out.emplace_back(item.as_str());
  return out;
}

// What a rule may write into facts, which stay for good: short words and numbers.
Value checked_params(View params) {
  Value out = Value::map();
  for (const auto& [key, value] : params.members()) {
    const bool fits = value.is_int() || value.is_bool() || value.is_double() ||
                      (value.is_str() && value.as_str().size() <= desk::sku_max);
    if (fits) out[key] = value.to_value();
  }
  return out;
}

std::optional<std::string> pack_order(Maker& maker, const desk::OrderContext& context,
                                      rules::Subject subject) {
  subject.order = maker.order(context.order, true);
  for (std::size_t i = 0; i < context.stock.size(); ++i) {
    if (context.stock[i]) subject.order->lines[i].stock = stock_of(*context.stock[i]);
  }
  subject.others.reserve(context.others.size());
  for (const auto& other : context.others) {
    rules::Order made = maker.order(other, other.state == "paid" || other.state == "open");
    subject.others.push_back(std::move(made));
  }
  if (maker.awaited()) return std::nullopt;
  return rules::pack(subject);
}

}  // namespace

std::optional<std::string> pack_subject(const desk::Desk& desk, const Bodies& bodies,
                                        const desk::OrderContext& context) {
  Maker maker(desk, bodies);
  return pack_order(maker, context, {});
}

std::optional<std::string> pack_claim(const desk::Desk& desk, const Bodies& bodies,
                                      const desk::CaseView& about,
                                      const desk::OrderContext& context) {
  Maker maker(desk, bodies);
  rules::Subject subject;
  subject.claim = rules::Claim{about.kind,     about.cause,
                               about.severity, static_cast<std::int64_t>(about.opened_ms),
                               about.hardship, {about.given.begin(), about.given.end()}};
  return pack_order(maker, context, std::move(subject));
}

std::string pack_subject(const desk::ProductView& product) {
  rules::Subject subject;
  subject.product =
      rules::Product{product.shop,
                     product.sku,
                     product.name,
                     {product.stock, product.allocated, product.warehouse, false, product.price}};
  return rules::pack(subject);
}

desk::ProblemFinding finding_of(View found, const std::string& plugin, std::string_view version) {
  desk::ProblemFinding out;
  const auto name = [](std::string_view text) { return fix_utf8(text.substr(0, desk::name_max)); };
  out.kind = name(found["kind"].as_str());
  out.plugin = plugin;
  out.rule = name(found["rule"].as_str(out.kind));
  out.version = version;
  out.code = name(found["code"].as_str());
  out.params = checked_params(found["params"]);
  out.severity = found["severity"].as_str("normal");
  if (found["amount"].is_int()) out.amount = found["amount"].as_int();
  out.currency = found["currency"].as_str();
  out.fixes = texts_of(found["fixes"]);
  out.limits = found["limits"].as_bool() && out.amount.has_value();
  return out;
}

}  // namespace deskmate::daemon

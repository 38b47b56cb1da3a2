#include "orders.hpp"

#include <algorithm>

#include "places.hpp"

namespace deskmate::rules_orders {
namespace {

using rules::Finding;
using rules::hour_ms;
using rules::Settings;
using rules::Sheet;
using rules::Subject;

constexpr std::int64_t hours_max = 24 * 366;

std::vector<std::string> lowered_all(std::vector<std::string> words) {
  for (std::string& word : words) word = lowered(word);
  return words;
}

bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::int64_t apart_ms(const rules::Order& a, const rules::Order& b) {
  return a.placed_ms > b.placed_ms ? a.placed_ms - b.placed_ms : b.placed_ms - a.placed_ms;
}

// The same pieces of the same things.
bool same_lines(const rules::Order& a, const rules::Order& b) {
  const auto count = [](const rules::Order& order, std::string_view sku) {
    std::int64_t pieces = 0;
    for (const auto& line : order.lines) pieces += line.sku == sku ? line.quantity : 0;
    return pieces;
  };
  const auto within = [&](const rules::Order& one, const rules::Order& other) {
    return std::all_of(one.lines.begin(), one.lines.end(), [&](const rules::Line& line) {
      return count(one, line.sku) == count(other, line.sku);
    });
  };
  return !a.lines.empty() && within(a, b) && within(b, a);
}

std::int64_t goods(const rules::Order& order) {
  std::int64_t sum = 0;
  for (const auto& line : order.lines) sum += line.price * line.quantity;
  return sum;
}

}  // namespace

OrderRules::Common OrderRules::common(const Settings& table, std::string_view severity) {
  return {table.flag("on", true), table.word("severity", severity, {"low", "normal", "high"})};
}

OrderRules::OrderRules(const Settings& settings) {
  const auto hours = [](const Settings& table, std::string_view key, std::int64_t otherwise) {
    return table.integer(key, otherwise, 0, hours_max) * hour_ms;
  };
  const Settings addresses = settings.table("addresses");
  addresses_ = common(addresses, "normal");
  addresses_ms_ = hours(addresses, "within_hours", 72);

  const Settings vague = settings.table("vague_address");
  vague_ = common(vague, "normal");
  vague_least_ = static_cast<std::size_t>(vague.integer("at_least", 6, 0, 100));
  need_number_ = vague.flag("need_number", true);
  need_city_ = vague.flag("need_city", true);
  vague_words_ = lowered_all(vague.texts(
      "words", {"老地方", "同上", "上次那个", "自提", "same as before", "as usual", "see above"}));

  const Settings area = settings.table("area");
  area_ = common(area, "high");
  blocked_ = lowered_all(area.texts("blocked", {}));
  countries_ = lowered_all(area.texts("countries", {}));

  stock_ = common(settings.table("out_of_stock"), "high");

  const Settings shipping = settings.table("free_shipping");
  shipping_ = common(shipping, "normal");
  free_from_ = shipping.amounts("from", {});
  never_free_ = lowered_all(shipping.texts("not_to", {}));

  const Settings note = settings.table("note");
  note_ = common(note, "normal");
  for (const Settings& one : note.tables("cannot")) {
    Wish wish{one.text("code", ""), lowered_all(one.texts("words", {}))};
    if (!is_code(wish.code)) {
      one.fault("code", "\"code\" has to be a word of a-z, 0-9 and _",
                "“code”只能用 a-z、0-9 和 _");
    }
    if (wish.words.empty()) {
      one.fault("words", "\"words\" has to name what is in such a note",
                "“words”需要列出备注中的词语");
    }
    wishes_.push_back(std::move(wish));
  }

  twice_ = common(settings.table("paid_twice"), "high");

  const Settings repeated = settings.table("repeated");
  repeated_ = common(repeated, "normal");
  repeated_ms_ = hours(repeated, "within_hours", 24);
  referrals_ = repeated.flag("referrals", true);

  const Settings measures = settings.table("measures");
  measures_ = common(measures, "high");
  needed_ = measures.texts("needed", {});

  const Settings late = settings.table("late");
  late_ = common(late, "normal");
  leaves_ms_ = hours(late, "leaves_within_hours", 48);
  warn_ms_ = hours(late, "warn_hours", 12);
  travels_ms_ = hours(late, "travels_hours", 72);

  const Settings differs = settings.table("stock_differs");
  differs_ = common(differs, "high");
  differs_pieces_ = differs.integer("pieces", 1, 1, 1'000'000);

  audit_ = common(settings.table("audit"), "normal");
}

void OrderRules::judge(const Subject& subject, Sheet& sheet) const {
  if (subject.product && differs_.on) stock_differs(*subject.product, sheet);
  if (!subject.order) return;
  const rules::Order& order = *subject.order;
  if (twice_.on) paid_twice(order, sheet);
  if (!order.waits()) return;  // it has left, or never will
  if (addresses_.on) addresses(subject, sheet);
  if (vague_.on) vague_address(order, sheet);
  if (area_.on) area(order, sheet);
  if (stock_.on) out_of_stock(order, sheet);
  if (shipping_.on) free_shipping(order, sheet);
  if (note_.on) note(order, sheet);
  if (repeated_.on) repeated(subject, sheet);
  if (measures_.on) measures(order, sheet);
  if (late_.on) late(subject, sheet);
  if (audit_.on) audit(order, sheet);
}

// Sent apart they may cost twice; one of the addresses may be an old one.
void OrderRules::addresses(const Subject& subject, Sheet& sheet) const {
  const rules::Order& order = *subject.order;
  if (!order.has_body || order.address.empty()) return;
  std::string mine;
  std::int64_t others = 0;
  for (const rules::Order& other : subject.others) {
    if (!other.waits() || !other.has_body || other.address.empty()) continue;
    if (apart_ms(order, other) > addresses_ms_) continue;
    if (mine.empty()) mine = compared(order);
    if (compared(other) != mine) ++others;
  }
  if (others == 0) return sheet.fine("addresses", {{"orders", 0}});
  sheet.found("addresses", "differ")
      .is(addresses_.severity)
      .param("orders", others + 1)
      .fix("ask_buyer");
}

void OrderRules::vague_address(const rules::Order& order, Sheet& sheet) const {
  if (!order.has_body) return;
  const std::string all = whole(order);
  const std::string door = street(order);
  const std::size_t length = characters(door);
  const char* code = nullptr;
  if (all.empty()) {
    code = "none";
  } else if (has_word(all, vague_words_)) {
    code = "words";
  } else if (length < vague_least_) {
    code = "short";
  } else if (need_number_ && !has_house_number(door)) {
    code = "no_number";
  } else if (need_city_ && part(order, "text").empty() && part(order, "city").empty()) {
    code = "no_city";
  }
  if (code == nullptr) {
    return sheet.fine("vague_address", {{"characters", length}, {"at_least", vague_least_}});
  }
  sheet.found("vague_address", code)
      .is(vague_.severity)
      .param("at_least", vague_least_)
      .fix("ask_buyer");
}

void OrderRules::area(const rules::Order& order, Sheet& sheet) const {
  if (!order.has_body || (blocked_.empty() && countries_.empty())) return;
  const auto at = word_in(whole(order), blocked_);
  if (at != blocked_.size()) {
    sheet.found("area", "blocked")
        .is(area_.severity)
        .param("area", blocked_[at])
        .fix("ask_buyer")
        .fix("refund");
    return;
  }
  const std::string country = lowered(part(order, "country_code"));
  const bool served = countries_.empty() || country.empty() ||
                      std::find(countries_.begin(), countries_.end(), country) != countries_.end();
  if (served) return sheet.fine("area");
  sheet.found("area", "country").is(area_.severity).param("country", country).fix("refund");
}

// Paid for and not there: the buyer chooses to wait, money back, or something else with a gift.
void OrderRules::out_of_stock(const rules::Order& order, Sheet& sheet) const {
  for (const rules::Line& line : order.lines) {
    if (!line.stock) continue;
    const std::int64_t there = line.stock->warehouse
                                   ? std::min(*line.stock->warehouse, line.stock->stock)
                                   : line.stock->stock;
    if (!line.stock->is_short && there >= line.quantity) continue;
    const bool paid = order.state == "paid";
    Finding& found = sheet.found("out_of_stock", paid ? "paid" : "unpaid")
                         .is(stock_.severity)
                         .param("sku", line.sku)
                         .param("wanted", line.quantity)
                         .costs(line.price * line.quantity, order.currency);
    if (paid) found.fix("wait").fix("refund").fix("substitute");
    found.fix("ask_buyer");
    return;
  }
  sheet.fine("out_of_stock", {{"lines", order.lines.size()}});
}

void OrderRules::free_shipping(const rules::Order& order, Sheet& sheet) const {
  if (!order.shipping || *order.shipping != 0) return;  // paid for, or not said
  const auto at = order.has_body ? word_in(whole(order), never_free_) : never_free_.size();
  if (at != never_free_.size()) {
    sheet.found("free_shipping", "place")
        .is(shipping_.severity)
        .param("area", never_free_[at])
        .fix("ask_buyer");
    return;
  }
  const auto from = free_from_.find(order.currency);
  if (from == free_from_.end()) return;
  const std::int64_t sum = goods(order);
  if (sum >= from->second) {
    return sheet.fine("free_shipping", {{"from", from->second}, {"goods", sum}});
  }
  sheet.found("free_shipping", "below")
      .is(shipping_.severity)
      .param("from", from->second)
      .param("goods", sum)
      .fix("ask_buyer");
}

void OrderRules::note(const rules::Order& order, Sheet& sheet) const {
  if (!order.has_body || order.note.empty()) return;
  for (const Wish& wish : wishes_) {
    if (!has_word(order.note, wish.words)) continue;
    sheet.found("note", "cannot").is(note_.severity).param("wish", wish.code).fix("ask_buyer");
    return;
  }
  sheet.fine("note", {{"wishes", wishes_.size()}});
}

void OrderRules::paid_twice(const rules::Order& order, Sheet& sheet) const {
  const std::int64_t more = order.paid - order.total;
  if (more <= 0 || order.payment == "refunded") return sheet.fine("paid_twice");
  sheet.found("paid_twice", more >= order.total ? "twice" : "more")
      .is(twice_.severity)
      .costs(more, order.currency)
      .fix("refund");
}

// Only the later of two is said to be a repetition.
void OrderRules::repeated(const Subject& subject, Sheet& sheet) const {
  const rules::Order& order = *subject.order;
  if (order.total == 0) return;  // sent again, free of charge
  for (const rules::Order& other : subject.others) {
    const bool later = other.placed_ms < order.placed_ms ||
                       (other.placed_ms == order.placed_ms && other.id < order.id);
    if (!later || !other.waits() || order.placed_ms - other.placed_ms > repeated_ms_) continue;
    if (other.currency != order.currency || !same_lines(order, other)) continue;
    const bool elsewhere = order.has_body && other.has_body &&
                           (order.name != other.name || compared(order) != compared(other));
    if (elsewhere && referrals_) {
      sheet.fine("repeated", {{"referral", true}});
      continue;
    }
    sheet.found("repeated", elsewhere ? "elsewhere" : "same")
        .is(repeated_.severity)
        .param("first_ms", other.placed_ms)
        .costs(order.paid, order.currency)
        .fix("ask_buyer")
        .fix("refund");
    return;
  }
  sheet.fine("repeated", {{"within_hours", repeated_ms_ / hour_ms}});
}

void OrderRules::measures(const rules::Order& order, Sheet& sheet) const {
  for (const rules::Line& line : order.lines) {
    if (!line.custom) continue;
    std::string missing;
    for (const std::string& name : needed_) {
      const bool given =
          std::find(line.measures.begin(), line.measures.end(), name) != line.measures.end();
      if (!given) missing += (missing.empty() ? "" : ", ") + name;
    }
    if (missing.empty() && (!needed_.empty() || !line.measures.empty())) continue;
    Finding& found = sheet.found("measures", "missing").is(measures_.severity);
    found.param("sku", line.sku).fix("ask_buyer");
    if (!missing.empty()) found.param("measures", missing);
    return;
  }
  sheet.fine("measures");
}

void OrderRules::late(const Subject& subject, Sheet& sheet) const {
  const rules::Order& order = *subject.order;
  if (order.state != "paid") return;
  const std::int64_t paid_ms = order.paid_ms != 0 ? order.paid_ms : order.placed_ms;
  if (paid_ms == 0) return;
  std::int64_t due_ms = order.ship_by_ms != 0 ? order.ship_by_ms : paid_ms + leaves_ms_;
  const bool arrives_sooner = order.promised_ms != 0 && order.promised_ms - travels_ms_ < due_ms;
  if (arrives_sooner) due_ms = order.promised_ms - travels_ms_;
  if (subject.now_ms < due_ms - warn_ms_) {
    return sheet.fine("late", {{"leaves_by_ms", due_ms}, {"warned_ms", due_ms - warn_ms_}});
  }
  const bool over = subject.now_ms >= due_ms;
  Finding& found = sheet.found("late", over ? "over" : "soon");
  found.is(over ? "high" : late_.severity).param("leaves_by_ms", due_ms).fix("ship");
  if (arrives_sooner) found.param("arrives_by_ms", order.promised_ms);
  if (over) found.fix("tell_buyer");
}

void OrderRules::audit(const rules::Order& order, Sheet& sheet) const {
  if (order.state != "paid") return;
  std::int64_t lines = 0;
  for (const rules::Line& line : order.lines) lines += line.custom ? 1 : 0;
  if (lines == 0) return sheet.fine("audit", {{"lines", 0}});
  sheet.found("audit", "before_making").is(audit_.severity).param("lines", lines).fix("audit");
}

void OrderRules::stock_differs(const rules::Product& product, Sheet& sheet) const {
  if (!product.stock.warehouse) return;
  const std::int64_t more = *product.stock.warehouse - product.stock.stock;
  if (std::max(more, -more) < differs_pieces_) {
    return sheet.fine("stock_differs", {{"pieces", more}});
  }
  sheet.found("stock_differs", more < 0 ? "fewer" : "more")
      .is(differs_.severity)
      .param("pieces", std::max(more, -more))
      .fix("count");
}

}  // namespace deskmate::rules_orders

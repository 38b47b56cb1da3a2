#include "returns.hpp"

#include <algorithm>

namespace deskmate::rules_returns {

using rules::day_ms;
using rules::Finding;
using rules::Settings;

namespace {

constexpr std::int64_t days_max = 3'660;
constexpr std::int64_t money_max = 1'000'000'000'000'000;  // so that percents of it fit

std::int64_t percent_of(std::int64_t amount, std::int64_t percent) {
  return amount * percent / 100;
}

std::int64_t days(const Settings& table, std::string_view key, std::int64_t otherwise) {
  return table.integer(key, otherwise, 0, days_max) * day_ms;
}

bool has(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// What the buyer has: the goods, without what sending them cost.
std::int64_t goods_of(const rules::Order& order) {
  std::int64_t sum = 0;
  for (const rules::Line& line : order.lines) {
    std::int64_t cost = 0;
    if (__builtin_mul_overflow(line.price, line.quantity, &cost) ||
        __builtin_add_overflow(sum, cost, &sum)) {
      return money_max;
    }
  }
  if (order.lines.empty()) sum = order.total;
  return std::clamp(sum, std::int64_t{0}, money_max);
}

std::int64_t delivered_ms(const rules::Order& order) {
  std::int64_t latest = 0;
  for (const rules::Parcel& parcel : order.parcels) {
    if (parcel.status == "delivered") latest = std::max(latest, parcel.at_ms);
  }
  return latest;
}

// The courier has said itself what is wrong.
bool courier_says_so(const rules::Order& order) {
  return std::any_of(order.parcels.begin(), order.parcels.end(), [](const rules::Parcel& parcel) {
    return parcel.status == "damaged" || parcel.status == "lost";
  });
}

}  // namespace

struct ReturnRules::Seen {
  const rules::Claim& claim;
  const rules::Order& order;
  Reason reason = Reason::other;
  std::int64_t goods = 0;  // minor units
  std::int64_t given = 0;  // already
};

ReturnRules::ReturnRules(const Settings& settings) {
  const Settings kinds = settings.table("kinds");
  fault_ = kinds.texts("fault", {"quality", "damaged", "missing_item", "wrong_item",
                                 "not_as_described", "refund", "complaint"});
  no_reason_ = kinds.texts("no_reason", {"no_reason", "return"});
  swap_ = kinds.texts("swap", {"swap"});
  price_drop_ = kinds.texts("price_drop", {"price_drop"});

  read_evidence(settings);

  const Settings window = settings.table("window");
  window_on_ = window.flag("on", true);
  no_reason_ms_ = days(window, "no_reason_days", 7);
  swap_ms_ = days(window, "swap_days", 15);
  fault_ms_ = days(window, "fault_days", 90);
  hardship_ms_ = days(window, "hardship_days", 7);

  read_postage(settings);

  const Settings swaps = settings.table("size_swap");
  swaps_on_ = swaps.flag("on", true);
  swaps_within_ms_ = days(swaps, "within_days", 14);

  const Settings drop = settings.table("price_drop");
  price_drop_on_ = drop.flag("on", true);
  price_drop_ms_ = days(drop, "days", 15);

  const Settings ladder = settings.table("ladder");
  ladder_on_ = ladder.flag("on", true);
  first_from_ = ladder.integer("first_from", 10, 0, 100);
  first_to_ = ladder.integer("first_to", 15, first_from_, 100);
  most_ = ladder.integer("most", 30, first_to_, 100);
  of_postage_ = ladder.integer("of_postage", 120, 0, 1'000);
  hardship_most_ = ladder.integer("hardship_most", 50, 0, 100);
}

void ReturnRules::read_evidence(const Settings& settings) {
  const Settings table = settings.table("evidence");
  evidence_on_ = table.flag("on", true);
  none_of_low_value_ = table.flag("none_of_low_value", true);
  evidence_ = {{"damaged", table.texts("damaged", {"item", "parcel", "slip"})},
               {"missing_item", table.texts("missing_item", {"parcel", "slip"})},
               {"wrong_item", table.texts("wrong_item", {"item", "slip"})},
               {"quality", table.texts("quality", {"item"})},
               {"not_as_described", table.texts("not_as_described", {"item"})}};
}

void ReturnRules::read_postage(const Settings& settings) {
  const Settings table = settings.table("return_postage");
  postage_on_ = table.flag("on", true);
  without_reason_ = table.word("without_reason", "shop", {"shop", "buyer"});
  buyers_percent_ = table.integer("buyers_percent", 50, 0, 100);
  postage_ = table.amounts("costs", {});
  for (const Settings& one : table.tables("far")) {
    Far far{one.texts("to", {}), one.amounts("costs", {})};
    for (std::string& word : far.words) word = rules::lowered(word);
    if (far.words.empty()) {
      one.fault("to", "\"to\" has to name parts of addresses", "“to”需要列出地址中的词语");
    }
    far_.push_back(std::move(far));
  }
}

ReturnRules::Reason ReturnRules::reason_of(std::string_view kind) const {
  if (has(fault_, kind)) return Reason::fault;
  if (has(no_reason_, kind)) return Reason::no_reason;
  if (has(price_drop_, kind)) return Reason::price_drop;
  return has(swap_, kind) ? Reason::swap : Reason::other;
}

// What it costs to send it back from there; nothing: nobody has said.
std::optional<std::int64_t> ReturnRules::postage(const rules::Order& order) const {
  const std::string address = rules::whole(order);
  const auto far = std::find_if(far_.begin(), far_.end(), [&](const Far& one) {
    return rules::has_word(address, one.words);
  });
  const Amounts* costs = far != far_.end() ? &far->postage : &postage_;
  const auto found = costs->find(order.currency);
  if (found == costs->end()) return std::nullopt;
  return std::min(found->second, money_max);
}

void ReturnRules::judge(const rules::Subject& subject, Sheet& sheet) const {
  if (!subject.claim || !subject.order) return;
  const rules::Order& order = *subject.order;
  const std::int64_t paid = std::clamp(order.paid, std::int64_t{0}, money_max);
  const std::int64_t total = std::clamp(order.total, std::int64_t{0}, money_max);
  const Seen seen{*subject.claim, order, reason_of(subject.claim->kind), goods_of(order),
                  std::max(total - paid, std::int64_t{0})};
  if (evidence_on_) evidence(seen, sheet);
  if (seen.reason == Reason::other) return;
  if (seen.reason == Reason::price_drop) {
    if (price_drop_on_) price_drop(seen, sheet);
    return;
  }
  if (window_on_ && !window(seen, sheet)) return;
  if (postage_on_) return_postage(seen, sheet);
  if (seen.reason != Reason::fault) return;
  if (swaps_on_) size_swap(subject, sheet);
  if (ladder_on_) ladder(seen, sheet);
}

// R90: only as much as is needed, and none where it is plain or not worth it.
void ReturnRules::evidence(const Seen& seen, Sheet& sheet) const {
  const bool low_value = none_of_low_value_ && seen.order.low_value;
  const auto kind = std::find_if(evidence_.begin(), evidence_.end(),
                                 [&](const Evidence& one) { return one.kind == seen.claim.kind; });
  std::string missing;
  if (kind != evidence_.end() && !low_value && !courier_says_so(seen.order)) {
    for (const std::string& one : kind->wanted) {
      const auto& given = seen.claim.given;
      if (std::find(given.begin(), given.end(), one) != given.end()) continue;
      missing += (missing.empty() ? "" : ", ") + one;
    }
  }
  if (missing.empty()) return sheet.fine("evidence", {{"low_value", low_value}});
  sheet.found("evidence", "missing").param("wants", missing).fix("ask_photo");
}

// R97, R70: counted from the day it was delivered; before that it is open.
bool ReturnRules::window(const Seen& seen, Sheet& sheet) const {
  const bool custom = std::any_of(seen.order.lines.begin(), seen.order.lines.end(),
                                  [](const rules::Line& line) { return line.custom; });
  if (custom && seen.reason != Reason::fault) {
    sheet.found("window", "custom").at_most(0, seen.order.currency).fix("explain");
    return false;
  }
  const std::int64_t from_ms = delivered_ms(seen.order);
  if (from_ms == 0) {
    sheet.fine("window", {{"delivered", false}});
    return true;
  }
  const std::int64_t lasts_ms = (seen.reason == Reason::fault       ? fault_ms_
                                 : seen.reason == Reason::no_reason ? no_reason_ms_
                                                                    : swap_ms_) +
                                (seen.claim.hardship ? hardship_ms_ : 0);
  const std::int64_t until_ms = std::min(from_ms, INT64_MAX - lasts_ms) + lasts_ms;
  const bool open = seen.claim.opened_ms <= until_ms;
  Finding& found = sheet.found("window", open ? "open" : "over").param("until_ms", until_ms);
  if (open) {
    found.is("low").fix("return_goods");
  } else {
    found.at_most(0, seen.order.currency).fix("explain");
  }
  return open;
}

// R92: whoever is at fault pays; shared only where nobody is.
void ReturnRules::return_postage(const Seen& seen, Sheet& sheet) const {
  const std::string_view cause = seen.claim.cause;
  std::string_view pays = "shop";
  if (seen.reason != Reason::fault) {
    pays = without_reason_;
  } else if (cause == "buyer") {
    pays = "buyer";
  } else if (cause == "none") {
    pays = "shared";
  }
  Finding& found = sheet.found("return_postage", pays).is("low");
  const auto costs = postage(seen.order);
  if (!costs) return;
  found.param("currency", seen.order.currency);
  if (pays == "shared") {
    found.param("share_minor", percent_of(*costs, buyers_percent_));
  } else {
    found.param("postage_minor", *costs);
  }
}

// R97: a wrong size is no fault of the goods. Only a reason to look.
void ReturnRules::size_swap(const rules::Subject& subject, Sheet& sheet) const {
  const std::string_view kind = subject.claim->kind;
  if (kind != "quality" && kind != "not_as_described") return;
  const std::int64_t from_ms =
      std::max(subject.claim->opened_ms, swaps_within_ms_) - swaps_within_ms_;
  for (const rules::Order& other : subject.others) {
    const bool since = other.placed_ms > subject.order->placed_ms && other.placed_ms >= from_ms;
    if (!since) continue;
    for (const rules::Line& line : subject.order->lines) {
      const bool other_size =
          !line.name.empty() &&
          std::any_of(other.lines.begin(), other.lines.end(), [&](const rules::Line& one) {
            return one.name == line.name && one.sku != line.sku;
          });
      if (!other_size) continue;
      sheet.found("size_swap", "inspect").param("sku", line.sku).fix("ask_photo");
      return;
    }
  }
  sheet.fine("size_swap");
}

// R53: what the same things cost less now, within the window; nothing after it.
void ReturnRules::price_drop(const Seen& seen, Sheet& sheet) const {
  const rules::Order& order = seen.order;
  const std::int64_t until_ms =
      std::min(order.placed_ms, INT64_MAX - price_drop_ms_) + price_drop_ms_;
  if (seen.claim.opened_ms > until_ms) {
    sheet.found("price_drop", "over")
        .at_most(0, order.currency)
        .param("until_ms", until_ms)
        .fix("explain");
    return;
  }
  std::int64_t less = 0;
  bool known = false;
  for (const rules::Line& line : order.lines) {
    if (!line.stock || line.stock->price <= 0) continue;
    known = true;
    if (line.stock->price >= line.price || line.quantity <= 0) continue;
    std::int64_t all = 0;
    const bool fits =
        !__builtin_mul_overflow(line.price - line.stock->price, line.quantity, &all) &&
        !__builtin_add_overflow(less, all, &less);
    if (!fits) less = money_max;
  }
  if (!known) {
    sheet.found("price_drop", "unknown").param("until_ms", until_ms).fix("ask_shop");
    return;
  }
  const std::int64_t left =
      std::max(std::min({less, seen.goods, money_max}) - seen.given, std::int64_t{0});
  Finding& found = sheet.found("price_drop", left > 0 ? "open" : "none");
  found.at_most(left, order.currency).param("currency", order.currency);
  found.param("until_ms", until_ms);
  if (left > 0) {
    found.param("less_minor", left).fix("partial_refund");
  } else {
    found.fix("explain");
  }
}

// R91, R94: what is given while the buyer keeps the goods never costs more than a share of them,
// nor much more than having them back.
void ReturnRules::ladder(const Seen& seen, Sheet& sheet) const {
  const rules::Order& order = seen.order;
  if (seen.claim.severity == "high") {
    const bool keeps = order.low_value || seen.claim.hardship;
    Finding& found = sheet.found("ladder", keeps ? "large_keep" : "large").is("high");
    found.fix("refund_coupon").fix("resend_coupon");
    if (!keeps) found.fix("return_goods");
    return;
  }
  const bool hardship = seen.claim.hardship;
  std::int64_t most = percent_of(seen.goods, hardship ? std::max(most_, hardship_most_) : most_);
  if (const auto costs = postage(order); costs && !hardship) {
    most = std::min(most, percent_of(*costs, of_postage_));
  }
  const std::int64_t left = std::max(most - seen.given, std::int64_t{0});
  const bool used = left == 0 && seen.given > 0;
  Finding& found = sheet.found("ladder", used ? "used" : hardship ? "hardship" : "small");
  found.at_most(left, order.currency).param("currency", order.currency);
  found.fix("apologise").fix("gift");
  if (used) {
    found.param("given_minor", seen.given);
  } else {
    found.param("first_from_minor", std::min(percent_of(seen.goods, first_from_), left))
        .param("first_to_minor", std::min(percent_of(seen.goods, first_to_), left))
        .param("most_minor", left)
        .fix("partial_refund");
  }
  if (!hardship && !order.low_value) found.fix("return_goods");
}

}  // namespace deskmate::rules_returns

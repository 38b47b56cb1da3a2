#include "parcels.hpp"

#include <algorithm>

namespace deskmate::rules_parcels {
namespace {

using rules::Finding;
using rules::hour_ms;
using rules::Settings;
using rules::Sheet;

constexpr std::int64_t hours_max = 24 * 366;

std::int64_t hours(const Settings& table, std::string_view key, std::int64_t otherwise) {
  return table.integer(key, otherwise, 0, hours_max) * hour_ms;
}

// R80: money back or the goods again, each with a coupon; best first. What a parcel of another kind
// would still need (the courier's word, a photo) comes before.
void offer(Finding& found, const rules::Order& order) {
  if (order.paid > 0) {
    found.fix("refund_coupon").fix("resend_coupon").costs(order.paid, order.currency);
  }
}

// The buyer has what was to be had: everything back, or the goods again.
bool made_good(const rules::Order& order) {
  const auto done = [&](std::string_view kind) {
    return std::any_of(order.actions.begin(), order.actions.end(), [&](const rules::Done& one) {
      return one.kind == kind && one.state == "done";
    });
  };
  return done("resend") || (order.paid <= 0 && done("refund"));
}

}  // namespace

ParcelRules::Common ParcelRules::common(const Settings& table, std::string_view severity) {
  return {table.flag("on", true), table.word("severity", severity, {"low", "normal", "high"})};
}

void ParcelRules::add(const Settings& settings, Trouble trouble, std::string_view severity,
                      std::initializer_list<std::string_view> codes) {
  const Settings table = settings.table(trouble.kind);
  const Common read = common(table, severity);
  trouble.on = read.on;
  trouble.severity = read.severity;
  trouble.after_ms = hours(table, "after_hours", 0);
  trouble.codes = table.texts("codes", codes);
  troubles_.push_back(std::move(trouble));
}

ParcelRules::ParcelRules(const Settings& settings) {
  const Settings stuck = settings.table("parcel_stuck");
  stuck_ = common(stuck, "normal");
  offer_after_ms_ = hours(stuck, "offer_after_hours", 48);

  const Settings late = settings.table("parcel_late");
  late_ = common(late, "normal");
  late_ms_ = hours(late, "after_hours", 0);

  back_ = common(settings.table("parcel_back"), "normal");

  const Settings freight = settings.table("freight_claim");
  freight_ = common(freight, "low");
  travels_ms_ = hours(freight, "travels_hours", 48);

  const auto trouble = [](std::string_view kind, std::string_view status,
                          std::vector<std::string_view> fixes, bool failed = false) {
    return Trouble{kind, status, true, {}, 0, {}, std::move(fixes), failed};
  };
  add(settings, trouble("parcel_area", "", {"ask_buyer"}, true), "high", {"207"});
  add(settings, trouble("parcel_readdressed", "", {"ask_buyer"}), "normal");
  add(settings, trouble("parcel_lost", "lost", {"claim_courier"}, true), "high");
  add(settings, trouble("parcel_damaged", "damaged", {"ask_photo"}, true), "high", {"209"});
  add(settings, trouble("parcel_attempt", "attempt_failed", {"ask_buyer", "urge_courier"}),
      "normal");
  add(settings, trouble("parcel_waiting", "available_for_pickup", {"tell_buyer"}), "low", {"205"});
  add(settings, trouble("parcel_returning", "returning", {"ask_buyer"}, true), "high", {"203"});
  add(settings, trouble("parcel_returned", "returned", {"ask_buyer"}, true), "high");
  add(settings, trouble("parcel_expired", "expired", {"ask_courier"}, true), "high");
  add(settings, trouble("parcel_customs", "customs_hold", {"tell_buyer"}), "normal");
  add(settings, trouble("parcel_exception", "exception", {"ask_courier"}), "normal");
}

void ParcelRules::judge(const rules::Subject& subject, Sheet& sheet) const {
  if (!subject.order || subject.order->state == "cancelled") return;
  for (const Parcel& parcel : subject.order->parcels) {
    judge(*subject.order, parcel, subject.now_ms, sheet);
  }
}

// A courier's own code says more than the status that it is filed under.
const ParcelRules::Trouble* ParcelRules::trouble_of(const Parcel& parcel) const {
  const Trouble* by_status = nullptr;
  for (const Trouble& one : troubles_) {
    const bool coded = !parcel.raw_code.empty() && std::find(one.codes.begin(), one.codes.end(),
                                                             parcel.raw_code) != one.codes.end();
    if (coded) return &one;
    if (!one.status.empty() && one.status == parcel.status) by_status = &one;
  }
  return by_status;
}

void ParcelRules::judge(const Order& order, const Parcel& parcel, std::int64_t now_ms,
                        Sheet& sheet) const {
  if (freight_.on) freight(order, parcel, now_ms, sheet);
  if (made_good(order)) return back(order, parcel, sheet);
  const Trouble* what = parcel.status == "delivered" ? nullptr : trouble_of(parcel);
  if (what != nullptr) return trouble(*what, order, parcel, now_ms, sheet);
  if (!parcel.under_way) return;
  const bool stands = parcel.stuck_ms != 0 && now_ms >= parcel.stuck_ms;
  if (stuck_.on && stands) return stuck(order, parcel, now_ms, sheet);
  if (stuck_.on && parcel.stuck_ms != 0) {
    sheet.fine("parcel_stuck", {{"stuck_from_ms", parcel.stuck_ms}});
  }
  if (late_.on) late(order, parcel, now_ms, sheet);
}

// R80: what was made good does not have to arrive as well; and what comes back is counted in.
void ParcelRules::back(const Order&, const Parcel& parcel, Sheet& sheet) const {
  if (!back_.on || !parcel.under_way || parcel.sent_ms == 0) return;
  if (parcel.status == "returning") {
    sheet.found("parcel_back", "coming").is("low").fix("wait");
    return;
  }
  sheet.found("parcel_back", "intercept")
      .is(back_.severity)
      .param("here", parcel.here)
      .fix("intercept");
}

void ParcelRules::trouble(const Trouble& one, const Order& order, const Parcel& parcel,
                          std::int64_t now_ms, Sheet& sheet) const {
  if (!one.on) return;
  const std::int64_t from_ms = parcel.at_ms + one.after_ms;
  if (now_ms < from_ms) return sheet.fine(one.kind, {{"from_ms", from_ms}});
  Finding& found = sheet.found(one.kind, "said");
  found.is(one.severity).param("at_ms", parcel.at_ms);
  for (const std::string_view fix : one.fixes) found.fix(fix);
  if (one.failed) offer(found, order);
}

// R66: only whoever has the parcel in the buyer's city can be urged; before that it is a number in
// a lorry. R80: standing for long enough it has failed, and of low value from the first.
void ParcelRules::stuck(const Order& order, const Parcel& parcel, std::int64_t now_ms,
                        Sheet& sheet) const {
  const bool failed = order.low_value || now_ms >= parcel.stuck_ms + offer_after_ms_;
  Finding& found = sheet.found("parcel_stuck", failed ? "failed" : parcel.here ? "here" : "away");
  found.is(failed ? "high" : stuck_.severity)
      .param("moved_ms", parcel.moved_ms != 0 ? parcel.moved_ms : parcel.at_ms);
  if (parcel.here) found.fix("urge_courier");
  found.fix("tell_buyer");
  if (failed) offer(found, order);
}

void ParcelRules::late(const Order& order, const Parcel& parcel, std::int64_t now_ms,
                       Sheet& sheet) const {
  if (parcel.sent_ms == 0) return;  // that it has not left is another rule's
  const bool promised = order.promised_ms != 0;
  const std::int64_t due_ms = promised ? order.promised_ms : parcel.eta_ms;
  if (due_ms == 0) return;
  if (now_ms < due_ms + late_ms_) return sheet.fine("parcel_late", {{"due_ms", due_ms}});
  Finding& found = sheet.found("parcel_late", promised ? "promised" : "expected");
  found.is(late_.severity).param("due_ms", due_ms).fix("tell_buyer");
  if (parcel.here) found.fix("urge_courier");
}

// R66: postage was paid for arriving by a time, the courier had the parcel early enough, and was
// late: the freight is asked back.
void ParcelRules::freight(const Order& order, const Parcel& parcel, std::int64_t now_ms,
                          Sheet& sheet) const {
  const bool paid_for = order.shipping && *order.shipping > 0 && order.promised_ms != 0;
  if (!paid_for || parcel.sent_ms == 0) return;
  if (parcel.sent_ms + travels_ms_ > order.promised_ms) {
    return sheet.fine("freight_claim", {{"sent_ms", parcel.sent_ms},
                                        {"sent_by_ms", order.promised_ms - travels_ms_}});
  }
  const bool delivered = parcel.status == "delivered";
  const std::int64_t until_ms = delivered ? parcel.at_ms : now_ms;
  if ((!delivered && !parcel.under_way) || until_ms <= order.promised_ms) {
    return sheet.fine("freight_claim", {{"promised_ms", order.promised_ms}});
  }
  sheet.found("freight_claim", "late")
      .is(freight_.severity)
      .param("promised_ms", order.promised_ms)
      .costs(*order.shipping, order.currency)
      .fix("claim_courier");
}

}  // namespace deskmate::rules_parcels

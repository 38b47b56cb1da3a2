#include "core/daemon/case_advice.hpp"

#include <algorithm>

#include "core/daemon/errors.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/problem_words.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/daemon/rule_subjects.hpp"
#include "core/desk/money.hpp"

namespace deskmate::daemon {
namespace {

std::vector<std::string> judges_of_claims(const Service& service) {
  return service.rules ? service.rules->judges_of(rules::Judges::claims)
                       : std::vector<std::string>();
}

std::optional<desk::Id16> order_of_case(const Service& service, const desk::CaseView& about) {
  if (about.order) return about.order;
  const auto detail = service.desk.case_detail(about.id, {}, service.options.wall_ms(), 0);
  if (!detail || detail->orders.empty()) return std::nullopt;
  return detail->orders.front();
}

void add_refund(std::int64_t& sum, const desk::OfferStep& step) {
  if (step.kind != "refund" && step.kind != "discount") return;
  if (__builtin_add_overflow(sum, step.amount, &sum)) sum = INT64_MAX;
}

// What an offer gives back, of a standard one as it is for this order; and what others that are
// still open would: the order does not show that yet.
std::int64_t refunded_by(const Service& service, const desk::OfferSpec& spec) {
  std::vector<desk::OfferStep> steps = spec.steps;
  if (!spec.standard.empty()) {
    for (desk::StandardOffer& one : service.desk.standard_offers(spec.order, spec.member)) {
      if (one.name == spec.standard) steps = std::move(one.steps);
    }
  }
  std::int64_t sum = 0;
  for (const desk::OfferStep& one : steps) add_refund(sum, one);
  desk::OfferFilter open;
  open.order = spec.order;
  const auto page = service.desk.offers(open, {}, desk::offers_of_order_max);
  if (!page) return sum;
  for (const desk::OfferView& other : page->rows) {
    if (spec.instead && other.id == *spec.instead) continue;
    for (const auto& step : other.steps) {
      if (!step.request) add_refund(sum, step.step);
    }
  }
  return sum;
}

// Whose suggestion it is: of the step that it consists of, or of the standard offer.
bool suggests(const desk::ProblemFinding& found, const desk::OfferSpec& spec) {
  std::string_view fix = spec.standard;
  if (fix.empty()) fix = "partial_refund";
  return std::find(found.fixes.begin(), found.fixes.end(), fix) != found.fixes.end();
}

Result<desk::OfferSpec> kept_to(const Service& service, const desk::OfferSpec& spec,
                                const CaseAdvice& advice, bool anyway, Language language) {
  desk::OfferSpec out = spec;
  const std::int64_t refund = refunded_by(service, spec);
  std::string said;
  bool silent = false;
  for (const RuleAnswer& answer : advice.answers) {
    silent = silent || answer.failed;
    for (const auto& found : answer.findings) {
      const auto words = [&] {
        return problem_text(found.kind, found.code, found.params, language);
      };
      if (found.limits && refund > found.amount.value_or(0)) {
        said += (said.empty() ? "" : "; ") + words();
        out.passed.push_back(found.kind);
      } else if (out.rule.empty() && suggests(found, spec)) {
        out.rule = found.rule;
        out.rule_version = found.version;
        if (out.text.empty()) out.text = words();
      }
    }
  }
  if (anyway) return out;
  if (!said.empty()) {
    return Error{Status::denied, say(language, "offer.beyond_rules", {said}), "anyway"};
  }
  if (silent) return Error{Status::denied, say(language, "offer.rules_silent"), "anyway"};
  return out;
}

}  // namespace

void advise(Service& service, const desk::Id16& about, const std::optional<desk::Id16>& order,
            Language language, std::function<void(const Result<CaseAdvice>&)> done) {
  const auto row = service.desk.case_row(about, service.options.wall_ms());
  if (!row) {
    const auto words = language == Language::zh ? desk::Language::chinese : desk::Language::english;
    return done(to_error(desk::Error{desk::Errc::no_such_case, hex(about), "case"}, words));
  }
  const auto judges = judges_of_claims(service);
  if (judges.empty()) {
    return done(Error{Status::unavailable, say(language, "case.no_rules"), "case"});
  }
  const auto which = order ? order : order_of_case(service, *row);
  const auto context = which ? service.desk.problems().context(*which) : std::nullopt;
  if (!context) return done(Error{Status::invalid, say(language, "case.no_order"), "order"});
  const auto subject = pack_claim(service.desk, service.bodies, *row, *context);
  if (!subject) {
    return done(Error{Status::unavailable, say(language, "desk.text_awaited"), "order"});
  }
  ask_judges(service, judges, *subject,
             [order = *which, done = std::move(done)](const std::vector<RuleAnswer>& answers) {
               done(CaseAdvice{order, answers});
             });
}

void keep_to_advice(Service& service, const desk::OfferSpec& spec, bool anyway, Language language,
                    std::function<void(const Result<desk::OfferSpec>&)> done) {
  if (!spec.about || judges_of_claims(service).empty()) return done(spec);
  advise(
      service, *spec.about, spec.order, language,
      [&service, spec, anyway, language, done = std::move(done)](const Result<CaseAdvice>& advice) {
        if (advice) return done(kept_to(service, spec, *advice, anyway, language));
        // An order that is not there is the desk's to refuse.
        if (anyway || advice.error().code != Status::unavailable) return done(spec);
        done(advice.error());
      });
}

}  // namespace deskmate::daemon

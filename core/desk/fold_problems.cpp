// What rules found. Of each thing and kind one record; the latest word on each of its parts counts.
#include "core/desk/fold.hpp"
#include "core/desk/problem_keys.hpp"

namespace deskmate::desk {
namespace {

struct Named {
  std::string key;
  std::optional<Id16> order;
};

// What the event is about and of which kind.
Named named(Facts& facts) {
  ProblemAbout about;
  about.order = facts.id_if("order");
  const std::string shop = facts.name_if("shop");
  const std::string sku = facts.name_if("sku", sku_max);
  const std::string kind = facts.name("kind");
  if (!about.order) {
    facts.require(!shop.empty() && !sku.empty());
    about.shop = shop;
    about.sku = sku;
  }
  return {problem_key(about, kind), about.order};
}

}  // namespace

Folded Fold::problem_found(In& in) {
  Facts& facts = in.facts;
  const Named what = named(facts);
  FoundRecord found;
  found.plugin = facts.name_if("plugin");
  found.rule = facts.name_if("rule");
  found.version = facts.name_if("version");
  found.code = facts.name_if("code");
  found.params = facts.bytes_if("params");
  found.severity = facts.name_if("severity");
  found.currency = facts.name_if("currency");
  found.since_ms = facts.uint_if("since");
  if (facts.has("amount")) found.amount = facts.int_if("amount");
  facts.require(facts.raw("fixes").is_nil() || facts.raw("fixes").is_array());
  found.fixes = facts.names("fixes", problem_fixes_max);
  for (const std::string& fix : found.fixes) facts.require(fix.size() <= name_max);
  facts.require(found.params.size() <= problem_params_max);
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit_problem(what.key, [&](ProblemRecord& record) { record.found.say(found, at); });
  return Folded::quiet;
}

Folded Fold::problem_cleared(In& in) {
  const Named what = named(in.facts);
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit_problem(what.key, [&](ProblemRecord& record) { take_latest(record.cleared_at, at); });
  return Folded::quiet;
}

Folded Fold::problem_settled(In& in) {
  Facts& facts = in.facts;
  const Named what = named(facts);
  SettledRecord settled{facts.u32_if("member"), facts.name("how"), facts.uint_if("mark")};
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit_problem(what.key, [&](ProblemRecord& record) { record.settled.say(settled, at); });
  return Folded::quiet;
}

Folded Fold::problem_told(In& in) {
  Facts& facts = in.facts;
  const Named what = named(facts);
  ToldRecord told{facts.u32_if("member"), facts.id_if("chat")};
  facts.require(what.order.has_value());
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit_problem(what.key, [&](ProblemRecord& record) { record.told.say(told, at); });
  return Folded::quiet;
}

Folded Fold::buyer_contact(In& in) {
  const Id16 id = in.facts.id("buyer");
  const bool allowed = in.facts.flag_if("allowed");
  if (!in.facts.ok()) return Folded::malformed;
  BuyerRecord buyer = state_.load<BuyerRecord>(table::buyers, Key().id(id));
  buyer.left_alone.say(!allowed, state_.place(in.event));
  state_.save(table::buyers, Key().id(id), buyer);
  return Folded::quiet;
}

}  // namespace deskmate::desk

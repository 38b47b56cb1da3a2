// What becomes of problems: checked, and the events of it.
#include <algorithm>

#include "core/desk/commands.hpp"
#include "core/desk/problem_keys.hpp"
#include "core/desk/router.hpp"

namespace deskmate::desk {
namespace {

Map about_facts(const ProblemAbout& about, std::string_view shop, std::string_view kind) {
  Map facts{{"shop", shop}};
  if (about.order) {
    facts.add("order", Value::bin(*about.order));
  } else {
    facts.add("sku", about.sku);
  }
  facts.add("kind", kind);
  return facts;
}

std::string cut_to(std::string_view text, std::size_t max) { return fix_utf8(text.substr(0, max)); }

FoundRecord record_of(const ProblemFinding& finding) {
  FoundRecord out;
  out.plugin = cut_to(finding.plugin, name_max);
  out.rule = cut_to(finding.rule, name_max);
  out.version = cut_to(finding.version, name_max);
  out.code = cut_to(finding.code, name_max);
  out.severity = cut_to(finding.severity, name_max);
  out.currency = cut_to(finding.currency, name_max);
  out.amount = finding.amount;
  if (finding.params.is_map() && finding.params.size() > 0) {
    std::string params = encode(finding.params);
    if (params.size() <= problem_params_max) out.params = std::move(params);
  }
  for (const std::string& fix : finding.fixes) {
    if (out.fixes.size() < problem_fixes_max) out.fixes.push_back(cut_to(fix, name_max));
  }
  return out;
}

// What people see of it is the same; the version alone is no news.
bool same(const FoundRecord& a, const FoundRecord& b) {
  return a.plugin == b.plugin && a.rule == b.rule && a.code == b.code && a.params == b.params &&
         a.severity == b.severity && a.currency == b.currency && a.amount == b.amount &&
         a.fixes == b.fixes;
}

}  // namespace

MemberNo Problems::known(MemberNo member) const {
  const auto record = state_.find<MemberRecord>(table::members, Key().u32(member));
  return record && record->known() && !record->removed ? member : 0;
}

std::optional<Proposal> Problems::found(const ProblemAbout& about, const ProblemFinding& finding,
                                        std::uint64_t now_ms) const {
  const auto before = state_.load<ProblemRecord>(table::problems, problem_key(about, finding.kind));
  FoundRecord found = record_of(finding);
  if (before.stands() && same(before.found.value, found)) return std::nullopt;
  found.since_ms = before.stands() ? before.found.value.since_ms : now_ms;
  std::string shop = about.shop;
  if (about.order) shop = state_.load<OrderRecord>(table::orders, Key().id(*about.order)).shop;
  Map facts = about_facts(about, shop, finding.kind);
  facts.add("plugin", found.plugin);
  facts.add("rule", found.rule);
  facts.add("version", found.version);
  facts.add("code", found.code);
  if (!found.params.empty()) facts.add("params", finding.params);
  facts.add("severity", found.severity);
  facts.add("since", found.since_ms);
  if (found.amount) {
    facts.add("amount", *found.amount);
    facts.add("currency", found.currency);
  }
  Array fixes(found.fixes.begin(), found.fixes.end());
  if (!fixes.empty()) facts.add("fixes", std::move(fixes));
  return proposal("problem.found", std::move(facts));
}

std::optional<Proposal> Problems::cleared(const ProblemAbout& about, std::string_view kind,
                                          std::string_view plugin, std::string_view version) const {
  const auto before = state_.find<ProblemRecord>(table::problems, problem_key(about, kind));
  if (!before || !before->stands()) return std::nullopt;
  std::string shop = about.shop;
  if (about.order) shop = state_.load<OrderRecord>(table::orders, Key().id(*about.order)).shop;
  Map facts = about_facts(about, shop, kind);
  facts.add("plugin", plugin);
  facts.add("version", version);
  return proposal("problem.cleared", std::move(facts));
}

Result<Proposal> Problems::settle(const ProblemAbout& about, std::string_view kind, MemberNo member,
                                  std::string_view how, std::string_view reason) const {
  if (known(member) == 0) return Error{Errc::no_such_member, std::to_string(member), "member"};
  if (how != "done" && how != "ignored") return Error{Errc::bad_value, "done, ignored", "how"};
  if (const auto fits = check_text(reason, problem_reason_max, Errc::text_required); !fits) {
    return fits.error();
  }
  const auto problem = state_.find<ProblemRecord>(table::problems, problem_key(about, kind));
  if (!problem || !problem->open()) {
    return Error{Errc::no_such_problem, std::string(kind), "kind"};
  }
  std::string shop = about.shop;
  std::optional<Id16> buyer;
  if (about.order) {
    const auto order = state_.load<OrderRecord>(table::orders, Key().id(*about.order));
    shop = order.shop;
    buyer = order.buyer;
  }
  Map facts = about_facts(about, shop, kind);
  facts.add("member", member);
  facts.add("how", how);
  facts.add("mark", problem->mark());
  Proposal out = proposal("problem.settled", std::move(facts));
  out.body = Value::map({{"text", reason}});
  out.buyer = buyer;
  return out;
}

Result<Proposal> Problems::told(const Id16& order, std::string_view kind, MemberNo member,
                                const Id16& chat) const {
  if (known(member) == 0) return Error{Errc::no_such_member, std::to_string(member), "member"};
  const auto problem =
      state_.find<ProblemRecord>(table::problems, problem_key({.order = order}, kind));
  if (!problem || !problem->open()) return Error{Errc::no_such_problem, std::string(kind), "kind"};
  const auto record = state_.load<OrderRecord>(table::orders, Key().id(order));
  Map facts = about_facts({.order = order}, record.shop, kind);
  facts.add("member", member);
  facts.add("chat", Value::bin(chat));
  return proposal("problem.told", std::move(facts));
}

Result<Proposal> Problems::set_contact(const Id16& buyer, MemberNo member, bool allowed) const {
  if (known(member) == 0) return Error{Errc::no_such_member, std::to_string(member), "member"};
  return proposal("buyer.contact",
                  {{"buyer", Value::bin(buyer)}, {"member", member}, {"allowed", allowed}});
}

Result<Proposal> Problems::count_stock(std::string_view shop, std::string_view sku, MemberNo member,
                                       std::int64_t count) const {
  if (known(member) == 0) return Error{Errc::no_such_member, std::to_string(member), "member"};
  if (count < 0) return Error{Errc::bad_value, std::to_string(count), "count"};
  const auto found = product(shop, sku);
  if (!found) return Error{Errc::bad_value, std::string(sku), "sku"};
  return proposal("stock.counted", {{"shop", shop},
                                    {"sku", sku},
                                    {"member", member},
                                    {"count", count},
                                    {"shown", std::max<std::int64_t>(0, found->stock)}});
}

}  // namespace deskmate::desk

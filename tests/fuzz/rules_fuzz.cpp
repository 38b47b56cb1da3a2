// Files of rules and cases, and subjects, as anybody may write them: read or refused, never worse;
// and what is read is judged.
#include "deskmate/rules.hpp"
#include "plugins/rules-calendar/calendar.hpp"
#include "plugins/rules-orders/orders.hpp"
#include "plugins/rules-parcels/parcels.hpp"
#include "plugins/rules-quality/quality.hpp"
#include "plugins/rules-returns/returns.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

// The rules of one plugin, out of the text and, where that has mistakes, at their defaults.
template <class Rules>
void judge_by(const std::string& text, const rules::Subject& subject) {
  const auto compile = [](rules::Settings& settings) { return std::make_unique<Rules>(settings); };
  Faults faults;
  auto set = rules::RuleSet::read(text, "rules.toml", compile, faults);
  check(set.has_value() == faults.list.empty());
  Faults none;
  if (!set) set = rules::RuleSet::read("", "rules.toml", compile, none);
  rules::Sheet sheet(true);
  (*set)->judge(subject, sheet);
  check(sheet.findings().size() <= rules::findings_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string text = input.ConsumeRandomLengthString(2'000);
  const std::string subject = input.ConsumeRemainingBytesAsString();
  Faults of_cases;
  for (const auto& one : rules::read_cases(text, "cases.toml", of_cases)) {
    Document document;
    if (of_cases.list.empty()) check(document.parse(one.subject).has_value());
  }
  Document document;
  if (!document.parse(subject)) return 0;
  const auto read = rules::unpack(document.root(), 1'800'000'000'000);
  const std::string packed = rules::pack(read);
  Document again;
  check(again.parse(packed).has_value());
  check(rules::pack(rules::unpack(again.root(), 0)) == packed);
  judge_by<rules_calendar::CalendarRules>(text, read);
  judge_by<rules_orders::OrderRules>(text, read);
  judge_by<rules_parcels::ParcelRules>(text, read);
  judge_by<rules_quality::QualityRules>(text, read);
  judge_by<rules_returns::ReturnRules>(text, read);
  return 0;
}

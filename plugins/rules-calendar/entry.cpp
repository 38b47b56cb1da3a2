#include "calendar.hpp"
#include "deskmate/plugin.hpp"

namespace deskmate::rules_calendar {
namespace {

class CalendarPlugin : public rules::RulePlugin {
 public:
  CalendarPlugin() : RulePlugin("1.0.0") {}
  std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
    return std::make_unique<CalendarRules>(settings);
  }
};

}  // namespace
}  // namespace deskmate::rules_calendar

DESKMATE_PLUGIN(deskmate::rules_calendar::CalendarPlugin, "rules-calendar", "1.0.0")

#include "deskmate/plugin.hpp"
#include "returns.hpp"

namespace deskmate::rules_returns {
namespace {

class ReturnPlugin : public rules::RulePlugin {
 public:
  ReturnPlugin() : RulePlugin("1.0.0", rules::Judges::claims) {}
  std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
    return std::make_unique<ReturnRules>(settings);
  }
};

}  // namespace
}  // namespace deskmate::rules_returns

DESKMATE_PLUGIN(deskmate::rules_returns::ReturnPlugin, "rules-returns", "1.0.0")

#include "deskmate/plugin.hpp"
#include "quality.hpp"

namespace deskmate::rules_quality {
namespace {

class QualityPlugin : public rules::RulePlugin {
 public:
  QualityPlugin() : RulePlugin("1.0.0", rules::Judges::drafts) {}
  std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
    return std::make_unique<QualityRules>(settings);
  }
};

}  // namespace
}  // namespace deskmate::rules_quality

DESKMATE_PLUGIN(deskmate::rules_quality::QualityPlugin, "rules-quality", "1.0.0")

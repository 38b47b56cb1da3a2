#include "deskmate/plugin.hpp"
#include "parcels.hpp"

namespace deskmate::rules_parcels {
namespace {

class ParcelsPlugin : public rules::RulePlugin {
 public:
  ParcelsPlugin() : RulePlugin("1.0.0") {}
  std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
    return std::make_unique<ParcelRules>(settings);
  }
};

}  // namespace
}  // namespace deskmate::rules_parcels

DESKMATE_PLUGIN(deskmate::rules_parcels::ParcelsPlugin, "rules-parcels", "1.0.0")

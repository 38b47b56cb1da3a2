#include "deskmate/plugin.hpp"
#include "orders.hpp"

namespace deskmate::rules_orders {
namespace {

class OrdersPlugin : public rules::RulePlugin {
 public:
  OrdersPlugin() : RulePlugin("1.0.0") {}
  std::unique_ptr<rules::Rules> compile(rules::Settings& settings) const override {
    return std::make_unique<OrderRules>(settings);
  }
};

}  // namespace
}  // namespace deskmate::rules_orders

DESKMATE_PLUGIN(deskmate::rules_orders::OrdersPlugin, "rules-orders", "1.0.0")

// ShipEngine: tracking of its carriers by query. README.md says where each fact is from.
#pragma once

#include <string>
#include <string_view>

#include "plugins/courier/courier.hpp"

namespace deskmate::shipengine {

// A status code ("IT") in our words.
std::string_view status_of(std::string_view code);

courier::Trace read_tracking(const Value& answer);

class ShipEngine : public courier::Courier {
 protected:
  std::span<const courier::CarrierName> names() const override;
  Result<Answers> ask(Session& desk, Parcels parcels) override;
};

}  // namespace deskmate::shipengine

// Whose parcels a courier plugin follows: what shops write as the carrier, and what the courier's
// interface calls it. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/result.hpp"

namespace deskmate::courier {

// One of a plugin's own list. A name in Latin letters fits what begins with it as a word ("UPS
// Ground"), any other what contains it ("顺丰速运").
struct CarrierName {
  std::string_view name;  // lower case
  std::string_view code;
};

class Carriers {
 public:
  // extra: the setting `carriers`: "Our van = yunda": so it is called here; "SF = -": not followed;
  // "*": all others, too, without a code. They come before the plugin's own.
  static Result<Carriers> from(std::span<const CarrierName> own,
                               const std::vector<std::string>& extra);

  // The courier's code for what the shop wrote; nothing: not followed.
  std::optional<std::string> code_of(std::string_view written) const;

 private:
  struct Extra {
    std::string name, code;
  };
  std::span<const CarrierName> own_;
  std::vector<Extra> extra_;
  bool all_ = false;
};

}  // namespace deskmate::courier

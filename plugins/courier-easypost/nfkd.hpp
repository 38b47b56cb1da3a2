// Unicode's compatibility decomposition (NFKD), which EasyPost applies to a webhook's secret.
#pragma once

#include <optional>
#include <string>

namespace deskmate::easypost {

// Nothing where it is no UTF-8.
std::optional<std::string> nfkd(const std::string& text);

}  // namespace deskmate::easypost

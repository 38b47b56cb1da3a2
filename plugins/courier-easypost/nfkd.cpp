#include "plugins/courier-easypost/nfkd.hpp"

#include <glib.h>

#include <memory>

namespace deskmate::easypost {

std::optional<std::string> nfkd(const std::string& text) {
  const std::unique_ptr<gchar, decltype(&g_free)> out(
      g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_NFKD), &g_free);
  if (!out) return std::nullopt;
  return std::string(out.get());
}

}  // namespace deskmate::easypost

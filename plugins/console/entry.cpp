// Answers the gateway with the console's files.
#include <deskmate/plugin.hpp>

#include "site.hpp"

namespace deskmate::console {

class Console : public Plugin {
 public:
  void on_request(std::uint64_t id, const std::string& method, const Value& params,
                  std::uint32_t deadline_ms) override {
    (void)deadline_ms;
    if (method == "web.request") return host().answer(id, answer(files(), params));
    host().refuse(id, Error{Status::not_found, "no such method", method});
  }
};

}  // namespace deskmate::console

DESKMATE_PLUGIN(deskmate::console::Console, "console", "1.0.0")

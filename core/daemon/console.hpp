// The console's way in: the gateway, with this desk behind it. Loop thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/daemon/access.hpp"
#include "core/daemon/config.hpp"
#include "core/daemon/logging.hpp"
#include "core/daemon/service.hpp"
#include "core/gateway/gateway.hpp"

namespace deskmate::daemon {

// Adds the plugin with the console's pages where it is installed and not configured.
void with_console(Config& config);

// The members who work here, with what they may do.
std::vector<gateway::Person> people_of(const Config& config);

class Console : private gateway::World {
 public:
  using Log = std::function<void(std::string_view what, const LogFields& fields)>;

  // Listens where the configuration says, and registers desk.login_link and desk.phone. All outlive
  // it.
  static Result<std::unique_ptr<Console>> open(bus::AsioLoop& loop, Service& service,
                                               const Config& config, Log log);
  ~Console() override;

  std::string address() const { return gateway_->address(); }
  // For the owner who has no password yet; empty where there is one.
  std::string first_link();
  void people_changed(const Config& config);

 private:
  Console(Service& service, const Config& config, Log log);
  void serve();
  // The call's member, or the first one here; nothing: it has been answered.
  std::optional<gateway::Person> person_of(const bus::Call& call, bus::Answer& answer) const;
  void phone(const bus::Call& call, bus::Answer answer);

  std::uint64_t wall_ms() const override;
  std::string desk() const override;
  std::string language() const override;
  std::string version() const override;
  std::vector<gateway::Person> people() const override { return people_; }
  bus::Rights rights(const gateway::Person& person) const override;
  bool serves_web(std::string_view instance) const override;
  std::string metrics() const override;
  void file(std::string hash, std::function<void(Result<gateway::File>)> done) override;
  void blocking(std::function<void()> work, std::function<void()> then) override;
  void log(std::string_view what,
           const std::vector<std::pair<std::string, std::string>>& fields) override;

  Service& service_;
  std::vector<gateway::Person> people_;
  Log log_;
  std::unique_ptr<gateway::Gateway> gateway_;
};

}  // namespace deskmate::daemon

// From the configuration to what the parts of the daemon take. Pure, but for looking at files.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/daemon/access.hpp"
#include "core/daemon/config.hpp"
#include "core/daemon/outbox.hpp"
#include "core/daemon/rule_times.hpp"
#include "core/desk/desk.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::daemon {

desk::Policy policy_of(const Config& config, const storage::LogName& self);
RuleTimes rule_times_of(const Config& config);
OutboxTimes outbox_times_of(const Config& config);
// Those who work here, and those of other peers whose numbers and weights are agreed to.
std::vector<desk::MemberSpec> members_of(const Config& config);
std::vector<desk::MemberSpec> members_elsewhere_of(const Config& config);

// What a member of this peer may do; nothing where there is no such member here.
std::optional<Access> access_of(const Config& config, std::int64_t member);

// folder is empty where the plugin is not found; the supervisor then says so.
host::InstanceConfig instance_of(const Config& config, const PluginConfig& plugin);

// Everything that the manifests say against the configuration: plugins that are missing, settings,
// secrets.
std::vector<host::Fault> check_plugins(const Config& config);

}  // namespace deskmate::daemon

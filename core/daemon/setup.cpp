#include "core/daemon/setup.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "core/daemon/paths.hpp"
#include "core/daemon/zone.hpp"
#include "core/host/secrets.hpp"
#include "core/host/settings.hpp"

namespace deskmate::daemon {
namespace {

std::uint64_t ms(std::int64_t count, std::uint64_t unit_ms) {
  return static_cast<std::uint64_t>(count) * unit_ms;
}

Value to_value(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* boolean = node.as_boolean()) return boolean->get();
  if (const auto* real = node.as_floating_point()) return real->get();
  if (const auto* list = node.as_array()) {
    Value out = Value::array();
    for (const auto& item : *list) out.push_back(to_value(item));
    return out;
  }
  if (const auto* table = node.as_table()) {
    Value out = Value::map();
    for (const auto& [key, item] : *table) out[std::string(key.str())] = to_value(item);
    return out;
  }
  return {};  // dates: no setting has one
}

void add(std::vector<host::Fault>& to, const host::Faults& faults) {
  to.insert(to.end(), faults.list.begin(), faults.list.end());
}

std::vector<desk::MemberSpec> members(const Config& config, bool here) {
  std::vector<desk::MemberSpec> out;
  for (const auto& member : config.members) {
    if ((member.peer.empty() || member.peer == config.peer_name) != here) continue;
    desk::MemberSpec spec;
    spec.number = static_cast<desk::MemberNo>(member.number);
    spec.name = member.name;
    spec.role = member.role;
    spec.weight = static_cast<std::uint32_t>(member.weight);
    spec.zone = member.zone;
    spec.schedule = member.schedule;
    spec.capacity = static_cast<std::uint32_t>(member.capacity);
    spec.experts = member.experts;
    out.push_back(std::move(spec));
  }
  return out;
}

}  // namespace

desk::Policy policy_of(const Config& config, const storage::LogName& self) {
  desk::Policy policy;
  policy.self = self;
  policy.sticky_ms = ms(config.sticky_hours, desk::hour_ms);
  policy.suspend_at = static_cast<std::uint32_t>(config.suspend_at);
  policy.capacity["presale"] = static_cast<std::uint32_t>(config.capacity_presale);
  policy.capacity["aftersale"] = static_cast<std::uint32_t>(config.capacity_aftersale);
  policy.first_reply_ms = ms(config.first_reply_s, desk::second_ms);
  policy.reply_warning_ms = ms(config.reply_warning_s, desk::second_ms);
  policy.cool_down_ms = ms(config.cool_down_minutes, desk::minute_ms);
  policy.target_ms = ms(config.reply_target_s, desk::second_ms);
  policy.match_roles = config.match_roles;
  policy.parcel_stuck_ms = ms(config.parcel_stuck_hours, desk::hour_ms);
  policy.courier_failures_ppm = static_cast<std::uint64_t>(config.courier_failures_per_million);
  policy.local_minutes = local_minutes;
  for (const auto& plugin : config.plugins) {
    if (!plugin.greeting.empty()) policy.greetings[plugin.name] = plugin.greeting;
    if (plugin.closed.empty()) continue;
    desk::ShopHours shop{.hours = desk::parse_schedule(plugin.hours).value_or(desk::Schedule()),
                         .aftersale = {},
                         .zone = plugin.zone,
                         .closed = plugin.closed};
    if (!plugin.aftersale_hours.empty()) {
      shop.aftersale = desk::parse_schedule(plugin.aftersale_hours);
    }
    policy.shop_hours[plugin.name] = std::move(shop);
  }
  return policy;
}

RuleTimes rule_times_of(const Config& config) {
  return {.sweep_ms = ms(config.rules_sweep_minutes, desk::minute_ms),
          .answer_ms = ms(config.rules_answer_hours, desk::hour_ms),
          .quiet = config.rules_quiet,
          .zone = config.rules_zone};
}

OutboxTimes outbox_times_of(const Config& config) {
  return {.attempts_max = static_cast<std::uint32_t>(config.action_attempts),
          .deadline_ms = static_cast<std::uint32_t>(config.action_deadline_s * 1'000),
          .parallel = static_cast<std::size_t>(config.action_parallel)};
}

std::vector<desk::MemberSpec> members_of(const Config& config) { return members(config, true); }

std::vector<desk::MemberSpec> members_elsewhere_of(const Config& config) {
  return members(config, false);
}
std::optional<Access> access_of(const Config& config, std::int64_t member) {
  bool first = true;
  for (const auto& one : config.members) {
    if (!one.peer.empty() && one.peer != config.peer_name) continue;
    if (one.number == member) {
      return access_from(one.access).value_or(first ? Access::owner : Access::agent);
    }
    first = false;
  }
  return std::nullopt;
}

host::InstanceConfig instance_of(const Config& config, const PluginConfig& plugin) {
  host::InstanceConfig out;
  out.name = plugin.name;
  out.folder = find_plugin(config, plugin.id).value_or(std::filesystem::path(plugin.id));
  out.isolation = plugin.isolation == "daemon" ? host::Isolation::daemon : host::Isolation::process;
  out.settings = to_value(plugin.settings);
  if (const auto access = access_of(config, plugin.member)) {
    out.member = static_cast<std::uint32_t>(plugin.member);
    // Not the owner's: members, peers and erasures are for a person at the desk.
    const Access at_most = *access == Access::viewer ? Access::viewer : Access::agent;
    out.may = rights_of(at_most, out.member).methods;
  }
  return out;
}

std::vector<host::Fault> check_plugins(const Config& config) {
  std::vector<host::Fault> out;
  const host::Secrets secrets(config.secrets);
  for (const auto& plugin : config.plugins) {
    const auto folder = find_plugin(config, plugin.id);
    if (!folder) {
      out.push_back({config.file, 0, 0, text_of("config.no_plugin", {plugin.id})});
      continue;
    }
    const auto manifest = host::Manifest::load(*folder);
    if (manifest.has_error()) {
      add(out, manifest.error());
      continue;
    }
    const auto settings = host::check_settings(manifest.value(), plugin.settings, config.file);
    if (settings.has_error()) add(out, settings.error());
    if (plugin.member != 0 && !access_of(config, plugin.member)) {
      out.push_back(
          {config.file, 0, 0,
           text_of("config.plugin_member", {plugin.name, std::to_string(plugin.member)})});
    }
    const auto& methods = manifest.value().methods;
    const bool for_member =
        std::any_of(methods.begin(), methods.end(),
                    [](const std::string& method) { return method.starts_with("desk."); });
    if (plugin.member == 0 && for_member) {
      out.push_back({config.file, 0, 0, text_of("config.plugin_needs_member", {plugin.name})});
    }
    const auto secret = secrets.check(manifest.value(), plugin.name);
    if (secret.has_error()) add(out, secret.error());
  }
  return out;
}

}  // namespace deskmate::daemon

// status, members, away, back …, plugins, requests, resolve, ledger, join, block …
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

void status(Context& context) {
  const auto answer = context.ask("desk.status", Value::map());
  if (!answer || context.as_json(*answer)) return;
  const Value& at = *answer;
  auto& out = context.streams.out;
  const std::uint64_t up = at["now_ms"].as_uint() - at["started_ms"].as_uint();
  out << context.say("status.desk", {printable(at["desk"].as_str()), at["version"].as_str(),
                                     ago(context.language, up)})
      << '\n'
      << context.say("status.chats", {number(at["chats"]["open"]), number(at["chats"]["waiting"]),
                                      number(at["chats"]["queued"])})
      << '\n'
      << context.say("status.members",
                     {number(at["members"]["taking_chats"]), number(at["members"]["all"])})
      << '\n'
      << context.say("status.plugins",
                     {number(at["plugins"]["running"]), number(at["plugins"]["all"])})
      << '\n'
      << context.say("status.requests", {number(at["requests"]["pending"])}) << '\n';
  if (at["requests"]["unknown"].as_int() > 0) {
    out << context.say("status.unknown", {number(at["requests"]["unknown"])}) << '\n';
  }
  out << context.say("status.log", {number(at["log"]["events"])}) << '\n'
      << context.say(at["passphrase"].as_bool() ? "status.passphrase" : "status.no_passphrase")
      << '\n';
}

void members(Context& context) {
  const auto answer = context.ask("desk.members", Value::map());
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.number"), context.say("column.name"), context.say("column.role"),
               context.say("column.weight"), context.say("column.presence"),
               context.say("column.open"), context.say("column.waiting")});
  for (const Value& member : (*answer)["members"].as_array()) {
    std::string presence = context.say("presence." + std::string(member["presence"].as_str()));
    if (!member["on_shift"].as_bool()) presence += context.say("presence.off_shift");
    if (member["until_ms"].as_uint() > 0) presence += " → " + when(member["until_ms"].as_uint());
    for (const char* key : {"overtime_until_ms", "overtime_asked_ms"}) {
      if (const auto at = member[key].as_uint(); at > 0) {
        presence += context.say(std::string("presence.") + key, {when(at)});
      }
    }
    table.add({number(member["number"]), printable(member["name"].as_str()),
               context.say("role." + std::string(member["role"].as_str())),
               number(member["weight"]), presence,
               number(member["open"]) + "/" + number(member["limit"]), number(member["waiting"])});
  }
  table.print(context.streams.out);
}

void login_link(Context& context) {
  const auto answer = context.ask("desk.login_link", Value::map());
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << (*answer)["link"].as_str() << '\n';
}

void phone(Context& context) {
  const auto answer = context.ask("desk.phone", Value::map());
  if (!answer || context.as_json(*answer)) return;
  const Value& at = *answer;
  auto& out = context.streams.out;
  out << at["qr"].as_str() << '\n'
      << context.say("console.phone",
                     {when(at["expires_ms"].as_uint()), printable(at["name"].as_str())})
      << "\n\n    " << at["link"].as_str() << "\n\n"
      << context.say("console.phone_addresses") << '\n';
  for (const Value& address : at["addresses"].as_array()) out << "    " << address.as_str() << '\n';
  out << context.say("console.phone_fingerprint") << "\n    " << at["fingerprint"].as_str() << '\n'
      << context.say("console.phone_peer", {at["peer"].as_str()}) << '\n';
}

void plugins(Context& context) {
  const auto answer = context.ask("desk.plugins", Value::map());
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.name"), context.say("column.plugin"),
               context.say("column.version"), context.say("column.state"),
               context.say("column.reason")});
  for (const Value& plugin : (*answer)["plugins"].as_array()) {
    std::string reason(plugin["reason"].as_str());
    if (const auto trouble = plugin["trouble"].as_str(); !trouble.empty()) {
      reason += (reason.empty() ? "" : "; ") + std::string(trouble);
    }
    for (const Value& denied : plugin["denied"].as_array()) {
      reason += (reason.empty() ? "" : "; ") + context.say("plugin.denied", {denied.as_str()});
    }
    table.add({printable(plugin["name"].as_str()), printable(plugin["plugin"].as_str()),
               printable(plugin["version"].as_str()),
               context.say("plugin." + std::string(plugin["state"].as_str())), printable(reason)});
  }
  if (table.empty()) {
    context.streams.out << context.say("plugin.none") << '\n';
    return;
  }
  table.print(context.streams.out);
}

void ledger(Context& context) {
  const auto answer = context.ask("desk.ledger", Value::map());
  if (!answer || context.as_json(*answer)) return;
  for (const Value& group : (*answer)["ledger"].as_array()) {
    Table table(
        {context.say("column.number"), context.say("column.weight"), context.say("column.given")});
    for (const Value& share : group.as_array()) {
      table.add({number(share["member"]), number(share["weight"]), number(share["count"])});
    }
    table.print(context.streams.out);
    context.streams.out << '\n';
  }
}

void requests(Context& context) {
  const auto answer = context.ask("desk.requests", Value::map());
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.request"), context.say("column.kind"),
               context.say("column.shop"), context.say("column.state"), context.say("column.made"),
               context.say("column.detail")});
  for (const char* part : {"unknown", "pending"}) {
    for (const Value& request : (*answer)[part].as_array()) {
      table.add({std::string(request["request"].as_str()), std::string(request["kind"].as_str()),
                 printable(request["shop"].as_str()),
                 context.say("request." + std::string(request["state"].as_str())),
                 when(request["made_ms"].as_uint()),
                 printable(request["detail"].as_str(request["code"].as_str()))});
    }
  }
  table.print(context.streams.out);
}

void request(Context& context, const std::string& id) {
  const auto answer = context.ask("desk.request", Value::map({{"request", id}}));
  if (!answer || context.as_json(*answer)) return;
  const Value& at = *answer;
  context.streams.out << at["kind"].as_str() << ", " << printable(at["shop"].as_str()) << ": "
                      << context.say("request." + std::string(at["state"].as_str())) << '\n';
  if (const auto detail = at["detail"].as_str(at["code"].as_str()); !detail.empty()) {
    context.streams.out << "    " << printable(detail) << '\n';
  }
}

struct Minutes {
  std::uint64_t value = 0;
};

void add_presence(CLI::App& app, Context& context, const char* name, const char* state,
                  std::uint64_t minutes_default) {
  auto minutes = std::make_shared<Minutes>();
  minutes->value = minutes_default;
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  command->add_option("--minutes", minutes->value, help(context, "help.minutes"))->type_name("N");
  command->callback([&context, state, minutes] {
    Value params = Value::map({{"state", state}});
    if (minutes->value > 0) {
      const auto now = context.ask("desk.status", Value::map());
      if (!now) return;
      params["until_ms"] = (*now)["now_ms"].as_uint() + minutes->value * 60'000;
    }
    const auto answer = context.ask("desk.presence", std::move(params));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say(std::string("presence.") + state) << '\n';
  });
}

// A command with words that are passed on as parameters: name, method and the parameters' names.
void add_plain(CLI::App& app, Context& context, const char* name, const char* method,
               std::vector<std::string> parameters) {
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  auto values = std::make_shared<std::vector<std::string>>(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::string upper = parameters[i];
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    command->add_option(upper, (*values)[i], help(context, "help.param." + parameters[i]))
        ->required();
  }
  command->callback([&context, method, parameters = std::move(parameters), values] {
    Value params = Value::map();
    for (std::size_t i = 0; i < parameters.size(); ++i) params[parameters[i]] = (*values)[i];
    const auto answer = context.ask(method, std::move(params));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("cli.done") << '\n';
  });
}

}  // namespace

void add_desk_commands(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, void (*show)(Context&)) {
    auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
    command->callback([&context, show] { show(context); });
    return command;
  };
  add("status", status);
  add("members", members);
  add_presence(app, context, "away", "away", 0);
  add_presence(app, context, "soon", "back_soon", 2);  // R7: back in two minutes
  add_presence(app, context, "suspend", "suspended", 0);
  add_presence(app, context, "off", "off", 0);
  add_presence(app, context, "back", "online", 0);
  add("ledger", ledger);
  add("requests", requests);
  auto id = std::make_shared<std::string>();
  auto* one = app.add_subcommand("request", help(context, "help.request"));
  one->add_option("REQUEST", *id, help(context, "help.param.request"))->required();
  one->callback([&context, id] { request(context, *id); });
  add_plain(app, context, "merge", "desk.join", {"buyer", "other"});
  add_plain(app, context, "separate", "desk.separate", {"buyer", "other"});
  add_plain(app, context, "block", "desk.block", {"buyer"});
  add_plain(app, context, "unblock", "desk.unblock", {"buyer"});

  auto* resolve = app.add_subcommand("resolve", help(context, "help.resolve"));
  auto words = std::make_shared<std::pair<std::string, std::string>>();
  resolve->add_option("REQUEST", words->first, help(context, "help.param.request"))->required();
  resolve->add_option("AS", words->second, help(context, "help.param.as"))
      ->required()
      ->check(CLI::IsMember({"done", "again", "drop"}));
  resolve->callback([&context, words] {
    const std::string as = words->second == "drop" ? "dropped" : words->second;
    const auto answer =
        context.ask("desk.resolve", Value::map({{"request", words->first}, {"as", as}}));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("cli.done") << '\n';
  });

  app.add_subcommand("login-link", help(context, "help.login_link"))->callback([&context] {
    login_link(context);
  });
  app.add_subcommand("phone", help(context, "help.phone"))->callback([&context] {
    phone(context);
  });
  auto* command = app.add_subcommand("plugins", help(context, "help.plugins"));
  command->require_subcommand(0, 1);
  for (const char* what : {"start", "stop", "restart"}) {
    auto name = std::make_shared<std::string>();
    auto* sub = command->add_subcommand(what, help(context, std::string("help.plugins.") + what));
    sub->add_option("NAME", *name, help(context, "help.param.name"))->required();
    sub->callback([&context, what, name] {
      const auto answer = context.ask("desk.plugin", Value::map({{"name", *name}, {"do", what}}));
      if (!answer || context.as_json(*answer)) return;
      context.streams.out << context.say("cli.done") << '\n';
    });
  }
  command->callback([&context, command] {
    if (command->get_subcommands().empty()) plugins(context);
  });
}

}  // namespace deskmate::daemon::cli

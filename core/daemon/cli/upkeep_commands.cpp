// run, verify, backup, restore, erase, config, completion, version
#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/passphrase.hpp"
#include "core/daemon/cli/text.hpp"
#include "core/daemon/daemon.hpp"
#include "core/daemon/rebuild.hpp"
#include "core/daemon/setup.hpp"
#include "core/daemon/verify_report.hpp"
#include "core/daemon/version.hpp"

namespace deskmate::daemon::cli {
namespace {

// The daemon speaks the language of its configuration, unless that is left to the environment.
Language daemon_language(const Context& context, const Config& config) {
  return config.language == "zh"   ? Language::zh
         : config.language == "en" ? Language::en
                                   : context.language;
}

void run_daemon(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  Config mine = *config;
  if (!context.socket.empty()) mine.socket = std::filesystem::absolute(context.socket).string();
  for (const auto& fault : check_plugins(mine)) {
    context.streams.err << "deskmate: " << fault.in(name_of(context.language)) << '\n';
  }
  auto options = store_options(context, mine);
  if (!options) return;
  Daemon::Settings settings;
  settings.passphrase = std::move(options->passphrase);
  const Language language = daemon_language(context, mine);
  const std::string socket = mine.socket;
  auto daemon = Daemon::start(std::move(mine), language, std::move(settings));
  if (!daemon) return context.fail(exit_refused, daemon.error().message);
  context.streams.out << context.say("run.ready", {socket}) << std::endl;
  if (const auto way = (*daemon)->console(); !way.address.empty()) {
    context.streams.out << (way.link.empty() ? context.say("run.console", {way.address})
                                             : context.say("run.console_first", {way.link}))
                        << std::endl;
  }
  if (!(*daemon)->run()) context.exit = exit_refused;
}

void show_verified(Context& context, const Value& report) {
  if (!report["ok"].as_bool()) context.exit = exit_refused;
  if (context.as_json(report)) return;
  context.streams.out << context.say("verify.counts",
                                     {std::to_string(report["events"].as_int()),
                                      std::to_string(report["signatures"].as_int()),
                                      std::to_string(report["erased_bodies"].as_int()),
                                      std::to_string(report["table_entries"].as_int())})
                      << '\n';
  for (const char* what : {"awaited_bodies", "lost_bodies", "missing_keys", "unknown", "forks"}) {
    const auto count = report[what].as_int();
    if (count == 0) continue;
    context.streams.out << "  "
                        << context.say("verify." + std::string(what), {std::to_string(count)})
                        << '\n';
  }
  for (const Value& fault : report["faults"].as_array()) {
    context.streams.out << "  " << printable(fault.as_str()) << '\n';
  }
  context.streams.out << context.say(report["ok"].as_bool() ? "verify.ok" : "verify.bad") << '\n';
}

// With the daemon where it runs; else the store is opened here.
void verify(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const std::string socket = context.socket.empty() ? config->socket : context.socket;
  if (auto running = bus::Client::connect(socket); running) {
    const auto answer = context.ask_at_length("desk.verify", Value::map());
    if (answer) show_verified(context, *answer);
    return;
  }
  if (!std::filesystem::exists(config->folder + "/data.mdb")) {
    return context.fail(exit_refused, context.say("cli.no_folder", {config->folder}));
  }
  const auto options = store_options(context, *config);
  if (!options) return;
  auto store = storage::Store::open(*options);
  if (store.has_error()) return context.fail(exit_refused, store.error().message);
  const auto log = store.value()->verify();
  if (log.has_error()) return context.fail(exit_refused, log.error().message);
  const auto tables =
      compare_with_rebuild(*store.value(), policy_of(*config, store.value()->log()));
  if (tables.has_error()) return context.fail(exit_refused, tables.error().message);
  show_verified(context, to_value(log.value(), tables.value()));
}

void backup(Context& context, const std::string& file) {
  const std::string path = std::filesystem::absolute(file).string();
  const auto answer = context.ask_at_length("desk.backup", Value::map({{"file", path}}));
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << context.say("backup.done", {path}) << '\n';
}

void restore(Context& context, const std::string& file) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const auto options = store_options(context, *config);
  if (!options) return;
  const auto restored = storage::restore(file, *options);
  if (restored.has_error()) return context.fail(exit_refused, restored.error().message);
  if (context.as_json(Value::map({{"folder", config->folder}}))) return;
  context.streams.out << context.say("restore.done", {config->folder}) << '\n';
}

// After the disk turned out to be older than what was sent from it.
void renew(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const auto options = store_options(context, *config);
  if (!options) return;
  const auto renewed = storage::renew(*options);
  if (renewed.has_error()) return context.fail(exit_refused, renewed.error().message);
  if (context.as_json(Value::map({{"folder", config->folder}}))) return;
  context.streams.out << context.say("renew.done") << '\n';
}

void check(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const auto faults = check_plugins(*config);
  for (const auto& fault : faults) {
    context.streams.err << fault.in(name_of(context.language)) << '\n';
  }
  if (!faults.empty()) context.exit = exit_config;
  if (context.as_json(Value::map({{"ok", faults.empty()}, {"file", config->file}}))) return;
  if (faults.empty()) {
    context.streams.out << context.say(config->file.empty() ? "config.defaults" : "config.ok",
                                       {config->file})
                        << '\n';
  }
}

void add_config(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("config", help(context, "help.config"));
  command->require_subcommand(1);
  command->add_subcommand("check", help(context, "help.config.check"))->callback([&context] {
    check(context);
  });
  command->add_subcommand("show", help(context, "help.config.show"))->callback([&context] {
    if (const Config* config = context.configuration()) {
      context.streams.out << show_config(*config, context.language, false);
    }
  });
  command->add_subcommand("sample", help(context, "help.config.sample"))->callback([&context] {
    context.streams.out << sample_config(context.language);
  });
}

}  // namespace

void add_upkeep_commands(CLI::App& app, Context& context) {
  const auto add = [&](const char* name, std::function<void()> does) {
    auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
    if (does) command->callback(std::move(does));
    return command;
  };
  const auto add_with_word = [&](const char* name, const char* word,
                                 void (*does)(Context&, const std::string&)) {
    auto value = std::make_shared<std::string>();
    auto* command = add(name, [&context, value, does] { does(context, *value); });
    command->add_option(word, *value, help(context, "help.param.file"))->required();
  };
  add("run", [&context] { run_daemon(context); });
  add("verify", [&context] { verify(context); });
  add_with_word("backup", "FILE", backup);
  add_with_word("restore", "FILE", restore);
  add("renew", [&context] { renew(context); });
  auto buyer = std::make_shared<std::string>();
  add("erase",
      [&context, buyer] {
        const auto answer = context.ask("desk.erase", Value::map({{"buyer", *buyer}}));
        if (!answer || context.as_json(*answer)) return;
        context.streams.out << context.say("erase.done") << '\n';
      })
      ->add_option("BUYER", *buyer, help(context, "help.param.buyer"))
      ->required();
  add_config(app, context);
  auto shell = std::make_shared<std::string>();
  add("completion", [&app, &context, shell] { context.streams.out << completion(app, *shell); })
      ->add_option("SHELL", *shell, help(context, "help.param.shell"))
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  add("version", [&context] {
    if (context.as_json(Value::map({{"version", version}}))) return;
    context.streams.out << "deskmate " << version << '\n';
  });
}

}  // namespace deskmate::daemon::cli

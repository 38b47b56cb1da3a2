// rules: show, sweep, test, explain, dry-run
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct RuleWords {
  std::string plugin, file, cases, name, since = "30d";
};
using RuleWordsPtr = std::shared_ptr<RuleWords>;

// Nothing, and a message: it cannot be read.
std::optional<std::string> read_file(Context& context, const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (in && text) return text.str();
  context.fail(exit_usage, context.say("rules.unreadable", {file}));
  return std::nullopt;
}

// "30d", "12h"
std::optional<std::uint64_t> span_ms(const std::string& text) {
  if (text.size() < 2 || text.size() > 6) return std::nullopt;
  const bool digits =
      std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; });
  const std::uint64_t unit = text.back() == 'd' ? day_ms : text.back() == 'h' ? hour_ms : 0;
  if (!digits || unit == 0) return std::nullopt;
  return std::stoull(text.substr(0, text.size() - 1)) * unit;
}

// The mistakes of a file, one a line; true: there are some.
bool show_faults(Context& context, const Value& answer) {
  const auto& faults = answer["faults"].as_array();
  for (const Value& fault : faults)
    context.streams.err << printable(fault["text"].as_str()) << '\n';
  if (!faults.empty()) context.exit = exit_config;
  return !faults.empty();
}

Value with_plugin(const RuleWords& words) {
  Value params = Value::map();
  if (!words.plugin.empty()) params["plugin"] = words.plugin;
  return params;
}

void show_rules(Context& context) {
  const auto answer = context.ask("desk.rules", Value::map());
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  const auto& rows = (*answer)["rules"].as_array();
  if (rows.empty()) out << context.say("rules.none") << '\n';
  for (const Value& row : rows) {
    const auto plugin = row["plugin"].as_str();
    const auto version = row["version"].as_str();
    if (const auto judges = row["judges"].as_str(); judges != "orders") {
      out << context.say("rules.row_" + std::string(judges), {plugin, version});
    } else {
      out << context.say("rules.row", {plugin, version, std::to_string(row["judged"].as_uint()),
                                       std::to_string(row["found"].as_uint()),
                                       when(row["next_sweep_ms"].as_uint())});
    }
    out << '\n';
    if (!row["running"].as_bool()) indent(out, context.say("rules.not_running"));
    if (const auto file = row["file"].as_str(); !file.empty()) indent(out, printable(file));
    for (const Value& fault : row["faults"].as_array()) {
      indent(out, context.say("rules.stay", {printable(fault["text"].as_str())}));
    }
  }
  if (!(*answer)["home"].as_bool()) out << context.say("rules.not_home") << '\n';
}

std::string joined(const Value& list) {
  std::string out;
  for (const Value& item : list.as_array()) {
    out += (out.empty() ? "" : ", ") + printable(item.as_str());
  }
  return out.empty() ? "-" : out;
}

std::optional<Value> run_cases(Context& context, const RuleWords& words) {
  Value params = with_plugin(words);
  if (!words.file.empty()) {
    const auto text = read_file(context, words.file);
    if (!text) return std::nullopt;
    params["text"] = *text;
    params["file"] = words.file;
  }
  if (!words.cases.empty()) {
    const auto text = read_file(context, words.cases);
    if (!text) return std::nullopt;
    params["cases"] = *text;
    params["cases_file"] = words.cases;
  }
  return context.ask("desk.rules_test", std::move(params));
}

void test(Context& context, const RuleWords& words) {
  auto answer = run_cases(context, words);
  if (!answer) return;
  const bool failed = (*answer)["failed"].as_uint() > 0;
  if (failed) context.exit = exit_refused;
  Value shown = Value::map();  // without what only explain needs
  for (const auto& [key, value] : answer->as_map()) {
    if (key != "cases") shown[key] = value;
  }
  for (const Value& one : (*answer)["cases"].as_array()) {
    Value row = Value::map();
    for (const auto& [key, value] : one.as_map()) {
      if (key != "subject") row[key] = value;
    }
    shown["cases"].push_back(std::move(row));
  }
  if (!shown["faults"].is_nil()) context.exit = exit_config;
  if (context.as_json(shown) || show_faults(context, shown)) return;
  auto& out = context.streams.out;
  const auto& cases = (*answer)["cases"].as_array();
  for (const Value& one : cases) {
    if (one["ok"].as_bool()) continue;
    out << printable((*answer)["file"].as_str()) << ':' << one["line"].as_uint() << ": "
        << context.say("rules.case_failed", {printable(one["name"].as_str()),
                                             joined(one["expected"]), joined(one["found"])})
        << '\n';
  }
  out << context.say("rules.tested",
                     {std::to_string(cases.size()), std::to_string((*answer)["failed"].as_uint()),
                      (*answer)["version"].as_str()})
      << '\n';
}

std::string params_text(const Value& params) {
  std::string out;
  for (const auto& [name, value] : params.as_map()) {
    const bool time = std::string_view(name).ends_with("_ms");
    const std::string shown = value.is_str()    ? printable(value.as_str())
                              : !value.is_int() ? to_json_line(value)
                              : time            ? when(value.as_uint())
                                                : std::to_string(value.as_int());
    out += (out.empty() ? "" : ", ") + std::string(name) + " " + shown;
  }
  return out;
}

// A case of that name, else an order.
void explain(Context& context, const RuleWords& words) {
  Value params = with_plugin(words);
  params["order"] = words.name;
  if (const auto cases = run_cases(context, words); cases) {
    for (const Value& one : (*cases)["cases"].as_array()) {
      if (one["name"].as_str() != words.name) continue;
      params = with_plugin(words);
      params["subject"] = one["subject"];
      params["now_ms"] = one["now_ms"];
    }
  } else {
    return;
  }
  const auto answer = context.ask("desk.rules_explain", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  out << context.say("rules.by", {(*answer)["plugin"].as_str(), (*answer)["version"].as_str()})
      << '\n';
  for (const Value& found : (*answer)["findings"].as_array()) {
    out << context.say("rules.found",
                       {printable(found["kind"].as_str()), printable(found["text"].as_str())})
        << '\n';
    if (found["params"].size() > 0) indent(out, params_text(found["params"]));
  }
  for (const Value& fine : (*answer)["fine"].as_array()) {
    const std::string figures = params_text(fine["params"]);
    out << context.say("rules.fine", {printable(fine["kind"].as_str()), figures}) << '\n';
  }
}

std::string change_text(const Value& row, const char* a, const char* b) {
  return std::to_string(row[a].as_int()) + " → " + std::to_string(row[b].as_int());
}

void dry_run(Context& context, const RuleWords& words) {
  const auto span = span_ms(words.since);
  if (!span) return context.fail(exit_usage, context.say("rules.since", {words.since}));
  const auto text = read_file(context, words.file);
  if (!text) return;
  const auto status = context.ask("desk.status", Value::map());
  if (!status) return;
  Value params = with_plugin(words);
  params["text"] = *text;
  params["file"] = words.file;
  const std::uint64_t now = (*status)["now_ms"].as_uint();
  params["from_ms"] = now - std::min(now, *span);
  const auto answer = context.ask_at_length("desk.rules_dry_run", std::move(params));
  if (!answer) return;
  if (!(*answer)["faults"].is_nil()) context.exit = exit_config;
  if (context.as_json(*answer) || show_faults(context, *answer)) return;
  auto& out = context.streams.out;
  Table table({context.say("column.kind"), context.say("column.orders"), context.say("column.new"),
               context.say("column.gone"), context.say("column.money"),
               context.say("column.examples")});
  for (const Value& row : (*answer)["kinds"].as_array()) {
    std::string sums;
    for (const Value& one : row["money"].as_array()) {
      const auto currency = one["currency"].as_str();
      sums += (sums.empty() ? "" : ", ") + money(one["now"].as_int(), currency) + " → " +
              money(one["then"].as_int(), currency);
    }
    table.add({printable(row["kind"].as_str()), change_text(row, "now", "then"),
               std::to_string(row["added"].as_int()), std::to_string(row["removed"].as_int()), sums,
               shorten(joined(row["examples"]), 40)});
  }
  if (!table.empty()) table.print(out);
  out << context.say("rules.tried", {std::to_string((*answer)["orders"].as_uint()),
                                     (*answer)["version"].as_str(), (*answer)["tried"].as_str()})
      << '\n';
  if (!(*answer)["whole"].as_bool()) out << context.say("rules.cut_short") << '\n';
}

}  // namespace

void add_rule_commands(CLI::App& app, Context& context) {
  auto* rules = app.add_subcommand("rules", help(context, "help.rules"));
  rules->require_subcommand(1);
  rules->add_subcommand("show", help(context, "help.rules.show"))->callback([&context] {
    show_rules(context);
  });
  rules->add_subcommand("sweep", help(context, "help.rules.sweep"))->callback([&context] {
    act(context, "desk.rules_sweep", Value::map(), "cli.done");
  });
  const auto add = [&](const char* name, const char* key) {
    auto words = std::make_shared<RuleWords>();
    auto* command = rules->add_subcommand(name, help(context, key));
    command->add_option("--plugin", words->plugin, help(context, "help.rules.plugin"))
        ->type_name("NAME");
    return std::pair(command, words);
  };
  const auto [testing, tested] = add("test", "help.rules.test");
  testing->add_option("FILE", tested->file, help(context, "help.rules.file"));
  testing->add_option("--cases", tested->cases, help(context, "help.rules.cases"))
      ->type_name("FILE");
  testing->callback([&context, words = tested] { test(context, *words); });

  const auto [explaining, explained] = add("explain", "help.rules.explain");
  explaining->add_option("ORDER", explained->name, help(context, "help.rules.name"))->required();
  explaining->add_option("--cases", explained->cases, help(context, "help.rules.cases"))
      ->type_name("FILE");
  explaining->callback([&context, words = explained] { explain(context, *words); });

  const auto [trying, tried] = add("dry-run", "help.rules.dry_run");
  trying->add_option("FILE", tried->file, help(context, "help.rules.file"))->required();
  trying->add_option("--since", tried->since, help(context, "help.rules.since"))->type_name("SPAN");
  trying->callback([&context, words = tried] { dry_run(context, *words); });
}

}  // namespace deskmate::daemon::cli

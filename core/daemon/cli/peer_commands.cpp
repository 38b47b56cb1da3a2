// peers, split, agree, peers gone, peers remove, peers book; invite and join stand in
// pairing_commands.cpp.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

// The first group says enough on a screen; --json has all of it.
std::string brief(std::string_view peer) { return std::string(peer.substr(0, peer.find('-'))); }

void show_change(Context& context, const Value& change) {
  context.streams.out << "  "
                      << context.say(
                             change["removed"].as_bool() ? "peers.change_removed" : "peers.change",
                             {number(change["member"]), printable(change["name"].as_str()),
                              number(change["weight"]), brief(change["by"].as_str()),
                              change["change"].as_str().substr(0, 8)})
                      << '\n';
}

void peers(Context& context) {
  const auto answer = context.ask("desk.peers", Value::map());
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  const Value& at = *answer;
  out << context.say("peers.self", {at["self"].as_str()}) << '\n';
  if (at["peers"].size() == 0) {
    out << context.say("peers.alone") << '\n';
    return;
  }
  Table table({context.say("column.peer"), context.say("column.name"), context.say("column.state"),
               context.say("column.link"), context.say("column.missing")});
  for (const Value& peer : at["peers"].as_array()) {
    std::string state = context.say("peers." + std::string(peer["standing"].as_str()));
    if (peer["book"].as_bool()) state += context.say("peers.book");
    std::string link = "-";
    if (peer["self"].as_bool()) {
      link = context.say("peers.this");
    } else if (peer["linked"].as_bool()) {
      link = number(peer["rtt_ms"]) + " ms";
    }
    table.add({brief(peer["id"].as_str()), printable(peer["name"].as_str()), state, link,
               peer["linked"].as_bool() ? number(peer["missing"]) : ""});
  }
  table.print(out);
  if (at["rolled_back"].as_bool()) out << context.say("peers.rolled_back") << '\n';
  for (const Value& peer : at["frozen"].as_array()) {
    out << context.say("peers.frozen", {brief(peer.as_str())}) << '\n';
  }
  if (at["skewed"].as_bool()) out << context.say("peers.skewed") << '\n';
  for (const Value& alarm : at["alarms"].as_array()) {
    if (!alarm["raised"].as_bool()) continue;
    out << context.say("peers.alarm",
                       {when(alarm["at_ms"].as_uint()), alarm["what"].as_str(),
                        brief(alarm["peer"].as_str()), printable(alarm["detail"].as_str())})
        << '\n';
  }
  if (at["changes"].size() > 0) out << context.say("peers.changes") << '\n';
  for (const Value& change : at["changes"].as_array()) show_change(context, change);
}

std::string given_by_rule(Context& context, const Value& given) {
  std::string out;
  for (const auto& [rule, count] : given.as_map()) {
    if (!out.empty()) out += ", ";
    out += context.say("rule." + rule, {number(count)});
  }
  return out;
}

void split_rows(Context& context, const Value& rows) {
  Table table({context.say("column.number"), context.say("column.chats"),
               context.say("column.charged"), context.say("column.why")});
  for (const Value& row : rows.as_array()) {
    table.add({number(row["member"]), number(row["total"]), number(row["charged"]),
               given_by_rule(context, row["given"])});
  }
  table.print(context.streams.out);
}

struct SplitOptions {
  std::uint64_t days = 7;
  std::string zone;
};

void split(Context& context, const SplitOptions& options) {
  const auto now = context.ask("desk.status", Value::map());
  if (!now) return;
  const std::uint64_t to = (*now)["now_ms"].as_uint() + 1;
  const auto answer = context.ask(
      "desk.split",
      Value::map({{"from_ms", to - options.days * day_ms}, {"to_ms", to}, {"zone", options.zone}}));
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  for (const Value& day : (*answer)["days"].as_array()) {
    out << day["date"].as_str() << '\n';
    split_rows(context, day["rows"]);
    for (const Value& set : day["debt"].as_array()) {
      std::string line;
      for (const Value& one : set.as_array()) {
        if (!line.empty()) line += "; ";
        line += context.say("split.debt",
                            {number(one["member"]), number(one["weight"]), number(one["count"]),
                             number(one["owed"]), number(one["of"])});
      }
      out << "  " << line << '\n';
    }
    for (const Value& change : day["changes"].as_array()) show_change(context, change);
    out << '\n';
  }
  out << context.say("split.all") << '\n';
  split_rows(context, (*answer)["rows"]);
}

}  // namespace

void add_peer_commands(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("peers", help(context, "help.peers"));
  command->require_subcommand(0, 1);
  const std::pair<const char*, const char*> about_one[] = {{"gone", "desk.peer_gone"},
                                                           {"remove", "desk.peer_remove"},
                                                           {"book", "desk.pass_book"},
                                                           {"unfreeze", "desk.peer_unfreeze"}};
  for (const auto& [what, method] : about_one) {
    auto peer = std::make_shared<std::string>();
    auto* sub = command->add_subcommand(what, help(context, std::string("help.peers.") + what));
    sub->add_option("PEER", *peer, help(context, "help.param.peer"))->required();
    sub->callback([&context, method = method, peer] {
      const auto answer = context.ask(method, Value::map({{"peer", *peer}}));
      if (!answer || context.as_json(*answer)) return;
      context.streams.out << context.say("cli.done") << '\n';
    });
  }
  command->callback([&context, command] {
    if (command->get_subcommands().empty()) peers(context);
  });

  auto change = std::make_shared<std::string>();
  auto* agree = app.add_subcommand("agree", help(context, "help.agree"));
  agree->add_option("CHANGE", *change, help(context, "help.param.change"));
  agree->callback([&context, change] {
    const auto answer = context.ask("desk.agree", Value::map({{"change", *change}}));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("cli.done") << '\n';
  });

  auto options = std::make_shared<SplitOptions>();
  auto* command_split = app.add_subcommand("split", help(context, "help.split"));
  command_split->add_option("--days", options->days, help(context, "help.days"))
      ->type_name("N")
      ->check(CLI::Range(1, 3'660));
  command_split->add_option("--zone", options->zone, help(context, "help.zone"));
  command_split->callback([&context, options] { split(context, *options); });
}

}  // namespace deskmate::daemon::cli

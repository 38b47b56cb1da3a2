// log: what has happened, as it is stored; --follow goes on as it happens.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::uint32_t wait_ms = 1'000;  // for the next event

struct LogOptions {
  bool follow = false;
  std::vector<std::string> topics;
  std::uint64_t limit = 50;
};

Value value_of(const bus::Event& event) {
  const auto map_of = [](std::string_view bytes) {
    auto value = bytes.empty() ? Result<Value>(Value::map()) : decode(bytes);
    return value ? std::move(*value) : Value::map();
  };
  return Value::map({{"arrival", event.arrival},
                     {"id", Value::bin(event.id)},
                     {"at_ms", event.stamp >> 16},
                     {"type", event.type},
                     {"facts", map_of(event.facts)},
                     {"body", map_of(event.body)}});
}

// One line for people: the words of a fact that are worth seeing, and the text.
std::string line_of(const Value& event) {
  std::string out = when(event["at_ms"].as_uint()) + "  " + std::string(event["type"].as_str());
  for (const char* key :
       {"shop", "kind", "member", "number", "state", "code", "plugin", "order_state"}) {
    const Value& fact = event["facts"][key];
    if (fact.is_str() && !fact.as_str().empty()) {
      out += std::string("  ") + key + "=" + std::string(fact.as_str());
    } else if (fact.is_int()) {
      out += std::string("  ") + key + "=" + std::to_string(fact.as_int());
    }
  }
  const auto& body = event["body"];
  if (const auto name = body["name"].as_str(); !name.empty()) {
    out += "  " + std::string(name) + ":";
  }
  if (const auto text = body["text"].as_str(); !text.empty()) out += "  " + std::string(text);
  return printable(out);
}

void show_event(Context& context, const Value& event) {
  context.streams.out << (context.json ? to_json_line(event) : line_of(event)) << '\n';
}

void log(Context& context, const LogOptions& options) {
  bus::Client* desk = context.client();
  if (desk == nullptr) return;
  const auto topics = options.topics.empty() ? std::vector<std::string>{"*"} : options.topics;
  if (options.follow) {  // before the past is asked for, so that nothing falls between
    const auto opened = desk->open_reader("log", topics, false);
    if (!opened) return context.fail(exit_refused, opened.error().message);
  }
  std::vector<Value> pages;  // the latest first
  std::uint64_t left = options.limit;
  std::uint64_t before = UINT64_MAX;
  while (left > 0 && before > 0) {
    Value params = Value::map({{"limit", left}, {"before", before}});
    for (const auto& topic : topics) params["topics"].push_back(topic);
    auto page = context.ask("desk.log", std::move(params));
    if (!page) return;
    left -= std::min<std::uint64_t>(left, (*page)["events"].size());
    before = (*page)["before"].as_uint();
    pages.push_back(std::move(*page));
  }
  for (auto page = pages.rbegin(); page != pages.rend(); ++page) {
    for (const Value& event : (*page)["events"].as_array()) show_event(context, event);
  }
  const std::uint64_t end = pages.empty() ? 0 : pages.front()["end"].as_uint();
  while (options.follow && context.streams.out) {
    context.streams.out.flush();
    const auto event = desk->next_event(wait_ms);
    if (!event) return context.fail(exit_refused, event.error().message);
    if (*event && (**event).arrival > end) show_event(context, value_of(**event));
  }
}

}  // namespace

void add_log_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<LogOptions>();
  auto* command = app.add_subcommand("log", help(context, "help.log"));
  command->add_flag("--follow,-f", options->follow, help(context, "help.log.follow"));
  command->add_option("--topic", options->topics, help(context, "help.log.topic"))
      ->type_name("TYPE");
  command->add_option("--limit", options->limit, help(context, "help.limit"))->type_name("N");
  command->callback([&context, options] { log(context, *options); });
}

}  // namespace deskmate::daemon::cli

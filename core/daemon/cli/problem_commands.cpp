// problems, problem, contact, stock-count, ship-queue
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/orders.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct ProblemCommand {
  std::string order, kind, shop, sku, severity, allowed;
  std::vector<std::string> text;
  bool call = false;
  std::uint64_t limit = 100;
  std::int64_t count = 0;
};
using ProblemCommandPtr = std::shared_ptr<ProblemCommand>;

std::string fixes_text(const Value& problem) {
  std::string out;
  for (const Value& fix : problem["fixes"].as_array()) {
    out += (out.empty() ? "" : ", ") + printable(fix["text"].as_str());
  }
  return out;
}

// Whether the buyer knows.
std::string told_text(const Context& context, const Value& problem) {
  if (problem["left_alone"].as_bool()) return context.say("problems.left_alone");
  if (problem["answered"].as_bool()) return context.say("problems.answered");
  const auto told = problem["told_ms"].as_uint();
  return told == 0 ? std::string() : when(told);
}

void problems(Context& context, const ProblemCommand& words) {
  Value params = Value::map({{"limit", words.limit}, {"to_call", words.call}});
  set(params, "kind", words.kind);
  set(params, "shop", words.shop);
  set(params, "severity", words.severity);
  const auto answer = context.list("desk.problems", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  if (words.call && !(*answer)["quiet_until_ms"].is_nil()) {
    out << context.say("problems.quiet", {when((*answer)["quiet_until_ms"].as_uint())}) << '\n';
  }
  Table table({context.say("column.since"), context.say("column.order"), context.say("column.kind"),
               context.say("column.problem"), context.say("column.fix"), context.say("column.chat"),
               context.say("column.told")});
  for (const Value& one : (*answer)["problems"].as_array()) {
    const std::string product =
        std::string(one["shop"].as_str()) + "/" + std::string(one["sku"].as_str());
    const std::string order(one["number"].as_str(one["order"].as_str()));
    table.add({when(one["since_ms"].as_uint()), printable(one["sku"].is_nil() ? order : product),
               printable(one["kind"].as_str()), printable(one["text"].as_str()), fixes_text(one),
               one["chat"].is_nil() ? "" : std::to_string(one["chat"].as_uint()),
               told_text(context, one)});
  }
  if (table.empty()) {
    out << context.say(words.call ? "problems.none_to_call" : "problems.none") << '\n';
  } else {
    table.print(out);
  }
}

// An order's number, or a product as shop/SKU.
Value about(const ProblemCommand& words) {
  Value params = Value::map({{"kind", words.kind}});
  const auto slash = words.order.find('/');
  if (slash == std::string::npos) {
    params["order"] = words.order;
    set(params, "shop", words.shop);
  } else {
    params["shop"] = words.order.substr(0, slash);
    params["sku"] = words.order.substr(slash + 1);
  }
  return params;
}

void settle(Context& context, const ProblemCommand& words, const char* how) {
  Value params = about(words);
  params["how"] = how;
  params["text"] = text_of(context, words.text);
  act(context, "desk.problem_settle", std::move(params), "cli.done");
}

void write_to(Context& context, const ProblemCommand& words) {
  Value params = about(words);
  if (!words.text.empty()) params["text"] = text_of(context, words.text);
  const auto answer = context.ask("desk.problem_write", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << context.say("problem.written") << '\n';
  indent(context.streams.out, (*answer)["text"].as_str());
}

void ship_queue(Context& context, const ProblemCommand& words) {
  Value params = Value::map({{"limit", words.limit}});
  set(params, "shop", words.shop);
  const auto answer = context.list("desk.ship_queue", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.place"), context.say("column.order"), context.say("column.shop"),
               context.say("column.paid_at"), context.say("column.total"),
               context.say("column.buyer")});
  for (const Value& order : (*answer)["orders"].as_array()) {
    table.add({std::to_string(order["place"].as_uint()),
               printable(order["number"].as_str(order["id"].as_str())),
               printable(order["shop"].as_str()), when(order["paid_ms"].as_uint()),
               money(order["total"].as_int(), order["currency"].as_str()),
               printable(order["name"].as_str())});
  }
  if (table.empty()) {
    context.streams.out << context.say("orders.none") << '\n';
  } else {
    table.print(context.streams.out);
  }
}

void add_problem(CLI::App& app, Context& context) {
  auto* one = app.add_subcommand("problem", help(context, "help.problem"));
  one->require_subcommand(1);
  const auto add = [&](const char* name, const char* key) {
    auto words = std::make_shared<ProblemCommand>();
    auto* command = one->add_subcommand(name, help(context, key));
    command->add_option("ORDER", words->order, help(context, "help.problem.order"))->required();
    command->add_option("KIND", words->kind, help(context, "help.problem.kind"))->required();
    command->add_option("--shop", words->shop, help(context, "help.order.shop"))->type_name("NAME");
    return std::pair(command, words);
  };
  for (const auto& [name, key, how] : {std::tuple("done", "help.problem.done", "done"),
                                       std::tuple("ignore", "help.problem.ignore", "ignored")}) {
    const auto [command, words] = add(name, key);
    command->add_option("TEXT", words->text, help(context, "help.param.reason"))->required();
    command->callback([&context, given = words, how = how] { settle(context, *given, how); });
  }
  const auto [writing, wrote] = add("write", "help.problem.write");
  writing->add_option("TEXT", wrote->text, help(context, "help.problem.text"));
  writing->callback([&context, words = wrote] { write_to(context, *words); });
}

}  // namespace

void show_problems(Context& context, const Value& order) {
  auto& out = context.streams.out;
  for (const Value& problem : order["problems"].as_array()) {
    const bool open = problem["open"].as_bool();
    out << "    "
        << context.say(open ? "order.problem" : "order.problem_settled",
                       {printable(problem["text"].as_str()), printable(problem["kind"].as_str())})
        << '\n';
    if (const std::string fixes = fixes_text(problem); open && !fixes.empty()) {
      out << "      " << context.say("order.fix", {fixes}) << '\n';
    }
  }
  if (!order["ship_place"].is_nil()) {
    out << "    "
        << context.say("order.place", {std::to_string(order["ship_place"].as_uint()),
                                       std::to_string(order["ship_of"].as_uint())})
        << '\n';
  }
  if (const auto promised = order["promised_ms"].as_uint(); promised != 0) {
    out << "    " << context.say("order.promised", {when(promised)}) << '\n';
  }
}

void add_problem_commands(CLI::App& app, Context& context) {
  auto all = std::make_shared<ProblemCommand>();
  auto* list = app.add_subcommand("problems", help(context, "help.problems"));
  list->add_flag("--call", all->call, help(context, "help.problems.call"));
  list->add_option("--kind", all->kind, help(context, "help.problem.kind"))->type_name("KIND");
  list->add_option("--shop", all->shop, help(context, "help.chats.shop"))->type_name("NAME");
  list->add_option("--severity", all->severity, help(context, "help.case.severity"))
      ->type_name("SEVERITY");
  list->add_option("--limit", all->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, all] { problems(context, *all); });

  add_problem(app, context);

  auto buyer = std::make_shared<ProblemCommand>();
  auto* contact = app.add_subcommand("contact", help(context, "help.contact"));
  contact->add_option("ORDER", buyer->order, help(context, "help.param.order"))->required();
  contact->add_option("ALLOWED", buyer->allowed, help(context, "help.contact.allowed"))
      ->required()
      ->check(CLI::IsMember({"yes", "no"}));
  contact->callback([&context, buyer] {
    act(context, "desk.contact",
        Value::map({{"order", buyer->order}, {"allowed", buyer->allowed == "yes"}}), "cli.done");
  });

  auto counted = std::make_shared<ProblemCommand>();
  auto* count = app.add_subcommand("stock-count", help(context, "help.stock_count"));
  count->add_option("SHOP", counted->shop, help(context, "help.order.shop"))->required();
  count->add_option("SKU", counted->sku, help(context, "help.param.sku"))->required();
  count->add_option("COUNT", counted->count, help(context, "help.param.count"))->required();
  count->callback([&context, counted] {
    act(context, "desk.stock_count",
        Value::map({{"shop", counted->shop}, {"sku", counted->sku}, {"count", counted->count}}),
        "cli.done");
  });

  auto queue = std::make_shared<ProblemCommand>();
  auto* ships = app.add_subcommand("ship-queue", help(context, "help.ship_queue"));
  ships->add_option("--shop", queue->shop, help(context, "help.chats.shop"))->type_name("NAME");
  ships->add_option("--limit", queue->limit, help(context, "help.limit"))->type_name("N");
  ships->callback([&context, queue] { ship_queue(context, *queue); });
}

}  // namespace deskmate::daemon::cli

// orders, order, and what can be done to one: ship, refund, cancel, coupon, resend, order-note
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/money.hpp"
#include "core/daemon/cli/orders.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct OrderWords {
  std::string order;
  std::string amount;
  std::string shop;
  std::string text;
  std::string carrier;
  std::string tracking;
  Giving giving;
  std::uint64_t limit = 100;
};
using OrderWordsPtr = std::shared_ptr<OrderWords>;

std::string address_text(const Value& address) {
  if (address.is_str()) return printable(address.as_str());
  std::string out;
  for (const auto& [key, part] : address.as_map()) {
    if (!part.as_str().empty()) out += (out.empty() ? "" : ", ") + printable(part.as_str());
  }
  return out;
}

void orders(Context& context, const OrderWords& words) {
  Value params = Value::map({{"limit", words.limit}});
  if (!words.shop.empty()) params["shop"] = words.shop;
  const auto answer = context.ask("desk.orders", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.order"), context.say("column.shop"), context.say("column.state"),
               context.say("column.payment"), context.say("column.total"),
               context.say("column.buyer"), context.say("column.placed")});
  for (const Value& order : (*answer)["orders"].as_array()) {
    table.add({printable(order["number"].as_str(order["id"].as_str())),
               printable(order["shop"].as_str()), printable(order["state"].as_str()),
               printable(order["payment"].as_str()),
               money(order["total"].as_int(), order["currency"].as_str()),
               printable(order["name"].as_str()), when(order["placed_ms"].as_uint())});
  }
  if (table.empty()) {
    context.streams.out << context.say("orders.none") << '\n';
  } else {
    table.print(context.streams.out);
  }
}

std::optional<Value> find(Context& context, const OrderWords& words) {
  return context.ask("desk.order", Value::map({{"order", words.order}}));
}

void order(Context& context, const OrderWords& words) {
  const auto answer = find(context, words);
  if (!answer || context.as_json(*answer)) return;
  for (const Value& one : (*answer)["orders"].as_array()) show_order(context, one);
}

// The amount as typed, in the order's currency.
std::optional<std::int64_t> amount_of(Context& context, const OrderWords& words) {
  const auto answer = find(context, words);
  if (!answer) return std::nullopt;
  const auto currency = (*answer)["orders"][std::size_t{0}]["currency"].as_str();
  const auto amount = parse_money(words.amount, currency);
  if (!amount) context.fail(exit_usage, context.say("cli.amount", {words.amount, currency}));
  return amount;
}

void action(Context& context, const char* kind, const OrderWords& words) {
  Value params = Value::map({{"kind", kind}, {"order", words.order}});
  if (!words.amount.empty()) {
    const auto amount = amount_of(context, words);
    if (!amount) return;
    params["amount"] = *amount;
  }
  if (!words.shop.empty()) params["shop"] = words.shop;
  params["facts"].make_map();
  params["body"].make_map();
  if (!words.carrier.empty()) params["facts"]["carrier"] = words.carrier;
  if (!words.tracking.empty()) params["body"]["tracking"] = words.tracking;
  if (!words.text.empty()) params["body"]["text"] = words.text;
  if (!words.giving.purpose.empty()) params["purpose"] = words.giving.purpose;
  if (!words.giving.liable.empty()) params["liable"] = words.giving.liable;
  if (!words.giving.cause.empty()) params["cause"] = words.giving.cause;
  const auto answer = context.ask("desk.action", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  say_given(context, *answer);
}

// What the buyer is asked to confirm, sent into the chat with them.
void confirm_order(Context& context, const OrderWords& words, bool show) {
  const auto usual = context.ask("desk.order_words", Value::map({{"order", words.order}}));
  if (!usual) return;
  const std::string text = words.text.empty() ? std::string((*usual)["text"].as_str()) : words.text;
  if (show) {
    if (!context.as_json(*usual)) context.streams.out << printable(text, true) << '\n';
    return;
  }
  if ((*usual)["chat"].is_nil()) {
    return context.fail(exit_refused, context.say("problem.no_chat"));
  }
  const auto sent =
      context.ask("desk.reply", Value::map({{"chat", (*usual)["chat"].as_uint()}, {"text", text}}));
  if (!sent || context.as_json(*sent)) return;
  context.streams.out << context.say("problem.written") << '\n' << printable(text, true) << '\n';
}

CLI::App* add_action(CLI::App& app, Context& context, const char* name, const char* kind,
                     const OrderWordsPtr& words) {
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  command->add_option("ORDER", words->order, help(context, "help.param.order"))->required();
  command->add_option("--shop", words->shop, help(context, "help.order.shop"))->type_name("NAME");
  command->callback([&context, kind, words] { action(context, kind, *words); });
  return command;
}

}  // namespace

void show_order(Context& context, const Value& order) {
  auto& out = context.streams.out;
  const auto currency = order["currency"].as_str();
  out << context.say(
             "order.head",
             {printable(order["number"].as_str(order["id"].as_str())),
              printable(order["shop"].as_str()), printable(order["state"].as_str()),
              money(order["total"].as_int(), currency), money(order["paid"].as_int(), currency)})
      << '\n';
  std::string who = printable(order["name"].as_str());
  if (!order["address"].is_nil()) who += (who.empty() ? "" : ", ") + address_text(order["address"]);
  if (!who.empty()) out << "    " << who << '\n';
  for (const Value& line : order["lines"].as_array()) {
    out << "    " << line["quantity"].as_int() << " × "
        << printable(line["name"].as_str(line["sku"].as_str())) << "  "
        << money(line["price"].as_int(), currency) << '\n';
  }
  for (const Value& parcel : order["parcels"].as_array()) {
    show_parcel(context, parcel);
  }
  show_problems(context, order);
  for (const Value& request : order["requests"].as_array()) {
    out << "    " << request["kind"].as_str() << ": "
        << context.say("request." + std::string(request["state"].as_str())) << '\n';
  }
}

void add_order_commands(CLI::App& app, Context& context) {
  auto all = std::make_shared<OrderWords>();
  auto* list = app.add_subcommand("orders", help(context, "help.orders"));
  list->add_option("--shop", all->shop, help(context, "help.chats.shop"))->type_name("NAME");
  list->add_option("--limit", all->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, all] { orders(context, *all); });

  auto one = std::make_shared<OrderWords>();
  auto* command = app.add_subcommand("order", help(context, "help.order"));
  command->add_option("ORDER", one->order, help(context, "help.param.order"))->required();
  command->callback([&context, one] { order(context, *one); });

  auto asked = std::make_shared<OrderWords>();
  auto only_shown = std::make_shared<bool>(false);
  auto* confirm = app.add_subcommand("confirm", help(context, "help.confirm"));
  confirm->add_option("ORDER", asked->order, help(context, "help.param.order"))->required();
  confirm->add_option("TEXT", asked->text, help(context, "help.confirm.text"));
  confirm->add_flag("--show", *only_shown, help(context, "help.confirm.show"));
  confirm->callback([&context, asked, only_shown] { confirm_order(context, *asked, *only_shown); });

  for (const char* kind : {"refund", "coupon"}) {
    auto words = std::make_shared<OrderWords>();
    auto* money_command = add_action(app, context, kind, kind, words);
    money_command->add_option("AMOUNT", words->amount, help(context, "help.param.amount"))
        ->required();
    add_giving(*money_command, context, words->giving);
    money_command->add_option("--reason", words->text, help(context, "help.reason"))
        ->type_name("TEXT");
  }
  for (const char* kind : {"cancel", "resend"}) {
    auto words = std::make_shared<OrderWords>();
    auto* command_of = add_action(app, context, kind, kind, words);
    command_of->add_option("--reason", words->text, help(context, "help.reason"))
        ->type_name("TEXT");
    if (kind == std::string_view("resend")) add_giving(*command_of, context, words->giving);
  }
  auto words = std::make_shared<OrderWords>();
  auto* ship = add_action(app, context, "ship", "ship", words);
  ship->add_option("--carrier", words->carrier, help(context, "help.carrier"))->type_name("NAME");
  ship->add_option("--tracking", words->tracking, help(context, "help.tracking"))
      ->type_name("NUMBER");
  auto noted = std::make_shared<OrderWords>();
  add_action(app, context, "order-note", "order_note", noted)
      ->add_option("TEXT", noted->text, help(context, "help.param.text"))
      ->required();
}

}  // namespace deskmate::daemon::cli

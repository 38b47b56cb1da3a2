// offers, offer, approvals, approve, refuse, authority, payment, money
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/money.hpp"
#include "core/daemon/cli/text.hpp"
#include "storage/event.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} * 1024;  // of a proof, at once

struct MoneyWords {
  std::string name;  // of an offer
  std::string order, chat, about, standard, purpose, liable, cause, reason, instead, how, file,
      peer;
  std::string refund, coupon, discount, amount, limit_name, scope_role, currency = "CNY";
  std::vector<std::string> text;
  bool resend = false, anyway = false, all = false, over = false;
  std::optional<std::uint64_t> scope_member, of;
  std::string value;
  std::uint64_t days = 366, limit = 100;
};
using MoneyWordsPtr = std::shared_ptr<MoneyWords>;

// "refund 12.50 EUR + coupon 5.00 EUR"
std::string steps_text(const Context& context, const Value& offer) {
  std::string out;
  for (const Value& step : offer["steps"].as_array()) {
    if (!out.empty()) out += " + ";
    out += context.say("offer.step." + std::string(step["kind"].as_str()));
    if (!step["amount"].is_nil()) {
      out += " " + money(step["amount"].as_int(), offer["currency"].as_str());
    }
  }
  return out;
}

std::string needs_text(const Context& context, const Value& needs) {
  std::string out;
  for (const Value& need : needs.as_array()) {
    out += (out.empty() ? "" : ", ") + context.say("limit." + std::string(need.as_str()));
  }
  return out;
}

void list_rows(Context& context, const char* method, Value params, std::string_view none) {
  const auto answer = context.list(method, std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.offer"), context.say("column.state"),
               context.say("column.member"), context.say("column.chat"),
               context.say("column.order"), context.say("column.steps"),
               context.say("column.needs")});
  for (const Value& one : (*answer)["offers"].as_array()) {
    table.add({short_id(one["offer"]),
               context.say("offer.state." + std::string(one["state"].as_str())),
               one["member"].is_nil() ? printable(one["rule"].as_str()) : number(one["member"]),
               number(one["chat"]), printable(one["order"].as_str()), steps_text(context, one),
               needs_text(context, one["needs"])});
  }
  print(context, table, none);
}

void offers(Context& context, const MoneyWords& words) {
  Value params = Value::map({{"limit", words.limit}});
  params["view"] = words.all ? "all" : words.over ? "over" : "open";
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  set(params, "order", words.order);
  list_rows(context, "desk.offers", std::move(params), "offers.none");
}

void show_offer(Context& context, const MoneyWords& words) {
  const auto answer = context.ask("desk.offer", Value::map({{"offer", words.name}}));
  if (!answer || context.as_json(*answer)) return;
  const Value& one = *answer;
  auto& out = context.streams.out;
  out << context.say("offer.head",
                     {short_id(one["offer"]), steps_text(context, one),
                      context.say("offer.state." + std::string(one["state"].as_str()))})
      << '\n';
  const auto line = [&](const char* key, const std::string& text) {
    if (!text.empty()) out << "    " << context.say(key, {text}) << '\n';
  };
  line("offer.order", printable(one["order"].as_str()));
  line("offer.chat", number(one["chat"]));
  line("offer.member", number(one["member"]));
  line("offer.rule", printable(one["rule"].as_str()));
  line("offer.liable", printable(one["liable"].as_str()));
  line("offer.cause", printable(one["cause"].as_str()));
  line("offer.needs", needs_text(context, one["needs"]));
  for (const Value& step : one["steps"].as_array()) {
    if (step["request"].is_nil()) continue;
    out << "    " << context.say("offer.step." + std::string(step["kind"].as_str())) << ": "
        << context.say("request." + std::string(step["request"]["state"].as_str())) << '\n';
  }
  if (const Array& passed = one["passed"].as_array(); !passed.empty()) {
    std::string kinds;
    for (const Value& kind : passed)
      kinds += (kinds.empty() ? "" : ", ") + printable(kind.as_str());
    line("offer.passed", kinds);
  }
  if (!one["answered_by"].is_nil()) {
    line(one["approved"].as_bool() ? "offer.approved_by" : "offer.refused_by",
         number(one["answered_by"]));
    indent(out, printable(one["answered_text"].as_str(), true));
  }
  if (!one["text"].as_str().empty()) {
    out << "    " << context.say("offer.reason") << '\n';
    indent(out, printable(one["text"].as_str(), true));
  }
}

// The currency and the total of an order, as the desk knows it.
std::optional<std::string> currency_of(Context& context, const std::string& order) {
  const auto answer = context.ask("desk.offer_standard", Value::map({{"order", order}}));
  if (!answer) return std::nullopt;
  return std::string((*answer)["currency"].as_str());
}

std::optional<std::int64_t> amount_of(Context& context, const std::string& amount,
                                      const std::string& currency) {
  const auto parsed = parse_money(amount, currency);
  if (!parsed) context.fail(exit_usage, context.say("cli.amount", {amount, currency}));
  return parsed;
}

void propose(Context& context, const MoneyWords& words) {
  Value params = Value::map({{"order", words.order}, {"reason", text_of(context, words.text)}});
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  if (!words.about.empty()) params["case"] = chat_name(words.about);
  if (words.anyway) params["anyway"] = true;
  set(params, "standard", words.standard);
  set(params, "purpose", words.purpose);
  set(params, "liable", words.liable);
  set(params, "cause", words.cause);
  set(params, "instead", words.instead);
  Array steps;
  if (words.standard.empty()) {
    const auto currency = currency_of(context, words.order);
    if (!currency) return;
    for (const auto& [kind, amount] :
         {std::pair("refund", &words.refund), std::pair("coupon", &words.coupon),
          std::pair("discount", &words.discount)}) {
      if (amount->empty()) continue;
      const auto minor = amount_of(context, *amount, *currency);
      if (!minor) return;
      steps.push_back(Value::map({{"kind", kind}, {"amount", *minor}}));
    }
    if (words.resend) steps.push_back(Value::map({{"kind", "resend"}}));
  }
  params["steps"] = std::move(steps);
  const auto answer = context.ask("desk.offer_propose", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << context.say("offer.proposed", {short_id((*answer)["offer"])}) << '\n';
  const std::string needs = needs_text(context, (*answer)["needs"]);
  if (!needs.empty()) context.streams.out << context.say("offer.beyond", {needs}) << '\n';
}

void standard(Context& context, const MoneyWords& words) {
  const auto answer = context.ask("desk.offer_standard", Value::map({{"order", words.order}}));
  if (!answer || context.as_json(*answer)) return;
  for (const Value& one : (*answer)["offers"].as_array()) {
    context.streams.out << one["standard"].as_str() << ": " << steps_text(context, one)
                        << (one["fast"].as_bool() ? context.say("offer.fast") : std::string())
                        << '\n';
  }
}

// Without words of one's own: what it comes to, as a question.
void read_back(Context& context, const MoneyWords& words) {
  Value params = Value::map({{"offer", words.name}});
  std::string text = text_of(context, words.text);
  if (text.empty()) {
    const auto offer = context.ask("desk.offer", params);
    if (!offer) return;
    text = context.say("offer.read_back", {steps_text(context, *offer)});
  }
  params["text"] = text;
  act(context, "desk.offer_read_back", std::move(params), "cli.done");
}

void say_of(Context& context, const char* method, const char* key, const MoneyWords& words,
            std::string_view how = {}) {
  Value params = Value::map({{"offer", words.name}});
  if (!words.text.empty()) params[key] = text_of(context, words.text);
  if (!how.empty()) params["how"] = how;
  act(context, method, std::move(params), "cli.done");
}

std::string limit_text(const Value& limit) {
  const auto name = limit["name"].as_str();
  if (!limit["currency"].as_str().empty()) {
    return money(limit["value"].as_int(), limit["currency"].as_str());
  }
  return name == "discount_share" ? money(limit["value"].as_int(), "%") : number(limit["value"]);
}

void authority(Context& context, const MoneyWords& words) {
  const auto answer = context.list("desk.authority", Value::map({{"currency", words.currency}}));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.member"), context.say("column.purpose"),
               context.say("column.period"), context.say("column.spent"),
               context.say("column.limit"), context.say("column.left"),
               context.say("column.here")});
  for (const Value& member : (*answer)["members"].as_array()) {
    for (const Value& purse : member["purses"].as_array()) {
      const auto currency = purse["currency"].as_str();
      const auto shown = [&](const char* key) {
        return currency.empty() ? number(purse[key]) : money(purse[key].as_int(), currency);
      };
      table.add({number(member["member"]) + " " + printable(member["name"].as_str()),
                 context.say("purpose." + std::string(purse["purpose"].as_str())),
                 printable(purse["period"].as_str()), shown("spent"), shown("limit"), shown("left"),
                 shown("here")});
    }
  }
  table.print(context.streams.out);
  Table limits(
      {context.say("column.limit"), context.say("column.for"), context.say("column.value")});
  for (const Value& one : (*answer)["limits"].as_array()) {
    limits.add(
        {printable(one["name"].as_str()), printable(one["scope"].as_str()), limit_text(one)});
  }
  limits.print(context.streams.out);
  for (const Value& one : (*answer)["outside"].as_array()) {
    context.streams.out << context.say("authority.outside",
                                       {short_id(one["refund"]),
                                        money(one["amount"].as_int(), one["currency"].as_str()),
                                        when(one["at_ms"].as_uint())})
                        << '\n';
  }
}

void set_limit(Context& context, const MoneyWords& words, bool removed) {
  Value params = Value::map({{"name", words.limit_name}, {"removed", removed}});
  if (!words.scope_role.empty()) params["scope"] = "role:" + words.scope_role;
  if (words.scope_member) params["scope"] = "member:" + std::to_string(*words.scope_member);
  const bool is_money = words.limit_name == "gifts_month" || words.limit_name == "offer_coupon" ||
                        words.limit_name == "low_value";
  if (is_money) params["currency"] = words.currency;
  if (!removed) {
    std::optional<std::int64_t> value;
    if (words.value == "0") {
      value = 0;
    } else if (is_money) {
      value = parse_money(words.value, words.currency);
    } else if (words.limit_name == "discount_share") {
      value = parse_money(words.value, "EUR");  // percent with two digits
    } else if (words.value.find_first_not_of("0123456789") == std::string::npos &&
               words.value.size() <= 9 && !words.value.empty()) {
      value = std::stoll(words.value);
    }
    if (!value) {
      return context.fail(exit_usage, context.say("authority.value", {words.value}));
    }
    params["value"] = *value;
  }
  act(context, "desk.authority_set", std::move(params), "cli.done");
}

// A file into the desk, for the chat's buyer: its hash; nothing, and the reason was said.
std::optional<std::string> upload(Context& context, const std::string& chat,
                                  const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    context.fail(exit_refused, context.say("payment.no_file", {path}));
    return std::nullopt;
  }
  const auto row = context.ask("desk.chat", Value::map({{"chat", chat_name(chat)}, {"limit", 1}}));
  if (!row) return std::nullopt;
  const auto made = context.ask("file.create", Value::map({{"chat", (*row)["id"]}}));
  if (!made) return std::nullopt;
  std::string piece(piece_bytes, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const auto bytes = static_cast<std::size_t>(in.gcount());
    const auto wrote =
        context.ask("file.write",
                    Value::map({{"file", (*made)["file"]},
                                {"piece", Value::bin(std::string_view(piece).substr(0, bytes))}}));
    if (!wrote) return std::nullopt;
  }
  const auto done = context.ask("file.finish", Value::map({{"file", (*made)["file"]}}));
  if (!done) return std::nullopt;
  storage::Hash32 hash{};
  const auto bytes = (*done)["hash"].as_bin();
  std::copy_n(bytes.begin(), std::min(bytes.size(), hash.size()), hash.begin());
  return storage::hex(hash);
}

void payment(Context& context, const MoneyWords& words) {
  const auto currency = currency_of(context, words.order);
  if (!currency) return;
  const auto amount = amount_of(context, words.amount, *currency);
  if (!amount) return;
  const auto hash = upload(context, words.chat, words.file);
  if (!hash) return;
  const std::string name = std::filesystem::path(words.file).filename();
  Value params = Value::map(
      {{"order", words.order},
       {"amount", *amount},
       {"files", Value::array({Value::map({{"hash", *hash}, {"name", name}, {"type", ""}})})},
       {"text", text_of(context, words.text)}});
  set(params, "cause", words.cause);
  set(params, "liable", words.liable);
  set(params, "offer", words.name);
  act(context, "desk.payment", std::move(params), "cli.done");
}

void ledger(Context& context, const MoneyWords& words) {
  Value params = Value::map();
  const auto now = static_cast<std::uint64_t>(std::time(nullptr)) * 1000;
  params["from_ms"] = now - std::min(now, words.days * day_ms);
  const auto answer = context.list("desk.money", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.money_month"), context.say("column.cause"),
               context.say("column.liable"), context.say("column.money_orders"),
               context.say("column.cost"), context.say("column.sales")});
  for (const Value& row : (*answer)["rows"].as_array()) {
    const auto currency = row["currency"].as_str();
    table.add({printable(row["month"].as_str()), printable(row["cause"].as_str()),
               printable(row["liable"].as_str()), number(row["orders"]),
               money(row["cost"].as_int(), currency), money(row["sales"].as_int(), currency)});
  }
  print(context, table, "money.none");
}

using MoneyCommand = std::pair<CLI::App*, MoneyWordsPtr>;

MoneyCommand add_command(CLI::App& app, const Context& context, const char* name,
                         const std::string& key) {
  return {app.add_subcommand(name, help(context, key)), std::make_shared<MoneyWords>()};
}

void add_booking(CLI::App& command, Context& context, std::string& liable, std::string& cause) {
  command.add_option("--liable", liable, help(context, "help.case.liable"))->type_name("PARTY");
  command.add_option("--cause", cause, help(context, "help.offer.cause"))->type_name("CAUSE");
}

// Commands that name an offer and say something.
void add_word(CLI::App& app, Context& context, const char* name, const char* key, bool required,
              std::function<void(const MoneyWords&)> done) {
  const auto [command, words] = add_command(app, context, name, key);
  command->add_option("OFFER", words->name, help(context, "help.param.offer"))->required();
  auto* text = command->add_option("TEXT", words->text, help(context, "help.param.reason"));
  if (required) text->required();
  command->callback([words = words, done = std::move(done)] { done(*words); });
}

void add_offer(CLI::App& app, Context& context) {
  auto* one = app.add_subcommand("offer", help(context, "help.offer"));
  one->require_subcommand(1);

  const auto [known, of] = add_command(*one, context, "standard", "help.offer.standard");
  known->add_option("ORDER", of->order, help(context, "help.param.order"))->required();
  known->callback([&context, words = of] { standard(context, *words); });

  const auto [made, said] = add_command(*one, context, "propose", "help.offer.propose");
  made->add_option("ORDER", said->order, help(context, "help.param.order"))->required();
  made->add_option("REASON", said->text, help(context, "help.offer.reason"));
  const auto option = [&context, to = made](const char* name, std::string& word, const char* key,
                                            const char* type) {
    to->add_option(name, word, help(context, key))->type_name(type);
  };
  option("--chat", said->chat, "help.param.chat", "CHAT");
  option("--case", said->about, "help.offer.case", "CASE");
  option("--standard", said->standard, "help.offer.standard_name", "NAME");
  option("--refund", said->refund, "help.offer.refund", "AMOUNT");
  option("--coupon", said->coupon, "help.offer.coupon", "AMOUNT");
  option("--discount", said->discount, "help.offer.discount", "AMOUNT");
  made->add_flag("--resend", said->resend, help(context, "help.offer.resend"));
  option("--purpose", said->purpose, "help.offer.purpose", "PURPOSE");
  option("--instead", said->instead, "help.offer.instead", "OFFER");
  add_booking(*made, context, said->liable, said->cause);
  made->add_flag("--anyway", said->anyway, help(context, "help.offer.anyway"));
  made->callback([&context, words = said] { propose(context, *words); });

  const auto [shown, wanted] = add_command(*one, context, "show", "help.offer.show");
  shown->add_option("OFFER", wanted->name, help(context, "help.param.offer"))->required();
  shown->callback([&context, words = wanted] { show_offer(context, *words); });

  add_word(*one, context, "read-back", "help.offer.read_back", false,
           [&context](const MoneyWords& words) { read_back(context, words); });
  add_word(*one, context, "confirm", "help.offer.confirm", false,
           [&context](const MoneyWords& words) {
             say_of(context, "desk.offer_confirm", "text", words);
           });
  add_word(*one, context, "decline", "help.offer.decline", false,
           [&context](const MoneyWords& words) {
             say_of(context, "desk.offer_end", "text", words, "declined");
           });
  add_word(*one, context, "withdraw", "help.offer.withdraw", false,
           [&context](const MoneyWords& words) {
             say_of(context, "desk.offer_end", "text", words, "withdrawn");
           });
  add_word(*one, context, "carry-out", "help.offer.carry_out", false,
           [&context](const MoneyWords& words) {
             say_of(context, "desk.offer_carry_out", "text", words);
           });
}

void add_authority(CLI::App& app, Context& context) {
  const auto [command, words] = add_command(app, context, "authority", "help.authority");
  command->add_option("--currency", words->currency, help(context, "help.authority.currency"))
      ->type_name("CODE");
  command->require_subcommand(0, 1);
  for (const bool removed : {false, true}) {
    const auto [setting, value] =
        add_command(*command, context, removed ? "reset" : "set",
                    removed ? "help.authority.reset" : "help.authority.set");
    setting->add_option("NAME", value->limit_name, help(context, "help.param.limit"))->required();
    if (!removed) {
      setting->add_option("VALUE", value->value, help(context, "help.param.value"))->required();
    }
    auto* role =
        setting->add_option("--role", value->scope_role, help(context, "help.authority.role"));
    role->type_name("ROLE");
    setting->add_option("--member", value->scope_member, help(context, "help.authority.member"))
        ->type_name("N")
        ->excludes(role);
    setting->add_option("--currency", value->currency, help(context, "help.authority.currency"))
        ->type_name("CODE");
    setting->callback([&context, given = value, removed] { set_limit(context, *given, removed); });
  }
  const auto [moving, share] = add_command(*command, context, "move", "help.authority.move");
  moving->add_option("COUNT", share->value, help(context, "help.param.share"))->required();
  moving->add_option("PEER", share->peer, help(context, "help.param.peer"))->required();
  moving->add_option("--of", share->of, help(context, "help.authority.of"))->type_name("N");
  moving->add_option("--purpose", share->purpose, help(context, "help.offer.purpose"))
      ->type_name("PURPOSE");
  moving->callback([&context, given = share] {
    Value params = Value::map({{"to", given->peer}, {"currency", given->currency}});
    const bool gift = given->purpose == "gift";
    const auto count = gift ? parse_money(given->value, given->currency)
                            : parse_money(given->value, "JPY");  // whole numbers
    if (!count) {
      return context.fail(exit_usage, context.say("authority.value", {given->value}));
    }
    params["count"] = *count;
    if (given->of) params["of"] = *given->of;
    set(params, "purpose", given->purpose);
    act(context, "desk.allowance_move", std::move(params), "cli.done");
  });
  const auto [booking, refund] = add_command(*command, context, "book", "help.authority.book");
  booking->add_option("REFUND", refund->name, help(context, "help.param.refund"))->required();
  booking->add_option("MEMBER", refund->of, help(context, "help.authority.member"))->required();
  booking->callback([&context, given = refund] {
    act(context, "desk.refund_book", Value::map({{"refund", given->name}, {"of", *given->of}}),
        "cli.done");
  });
  command->callback([&context, given = words, self = command] {
    if (self->get_subcommands().empty()) authority(context, *given);
  });
}

}  // namespace

void say_given(Context& context, const Value& answer) {
  if (answer["offer"].is_nil()) {
    context.streams.out << context.say("action.queued", {answer["event"].as_str()}) << '\n';
    return;
  }
  context.streams.out << context.say("offer.beyond", {needs_text(context, answer["needs"])}) << '\n'
                      << context.say("offer.waits", {short_id(answer["offer"])}) << '\n';
}

void add_giving(CLI::App& command, const Context& context, Giving& giving) {
  command.add_option("--purpose", giving.purpose, help(context, "help.offer.purpose"))
      ->type_name("PURPOSE");
  command.add_option("--liable", giving.liable, help(context, "help.case.liable"))
      ->type_name("PARTY");
  command.add_option("--cause", giving.cause, help(context, "help.offer.cause"))
      ->type_name("CAUSE");
}

void add_money_commands(CLI::App& app, Context& context) {
  const auto [many, filter] = add_command(app, context, "offers", "help.offers");
  many->add_flag("--all", filter->all, help(context, "help.offers.all"));
  many->add_flag("--over", filter->over, help(context, "help.offers.over"));
  many->add_option("--chat", filter->chat, help(context, "help.of_chat"))->type_name("CHAT");
  many->add_option("--order", filter->order, help(context, "help.of_order"))->type_name("ORDER");
  many->add_option("--limit", filter->limit, help(context, "help.limit"))->type_name("N");
  many->callback([&context, words = filter] { offers(context, *words); });
  add_offer(app, context);

  const auto [waiting, page] = add_command(app, context, "approvals", "help.approvals");
  waiting->add_option("--limit", page->limit, help(context, "help.limit"))->type_name("N");
  waiting->callback([&context, words = page] {
    list_rows(context, "desk.approvals", Value::map({{"limit", words->limit}}), "approvals.none");
  });
  add_word(app, context, "approve", "help.approve", true, [&context](const MoneyWords& words) {
    say_of(context, "desk.approve", "reason", words);
  });
  add_word(app, context, "refuse", "help.refuse", true, [&context](const MoneyWords& words) {
    say_of(context, "desk.refuse", "reason", words);
  });
  add_authority(app, context);

  const auto [paid, proof] = add_command(app, context, "payment", "help.payment");
  paid->add_option("ORDER", proof->order, help(context, "help.param.order"))->required();
  paid->add_option("AMOUNT", proof->amount, help(context, "help.param.amount"))->required();
  paid->add_option("FILE", proof->file, help(context, "help.param.proof"))->required();
  paid->add_option("TEXT", proof->text, help(context, "help.param.text"));
  paid->add_option("--chat", proof->chat, help(context, "help.param.chat"))
      ->type_name("CHAT")
      ->required();
  paid->add_option("--offer", proof->name, help(context, "help.param.offer"))->type_name("OFFER");
  add_booking(*paid, context, proof->liable, proof->cause);
  paid->callback([&context, words = proof] { payment(context, *words); });

  const auto [sums, span] = add_command(app, context, "money", "help.money");
  sums->add_option("--days", span->days, help(context, "help.missed.days"))->type_name("N");
  sums->callback([&context, words = span] { ledger(context, *words); });
}

}  // namespace deskmate::daemon::cli

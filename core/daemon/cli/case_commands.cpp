// cases, case, call, calls, missed
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct CaseWords {
  std::string name;  // of a chat or case
  std::string kind, party, chat, about, order, buyer, title, evidence, amount, direction;
  std::string state, cause, severity, waiting_for, liable, currency;
  std::vector<std::string> text, wants;
  std::optional<std::uint64_t> assignee, hours;
  std::optional<bool> hardship;
  bool all = false, closed = false, overdue = false, remove = false, answered = false;
  std::uint64_t seconds = 0, days = 7, limit = 100;
};

std::string text_in(const Context& context, const Value& row, const char* key) {
  if (row["erased"].as_bool()) return context.say("entry.erased");
  if (row["awaited"].as_bool()) return context.say("entry.awaited");
  return shorten(printable(row[key].as_str()), text_columns);
}

std::string due(const Value& row) {
  const auto ms = row["deadline_ms"].as_uint();
  if (ms == 0) return {};
  return when(ms) + (row["overdue"].as_bool() ? " !" : "");
}

// The words for what is known by name; a name that this version does not know as it is.
std::string word_text(const Context& context, const std::string& kind, std::string_view word) {
  const std::string key = kind + std::string(word);
  const auto& all = messages();
  const bool known =
      std::any_of(all.begin(), all.end(), [&](const Message& one) { return one.key == key; });
  return known ? context.say(key) : printable(word);
}

std::string state_of(const Context& context, const Value& row) {
  return word_text(context, "case.state.", row["state"].as_str());
}

void cases(Context& context, const CaseWords& words) {
  Value params = Value::map({{"limit", words.limit}, {"overdue", words.overdue}});
  params["view"] = words.closed ? "closed" : words.all ? "all" : "open";
  set(params, "kind", words.kind);
  set(params, "state", words.state);
  set(params, "cause", words.cause);
  set(params, "order", words.order);
  set(params, "buyer", words.buyer);
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  if (words.assignee) params["assignee"] = *words.assignee;
  const auto answer = context.list("desk.cases", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.case"), context.say("column.kind"), context.say("column.state"),
               context.say("column.assignee"), context.say("column.chat"),
               context.say("column.due"), context.say("column.title")});
  for (const Value& one : (*answer)["cases"].as_array()) {
    table.add({number(one["case"]), printable(one["kind"].as_str()), state_of(context, one),
               number(one["assignee"]), number(one["chat"]), due(one),
               text_in(context, one, "title")});
  }
  print(context, table, "cases.none");
}

// "state: settled, cause: courier"
std::string map_text(const Value& map) {
  std::string out;
  for (const auto& [name, value] : map.as_map()) {
    const bool time = std::string_view(name).ends_with("_ms");
    std::string text = value.is_str()    ? printable(value.as_str())
                       : !value.is_int() ? to_json_line(value)
                       : time            ? when(value.as_uint())
                                         : std::to_string(value.as_int());
    out += (out.empty() ? "" : ", ") + std::string(name) + ": " + text;
  }
  return out;
}

void show_line(Context& context, const Value& line) {
  auto& out = context.streams.out;
  const std::string kind(line["kind"].as_str());
  const std::string member = number(line["member"]);
  std::string what;
  if (kind == "changed") what = map_text(line["changes"]);
  if (kind == "linked") what = map_text(line["link"]);
  if (kind == "said") what = word_text(context, "party.", line["party"].as_str());
  if (kind == "call") what = call_text(context, line);
  const bool off = line["removed"].as_bool();
  out << when(line["at_ms"].as_uint()) << "  "
      << context.say("case.line." + (off ? std::string("unlinked") : kind), {member, what}) << '\n';
  if (line["erased"].as_bool()) {
    indent(out, context.say("entry.erased"));
  } else if (line["awaited"].as_bool()) {
    indent(out, context.say("entry.awaited"));
  } else if (const auto text = line["text"].as_str(); !text.empty()) {
    indent(out, text);
  }
  for (const Value& file : line["attachments"].as_array()) {
    indent(out, printable(file["name"].as_str()));
  }
}

void show(Context& context, const CaseWords& words) {
  const auto answer = context.ask(
      "desk.case", Value::map({{"case", chat_name(words.name)}, {"limit", words.limit}}));
  if (!answer || context.as_json(*answer)) return;
  const Value& at = *answer;
  auto& out = context.streams.out;
  out << context.say("case.head", {number(at["case"]), at["kind"].as_str(), state_of(context, at)})
      << '\n';
  if (const auto title = at["title"].as_str(); !title.empty()) out << printable(title) << '\n';
  Value about = Value::map();
  for (const char* key :
       {"shop", "chat", "order", "parcel", "assignee", "cause", "severity", "waiting_for", "liable",
        "deadline_ms", "amount", "currency", "hardship"}) {
    if (!at[key].is_nil()) about[key] = at[key];
  }
  if (about.size() > 0) out << context.say("case.about", {map_text(about)}) << '\n';
  out << '\n';
  for (const Value& line : at["lines"].as_array()) show_line(context, line);
}

void change(Context& context, const CaseWords& words) {
  Value params = Value::map({{"case", chat_name(words.name)}});
  set(params, "state", words.state);
  set(params, "kind", words.kind);
  set(params, "cause", words.cause);
  set(params, "severity", words.severity);
  set(params, "waiting_for", words.waiting_for);
  set(params, "liable", words.liable);
  set(params, "title", words.title);
  set(params, "text", text_of(context, words.text));
  if (words.assignee) params["assignee"] = *words.assignee;
  if (words.hardship) params["hardship"] = *words.hardship;
  for (const std::string& one : words.wants) params["wants"].push_back(one);
  if (!words.amount.empty()) {
    const auto amount = parse_money(words.amount, words.currency);
    if (!amount) {
      return context.fail(exit_usage, context.say("cli.amount", {words.amount, words.currency}));
    }
    params["amount"] = *amount;
    params["currency"] = words.currency;
  }
  if (words.hours) {
    params["deadline_ms"] = std::uint64_t{0};
    if (*words.hours != 0) {
      const auto status = context.ask("desk.status", Value::map());
      if (!status) return;
      params["deadline_ms"] = (*status)["now_ms"].as_uint() + *words.hours * hour_ms;
    }
  }
  act(context, "desk.case_change", std::move(params), "cli.done");
}

void advise(Context& context, const CaseWords& words) {
  Value params = Value::map({{"case", chat_name(words.name)}});
  set(params, "order", words.order);
  const auto answer = context.ask("desk.case_advice", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  auto& out = context.streams.out;
  for (const Value& found : (*answer)["findings"].as_array()) {
    out << context.say("order.problem",
                       {printable(found["text"].as_str()), printable(found["title"].as_str())})
        << '\n';
    std::string fixes;
    for (const Value& fix : found["fixes"].as_array()) {
      fixes += (fixes.empty() ? "" : ", ") + printable(fix["text"].as_str());
    }
    if (!fixes.empty()) indent(out, context.say("order.fix", {fixes}));
  }
  if ((*answer)["findings"].as_array().empty()) out << context.say("case.no_advice") << '\n';
  for (const Value& one : (*answer)["silent"].as_array()) {
    out << context.say("case.silent", {printable(one.as_str())}) << '\n';
  }
}

void open(Context& context, const CaseWords& words) {
  Value params = Value::map({{"kind", words.kind}});
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  set(params, "order", words.order);
  set(params, "buyer", words.buyer);
  set(params, "title", words.title);
  set(params, "text", text_of(context, words.text));
  const auto answer = context.ask("desk.case_open", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << context.say("case.opened", {number((*answer)["case"])}) << '\n';
}

void calls(Context& context, const CaseWords& words) {
  Value params = Value::map({{"limit", words.limit}});
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  if (!words.about.empty()) params["case"] = chat_name(words.about);
  set(params, "buyer", words.buyer);
  const auto answer = context.list("desk.calls", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.made"), context.say("column.member"), context.say("column.call"),
               context.say("column.chat"), context.say("column.case"), context.say("column.text")});
  for (const Value& one : (*answer)["calls"].as_array()) {
    table.add({when(one["at_ms"].as_uint()), number(one["member"]), call_text(context, one),
               number(one["chat"]), number(one["case"]), text_in(context, one, "text")});
  }
  print(context, table, "calls.none");
}

void missed(Context& context, const CaseWords& words) {
  const auto status = context.ask("desk.status", Value::map());
  if (!status) return;
  const std::uint64_t now = (*status)["now_ms"].as_uint();
  const std::uint64_t span = words.days * day_ms;
  const auto answer = context.list(
      "desk.missed", Value::map({{"from_ms", now - std::min(now, span)}, {"limit", words.limit}}));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.asked"), context.say("column.chat"),
               context.say("column.member"), context.say("column.waits"),
               context.say("column.outcome"), context.say("column.order_lost"),
               context.say("column.buyer"), context.say("column.text")});
  for (const Value& one : (*answer)["missed"].as_array()) {
    const char* order = one["ordered"].as_bool() ? "missed.ordered" : "missed.lost";
    const bool said = one["ordered"].as_bool() || one["lost"].as_bool();
    table.add({when(one["asked_ms"].as_uint()), number(one["chat"]), number(one["member"]),
               ago(context.language, one["waited_ms"].as_uint()),
               context.say("missed." + std::string(one["outcome"].as_str())),
               said ? context.say(order) : "", printable(one["name"].as_str()),
               text_in(context, one, "text")});
  }
  print(context, table, "missed.none");
}

// The page, and beside it the files that it shows.
void evidence(Context& context, const CaseWords& words) {
  const auto answer = context.ask("desk.case_file", Value::map({{"case", chat_name(words.name)}}));
  if (!answer) return;
  const std::filesystem::path folder(words.title);
  const std::filesystem::path page = folder / std::string((*answer)["name"].as_str());
  std::error_code failed;
  std::filesystem::create_directories(folder / "files", failed);
  std::ofstream(page, std::ios::binary) << (*answer)["html"].as_str();
  std::size_t written = 0;
  for (const Value& file : (*answer)["files"].as_array()) {
    const std::filesystem::path at = folder / std::string(file["path"].as_str());
    std::ofstream out(at, std::ios::binary);
    const std::string why = read_attachment(context, std::string(file["hash"].as_str()),
                                            [&](std::string_view piece) { out << piece; });
    if (!why.empty()) {
      context.streams.err << printable(file["name"].as_str()) << ": " << why << '\n';
    } else if (out.flush()) {
      ++written;
    }
  }
  if (failed || !std::filesystem::exists(page)) {
    return context.fail(exit_refused, context.say("attachment.not_written", {page.string()}));
  }
  const Value made = Value::map({{"file", page.string()}, {"files", written}});
  if (context.as_json(made)) return;
  context.streams.out << context.say("case_file.written", {page.string(), std::to_string(written)})
                      << '\n';
}

using CaseCommand = std::pair<CLI::App*, std::shared_ptr<CaseWords>>;

CaseCommand add(CLI::App& app, const Context& context, const char* name, const std::string& key) {
  return {app.add_subcommand(name, help(context, key)), std::make_shared<CaseWords>()};
}

void add_case_list(CLI::App& app, Context& context) {
  const auto [list, words] = add(app, context, "cases", "help.cases");
  auto* all = list->add_flag("--all", words->all, help(context, "help.cases.all"));
  list->add_flag("--closed", words->closed, help(context, "help.cases.closed"))->excludes(all);
  list->add_flag("--overdue", words->overdue, help(context, "help.cases.overdue"));
  const auto option = [&context, to = list](const char* name, std::string& word, const char* key,
                                            const char* type) {
    to->add_option(name, word, help(context, key))->type_name(type);
  };
  option("--kind", words->kind, "help.cases.kind", "KIND");
  option("--state", words->state, "help.cases.state", "STATE");
  option("--cause", words->cause, "help.cases.cause", "CAUSE");
  option("--chat", words->chat, "help.of_chat", "CHAT");
  option("--order", words->order, "help.of_order", "ORDER");
  list->add_option("--assignee", words->assignee, help(context, "help.cases.assignee"))
      ->type_name("N");
  list->add_option("--limit", words->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, given = words] { cases(context, *given); });
}

void add_case(CLI::App& app, Context& context) {
  auto* one = app.add_subcommand("case", help(context, "help.case"));
  one->require_subcommand(1);

  const auto [opening, made] = add(*one, context, "open", "help.case.open");
  opening->add_option("KIND", made->kind, help(context, "help.param.kind"))->required();
  opening->add_option("TEXT", made->text, help(context, "help.param.text"));
  opening->add_option("--chat", made->chat, help(context, "help.param.chat"))->type_name("CHAT");
  opening->add_option("--order", made->order, help(context, "help.case.order"))->type_name("ORDER");
  opening->add_option("--buyer", made->buyer, help(context, "help.case.buyer"))->type_name("BUYER");
  opening->add_option("--title", made->title, help(context, "help.case.title"))->type_name("TITLE");
  opening->callback([&context, words = made] { open(context, *words); });

  const auto [shown, wanted] = add(*one, context, "show", "help.case.show");
  shown->add_option("CASE", wanted->name, help(context, "help.param.case"))->required();
  shown->add_option("--limit", wanted->limit, help(context, "help.limit"))->type_name("N");
  shown->callback([&context, words = wanted] { show(context, *words); });

  const auto [writing, wrote] = add(*one, context, "file", "help.case.file");
  writing->add_option("CASE", wrote->name, help(context, "help.param.case"))->required();
  writing->add_option("FOLDER", wrote->title, help(context, "help.param.folder"))->required();
  writing->callback([&context, words = wrote] { evidence(context, *words); });

  const auto [changing, changed] = add(*one, context, "change", "help.case.change");
  changing->add_option("CASE", changed->name, help(context, "help.param.case"))->required();
  changing->add_option("TEXT", changed->text, help(context, "help.param.reason"));
  const auto option = [&context, changing = changing](const char* name, auto& word, const char* key,
                                                      const char* type) {
    changing->add_option(name, word, help(context, key))->type_name(type);
  };
  option("--state", changed->state, "help.case.state", "STATE");
  option("--kind", changed->kind, "help.case.kind", "KIND");
  option("--cause", changed->cause, "help.case.cause", "CAUSE");
  option("--severity", changed->severity, "help.case.severity", "SEVERITY");
  option("--assignee", changed->assignee, "help.case.assignee", "N");
  option("--deadline", changed->hours, "help.case.hours", "HOURS");
  option("--waiting-for", changed->waiting_for, "help.case.waiting_for", "WHO");
  option("--liable", changed->liable, "help.case.liable", "PARTY");
  option("--amount", changed->amount, "help.case.amount", "AMOUNT");
  option("--currency", changed->currency, "help.case.currency", "CODE");
  option("--wants", changed->wants, "help.case.wants", "KIND");
  option("--title", changed->title, "help.case.title", "TITLE");
  changing->add_flag("--hardship,!--no-hardship", changed->hardship,
                     help(context, "help.case.hardship"));
  changing->callback([&context, words = changed] { change(context, *words); });

  const auto [advising, advised] = add(*one, context, "advise", "help.case.advise");
  advising->add_option("CASE", advised->name, help(context, "help.param.case"))->required();
  advising->add_option("--order", advised->order, help(context, "help.case.order"))
      ->type_name("ORDER");
  advising->callback([&context, words = advised] { advise(context, *words); });

  const auto [saying, said] = add(*one, context, "say", "help.case.say");
  saying->add_option("CASE", said->name, help(context, "help.param.case"))->required();
  saying->add_option("PARTY", said->party, help(context, "help.param.party"))->required();
  saying->add_option("TEXT", said->text, help(context, "help.param.text"))->required();
  saying->add_option("--evidence", said->evidence, help(context, "help.case.evidence"))
      ->type_name("KIND");
  saying->callback([&context, words = said] {
    Value params = Value::map({{"case", chat_name(words->name)},
                               {"party", words->party},
                               {"text", text_of(context, words->text)}});
    set(params, "evidence", words->evidence);
    act(context, "desk.case_say", std::move(params), "cli.done");
  });

  const auto [linking, linked] = add(*one, context, "link", "help.case.link");
  linking->add_option("CASE", linked->name, help(context, "help.param.case"))->required();
  linking->add_option("--chat", linked->chat, help(context, "help.param.chat"))->type_name("CHAT");
  linking->add_option("--order", linked->order, help(context, "help.case.order"))
      ->type_name("ORDER");
  linking->add_option("--buyer", linked->buyer, help(context, "help.case.buyer"))
      ->type_name("BUYER");
  linking->add_flag("--remove", linked->remove, help(context, "help.case.remove"));
  linking->callback([&context, words = linked] {
    Value params = Value::map({{"case", chat_name(words->name)}, {"removed", words->remove}});
    if (!words->chat.empty()) params["chat"] = chat_name(words->chat);
    set(params, "order", words->order);
    set(params, "buyer", words->buyer);
    act(context, "desk.case_link", std::move(params), "cli.done");
  });
}

void add_calls(CLI::App& app, Context& context) {
  const auto [call, made] = add(app, context, "call", "help.call");
  call->add_option("CHAT", made->chat, help(context, "help.param.chat"))->required();
  call->add_option("DIRECTION", made->direction, help(context, "help.param.direction"))->required();
  call->add_option("TEXT", made->text, help(context, "help.param.text"));
  call->add_flag("--answered", made->answered, help(context, "help.call.answered"));
  call->add_option("--seconds", made->seconds, help(context, "help.call.seconds"))->type_name("N");
  call->add_option("--party", made->party, help(context, "help.call.party"))->type_name("PARTY");
  call->add_option("--case", made->about, help(context, "help.param.case"))->type_name("CASE");
  call->callback([&context, words = made] {
    Value params = Value::map({{"chat", chat_name(words->chat)},
                               {"direction", words->direction},
                               {"answered", words->answered},
                               {"seconds", words->seconds}});
    set(params, "party", words->party);
    set(params, "text", text_of(context, words->text));
    if (!words->about.empty()) params["case"] = chat_name(words->about);
    act(context, "desk.call", std::move(params), "cli.done");
  });

  const auto [list, wanted] = add(app, context, "calls", "help.calls");
  list->add_option("--chat", wanted->chat, help(context, "help.of_chat"))->type_name("CHAT");
  list->add_option("--case", wanted->about, help(context, "help.of_case"))->type_name("CASE");
  list->add_option("--buyer", wanted->buyer, help(context, "help.case.buyer"))->type_name("BUYER");
  list->add_option("--limit", wanted->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, words = wanted] { calls(context, *words); });
}

}  // namespace

std::string call_text(const Context& context, const Value& call) {
  const std::string party = word_text(context, "party.", call["party"].as_str("buyer"));
  std::string out = context.say("call." + std::string(call["direction"].as_str()), {party});
  if (!call["answered"].as_bool()) out += context.say("call.unanswered");
  if (const auto seconds = call["seconds"]; !seconds.is_nil()) {
    out += context.say("call.seconds", {number(seconds)});
  }
  return out;
}

void add_case_commands(CLI::App& app, Context& context) {
  add_case_list(app, context);
  add_case(app, context);
  add_calls(app, context);

  const auto [late, words] = add(app, context, "missed", "help.missed");
  late->add_option("--days", words->days, help(context, "help.missed.days"))->type_name("N");
  late->add_option("--limit", words->limit, help(context, "help.limit"))->type_name("N");
  late->callback([&context, given = words] { missed(context, *given); });
}

}  // namespace deskmate::daemon::cli

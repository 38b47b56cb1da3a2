// promises, promise, kept, dropped; questions, ask, answer; listen
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct PromiseWords {
  std::string id;
  std::string to;
  std::vector<std::string> text;
  std::string chat;
  bool overdue = false;
  std::uint64_t of = 0;
  std::uint64_t limit = 100;
  std::uint64_t minutes = 60;
};

std::string text_in(const Context& context, const Value& row) {
  if (row["erased"].as_bool()) return context.say("entry.erased");
  if (row["awaited"].as_bool()) return context.say("entry.awaited");
  return shorten(printable(row["text"].as_str()), text_columns);
}

void promises(Context& context, const PromiseWords& words) {
  Value params = Value::map({{"limit", words.limit}, {"overdue", words.overdue}});
  if (words.of != 0) params["member"] = words.of;
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  const auto answer = context.list("desk.promises", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.promise"), context.say("column.due"), context.say("column.chat"),
               context.say("column.member"), context.say("column.buyer"),
               context.say("column.text")});
  for (const Value& one : (*answer)["promises"].as_array()) {
    table.add({short_id(one["promise"]),
               when(one["due_ms"].as_uint()) + (one["overdue"].as_bool() ? " !" : ""),
               number(one["chat"]), number(one["member"]), printable(one["name"].as_str()),
               text_in(context, one)});
  }
  print(context, table, "promises.none");
}

void questions(Context& context, const PromiseWords& words) {
  Value params = Value::map({{"limit", words.limit}});
  if (words.of != 0) params["to"] = words.of;
  if (!words.chat.empty()) params["chat"] = chat_name(words.chat);
  const auto answer = context.list("desk.questions", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.question"), context.say("column.made"),
               context.say("column.chat"), context.say("column.from"), context.say("column.to"),
               context.say("column.text")});
  for (const Value& one : (*answer)["questions"].as_array()) {
    const auto role = one["to_role"].as_str();
    table.add({short_id(one["question"]), when(one["asked_ms"].as_uint()), number(one["chat"]),
               number(one["from"]),
               role.empty() ? number(one["to"]) : context.say("role." + std::string(role)),
               text_in(context, one)});
  }
  print(context, table, "questions.none");
}

std::pair<CLI::App*, std::shared_ptr<PromiseWords>> add_one(CLI::App& app, const Context& context,
                                                            const char* name) {
  return {app.add_subcommand(name, help(context, std::string("help.") + name)),
          std::make_shared<PromiseWords>()};
}

void add_promises(CLI::App& app, Context& context) {
  const auto [list, wanted] = add_one(app, context, "promises");
  list->add_flag("--overdue", wanted->overdue, help(context, "help.promises.overdue"));
  list->add_option("--member", wanted->of, help(context, "help.promises.member"))->type_name("N");
  list->add_option("--chat", wanted->chat, help(context, "help.of_chat"))->type_name("CHAT");
  list->add_option("--limit", wanted->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, words = wanted] { promises(context, *words); });

  const auto [promise, made] = add_one(app, context, "promise");
  promise->add_option("CHAT", made->chat, help(context, "help.param.chat"))->required();
  promise->add_option("MINUTES", made->minutes, help(context, "help.param.minutes"))->required();
  promise->add_option("TEXT", made->text, help(context, "help.param.text"))->required();
  promise->callback([&context, words = made] {
    act(context, "desk.promise",
        Value::map({{"chat", chat_name(words->chat)},
                    {"in_minutes", words->minutes},
                    {"text", text_of(context, words->text)}}),
        "cli.done");
  });

  const auto [kept, done] = add_one(app, context, "kept");
  kept->add_option("PROMISE", done->id, help(context, "help.param.promise"))->required();
  kept->callback([&context, words = done] {
    act(context, "desk.promise_kept", Value::map({{"promise", words->id}}), "cli.done");
  });

  const auto [drop, why] = add_one(app, context, "dropped");
  drop->add_option("PROMISE", why->id, help(context, "help.param.promise"))->required();
  drop->add_option("REASON", why->text, help(context, "help.param.reason"))->required();
  drop->callback([&context, words = why] {
    act(context, "desk.promise_dropped",
        Value::map({{"promise", words->id}, {"reason", text_of(context, words->text)}}),
        "cli.done");
  });
}

void add_questions(CLI::App& app, Context& context) {
  const auto [list, wanted] = add_one(app, context, "questions");
  list->add_option("--to", wanted->of, help(context, "help.questions.to"))->type_name("N");
  list->add_option("--chat", wanted->chat, help(context, "help.of_chat"))->type_name("CHAT");
  list->add_option("--limit", wanted->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, words = wanted] { questions(context, *words); });

  const auto [ask, asked] = add_one(app, context, "ask");
  ask->add_option("CHAT", asked->chat, help(context, "help.param.chat"))->required();
  ask->add_option("TO", asked->to, help(context, "help.param.to"))->required();
  ask->add_option("TEXT", asked->text, help(context, "help.param.text"))->required();
  ask->callback([&context, words = asked] {
    act(context, "desk.ask",
        Value::map({{"chat", chat_name(words->chat)},
                    {"to", chat_name(words->to)},
                    {"text", text_of(context, words->text)}}),
        "cli.done");
  });

  const auto [answer, said] = add_one(app, context, "answer");
  answer->add_option("QUESTION", said->id, help(context, "help.param.question"))->required();
  answer->add_option("TEXT", said->text, help(context, "help.param.text"))->required();
  answer->callback([&context, words = said] {
    act(context, "desk.answer",
        Value::map({{"question", words->id}, {"text", text_of(context, words->text)}}), "cli.done");
  });
}

}  // namespace

void add_word_commands(CLI::App& app, Context& context) {
  add_promises(app, context);
  add_questions(app, context);

  const auto [listen, heard] = add_one(app, context, "listen");
  auto* to = listen->add_option("--to", heard->of, help(context, "help.listen.to"));
  to->type_name("N");
  listen->add_option("--chat", heard->chat, help(context, "help.listen.chat"))
      ->type_name("CHAT")
      ->excludes(to);
  listen->add_option("--minutes", heard->minutes, help(context, "help.listen.minutes"))
      ->type_name("N");
  listen->callback([&context, words = heard] {
    Value params = Value::map({{"minutes", words->minutes}});
    if (words->chat.empty()) {
      params["to"] = words->of;
    } else {
      params["chat"] = chat_name(words->chat);
    }
    act(context, "desk.listen", std::move(params), "cli.done");
  });
}

}  // namespace deskmate::daemon::cli

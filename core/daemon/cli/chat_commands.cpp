// chats, chat, attachment, reply, note, draft, transfer, flag, claim, close
#include <deskmate/ext/file.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/orders.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::size_t preview_columns = 40;

struct ChatsOptions {
  bool all = false;
  bool queue = false;
  bool last_word = false;
  std::uint64_t of = 0;
  std::string shop;
  std::uint64_t limit = 100;
};

std::string waiting(const Context& context, const Value& chat, std::uint64_t now) {
  const std::uint64_t since = chat["waiting_since_ms"].as_uint();
  const bool promised = chat["promise_overdue"].as_bool();
  std::string out;
  if (since != 0 && since <= now) {
    out = ago(context.language, now - since) + (chat["colour"].as_str() == "red" ? " !" : "");
  }
  if (promised) out += (out.empty() ? "" : " ") + context.say("chats.promised");
  if (out.empty()) return {};
  if (const Value& answering = chat["answering"]; answering.is_map()) {
    out += " " + context.say("chats.answering", {std::to_string(answering["member"].as_int())});
  }
  return out;
}

void chats(Context& context, const ChatsOptions& options) {
  Value params = Value::map({{"limit", options.limit}});
  params["view"] = options.queue       ? "queue"
                   : options.last_word ? "last_word"
                   : options.all       ? "all"
                                       : "open";
  if (!options.shop.empty()) params["shop"] = options.shop;
  if (options.of != 0) params["member"] = options.of;
  const auto answer = context.list("desk.chats", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  const auto status = context.ask("desk.status", Value::map());
  if (!status) return;
  const std::uint64_t now = (*status)["now_ms"].as_uint();
  Table table({context.say("column.chat"), context.say("column.shop"), context.say("column.state"),
               context.say("column.member"), context.say("column.waits"),
               context.say("column.buyer"), context.say("column.text")});
  for (const Value& chat : (*answer)["chats"].as_array()) {
    const auto number = chat["chat"].as_uint();
    table.add({number == 0 ? std::string(chat["id"].as_str()) : std::to_string(number),
               printable(chat["shop"].as_str()),
               context.say("chat." + std::string(chat["state"].as_str())),
               chat["member"].is_nil() ? "" : std::to_string(chat["member"].as_int()),
               waiting(context, chat, now), printable(chat["name"].as_str()),
               shorten(printable(chat["text"].as_str()), preview_columns)});
  }
  if (table.empty()) {
    context.streams.out << context.say("chats.none") << '\n';
  } else {
    table.print(context.streams.out);
  }
}

// As many digits of an attachment's hash are shown as nobody types in vain.
constexpr std::size_t attachment_digits = 8;
constexpr std::uint64_t entries_looked_at = 1'000;

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  return bytes < kib ? std::to_string(bytes) + " B" : std::to_string(bytes / kib) + " KiB";
}

void show_entry(Context& context, const Value& entry) {
  auto& out = context.streams.out;
  const std::string kind(entry["kind"].as_str());
  const std::string member = std::to_string(entry["member"].as_int());
  std::string head = context.say("entry." + kind, {member});
  if (kind == "call") head = context.say("entry.call", {member, call_text(context, entry)});
  if (kind == "case") {
    head = context.say("entry.case", {member, std::to_string(entry["case"].as_int()),
                                      printable(entry["what"].as_str())});
  }
  if (kind == "promised") {
    head = context.say("entry.promised", {member, when(entry["due_ms"].as_uint())});
  }
  if (kind == "received") head = printable(entry["name"].as_str(head));
  if (kind == "transfer" || kind == "asked") {
    const std::string to = entry["to_role"].as_str().empty()
                               ? std::to_string(entry["to"].as_int())
                               : context.say("role." + std::string(entry["to_role"].as_str()));
    head = context.say("entry." + kind, {member, to});
  }
  if (entry["auto"].as_bool()) head += context.say("entry.auto");
  if (const auto outcome = entry["outcome"].as_str(); !outcome.empty()) {
    head += " [" + context.say("request." + std::string(outcome)) + "]";
  }
  out << when(entry["at_ms"].as_uint()) << "  " << head;
  if (const auto why = entry["why_text"].as_str(); !why.empty()) out << ": " << why;
  out << '\n';
  if (entry["erased"].as_bool()) {
    indent(out, context.say("entry.erased"));
  } else if (entry["awaited"].as_bool()) {
    indent(out, context.say("entry.awaited"));
  } else if (const auto text = entry["text"].as_str(); !text.empty()) {
    indent(out, text);
  }
  for (const Value& file : entry["attachments"].as_array()) {
    indent(out, context.say("entry.attachment", {file["hash"].as_str().substr(0, attachment_digits),
                                                 printable(file["name"].as_str()),
                                                 bytes_text(file["size"].as_uint())}));
  }
  if (const auto files = entry["files"].as_int(); files > 0 && !entry["attachments"].is_array()) {
    indent(out, context.say("entry.files", {std::to_string(files)}));
  }
}

void show_account(Context& context, const Value& account) {
  std::string line;
  for (const char* key : {"name", "email", "phone", "shop"}) {
    if (const auto text = account[key].as_str(); !text.empty()) {
      line += (line.empty() ? "" : ", ") + printable(text);
    }
  }
  line += "  " + std::string(account["buyer"].as_str());
  indent(context.streams.out, line);
}

void chat(Context& context, const std::string& name, std::uint64_t limit) {
  const auto answer =
      context.ask("desk.chat", Value::map({{"chat", chat_name(name)}, {"limit", limit}}));
  if (!answer || context.as_json(*answer)) return;
  const Value& at = *answer;
  auto& out = context.streams.out;
  out << context.say("chat.head",
                     {std::to_string(at["chat"].as_int()), printable(at["shop"].as_str()),
                      context.say("chat." + std::string(at["state"].as_str()))});
  if (!at["member"].is_nil()) {
    out << context.say("chat.of", {std::to_string(at["member"].as_int())});
  }
  out << '\n';
  if (const auto subject = at["subject"].as_str(); !subject.empty())
    out << printable(subject) << '\n';
  if (at["blocked"].as_bool()) out << context.say("chat.blocked") << '\n';
  if (at["account"].is_map() || at["accounts"].size() > 0) {
    out << '\n' << context.say("chat.buyer") << '\n';
    if (at["account"].is_map()) show_account(context, at["account"]);
    for (const Value& other : at["accounts"].as_array()) show_account(context, other);
  }
  if (at["orders"].size() > 0) out << '\n' << context.say("chat.orders") << '\n';
  for (const Value& order : at["orders"].as_array()) show_order(context, order);
  if (at["unproved"].as_int() > 0) out << context.say("chat.unproved") << '\n';
  if (at["history"].size() > 0) {
    out << '\n' << context.say("chat.history") << '\n';
    for (const Value& row : at["history"].as_array()) {
      indent(out, std::to_string(row["chat"].as_int()) + "  " + std::string(row["shop"].as_str()) +
                      "  " + when(row["last_in_ms"].as_uint()) + "  " +
                      shorten(row["text"].as_str(), preview_columns));
    }
  }
  out << '\n';
  for (const Value& entry : at["entries"].as_array()) show_entry(context, entry);
  for (const Value& draft : at["drafts"].as_array()) {
    out << context.say("chat.draft", {std::to_string(draft["member"].as_int())}) << '\n';
    indent(out, draft["text"].as_str());
  }
}

// The hash of the chat's attachment that begins so; empty: there is none, or more than one.
std::string hash_of_attachment(const Value& chat, const std::string& beginning) {
  std::string found;
  for (const Value& entry : chat["entries"].as_array()) {
    for (const Value& file : entry["attachments"].as_array()) {
      const std::string hash(file["hash"].as_str());
      if (!hash.starts_with(beginning) || hash == found) continue;
      if (!found.empty()) return "";
      found = hash;
    }
  }
  return found;
}

std::string bytes_of(const std::string& hex) {
  std::string bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
  }
  return bytes;
}

// Writes an attachment to `to`, or to standard output. One that is at another peer is fetched
// first.
void attachment(Context& context, const std::string& chat, const std::string& beginning,
                const std::string& to) {
  const auto answer = context.ask(
      "desk.chat", Value::map({{"chat", chat_name(chat)}, {"limit", entries_looked_at}}));
  if (!answer) return;
  const std::string hash = hash_of_attachment(*answer, beginning);
  if (hash.empty()) {
    return context.fail(exit_refused, context.say("attachment.unknown", {beginning}));
  }
  std::ofstream file;
  std::uint64_t size = 0;
  const std::string failed = read_attachment(context, hash, [&](std::string_view piece) {
    if (!to.empty() && !file.is_open()) {
      file.open(to, std::ios::binary | std::ios::trunc);
    }
    size += piece.size();
    (to.empty() ? context.streams.out : file) << piece;
  });
  if (!failed.empty()) return context.fail(exit_refused, failed);
  if (to.empty()) return;
  file.close();
  if (!file) return context.fail(exit_refused, context.say("attachment.not_written", {to}));
  if (context.as_json(Value::map({{"hash", hash}, {"size", size}, {"file", to}}))) return;
  context.streams.out << context.say("attachment.written", {to, bytes_text(size)}) << '\n';
}

struct ChatWords {
  std::string chat;
  std::string to;
  std::string attachment;
  std::vector<std::string> text;
  std::uint64_t limit = 100;
  std::uint64_t minutes = 0;
  bool anyway = false;
};

// `name CHAT TEXT…`
void add_text_command(CLI::App& app, Context& context, const char* name, const char* method,
                      const char* done) {
  auto words = std::make_shared<ChatWords>();
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  command->add_option("CHAT", words->chat, help(context, "help.param.chat"))->required();
  command->add_option("TEXT", words->text, help(context, "help.param.text"))->required();
  command->callback([&context, words, method, done] {
    act(context, method,
        Value::map({{"chat", chat_name(words->chat)}, {"text", text_of(context, words->text)}}),
        done);
  });
}

// `name CHAT`
void add_chat_command(CLI::App& app, Context& context, const char* name, const char* method) {
  auto words = std::make_shared<ChatWords>();
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  command->add_option("CHAT", words->chat, help(context, "help.param.chat"))->required();
  command->callback([&context, words, method] {
    act(context, method, Value::map({{"chat", chat_name(words->chat)}}), "cli.done");
  });
}

}  // namespace

std::string read_attachment(Context& context, const std::string& hash,
                            const std::function<void(std::string_view)>& piece) {
  for (std::uint64_t offset = 0;;) {
    const auto read = context.client()->call(
        "file.read", Value::map({{"hash", Value::bin(bytes_of(hash))},
                                 {"offset", offset},
                                 {"size", std::uint64_t{DM_FILE_PIECE_MAX}}}));
    if (!read) {
      const auto& error = read.error();
      const bool away = error.code == Status::unavailable || error.code == Status::deadline;
      return away ? context.say("attachment.on_its_way") : error.message;
    }
    piece(read->as_bin());
    if (read->as_bin().empty()) return {};
    offset += read->as_bin().size();
  }
}

void add_chat_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<ChatsOptions>();
  auto* list = app.add_subcommand("chats", help(context, "help.chats"));
  list->add_flag("--all", options->all, help(context, "help.chats.all"));
  list->add_flag("--queue", options->queue, help(context, "help.chats.queue"));
  list->add_flag("--last-word", options->last_word, help(context, "help.chats.last_word"));
  list->add_option("--member", options->of, help(context, "help.chats.member"))->type_name("N");
  list->add_option("--shop", options->shop, help(context, "help.chats.shop"))->type_name("NAME");
  list->add_option("--limit", options->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, options] { chats(context, *options); });

  auto words = std::make_shared<ChatWords>();
  auto* one = app.add_subcommand("chat", help(context, "help.chat"));
  one->add_option("CHAT", words->chat, help(context, "help.param.chat"))->required();
  one->add_option("--limit", words->limit, help(context, "help.limit"))->type_name("N");
  one->callback([&context, words] { chat(context, words->chat, words->limit); });

  auto wanted = std::make_shared<ChatWords>();
  auto* get = app.add_subcommand("attachment", help(context, "help.attachment"));
  get->add_option("CHAT", wanted->chat, help(context, "help.param.chat"))->required();
  get->add_option("ATTACHMENT", wanted->attachment, help(context, "help.param.attachment"))
      ->required();
  get->add_option("FILE", wanted->to, help(context, "help.param.attachment_file"));
  get->callback(
      [&context, wanted] { attachment(context, wanted->chat, wanted->attachment, wanted->to); });

  auto said = std::make_shared<ChatWords>();
  auto* reply = app.add_subcommand("reply", help(context, "help.reply"));
  reply->add_option("CHAT", said->chat, help(context, "help.param.chat"))->required();
  reply->add_option("TEXT", said->text, help(context, "help.param.text"))->required();
  reply->add_option("--promise", said->minutes, help(context, "help.reply.promise"))
      ->type_name("N");
  reply->add_flag("--anyway", said->anyway, help(context, "help.reply.anyway"));
  reply->callback([&context, said] {
    Value params =
        Value::map({{"chat", chat_name(said->chat)}, {"text", text_of(context, said->text)}});
    if (said->minutes != 0) params["promise"] = Value::map({{"in_minutes", said->minutes}});
    if (said->anyway) params["anyway"] = true;
    act(context, "desk.reply", std::move(params), "reply.queued");
  });
  add_text_command(app, context, "note", "desk.note", "cli.done");
  add_text_command(app, context, "draft", "desk.draft", "cli.done");

  auto move = std::make_shared<ChatWords>();
  auto* transfer = app.add_subcommand("transfer", help(context, "help.transfer"));
  transfer->add_option("CHAT", move->chat, help(context, "help.param.chat"))->required();
  transfer->add_option("TO", move->to, help(context, "help.param.to"))->required();
  transfer->add_option("NOTE", move->text, help(context, "help.param.note"))->required();
  transfer->callback([&context, move] {
    act(context, "desk.transfer",
        Value::map({{"chat", chat_name(move->chat)},
                    {"to", chat_name(move->to)},
                    {"note", text_of(context, move->text)}}),
        "cli.done");
  });

  auto flagged = std::make_shared<ChatWords>();
  auto* flag = app.add_subcommand("flag", help(context, "help.flag"));
  flag->add_option("CHAT", flagged->chat, help(context, "help.param.chat"))->required();
  flag->add_option("TOPIC", flagged->to, help(context, "help.param.topic"))->required();
  flag->callback([&context, flagged] {
    act(context, "desk.flag",
        Value::map({{"chat", chat_name(flagged->chat)}, {"topic", flagged->to}}), "cli.done");
  });
  add_chat_command(app, context, "claim", "desk.claim");
  add_chat_command(app, context, "close", "desk.close");
}

}  // namespace deskmate::daemon::cli

#include "core/daemon/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <istream>
#include <iterator>
#include <ostream>
#include <utility>

#include "core/daemon/cli/text.hpp"
#include "core/daemon/version.hpp"

namespace deskmate::daemon::cli {
namespace {

const char* environment(const char* name) { return std::getenv(name); }

// The language has to be known before the help is put together.
Language language_of(int argc, const char* const* argv) {
  std::string setting = "auto";
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--language" && i + 1 < argc) setting = argv[i + 1];
    if (word.starts_with("--language="))
      setting = word.substr(std::string_view("--language=").size());
  }
  return pick_language(setting, environment);
}

void add_common(CLI::App& app, Context& context, std::string& language) {
  app.add_flag("--json", context.json, help(context, "help.json"));
  app.add_option("--config", context.config_file, help(context, "help.config_file"))
      ->type_name("FILE");
  app.add_option("--socket", context.socket, help(context, "help.socket"))->type_name("FILE");
  app.add_option("--passphrase-file", context.passphrase_file,
                 help(context, "help.passphrase_file"))
      ->type_name("FILE");
  app.add_option("--as", context.member, help(context, "help.as"))
      ->type_name("N")
      ->envname("DESKMATE_MEMBER");
  app.add_option("--language", language, help(context, "help.language"))
      ->check(CLI::IsMember({"auto", "en", "zh"}));
}

void label(CLI::App& app, const Context& context) {
  auto formatter = std::make_shared<CLI::Formatter>();
  for (const char* name :
       {"Usage", "Options", "OPTIONS", "SUBCOMMAND", "Subcommands", "Positionals"}) {
    formatter->label(name, context.say(std::string("label.") + name));
  }
  formatter->column_width(28);
  app.formatter(formatter);
}

}  // namespace

std::string help(const Context& context, std::string_view key) { return context.say(key); }

void set(Value& params, const char* name, const std::string& word) {
  if (!word.empty()) params[name] = word;
}

void print(Context& context, const Table& table, std::string_view none) {
  if (table.empty()) {
    context.streams.out << context.say(none) << '\n';
  } else {
    table.print(context.streams.out);
  }
}

Value chat_name(const std::string& word) {
  constexpr std::size_t number_digits_max = 10;
  if (!word.empty() && word.size() <= number_digits_max &&
      word.find_first_not_of("0123456789") == std::string::npos) {
    return std::stoull(word);
  }
  return word;
}

std::string text_of(Context& context, const std::vector<std::string>& words) {
  if (words.size() == 1 && words.front() == "-") {
    return {std::istreambuf_iterator<char>(context.streams.in), {}};
  }
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

void act(Context& context, std::string_view method, Value params, std::string_view done) {
  const auto answer = context.ask(method, std::move(params));
  if (!answer || context.as_json(*answer)) return;
  context.streams.out << context.say(done) << '\n';
}

void indent(std::ostream& out, std::string_view text) {
  std::string line;
  for (const char c : printable(text, true) + "\n") {
    if (c != '\n') {
      line += c;
      continue;
    }
    out << "    " << line << '\n';
    line.clear();
  }
}

const Config* Context::configuration() {
  if (config_) return &*config_;
  const bool named = !config_file.empty();
  const std::string file = named ? config_file : default_config_file();
  if (!named && !std::filesystem::exists(file)) {
    config_ = default_config();
    return &*config_;
  }
  auto loaded = load_config(std::filesystem::absolute(file).string());
  if (loaded.has_error()) {
    streams.err << loaded.error().in(name_of(language)) << '\n';
    exit = exit_config;
    return nullptr;
  }
  config_ = std::move(loaded).value();
  return &*config_;
}

bus::Client* Context::client() {
  if (client_) return &*client_;
  std::string path = socket;
  if (path.empty()) {
    const Config* config = configuration();
    if (config == nullptr) return nullptr;
    path = config->socket;
  }
  bus::ClientOptions options;
  options.version = version;
  auto connected = bus::Client::connect(path, options);
  if (!connected) {
    if (connected.error().code == Status::unavailable) {
      fail(exit_not_running, say("cli.not_running", {path}));
    } else {
      fail(exit_refused, connected.error().message);
    }
    return nullptr;
  }
  client_.emplace(std::move(*connected));
  return &*client_;
}

std::optional<Value> Context::ask(std::string_view method, Value params,
                                  std::uint32_t deadline_ms) {
  bus::Client* desk = client();
  if (desk == nullptr) return std::nullopt;
  params["language"] = name_of(language);
  if (member != 0 && !params.as_map().contains("member")) params["member"] = member;
  auto answer = desk->call(method, params, deadline_ms);
  if (!answer) {
    const auto& error = answer.error();
    fail(exit_refused, error.message.empty() ? std::string(to_string(error.code)) : error.message);
    return std::nullopt;
  }
  return std::move(*answer);
}

std::optional<Value> Context::list(std::string_view method, Value params) {
  const std::uint64_t as = std::exchange(member, 0);
  auto answer = ask(method, std::move(params));
  member = as;
  return answer;
}

std::optional<Value> Context::ask_at_length(std::string_view method, Value params) {
  constexpr std::uint32_t long_ms = 600'000;   // it answers before, however slow it is
  constexpr std::uint32_t within_ms = 15'000;  // between two words that it goes on
  params["within_ms"] = within_ms;
  auto answer = ask(method, std::move(params), long_ms);
  while (answer && (*answer)["running"].as_bool()) {
    streams.err << say("cli.goes_on", {std::to_string((*answer)["for_ms"].as_uint() / 1'000)})
                << std::endl;
    answer =
        ask(method, Value::map({{"run", (*answer)["run"]}, {"within_ms", within_ms}}), long_ms);
  }
  return answer;
}

bool Context::as_json(const Value& answer) {
  if (json) streams.out << to_json(answer) << '\n';
  return json;
}

void Context::fail(ExitCode code, std::string_view message) {
  streams.err << "deskmate: " << printable(message, true) << '\n';
  exit = code;
}

int run(int argc, const char* const* argv, Streams streams) {
  Context context(streams);
  context.language = language_of(argc, argv);
  CLI::App app(context.say("help.about"), "deskmate");
  std::string language;
  add_common(app, context, language);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(context.say("help.exit_codes"));
  app.set_version_flag("--version", std::string("deskmate ") + version);
  label(app, context);
  add_upkeep_commands(app, context);
  add_desk_commands(app, context);
  add_chat_commands(app, context);
  add_shift_commands(app, context);
  add_word_commands(app, context);
  add_case_commands(app, context);
  add_money_commands(app, context);
  add_order_commands(app, context);
  add_problem_commands(app, context);
  add_rule_commands(app, context);
  add_parcel_commands(app, context);
  add_peer_commands(app, context);
  add_pairing_commands(app, context);
  add_secrets_commands(app, context);
  add_log_command(app, context);
  add_relay_command(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {  // --help, --version
    return app.exit(asked, streams.out, streams.err);
  } catch (const CLI::ParseError& error) {
    streams.err << "deskmate: " << context.say("cli.usage", {error.what()}) << '\n';
    return exit_usage;
  } catch (const std::exception& bug) {  // a disk that cannot be read, or a fault of ours
    context.fail(exit_refused, context.say("cli.internal", {bug.what()}));
  }
  return context.exit;
}

}  // namespace deskmate::daemon::cli

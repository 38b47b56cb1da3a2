// The command line: every command of `deskmate`, each a call of one of the desk's methods (or, for
// run, config and restore, work of its own), shown as text or as JSON.
//
//   int main(int argc, char** argv) { return cli::run(argc, argv, {std::cin, std::cout,
//   std::cerr}); }
#pragma once

#include <deskmate/value.hpp>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/client.hpp"
#include "core/daemon/config.hpp"
#include "core/daemon/messages.hpp"

namespace CLI {
class App;
}

namespace deskmate::daemon::cli {

// Exit codes; documented in --help and README.md.
enum ExitCode : int {
  exit_ok = 0,
  exit_refused = 1,      // refused or failed; the reason is on standard error
  exit_usage = 2,        // the command line cannot be understood
  exit_not_running = 3,  // no daemon answers at the socket
  exit_config = 4,       // the configuration is wrong
};

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

int run(int argc, const char* const* argv, Streams streams);

// What every command has: the options of all commands and the way to the desk.
class Context {
 public:
  explicit Context(Streams streams_of) : streams(streams_of) {}

  std::string say(std::string_view key,
                  std::initializer_list<std::string_view> arguments = {}) const {
    return daemon::say(language, key, arguments);
  }

  // The configuration, read once; nothing and a message where it is wrong. A missing file at the
  // usual place means the defaults.
  const Config* configuration();

  // Asks the running desk. Nothing: it was refused; the reason has been printed and exit says why.
  std::optional<Value> ask(std::string_view method, Value params,
                           std::uint32_t deadline_ms = bus::client_deadline_ms);
  // The same for a list, which --as does not filter.
  std::optional<Value> list(std::string_view method, Value params);
  // Asks for what may take hours (core/daemon/long_work.hpp) until it is done; says on the error
  // stream that it goes on.
  std::optional<Value> ask_at_length(std::string_view method, Value params);
  // The connection for more than one question; null as above.
  bus::Client* client();

  // Prints the answer as JSON where that was asked for; true then.
  bool as_json(const Value& answer);

  // Prints "deskmate: message" and sets the exit code.
  void fail(ExitCode code, std::string_view message);

  Streams streams;
  Language language = Language::en;
  bool json = false;
  std::string config_file;      // --config
  std::string socket;           // --socket
  std::string passphrase_file;  // --passphrase-file
  std::uint64_t member = 0;     // --as; 0: not said
  int exit = exit_ok;

 private:
  std::optional<Config> config_;
  std::optional<bus::Client> client_;
};

class Table;  // core/daemon/cli/text.hpp

// The groups of commands; each adds its own to app.
void add_desk_commands(CLI::App& app, Context& context);     // status, members, plugins, ledger …
void add_chat_commands(CLI::App& app, Context& context);     // chats, chat, reply …
void add_case_commands(CLI::App& app, Context& context);     // cases, case, calls, missed
void add_shift_commands(CLI::App& app, Context& context);    // overtime, handover …
void add_word_commands(CLI::App& app, Context& context);     // promises, questions, listen …
void add_problem_commands(CLI::App& app, Context& context);  // problems, problem, ship-queue …
void add_rule_commands(CLI::App& app, Context& context);     // rules
void add_money_commands(CLI::App& app, Context& context);    // offers, approve, authority …
void add_order_commands(CLI::App& app, Context& context);    // orders, order, refund …
void add_parcel_commands(CLI::App& app, Context& context);   // parcels, parcel, couriers
void add_peer_commands(CLI::App& app, Context& context);     // peers, split, agree
void add_pairing_commands(CLI::App& app, Context& context);  // invite, join
void add_secrets_commands(CLI::App& app, Context& context);  // passphrase, rotate
void add_log_command(CLI::App& app, Context& context);       // log
void add_relay_command(CLI::App& app, Context& context);     // relay
void add_upkeep_commands(CLI::App& app,
                         Context& context);  // run, verify, backup, restore, config …

// What several groups do alike. A chat or case by number; an id of 32 digits is passed on as it is.
Value chat_name(const std::string& word);
// Sets what was given.
void set(Value& params, const char* name, const std::string& word);
// The table, or the message of that key where it has no rows.
void print(Context& context, const Table& table, std::string_view none);
// The text of a command: its words, or standard input for "-".
std::string text_of(Context& context, const std::vector<std::string>& words);
// Does what was asked and says so, by the key of a message.
void act(Context& context, std::string_view method, Value params, std::string_view done);
// Reads an attachment, which may have to come from another peer, and gives it piece by piece. The
// reason it cannot be had; empty: it is all there.
std::string read_attachment(Context& context, const std::string& hash,
                            const std::function<void(std::string_view)>& piece);
// "to the courier, not answered"
std::string call_text(const Context& context, const Value& call);
// Prints a text of several lines, indented.
void indent(std::ostream& out, std::string_view text);

// Help on one option or argument, by key.
std::string help(const Context& context, std::string_view key);

// A completion script for "bash", "zsh" or "fish" out of the commands of app; empty for another.
std::string completion(const CLI::App& app, std::string_view shell);

}  // namespace deskmate::daemon::cli

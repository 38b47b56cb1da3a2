// passphrase set|change|remove, rotate
#include "core/daemon/cli/passphrase.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "storage/posix.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::size_t file_bytes_max = 4'096;
constexpr const char* credential_name = "/passphrase";  // LoadCredential=passphrase:FILE

// The terminal shows nothing while it lives.
class Hidden {
 public:
  Hidden() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios hidden = before_;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  ~Hidden() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool known_;
};

std::string file_of_credential() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) return "";
  const std::string file = std::string(folder) + credential_name;
  return storage::exists(file) ? file : "";
}

// The one that is in force.
std::optional<std::string> present_passphrase(Context& context) {
  const std::string file =
      context.passphrase_file.empty() ? file_of_credential() : context.passphrase_file;
  if (!file.empty()) return passphrase_from(context, file);
  auto typed = ask_passphrase(context, false);
  if (!typed) context.fail(exit_refused, context.say("passphrase.missing"));
  return typed;
}

std::optional<std::string> new_passphrase(Context& context, const std::string& file) {
  if (!file.empty()) return passphrase_from(context, file);
  auto typed = ask_passphrase(context, true);
  if (!typed && context.exit == exit_ok) {
    context.fail(exit_refused, context.say("passphrase.new_missing"));
  }
  return typed;
}

void finish(Context& context, const storage::Result<void>& done, const char* said) {
  if (done.has_error()) return context.fail(exit_refused, done.error().message);
  if (context.as_json(Value::map({{"ok", true}}))) return;
  context.streams.out << context.say(said) << '\n';
}

storage::Options plain_options(const Config& config) {
  return {.folder = config.folder, .secrets_folder = config.secrets};
}

void set_passphrase(Context& context, const std::string& new_file) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const auto options = plain_options(*config);
  if (const auto passphrase = new_passphrase(context, new_file)) {
    finish(context, storage::set_passphrase(options, *passphrase), "passphrase.set");
  }
}

void change(Context& context, const std::string& new_file) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  const auto options = store_options(context, *config);
  if (!options) return;
  if (const auto passphrase = new_passphrase(context, new_file)) {
    finish(context, storage::change_passphrase(*options, *passphrase), "passphrase.changed");
  }
}

void remove(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  if (const auto options = store_options(context, *config)) {
    finish(context, storage::remove_passphrase(*options), "passphrase.removed");
  }
}

void rotate(Context& context) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  if (const auto options = store_options(context, *config)) {
    finish(context, storage::rotate_wrapping_key(*options), "rotate.done");
  }
}

}  // namespace

std::optional<storage::Options> store_options(Context& context, const Config& config) {
  storage::Options options = plain_options(config);
  if (!storage::has_passphrase(options)) return options;
  options.passphrase = present_passphrase(context);
  if (!options.passphrase) return std::nullopt;
  const auto fits = storage::passphrase_fits(options);
  if (fits.has_value() && *fits) return options;
  context.fail(exit_refused,
               fits.has_value() ? context.say("passphrase.wrong") : fits.error().message);
  return std::nullopt;
}

std::optional<std::string> passphrase_from(Context& context, const std::string& file) {
  const auto refuse = [&](const char* key) {
    context.fail(exit_refused, context.say(key, {file}));
    return std::nullopt;
  };
  auto opened = storage::open_file(file, O_RDONLY);
  struct stat info {};
  if (!opened || ::fstat(opened->get(), &info) != 0) return refuse("passphrase.no_file");
  if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse("passphrase.open_file");
  }
  std::string text(file_bytes_max, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = ::read(opened->get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("passphrase.no_file");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  text.resize(size);
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

std::optional<std::string> ask_passphrase(Context& context, bool is_new) {
  if (::isatty(STDIN_FILENO) == 0) return std::nullopt;
  const Hidden hidden;
  const auto ask = [&](const char* key) {
    context.streams.err << context.say(key) << std::flush;
    std::string typed;
    std::getline(context.streams.in, typed);
    context.streams.err << '\n';
    return typed;
  };
  std::string typed = ask(is_new ? "passphrase.ask_new" : "passphrase.ask");
  if (!is_new) return typed;
  if (ask("passphrase.ask_again") == typed) return typed;
  context.fail(exit_refused, context.say("passphrase.differ"));
  return std::nullopt;
}

void add_secrets_commands(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("passphrase", help(context, "help.passphrase"));
  command->require_subcommand(1);
  auto new_file = std::make_shared<std::string>();
  const auto add = [&](const char* name, void (*does)(Context&, const std::string&)) {
    auto* one =
        command->add_subcommand(name, help(context, std::string("help.passphrase.") + name));
    one->add_option("--new-passphrase-file", *new_file, help(context, "help.new_passphrase_file"))
        ->type_name("FILE");
    one->callback([&context, new_file, does] { does(context, *new_file); });
  };
  add("set", set_passphrase);
  add("change", change);
  command->add_subcommand("remove", help(context, "help.passphrase.remove"))->callback([&context] {
    remove(context);
  });
  app.add_subcommand("rotate", help(context, "help.rotate"))->callback([&context] {
    rotate(context);
  });
}

}  // namespace deskmate::daemon::cli

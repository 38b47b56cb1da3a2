// Completion scripts, made from the commands themselves so that they cannot fall behind.
#include <CLI/CLI.hpp>
#include <sstream>

#include "core/daemon/cli/cli.hpp"

namespace deskmate::daemon::cli {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> out;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) out.push_back("--" + name);
  }
  return out;
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// What may follow a command: its commands and options.
std::string words_of(const CLI::App& command) {
  std::vector<std::string> words;
  for (const auto* sub : commands_of(command)) words.push_back(sub->get_name());
  for (auto& option : options_of(command)) words.push_back(std::move(option));
  if (command.get_name() == "completion") words = {"bash", "zsh", "fish"};
  return join(words);
}

std::string bash(const CLI::App& app) {
  std::ostringstream out;
  out << "_deskmate() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} command= i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case ${COMP_WORDS[i]} in\n"
         "      --config|--socket|--as|--language) ((i++)) ;;\n"
         "      -*) ;;\n"
         "      *) command=${COMP_WORDS[i]}; break ;;\n"
         "    esac\n"
         "  done\n"
         "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
         "    --config|--socket) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
         "    --language) COMPREPLY=($(compgen -W 'auto en zh' -- \"$word\")); return ;;\n"
         "  esac\n"
         "  local words=\n"
         "  case $command in\n"
         "    '') words='"
      << words_of(app) << "' ;;\n";
  for (const auto* command : commands_of(app)) {
    out << "    " << command->get_name() << ") words='" << words_of(*command) << "' ;;\n";
  }
  out << "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words "
      << join(options_of(app))
      << "\" -- \"$word\"))\n"
         "  case $command in backup|restore) COMPREPLY+=($(compgen -f -- \"$word\")) ;; esac\n"
         "}\n"
         "complete -o filenames -F _deskmate deskmate\n";
  return out.str();
}

std::string quoted(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == ':') {
      out += "\\:";
    } else {
      out += c;
    }
  }
  return out;
}

std::string zsh(const CLI::App& app) {
  std::ostringstream out;
  out << "#compdef deskmate\n"
         "_deskmate() {\n"
         "  local -a commands\n"
         "  commands=(\n";
  for (const auto* command : commands_of(app)) {
    out << "    '" << command->get_name() << ":" << quoted(command->get_description()) << "'\n";
  }
  out << "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    compadd -- "
      << join(options_of(app))
      << "\n"
         "    return\n"
         "  fi\n"
         "  case $words[2] in\n";
  for (const auto* command : commands_of(app)) {
    const std::string words = words_of(*command);
    const bool files = command->get_name() == "backup" || command->get_name() == "restore";
    out << "    " << command->get_name() << ") compadd -- " << words << (files ? "; _files" : "")
        << " ;;\n";
  }
  out << "  esac\n"
         "}\n"
         "_deskmate \"$@\"\n";
  return out.str();
}

std::string fish(const CLI::App& app) {
  std::ostringstream out;
  out << "complete -c deskmate -f\n";
  for (const auto* command : commands_of(app)) {
    const std::string& name = command->get_name();
    std::string description = command->get_description();
    for (std::size_t at = 0; (at = description.find('\'', at)) != std::string::npos; at += 2) {
      description.insert(at, 1, '\\');
    }
    out << "complete -c deskmate -n __fish_use_subcommand -a " << name << " -d '" << description
        << "'\n";
    for (const auto* sub : commands_of(*command)) {
      out << "complete -c deskmate -n '__fish_seen_subcommand_from " << name << "' -a "
          << sub->get_name() << '\n';
    }
    for (const auto& option : options_of(*command)) {
      out << "complete -c deskmate -n '__fish_seen_subcommand_from " << name << "' -l "
          << option.substr(2) << '\n';
    }
  }
  out << "complete -c deskmate -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n"
         "complete -c deskmate -n '__fish_seen_subcommand_from backup restore' -F\n";
  for (const auto& option : options_of(app)) {
    out << "complete -c deskmate -l " << option.substr(2) << '\n';
  }
  return out.str();
}

}  // namespace

std::string completion(const CLI::App& app, std::string_view shell) {
  if (shell == "bash") return bash(app);
  if (shell == "zsh") return zsh(app);
  if (shell == "fish") return fish(app);
  return {};
}

}  // namespace deskmate::daemon::cli

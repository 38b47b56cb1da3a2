#include "core/daemon/messages.hpp"

#include <stdexcept>
#include <vector>

#include "core/daemon/messages_table.hpp"

namespace deskmate::daemon {
namespace {

const Message* find(std::string_view key) {
  for (const Message& message : messages()) {
    if (message.key == key) return &message;
  }
  return nullptr;
}

const Message& find_or_throw(std::string_view key) {
  const Message* found = find(key);
  if (found == nullptr) throw std::logic_error("no message " + std::string(key));
  return *found;
}

std::string fill(std::string_view pattern, std::initializer_list<std::string_view> arguments) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool place = pattern[i] == '{' && i + 2 < pattern.size() && pattern[i + 2] == '}' &&
                       pattern[i + 1] >= '0' && pattern[i + 1] <= '9';
    if (!place) {
      out += pattern[i];
      continue;
    }
    const auto index = static_cast<std::size_t>(pattern[i + 1] - '0');
    if (index < arguments.size()) out += arguments.begin()[index];
    i += 2;
  }
  return out;
}

}  // namespace

std::span<const Message> messages() {
  static const std::vector<Message> all = [] {
    std::vector<Message> parts;
    for (const auto& part : {answer_messages, help_messages, case_messages, problem_messages,
                             money_messages, parcel_messages}) {
      parts.insert(parts.end(), part.begin(), part.end());
    }
    return parts;
  }();
  return all;
}

std::string say(Language language, std::string_view key,
                std::initializer_list<std::string_view> arguments) {
  const Message& message = find_or_throw(key);
  return fill(language == Language::zh ? message.zh : message.en, arguments);
}

host::Text text_of(std::string_view key, std::initializer_list<std::string_view> arguments) {
  return {say(Language::en, key, arguments), say(Language::zh, key, arguments)};
}

std::string_view name_of(Language language) { return language == Language::zh ? "zh" : "en"; }

Language pick_language(std::string_view setting, const char* (*environment)(const char*)) {
  if (setting == "zh") return Language::zh;
  if (setting == "en") return Language::en;
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = environment(name);
    if (value == nullptr || *value == '\0') continue;
    return std::string_view(value).starts_with("zh") ? Language::zh : Language::en;
  }
  return Language::en;
}

}  // namespace deskmate::daemon

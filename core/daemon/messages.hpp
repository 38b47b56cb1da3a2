// Every sentence that the owner reads, in English and in Simplified Chinese: one table, found by
// key. Constant data; any thread.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/host/text.hpp"

namespace deskmate::daemon {

enum class Language { en, zh };

// One sentence. {0}, {1} … stand for arguments.
struct Message {
  std::string_view key;
  std::string_view en;
  std::string_view zh;
};

// The whole table, for the test that none lacks a language.
std::span<const Message> messages();

// The sentence of that key with its arguments. Throws std::logic_error for a key that is not in the
// table.
std::string say(Language language, std::string_view key,
                std::initializer_list<std::string_view> arguments = {});

// The same in both languages.
host::Text text_of(std::string_view key, std::initializer_list<std::string_view> arguments = {});

// "en" or "zh".
std::string_view name_of(Language language);

// setting: "auto", "en" or "zh". auto takes LC_ALL, LC_MESSAGES or LANG, the first that is set,
// from environment (a function as getenv, which may return null).
Language pick_language(std::string_view setting, const char* (*environment)(const char*));

}  // namespace deskmate::daemon

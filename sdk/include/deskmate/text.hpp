// Sentences for the owner, in the languages that Deskmate speaks, and mistakes with their place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate {

// One sentence, said in each language.
struct Text {
  std::string en;
  std::string zh;

  // language: "zh" gives Chinese, anything else English; whichever is there if only one is.
  const std::string& in(std::string_view language) const {
    if (zh.empty()) return en;
    return language == "zh" || en.empty() ? zh : en;
  }
  bool operator==(const Text&) const = default;
};

// One mistake in a file. line and column count from 1; 0: the file as a whole.
struct Fault {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  Text text;

  std::string in(std::string_view language) const;  // "plugin.toml:3:1: ..."
};

// Everything that is wrong with something, in the order of the file. Never empty as an error.
struct Faults {
  std::vector<Fault> list;

  std::string in(std::string_view language) const;  // one a line
};

// The one of `known` that somebody who wrote `word` most likely meant; empty if none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace deskmate

#include "core/daemon/messages.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace deskmate::daemon {
namespace {

// Which of {0}…{9} stand in a sentence.
std::set<char> places(std::string_view text) {
  std::set<char> out;
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    if (text[i] == '{' && text[i + 2] == '}') out.insert(text[i + 1]);
  }
  return out;
}

bool has_chinese(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

TEST(Messages, EveryOneIsInBothLanguages) {
  std::set<std::string_view> keys;
  for (const Message& message : messages()) {
    EXPECT_TRUE(keys.insert(message.key).second) << message.key << " stands twice";
    EXPECT_FALSE(message.en.empty()) << message.key;
    EXPECT_FALSE(message.zh.empty()) << message.key;
    EXPECT_EQ(places(message.en), places(message.zh)) << message.key;
    const bool words = std::any_of(message.en.begin(), message.en.end(),
                                   [](char c) { return c >= 'a' && c <= 'z'; });
    const bool only_names = message.key == "help.language" || message.key == "help.param.shell" ||
                            message.zh == message.en;
    EXPECT_TRUE(!words || only_names || has_chinese(message.zh)) << message.key;
  }
  EXPECT_GT(keys.size(), 150u);
}

TEST(Messages, FillsInArguments) {
  EXPECT_EQ(say(Language::en, "config.range", {"a", "3", "1", "2"}),
            "\"a\" cannot be 3; it is from 1 to 2");
  EXPECT_EQ(say(Language::zh, "time.hours", {"41"}), "41 小时");
  EXPECT_EQ(say(Language::en, "config.unknown", {"{0}"}), "unknown setting \"{0}\"");
  EXPECT_THROW(say(Language::en, "no such key"), std::logic_error);
}

TEST(Messages, LanguageOfTheEnvironment) {
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  const auto chinese = [](const char* name) -> const char* {
    return std::string_view(name) == "LANG" ? "zh_CN.UTF-8" : "";
  };
  const auto overridden = [](const char* name) -> const char* {
    return std::string_view(name) == "LC_ALL" ? "C.UTF-8" : "zh_CN.UTF-8";
  };
  EXPECT_EQ(pick_language("auto", nothing), Language::en);
  EXPECT_EQ(pick_language("auto", chinese), Language::zh);
  EXPECT_EQ(pick_language("auto", overridden), Language::en);
  EXPECT_EQ(pick_language("en", chinese), Language::en);
  EXPECT_EQ(pick_language("zh", nothing), Language::zh);
}

}  // namespace
}  // namespace deskmate::daemon

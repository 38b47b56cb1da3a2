#include "core/daemon/plugin_logs.hpp"

#include <gtest/gtest.h>

#include <deskmate/value.hpp>

namespace deskmate::daemon {
namespace {

TEST(PluginLogs, KeepsTheLatestLinesOfEach) {
  PluginLogs logs;
  EXPECT_TRUE(logs.of("mail").empty());
  for (std::size_t i = 0; i < plugin_log_lines_max + 5; ++i) {
    logs.add("mail", i, 1, "line " + std::to_string(i));
  }
  logs.add("shop", 7, 3, "no answer");
  ASSERT_EQ(logs.of("mail").size(), plugin_log_lines_max);
  EXPECT_EQ(logs.of("mail").front().text.en, "line 5");
  EXPECT_EQ(logs.of("mail").back().at_ms, plugin_log_lines_max + 4);
  ASSERT_EQ(logs.of("shop").size(), 1u);
  EXPECT_EQ(logs.of("shop").front().level, 3);
}

TEST(PluginLogs, TellsWhatBecameOfItInBothLanguages) {
  PluginLogs logs;
  host::Change change;
  change.instance = "mail";
  change.state = "crashed";
  change.reason = {"ended by itself", "自行退出"};
  logs.add(change, 5);
  ASSERT_EQ(logs.of("mail").size(), 1u);
  EXPECT_EQ(logs.of("mail").front().state, "crashed");
  EXPECT_EQ(logs.of("mail").front().level, 2);
  EXPECT_EQ(logs.of("mail").front().text.in("zh"), "自行退出");
}

TEST(PluginLogs, CutsALineAndKeepsItUtf8) {
  PluginLogs logs;
  std::string text;
  while (text.size() <= plugin_log_line_bytes_max) text += "断开了";
  logs.add("mail", 1, 1, "x" + text);
  logs.add("mail", 1, 1, "\xff\xfe");
  const std::string& cut = logs.of("mail").front().text.en;
  EXPECT_EQ(fix_utf8(cut), cut);
  EXPECT_LE(cut.size(), plugin_log_line_bytes_max + 8);
  EXPECT_EQ(fix_utf8(logs.of("mail").back().text.en), logs.of("mail").back().text.en);
}

TEST(PluginLogs, ForgetsWhoeverHasBeenSilentLongest) {
  PluginLogs logs;
  for (std::size_t i = 0; i < plugin_logs_max; ++i) logs.add(std::to_string(i), i + 1, 1, "here");
  logs.add("0", 10'000, 1, "again");
  logs.add("new", 10'001, 1, "here");
  EXPECT_EQ(logs.of("0").size(), 2u);
  EXPECT_TRUE(logs.of("1").empty());
  EXPECT_EQ(logs.of("new").size(), 1u);
}

}  // namespace
}  // namespace deskmate::daemon

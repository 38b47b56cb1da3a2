#include "core/daemon/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>

#include "core/daemon/setup.hpp"

namespace deskmate::daemon {
namespace {

struct Mistake {
  const char* name;
  const char* text;
  std::uint32_t line;
  std::uint32_t column;
  const char* says;  // a part of the message
};

class BadConfig : public ::testing::TestWithParam<Mistake> {};

TEST_P(BadConfig, NamesThePlaceAndWhatWasMeant) {
  const auto config = parse_config(GetParam().text, "deskmate.toml");
  ASSERT_TRUE(config.has_error());
  const host::Faults faults = config.error();
  const auto& fault = faults.list.front();
  EXPECT_EQ(fault.file, "deskmate.toml");
  EXPECT_EQ(fault.line, GetParam().line) << fault.text.en;
  EXPECT_EQ(fault.column, GetParam().column) << fault.text.en;
  EXPECT_NE(fault.text.en.find(GetParam().says), std::string::npos) << fault.text.en;
  EXPECT_FALSE(fault.text.zh.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Files, BadConfig,
    ::testing::Values(
        Mistake{"not_toml", "[desk]\nname = \n", 2, 8, "not TOML"},
        Mistake{"unknown_key", "[desk]\n  nmae = \"x\"\n", 2, 3, "did you mean \"desk.name\"?"},
        Mistake{"unknown_section", "[rooting]\nsticky_hours = 3\n", 1, 2,
                "did you mean \"routing\"?"},
        Mistake{"unknown_nested", "[routing]\ncapacity.presail = 3\n", 2, 10,
                "did you mean \"routing.capacity.presale\"?"},
        Mistake{"far_from_all", "[desk]\nxyzzyplugh = 1\n", 2, 1, "unknown setting"},
        Mistake{"text_wanted", "[desk]\nname = 3\n", 2, 8, "text in quotes"},
        Mistake{"number_wanted", "[routing]\nsticky_hours = \"72\"\n", 2, 16, "whole number"},
        Mistake{"range", "[routing]\nsuspend_at = 0\n", 2, 14, "from 1 to 10000"},
        Mistake{"boolean_wanted", "[routing]\nmatch_roles = 1\n", 2, 15, "true or false"},
        Mistake{"choice", "[log]\nlevel = \"loud\"\n", 2, 9, "debug|info|warn|error"},
        Mistake{"list_wanted", "[desk]\nplugin_folders = \"x\"\n", 2, 18, "list of texts"},
        Mistake{"list_of_texts", "[desk]\nplugin_folders = [\"x\", 3]\n", 2, 24, "list of texts"},
        Mistake{"member_no_table", "member = 3\n", 1, 10, "[[member]]"},
        Mistake{"member_no_name", "[[member]]\nnumber = 1\n", 1, 1, "\"name\" has to be given"},
        Mistake{"member_twice",
                "[[member]]\nnumber = 1\nname = \"a\"\n[[member]]\nnumber = 1\nname = \"b\"\n", 4,
                1, "two members 1"},
        Mistake{"zone", "[[member]]\nnumber = 1\nname = \"a\"\nzone = \"Asia/Shanghia\"\n", 4, 8,
                "no time zone"},
        Mistake{"schedule",
                "[[member]]\nnumber = 1\nname = \"a\"\nschedule = [\"09:00-18:00\", \"9-5\"]\n", 4,
                28, "no schedule"},
        Mistake{"hours",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\nclosed = \"x\"\nhours = [\"9-5\"]\n", 5, 10,
                "2027-02-12 closed"},
        Mistake{"aftersale_hours",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\naftersale_hours = [\"2027-02-30 closed\"]\n",
                4, 20, "no schedule"},
        Mistake{"hours_without_words",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\nhours = [\"09:00-17:00\"]\n", 4, 9,
                "hours need \"closed\""},
        Mistake{"zone_of_a_shop", "[[plugin]]\nname = \"a\"\nid = \"x\"\nzone = \"Nowhere\"\n", 4,
                8, "no time zone"},
        Mistake{"console_listen", "[console]\nlisten = [\"[::1]:1\", \"0.0.0.0:7380\"]\n", 2, 22,
                "console.tls"},
        Mistake{"plugin_name", "[[plugin]]\nname = \"My Shop\"\nid = \"x\"\n", 2, 8,
                "cannot be a name"},
        Mistake{"plugin_twice",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\n[[plugin]]\nname = \"a\"\nid = \"y\"\n", 4,
                1, "two plugins"},
        Mistake{"plugin_settings", "[[plugin]]\nname = \"a\"\nid = \"x\"\nsettings = 3\n", 4, 12,
                "is a table"},
        // Shown again, these stood in tables of their own, as what nobody had written.
        Mistake{"plugin_setting_nested",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\n[plugin.settings]\nord.ers = 5\n", 5, 1,
                "\"ord\" is a text in quotes"},
        Mistake{"plugin_setting_of_tables",
                "[[plugin]]\nname = \"a\"\nid = \"x\"\n[plugin.settings]\na = [{b = 1}]\n", 5, 1,
                "\"a\" is a text in quotes"}),
    [](const ::testing::TestParamInfo<Mistake>& bad) { return std::string(bad.param.name); });

TEST(Config, EveryMistakeIsToldInTheOrderOfTheFile) {
  const auto config =
      parse_config("[desk]\nname = 3\nfoo = 1\n[log]\nlevel = \"loud\"\n", "deskmate.toml");
  ASSERT_TRUE(config.has_error());
  const host::Faults faults = config.error();
  ASSERT_EQ(faults.list.size(), 3u);
  EXPECT_EQ(faults.list[0].line, 2u);
  EXPECT_EQ(faults.list[1].line, 3u);
  EXPECT_EQ(faults.list[2].line, 5u);
  EXPECT_EQ(faults.list[0].in("en").rfind("deskmate.toml:2:8: ", 0), 0u);
}

TEST(Config, MembersAndPluginsAreLimited) {
  std::string members, plugins;
  for (std::size_t i = 1; i <= config_members_max; ++i) {
    members += "[[member]]\nnumber = " + std::to_string(i) + "\nname = \"A\"\n";
  }
  for (std::size_t i = 1; i <= config_plugins_max; ++i) {
    plugins += "[[plugin]]\nname = \"p" + std::to_string(i) + "\"\nid = \"shop-sample\"\n";
  }
  const auto whole = parse_config(members + plugins, "deskmate.toml");
  ASSERT_TRUE(whole.has_value()) << whole.error().in("en");
  EXPECT_FALSE(parse_config(members + "[[member]]\nnumber = 99\nname = \"A\"\n", "x").has_value());
  EXPECT_FALSE(parse_config(plugins + "[[plugin]]\nname = \"more\"\nid = \"shop-sample\"\n", "x")
                   .has_value());
}

TEST(Config, R15_ShiftsAndWordsAreLimited) {
  const std::string head = "[[plugin]]\nname = \"a\"\nid = \"x\"\n";
  std::string many = head + "closed = \"x\"\nhours = [";
  for (std::size_t i = 0; i <= desk::schedule_ranges_max; ++i) many += "\"2027-01-01 closed\", ";
  const auto long_list = parse_config(many + "]\n", "deskmate.toml");
  ASSERT_TRUE(long_list.has_error());
  EXPECT_NE(long_list.error().in("en").find("more than 64 shifts"), std::string::npos)
      << long_list.error().in("en");
  const auto words = [&](std::size_t size) {
    return parse_config(head + "closed = \"" + std::string(size, 'x') + "\"\n", "deskmate.toml");
  };
  EXPECT_TRUE(words(desk::phrase_max).has_value());
  ASSERT_TRUE(words(desk::phrase_max + 1).has_error());
  EXPECT_NE(words(desk::phrase_max + 1).error().in("en").find("4096 bytes"), std::string::npos);
}

TEST(Config, AFileThatIsTooLongIsTold) {
  const std::string file = ::testing::TempDir() + "deskmate_long.toml";
  std::ofstream(file) << std::string(config_bytes_max + 1, '#');
  const auto config = load_config(file);
  std::remove(file.c_str());
  ASSERT_TRUE(config.has_error());
  EXPECT_EQ(config.error().list.size(), 1u);
}

TEST(Config, AMissingFileIsTold) {
  const auto config = load_config("/nonexistent/deskmate.toml");
  ASSERT_TRUE(config.has_error());
  EXPECT_NE(config.error().in("en").find("cannot be read"), std::string::npos);
}

TEST(Config, DefaultsAreThoseOfTheTable) {
  const auto config = parse_config("", "/etc/deskmate/deskmate.toml");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config.value().sticky_hours, 72);
  EXPECT_EQ(config.value().suspend_at, 50);
  EXPECT_EQ(config.value().capacity_aftersale, 10);
  EXPECT_EQ(config.value().action_attempts, 8);
}

TEST(Config, PathsStartAtTheFile) {
  const auto config = parse_config("[desk]\nfolder = \"data\"\n", "/srv/shop/deskmate.toml");
  ASSERT_TRUE(config.has_value());
  EXPECT_EQ(config.value().folder, "/srv/shop/data");
  EXPECT_EQ(config.value().socket, "/srv/shop/data/deskmate.sock");
  EXPECT_EQ(config.value().secrets, "/srv/shop/data/secrets");
}

TEST(Config, ReadsMembersAndPlugins) {
  const auto config = parse_config(
      "[[member]]\nnumber = 2\nname = \"Li\"\nweight = 3\nschedule = [\"06:00-24:00\"]\n"
      "[[plugin]]\nname = \"mail\"\nid = \"chat-email\"\nisolation = \"daemon\"\n"
      "[plugin.settings]\nimap_host = \"mail.example.org\"\n",
      "deskmate.toml");
  ASSERT_TRUE(config.has_value()) << config.error().in("en");
  EXPECT_EQ(config.value().members.front().weight, 3);
  EXPECT_EQ(config.value().plugins.front().settings["imap_host"].value_or(std::string()),
            "mail.example.org");
}

TEST(Config, R19_APluginMayDoWhatItsMemberMayAndNeverMoreThanAnAgent) {
  const std::string text =
      "[[member]]\nnumber = 1\nname = \"Ann\"\n[[member]]\nnumber = 2\nname = \"Bo\"\n"
      "access = \"viewer\"\n[[member]]\nnumber = 3\nname = \"Cy\"\npeer = \"office\"\n"
      "[[plugin]]\nname = \"phone\"\nid = \"notify\"\nmember = ";
  const auto may = [&](const char* member) {
    const auto config = parse_config(text + member + "\n", "deskmate.toml");
    EXPECT_TRUE(config.has_value()) << config.error().in("en");
    return instance_of(config.value(), config.value().plugins.front());
  };
  const auto has = [](const host::InstanceConfig& of, const char* method) {
    return std::find(of.may.begin(), of.may.end(), method) != of.may.end();
  };
  EXPECT_EQ(may("1").member, 1u);
  EXPECT_TRUE(has(may("1"), "desk.reply"));
  EXPECT_FALSE(has(may("1"), "desk.*"));  // though Ann is an owner
  EXPECT_TRUE(has(may("2"), "desk.chats"));
  EXPECT_FALSE(has(may("2"), "desk.reply"));
  for (const char* nobody : {"0", "3", "9"}) {
    EXPECT_EQ(may(nobody).member, 0u) << nobody;
    EXPECT_TRUE(may(nobody).may.empty()) << nobody;
  }
}

TEST(Config, TheSampleHasEverySettingAndIsRight) {
  for (const Language language : {Language::en, Language::zh}) {
    const std::string sample = sample_config(language);
    const auto config = parse_config(sample, "sample.toml");
    ASSERT_TRUE(config.has_value()) << config.error().in("en");
    for (const auto& setting : desk_settings()) {
      EXPECT_NE(sample.find("\n" + std::string(setting.key) + " = "), std::string::npos)
          << setting.key;
    }
  }
}

TEST(Config, WhatIsShownReadsBackTheSame) {
  const auto config = parse_config(
      "[desk]\nname = \"A \\\"quoted\\\" name\"\nfolder = \"/d\"\n[routing]\nsticky_hours = 5\n"
      "[[plugin]]\nname = \"a\"\nid = \"x\"\n[plugin.settings]\nn = 3\n",
      "/etc/deskmate.toml");
  ASSERT_TRUE(config.has_value());
  const std::string shown = show_config(config.value(), Language::en, false);
  const auto again = parse_config(shown, "/etc/deskmate.toml");
  ASSERT_TRUE(again.has_value()) << shown << again.error().in("en");
  EXPECT_EQ(show_config(again.value(), Language::en, false), shown);
}

template <class T>
void expect_documented(std::span<const Setting<T>> settings) {
  std::set<std::string> seen;
  for (const auto& setting : settings) {
    EXPECT_FALSE(setting.en.empty()) << setting.key;
    EXPECT_FALSE(setting.zh.empty()) << setting.key;
    EXPECT_TRUE(seen.insert(std::string(setting.section) + "." + std::string(setting.key)).second);
    if (std::holds_alternative<std::int64_t T::*>(setting.place)) {
      EXPECT_LT(setting.min, setting.max) << setting.key;
    }
  }
}

TEST(Config, EverySettingIsDocumentedInBothLanguages) {
  expect_documented(desk_settings());
  expect_documented(member_settings());
  expect_documented(plugin_settings());
}

TEST(Nearest, FindsTyposAndNothingElse) {
  const std::string_view known[] = {"folder", "secrets", "socket"};
  EXPECT_EQ(nearest("foldre", known), "folder");
  EXPECT_EQ(nearest("secret", known), "secrets");
  EXPECT_EQ(nearest("weather", known), "");
}

}  // namespace
}  // namespace deskmate::daemon

#include "core/host/manifest.hpp"

#include <gtest/gtest.h>

#include "core/host/settings.hpp"
#include "core/host/test_desk.hpp"

namespace deskmate::host {
namespace {

constexpr const char* good = R"(id = "chat-email"
version = "1.2.0"
kind = "chat"
abi = 1
hosts = ["api.example.com", "*.example.org:8443", "{url}"]
secrets = ["password"]
[name]
en = "E-mail"
zh = "电子邮件"
[topics]
read = ["reply.requested", "order.*"]
append = ["message.received"]
bodies = true
[actions]
kinds = ["reply"]
[settings.url]
type = "url"
required = true
doc = { en = "The shop's address", zh = "店铺地址" }
[settings.every_s]
type = "integer"
default = 60
min = 5
max = 3600
doc = { en = "Seconds between looks", zh = "查看间隔（秒）" }
[settings.folders]
type = "list"
default = ["INBOX"]
doc = { en = "Folders", zh = "文件夹" }
[limits]
memory_mb = 128
)";

// The good manifest with one piece of text exchanged.
std::string with(const std::string& from, const std::string& to) {
  std::string text = good;
  const std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("not in the manifest: " + from);
  return text.replace(at, from.size(), to);
}

std::string faults(const std::string& text, const char* language = "en") {
  const auto manifest = Manifest::parse(text, "plugin.toml");
  return manifest ? "none" : manifest.error().in(language);
}

TEST(Manifest, ReadsEveryField) {
  const auto manifest = Manifest::parse(good, "plugin.toml");
  ASSERT_TRUE(manifest) << manifest.error().in("en");
  EXPECT_EQ(manifest->id, "chat-email");
  EXPECT_EQ(manifest->version, "1.2.0");
  EXPECT_EQ(manifest->kind, "chat");
  EXPECT_EQ(manifest->abi, 1U);
  EXPECT_EQ(manifest->name, (Text{"E-mail", "电子邮件"}));
  EXPECT_EQ(manifest->read, (std::vector<std::string>{"reply.requested", "order.*"}));
  EXPECT_EQ(manifest->append, (std::vector<std::string>{"message.received"}));
  EXPECT_TRUE(manifest->bodies);
  EXPECT_EQ(manifest->actions, (std::vector<std::string>{"reply"}));
  EXPECT_EQ(manifest->secrets, (std::vector<std::string>{"password"}));
  EXPECT_EQ(manifest->memory_mb, 128U);
  ASSERT_EQ(manifest->settings.size(), 3U);
  EXPECT_EQ(manifest->settings[0].key, "url");  // as the author wrote them
  EXPECT_TRUE(manifest->settings[0].required);
  EXPECT_EQ(manifest->settings[1].key, "every_s");
  EXPECT_EQ(manifest->settings[1].fallback, Value(60));
  EXPECT_EQ(manifest->settings[1].max, 3600);
  EXPECT_EQ(manifest->settings[2].type, SettingType::list);
}

TEST(Manifest, NamesSecretsThatMayBeMissing) {
  const auto manifest =
      Manifest::parse(with("[name]", "optional_secrets = [\"token\"]\n[name]"), "plugin.toml");
  ASSERT_TRUE(manifest) << manifest.error().in("en");
  EXPECT_EQ(manifest->secrets, (std::vector<std::string>{"password"}));
  EXPECT_EQ(manifest->optional_secrets, (std::vector<std::string>{"token"}));
}

TEST(Manifest, R19_NamesTheMethodsThatItAsksForAsAMember) {
  const auto manifest = Manifest::parse(
      with("[name]", "methods = [\"desk.reply\", \"notice.perform\"]\n[name]"), "plugin.toml");
  ASSERT_TRUE(manifest) << manifest.error().in("en");
  EXPECT_EQ(manifest->methods, (std::vector<std::string>{"desk.reply", "notice.perform"}));
  for (const char* wrong : {"desk.*", "log.append", "*", "desk.", "Desk.reply"}) {
    const std::string text = with("[name]", "methods = [\"" + std::string(wrong) + "\"]\n[name]");
    EXPECT_NE(faults(text).find("is no method like"), std::string::npos) << wrong;
    EXPECT_NE(faults(text, "zh").find("不是方法名"), std::string::npos) << wrong;
  }
}

TEST(Manifest, NamesEachMistakeWithItsPlaceAndWhatWasMeant) {
  const std::pair<std::string, std::string> cases[] = {
      {with("version =", "verison ="),
       "plugin.toml:1:1: \"version\" is missing\n"
       "plugin.toml:2:1: unknown key \"verison\"; did you mean \"version\"?"},
      {with("\"chat\"\n", "\"chatt\"\n"),
       "plugin.toml:3:8: \"kind\" has to be one of chat, shop, courier, rules, other; did you mean "
       "\"chat\"?"},
      {with("abi = 1", "abi = 2"),
       "plugin.toml:4:7: this Deskmate loads plugins of abi 1, not 2; another version of the "
       "plugin "
       "is needed"},
      {with("abi = 1", "abi = \"1\""), "plugin.toml:4:7: \"abi\" has to be a whole number"},
      {with("\"chat-email\"", "\"Chat Email\""),
       "plugin.toml:1:6: \"id\" has to be made of a-z, 0-9 and -, like \"chat-email\""},
      {with("{url}", "{ulr}"), "plugin.toml:5:51: there is no setting \"ulr\""},
      {with("{url}", "{every_s}"), "plugin.toml:5:51: setting \"every_s\" cannot name a host"},
      {with("api.example.com", "https://api.example.com/v1"),
       "plugin.toml:5:10: \"https://api.example.com/v1\" is no host like \"api.example.com\", "
       "\"*.example.com\", \"host:8080\" or \"{setting}\""},
      {with("\"order.*\"", "\"Order\""),
       "plugin.toml:11:28: \"Order\" is no event type like \"message.received\" nor family like "
       "\"order.*\""},
      {with("bodies = true", "bodies = 1"),
       "plugin.toml:13:10: \"bodies\" has to be true or false"},
      {with("required = true", "required = true\ndefault = \"https://a.example\""),
       "plugin.toml:19:11: a required setting has no default"},
      {with("default = 60", "default = 4"), "plugin.toml:22:11: has to be within 5 - 3600"},
      {with("max = 3600", "max = 1"),
       "plugin.toml:22:11: has to be within 5 - 1\n"
       "plugin.toml:24:7: \"max\" is less than \"min\""},
      {with("type = \"list\"", "type = \"lists\""),
       "plugin.toml:27:8: \"type\" has to be one of text, integer, boolean, list, url; did you "
       "mean "
       "\"list\"?\nplugin.toml:28:11: has to be text in quotes"},
      {with("memory_mb = 128", "memory_mb = 1"),
       "plugin.toml:31:13: \"memory_mb\" has to be within 16 - 16384"},
      {with("[limits]", "executable = \"../run\"\n[limits]"),
       "plugin.toml:30:1: unknown key \"executable\""},
      {with("zh = \"电子邮件\"\n", ""), "plugin.toml:7:1: \"zh\" is missing"},
      {with("kind = ", "kind "), "plugin.toml:3:6: this is not TOML: "},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(faults(text).substr(0, expected.size()), expected);
  }
}

TEST(Manifest, NamesMistakesInChineseToo) {
  EXPECT_EQ(faults(with("version =", "verison ="), "zh"),
            "plugin.toml:1:1: 缺少“version”\n"
            "plugin.toml:2:1: 未知的键“verison”；是否想写“version”？");
}

TEST(Manifest, LoadsFromAFolderOfTheSameName) {
  const TestFolder folder;
  folder.write("chat-email/plugin.toml", good);
  folder.write("other/plugin.toml", good);
  const auto manifest = Manifest::load(folder.path() / "chat-email/");
  ASSERT_TRUE(manifest) << manifest.error().in("en");
  EXPECT_EQ(manifest->file(), folder.path() / "chat-email" / "chat-email.so");
  EXPECT_NE(Manifest::load(folder.path() / "other").error().in("en").find("have to be the same"),
            std::string::npos);
  EXPECT_NE(Manifest::load(folder.path() / "none").error().in("en").find("cannot be read"),
            std::string::npos);
  folder.write("chat-email/plugin.toml", std::string(manifest_bytes_max + 1, '#'));
  EXPECT_NE(Manifest::load(folder.path() / "chat-email").error().in("en").find("64 KiB"),
            std::string::npos);
}

TEST(Manifest, ListsAndNamesAreLimited) {
  const auto with = [](const std::string& line, const std::string& more = "") {
    return Manifest::parse("id = \"a\"\nversion = \"1\"\nkind = \"other\"\nabi = 1\n" + line +
                               "\n[name]\nen = \"A\"\nzh = \"甲\"\n" + more,
                           "plugin.toml");
  };
  const auto list = [](std::size_t count, const std::string& what) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += "\"" + what + std::to_string(i) + "\",";
    return out + "]";
  };
  const auto settings = [](std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) {
      out += "[settings.s" + std::to_string(i) +
             "]\ntype = \"text\"\ndoc = { en = \"A\", zh = \"甲\" }\n";
    }
    return out;
  };
  ASSERT_TRUE(with("")) << with("").error().in("en");
  EXPECT_TRUE(with("secrets = " + list(manifest_list_max, "s")));
  EXPECT_FALSE(with("secrets = " + list(manifest_list_max + 1, "s")));
  EXPECT_TRUE(with("hosts = " + list(manifest_list_max, "a.example")));
  EXPECT_FALSE(with("hosts = " + list(manifest_list_max + 1, "a.example")));
  EXPECT_FALSE(with("", "[topics]\nread = " + list(manifest_list_max + 1, "order.a")));
  EXPECT_FALSE(with("", "[actions]\nkinds = " + list(manifest_list_max + 1, "k")));
  EXPECT_TRUE(with("", settings(manifest_list_max)));
  EXPECT_FALSE(with("", settings(manifest_list_max + 1)));
  const std::string name(manifest_id_max, 'n');
  EXPECT_TRUE(with("secrets = [\"" + name + "\"]"));
  EXPECT_FALSE(with("secrets = [\"" + name + "n\"]"));
  EXPECT_TRUE(with("", "[limits]\nmemory_mb = " + std::to_string(memory_mb_max) + "\n"));
  EXPECT_FALSE(with("", "[limits]\nmemory_mb = " + std::to_string(memory_mb_max + 1) + "\n"));
}

TEST(Settings, TextsAndListsAreLimited) {
  SettingSpec text;
  text.type = SettingType::text;
  EXPECT_FALSE(mistake(text, std::string(setting_text_max, 'x')));
  EXPECT_TRUE(mistake(text, std::string(setting_text_max + 1, 'x')));
  SettingSpec list;
  list.type = SettingType::list;
  EXPECT_FALSE(mistake(list, Array(manifest_list_max, Value("x"))));
  EXPECT_TRUE(mistake(list, Array(manifest_list_max + 1, Value("x"))));
}

TEST(Settings, AreFilledInWithTheDefaults) {
  const auto manifest = Manifest::parse(good, "plugin.toml");
  const auto settings =
      check_settings(*manifest, Value::map({{"url", "https://shop.example/api"}}), "mail");
  ASSERT_TRUE(settings) << settings.error().in("en");
  EXPECT_EQ(*settings, Value::map({{"url", "https://shop.example/api"},
                                   {"every_s", 60},
                                   {"folders", Value::array({"INBOX"})}}));
}

TEST(Settings, NameEveryMistakeWithItsPlaceInTheOwnersFile) {
  const auto manifest = Manifest::parse(good, "plugin.toml");
  const toml::table file = toml::parse(R"([[plugin]]
name = "mail"
[plugin.settings]
every = 10
every_s = 4000
folders = "INBOX"
)",
                                       std::string_view("deskmate.toml"));
  const toml::table& given = *file["plugin"][0]["settings"].as_table();
  const auto settings = check_settings(*manifest, given, "deskmate.toml");
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().in("en"),
            "deskmate.toml:3:1: setting \"url\" is missing: The shop's address\n"
            "deskmate.toml:4:1: plugin chat-email has no setting \"every\"; did you mean "
            "\"every_s\"?\n"
            "deskmate.toml:5:11: \"every_s\" has to be within 5 - 3600\n"
            "deskmate.toml:6:11: \"folders\" has to be a list of texts");
  EXPECT_EQ(settings.error().list[2].in("zh"),
            "deskmate.toml:5:11: “every_s”必须在 5 到 3600 之间");
}

TEST(Settings, OfTypeUrlHaveToBeOne) {
  SettingSpec spec;
  spec.type = SettingType::url;
  for (const char* right :
       {"https://a.example", "http://localhost:3000/shop-api", "https://[::1]:8443/"}) {
    EXPECT_FALSE(mistake(spec, right)) << right;
  }
  for (const char* wrong : {"a.example", "ftp://a.example", "https://", "https://u:p@a.example",
                            "https://a.example:x", "https://a..b"}) {
    EXPECT_TRUE(mistake(spec, wrong)) << wrong;
  }
}

TEST(Hosts, AreReadFromEveryWayToWriteThem) {
  EXPECT_EQ(parse_host("API.Example.com"), (AllowedHost{"api.example.com", 0, false, false}));
  EXPECT_EQ(parse_host("*.example.com"), (AllowedHost{"*.example.com", 0, false, false}));
  EXPECT_EQ(parse_host("host:8080"), (AllowedHost{"host", 8080, false, false}));
  EXPECT_EQ(parse_host("http://host:8080"), (AllowedHost{"host", 8080, true, false}));
  EXPECT_EQ(parse_host("[::1]:80"), (AllowedHost{"::1", 80, false, false}));
  for (const char* wrong : {"", "*", "*.", "a/b", "a.*.com", "host:", "host:0", "host:99999", "a b",
                            "http://host/path", "[::1", "-a", "a@b"}) {
    EXPECT_FALSE(parse_host(wrong)) << wrong;
  }
}

TEST(Hosts, TakeTheHostOfASetting) {
  const auto manifest = Manifest::parse(good, "plugin.toml");
  const auto hosts =
      allowed_hosts(*manifest, Value::map({{"url", "http://LocalHost:3000/admin-api"}}));
  ASSERT_TRUE(hosts);
  EXPECT_EQ(*hosts, (std::vector<AllowedHost>{{"api.example.com", 0, false, false},
                                              {"*.example.org", 8443, false, false},
                                              {"localhost", 3000, true, true}}));
  EXPECT_EQ(allowed_hosts(*manifest, Value::map())->size(), 2U);
  EXPECT_EQ(
      allowed_hosts(*manifest, Value::map({{"url", Value::array({"a.example", "b.example:1"})}}))
          ->back(),
      (AllowedHost{"b.example", 1, false, true}));
  EXPECT_FALSE(allowed_hosts(*manifest, Value::map({{"url", "not a host"}})));
}

}  // namespace
}  // namespace deskmate::host

#include "core/host/secrets.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "core/host/test_desk.hpp"

namespace deskmate::host {
namespace {

class SecretsTest : public testing::Test {
 protected:
  static Manifest manifest() {
    Manifest manifest;
    manifest.id = "chat-email";
    manifest.secrets = {"password", "token"};
    return manifest;
  }
  Result<std::string> get(std::string_view name) const {
    return secrets_.get(manifest(), "mail", name);
  }

  TestFolder folder_;
  Secrets secrets_{folder_.path()};
};

TEST_F(SecretsTest, GivesWhatTheManifestNames) {
  folder_.write("mail.toml", "password = \"p\\u00e4ss\"\n");
  EXPECT_EQ(*get("password"), "päss");
  EXPECT_EQ(get("token").error().code, Status::not_found);
}

TEST_F(SecretsTest, RefusesWhatTheManifestDoesNotName) {
  folder_.write("mail.toml", "password = \"x\"\nother = \"y\"\n");
  EXPECT_EQ(get("other").error().code, Status::denied);
}

TEST_F(SecretsTest, RefusesAFileThatOthersCanRead) {
  for (const unsigned mode : {0640U, 0604U, 0644U, 0660U, 0700U}) {
    folder_.write("mail.toml", "password = \"x\"\n", mode);
    const auto got = get("password");
    ASSERT_FALSE(got) << mode;
    EXPECT_EQ(got.error().code, Status::denied);
    EXPECT_NE(got.error().message.find("chmod 600"), std::string::npos);
  }
}

TEST_F(SecretsTest, RefusesALink) {
  const auto file = folder_.write("elsewhere", "password = \"x\"\n");
  std::filesystem::create_symlink(file, folder_.path() / "mail.toml");
  EXPECT_EQ(get("password").error().code, Status::denied);
}

TEST_F(SecretsTest, NeverShowsWhatStandsInABrokenFile) {
  folder_.write("mail.toml", "password = hunter2\n");
  const auto got = get("password");
  EXPECT_EQ(got.error().code, Status::invalid);
  EXPECT_EQ(got.error().message.find("hunter2"), std::string::npos);
  const auto checked = secrets_.check(manifest(), "mail");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().in("en").find("hunter2"), std::string::npos);
}

TEST_F(SecretsTest, CheckNamesEveryMistake) {
  const auto file = folder_.write("mail.toml", "passwort = \"x\"\ntoken = 5\n").string();
  const auto checked = secrets_.check(manifest(), "mail");
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().in("en"),
            file + ": secret \"password\" is missing\n" + file +
                ":1:1: unknown key \"passwort\"; did you mean \"password\"?\n" + file +
                ":2:9: \"token\" has to be text in quotes");
  folder_.write("mail.toml", "password = \"x\"\ntoken = \"y\"\n");
  EXPECT_TRUE(secrets_.check(manifest(), "mail"));
}

TEST_F(SecretsTest, OptionalOnesMayBeMissing) {
  Manifest manifest;
  manifest.secrets = {"password"};
  manifest.optional_secrets = {"other"};
  const auto file = folder_.write("mail.toml", "password = \"x\"\n").string();
  EXPECT_TRUE(secrets_.check(manifest, "mail"));
  EXPECT_EQ(secrets_.get(manifest, "mail", "other").error().code, Status::not_found);
  folder_.write("mail.toml", "password = \"x\"\nother = \"y\"\n");
  EXPECT_TRUE(secrets_.check(manifest, "mail"));
  EXPECT_EQ(*secrets_.get(manifest, "mail", "other"), "y");
  folder_.write("mail.toml", "other = 5\n");
  EXPECT_EQ(secrets_.check(manifest, "mail").error().in("en"),
            file + ": secret \"password\" is missing\n" + file +
                ":1:9: \"other\" has to be text in quotes");
}

}  // namespace
}  // namespace deskmate::host

#include "core/gateway/accounts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "storage/test_support.hpp"

namespace deskmate::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t start_ms = 1'800'000'000'000;

class AccountsTest : public testing::Test {
 protected:
  std::string file() const { return folder / "console"; }
  Accounts open() const {
    auto accounts = Accounts::open(file());
    EXPECT_TRUE(accounts) << accounts.error().message;
    return std::move(*accounts);
  }
  storage::testing::TempFolder folder;
};

TEST_F(AccountsTest, APasswordIsKeptAsItsHashOnly) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_TRUE(hash->starts_with("$argon2id$"));
  {
    Accounts accounts = open();
    EXPECT_FALSE(accounts.has_password(1));
    ASSERT_TRUE(accounts.set_password(1, *hash));
  }
  const Accounts again = open();
  EXPECT_TRUE(again.has_password(1));
  EXPECT_TRUE(check_password(again.hash_of(1), "correct horse"));
  EXPECT_FALSE(check_password(again.hash_of(1), "correct hors"));
  EXPECT_FALSE(check_password(again.hash_of(2), ""));
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  std::ifstream in(file());
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_EQ(bytes.find("correct"), std::string::npos);
}

TEST_F(AccountsTest, PasswordsHaveALength) {
  EXPECT_EQ(hash_password("1234567").error().code, Status::invalid);
  EXPECT_TRUE(hash_password("12345678"));
  EXPECT_EQ(hash_password(std::string(password_bytes_max + 1, 'a')).error().code, Status::invalid);
}

TEST_F(AccountsTest, ALinkIsGoodOnceAndForADay) {
  Accounts accounts = open();
  const std::string token = accounts.make_link(2, start_ms);
  EXPECT_EQ(accounts.link(token, start_ms + link_ms - 1), 2u);
  EXPECT_FALSE(accounts.link(token, start_ms + link_ms));
  EXPECT_FALSE(accounts.link("", start_ms));
  EXPECT_FALSE(accounts.link(token + "x", start_ms));
  accounts.use_link(token);
  EXPECT_FALSE(accounts.link(token, start_ms));
  std::string first = accounts.make_link(1, start_ms);
  for (std::size_t i = 0; i < links_max; ++i) accounts.make_link(1, start_ms);
  EXPECT_FALSE(accounts.link(first, start_ms));
}

TEST_F(AccountsTest, SessionsOutliveARestartAndEndInTime) {
  std::string token;
  {
    Accounts accounts = open();
    const auto begun = accounts.begin_session(3, start_ms);
    ASSERT_TRUE(begun);
    token = *begun;
    std::ifstream in(file());
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find(token), std::string::npos);
  }
  Accounts accounts = open();
  EXPECT_EQ(accounts.session(token, start_ms + 1), 3u);
  EXPECT_FALSE(accounts.session(token + "x", start_ms + 1));
  // Used now and then it lasts its whole time, and no longer.
  for (std::uint64_t at = start_ms; at < start_ms + session_ms; at += session_idle_ms - 1) {
    EXPECT_EQ(accounts.session(token, at), 3u);
  }
  EXPECT_FALSE(accounts.session(token, start_ms + session_ms));
  const auto idle = accounts.begin_session(3, start_ms);
  EXPECT_FALSE(accounts.session(*idle, start_ms + session_idle_ms));
}

TEST_F(AccountsTest, SessionsEndWithTheLogoutAndWithANewPassword) {
  Accounts accounts = open();
  const auto one = accounts.begin_session(1, start_ms);
  const auto two = accounts.begin_session(1, start_ms);
  const auto other = accounts.begin_session(2, start_ms);
  accounts.end_session(*one);
  EXPECT_FALSE(accounts.session(*one, start_ms));
  EXPECT_TRUE(accounts.session(*two, start_ms));
  ASSERT_TRUE(accounts.set_password(1, "x"));
  EXPECT_FALSE(accounts.session(*two, start_ms));
  EXPECT_TRUE(accounts.session(*other, start_ms));
  accounts.end_sessions(2);
  EXPECT_FALSE(open().session(*other, start_ms));
}

TEST_F(AccountsTest, OfTooManySessionsTheOldestGoes) {
  Accounts accounts = open();
  const auto other = accounts.begin_session(2, start_ms);
  const auto first = accounts.begin_session(1, start_ms);
  for (std::size_t i = 0; i < sessions_of_member_max; ++i) {
    ASSERT_TRUE(accounts.begin_session(1, start_ms));
  }
  EXPECT_FALSE(accounts.session(*first, start_ms));
  EXPECT_TRUE(accounts.session(*other, start_ms));
}

TEST_F(AccountsTest, ADamagedFileIsRefusedWithWhatToDo) {
  std::ofstream(file()) << "\xc1 nonsense";
  const auto refused = Accounts::open(file());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(file()), std::string::npos);
  EXPECT_NE(refused.error().message.find("remove it"), std::string::npos);
}

TEST_F(AccountsTest, WhatCannotBeWrittenIsNoSession) {
  Accounts accounts = open();
  fs::remove_all(folder.path());
  EXPECT_FALSE(accounts.begin_session(1, start_ms));
}

TEST(AttemptsTest, GuessingGetsSlower) {
  Attempts attempts;
  std::uint64_t now = start_ms;
  for (std::uint32_t i = 1; i < Attempts::attempts_free; ++i) {
    attempts.failed("a", now);
    EXPECT_EQ(attempts.wait_ms("a", now), 0u);
  }
  attempts.failed("a", now);
  EXPECT_EQ(attempts.wait_ms("a", now), Attempts::wait_first_ms);
  EXPECT_EQ(attempts.wait_ms("b", now), 0u);
  for (int i = 0; i < 40; ++i) {
    now += attempts.wait_ms("a", now);
    attempts.failed("a", now);
  }
  EXPECT_EQ(attempts.wait_ms("a", now), Attempts::wait_max_ms);
  attempts.succeeded("a");
  EXPECT_EQ(attempts.wait_ms("a", now), 0u);
  for (std::size_t i = 0; i < Attempts::keys_max * 2; ++i) {
    attempts.failed(std::to_string(i), now + i);
  }
}

}  // namespace
}  // namespace deskmate::gateway

#include "core/gateway/certificate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/gateway/addresses.hpp"
#include "storage/test_support.hpp"

namespace deskmate::gateway {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

constexpr std::uint64_t now_ms = 1'800'000'000'000;

class CertificateFile : public testing::Test {
 protected:
  Certificate open(const std::vector<std::string>& names, std::uint64_t at_ms = now_ms) {
    auto opened = Certificate::open(file, names, at_ms);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }

  storage::testing::TempFolder folder;
  const std::string file = folder / "certificate";
};

TEST_F(CertificateFile, IsOneThatBrowsersTakeForTheseNames) {
  const Certificate made = open({"192.168.1.5", "desk.example.org", "fd00::1", "a,DNS:evil", ""});
  EXPECT_THAT(made.names(), ElementsAre("192.168.1.5", "desk.example.org", "fd00::1"));
  EXPECT_LE(made.ends_ms() - made.begins_ms() + 1'000, certificate_ms);
  EXPECT_LT(made.begins_ms(), now_ms);
  EXPECT_EQ(EVP_PKEY_get_id(made.key()), EVP_PKEY_EC);
  EXPECT_EQ(EVP_PKEY_get_bits(made.key()), 256);
  EXPECT_EQ(X509_verify(made.x509(), made.key()), 1);
  EXPECT_EQ(X509_check_ip_asc(made.x509(), "192.168.1.5", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(made.x509(), "fd00::1", 0), 1);
  EXPECT_EQ(X509_check_host(made.x509(), "desk.example.org", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_host(made.x509(), "evil.example", 0, 0, nullptr), 0);
  EXPECT_EQ(made.fingerprint().size(), 32u * 3 - 1);
}

TEST_F(CertificateFile, IsKeptForItsOwnerOnly) {
  const std::string first = open({"192.168.1.5"}).fingerprint();
  struct stat at {};
  ASSERT_EQ(::stat(file.c_str(), &at), 0);
  EXPECT_EQ(at.st_mode & 0777, 0600u);
  const Certificate again = open({"192.168.1.5"});
  EXPECT_EQ(again.fingerprint(), first);
  EXPECT_THAT(again.names(), ElementsAre("192.168.1.5"));
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_FALSE(Certificate::open(file, {"192.168.1.5"}, now_ms));
}

TEST_F(CertificateFile, IsMadeAnewBeforeItEndsAndForANewName) {
  const Certificate first = open({"192.168.1.5"});
  const std::uint64_t late_ms = first.ends_ms() - certificate_renewed_ms;
  EXPECT_FALSE(first.stale({"192.168.1.5"}, late_ms));
  EXPECT_TRUE(first.stale({"192.168.1.5"}, late_ms + 1));
  EXPECT_TRUE(first.stale({"192.168.1.5"}, first.begins_ms() - 1));  // the clock was put back
  const Certificate second = open({"10.0.0.7"});
  EXPECT_NE(second.fingerprint(), first.fingerprint());
  EXPECT_EQ(EVP_PKEY_eq(second.key(), first.key()), 0);
  // Back in the first network.
  EXPECT_EQ(open({"192.168.1.5"}).fingerprint(), second.fingerprint());
  const Certificate third = open({"10.0.0.7"}, second.ends_ms() - day_ms);
  EXPECT_NE(third.fingerprint(), second.fingerprint());
  EXPECT_GT(third.ends_ms(), second.ends_ms());
}

TEST_F(CertificateFile, NamesHaveALimitAndTheNewOnesCount) {
  for (int i = 0; i < 40; ++i) open({"10.0.0." + std::to_string(i)});
  const Certificate last = open({"10.0.0.39"});
  EXPECT_EQ(last.names().size(), certificate_names_max);
  EXPECT_THAT(last.names(), Contains("10.0.0.39"));
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("10.0.1." + std::to_string(i));
  const std::string once = open(many).fingerprint();
  EXPECT_EQ(open(many).fingerprint(), once);
}

TEST_F(CertificateFile, DamageIsSaid) {
  open({"192.168.1.5"});
  std::ofstream(file, std::ios::trunc)
      << "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
  const auto refused = Certificate::open(file, {"192.168.1.5"}, now_ms);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Status::unavailable);
  EXPECT_NE(refused.error().message.find(file), std::string::npos);
}

TEST(Addresses, AreThoseOthersReach) {
  for (const std::string& one : own_addresses()) {
    EXPECT_FALSE(loopback_only(with_port(one, 1))) << one;
  }
  EXPECT_TRUE(loopback_only("127.0.0.1:7380"));
  EXPECT_TRUE(loopback_only("[::1]:7380"));
  for (const char* one :
       {"0.0.0.0:7380", "[::]:7380", "192.168.1.5:7380", "localhost:1", "", "["}) {
    EXPECT_FALSE(loopback_only(one)) << one;
  }
  EXPECT_EQ(host_of("desk.example.org"), "desk.example.org");
  EXPECT_EQ(with_port(host_of("[::1]:7443"), 1), "[::1]:1");
  EXPECT_EQ(limited_as("192.168.1.5"), "192.168.1.5");
  EXPECT_EQ(limited_as("fd00:1:2:3:4::5"), limited_as("fd00:1:2:3::9"));
  EXPECT_NE(limited_as("fd00:1:2:3::9"), limited_as("fd00:1:2:4::9"));
}

}  // namespace
}  // namespace deskmate::gateway

#include "core/daemon/pseudonym.hpp"

#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

storage::Id32 key(std::uint8_t fill) {
  storage::Id32 k;
  k.fill(fill);
  return k;
}

const Pseudonyms names(key(1), "+86");

TEST(Pseudonyms, SameInputSameName) {
  EXPECT_EQ(names.of_shop("buyer", "mail", "a@b.org"), names.of_shop("buyer", "mail", "a@b.org"));
}

TEST(Pseudonyms, KeyKindScopeAndIdAllCount) {
  const auto base = names.of_shop("buyer", "mail", "x");
  EXPECT_NE(base, Pseudonyms(key(2), "+86").of_shop("buyer", "mail", "x"));
  EXPECT_NE(base, names.of_shop("thread", "mail", "x"));
  EXPECT_NE(base, names.of_shop("buyer", "shop", "x"));
  EXPECT_NE(base, names.of_shop("buyer", "mail", "X"));
  EXPECT_NE(names.of_shop("number", "desk", "x"), names.of_desk("number", "x"));
}

TEST(Pseudonyms, PartsDoNotRunIntoEachOther) {
  EXPECT_NE(names.of_shop("a", "bc", "d"), names.of_shop("ab", "c", "d"));
  EXPECT_NE(names.of_shop("a", "b", "cd"), names.of_shop("a", "bc", "d"));
}

TEST(Pseudonyms, StayTheSameFromVersionToVersion) {
  // These bytes are in the logs of running desks.
  EXPECT_EQ(storage::hex(names.of_desk("number", "T_1001")), "ab37b75cfd63e191390ddc772e72520c");
  EXPECT_EQ(storage::hex(names.of_shop("order", "demo", "42")), "83d028d59de3635ccdd331dd5d865d83");
}

TEST(Pseudonyms, NumbersAsPeopleQuoteThem) {
  EXPECT_EQ(names.of_desk("number", " t_1001 "), names.of_desk("number", "T_1001"));
  EXPECT_EQ(names.of_desk("number", "Ｔ_１００１"), names.of_desk("number", "T_1001"));
}

TEST(Pseudonyms, Contacts) {
  EXPECT_EQ(names.of_contact("email:Ann@Example.org"), names.of_contact("email: ann@example.org"));
  EXPECT_EQ(names.of_contact("phone:+86 138-0013-8000"), names.of_contact("phone:13800138000"));
  EXPECT_EQ(names.of_contact("phone:0086 13800138000"), names.of_contact("phone:13800138000"));
  EXPECT_NE(names.of_contact("phone:+1 138 0013 8000"), names.of_contact("phone:13800138000"));
  EXPECT_NE(names.of_contact("email:x"), names.of_contact("phone:x"));
}

TEST(NormalisePhone, IsTheSameWhenDoneTwice) {
  for (const char* text :
       {"138 1234 5678", "0571-8888 1234", "+1 (212) 555-0100", "0049 30 1234567", "1127112715567",
        "112711271555678", "0112711271555678"}) {
    const std::string once = normalise_phone(text, "+86");
    EXPECT_TRUE(once.empty() || normalise_phone(once, "+1") == once) << once;
  }
  EXPECT_EQ(normalise_phone("1127112715567", "+86"), "+861127112715567");
  EXPECT_EQ(normalise_phone("11271127155678", "+86"), "") << "with +86 too long for a number";
}

TEST(NormalisePhone, RefusesWhatIsNone) {
  EXPECT_EQ(normalise_phone("12345", "+86"), "");
  EXPECT_EQ(normalise_phone("1234567890123456", "+86"), "");
  EXPECT_EQ(normalise_phone("call me", "+86"), "");
  EXPECT_EQ(normalise_phone("(010) 6552 9988", "+86"), "+861065529988");
  EXPECT_EQ(normalise_phone("+49 30 1234567", "+86"), "+49301234567");
}

TEST(HalfWidth, LeavesCharactersAloneThatAreNone) {
  // The third byte is the first of the next character.
  EXPECT_EQ(to_half_width("\xEF\xBC\xEF\xBC\x91"),
            "\xEF\xBC"
            "1");
  EXPECT_EQ(to_half_width("\xEF\xBC"
                          "1"),
            "\xEF\xBC"
            "1");
  EXPECT_EQ(to_half_width("\xEF\xBC"), "\xEF\xBC");
  const std::string once = normalise("\xEF\xBC\xEF\xBC\x91");
  EXPECT_EQ(normalise(once), once);
}

}  // namespace
}  // namespace deskmate::daemon

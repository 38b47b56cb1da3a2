#include "core/peer/peer_id.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace deskmate::peer {
namespace {

PeerId some_id() {
  PeerId id{};
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(i * 37 + 11);
  return id;
}

TEST(PeerId, IsEightGroupsThatReadBackAsTheSame) {
  const std::string text = to_text(some_id());
  EXPECT_EQ(text.size(), 8 * 7 + 7u);
  EXPECT_EQ(std::count(text.begin(), text.end(), '-'), 7);
  ASSERT_TRUE(parse_peer_id(text));
  EXPECT_EQ(*parse_peer_id(text), some_id());
}

TEST(PeerId, ToleratesHowPeopleType) {
  std::string text = to_text(some_id());
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    if (c == '-') return ' ';
    if (c == 'O') return '0';
    if (c == 'I') return '1';
    if (c == 'B') return '8';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  ASSERT_TRUE(parse_peer_id("  " + text + "\n"));
  EXPECT_EQ(*parse_peer_id(text), some_id());
}

TEST(PeerId, NoticesEveryWrongCharacterAndSaysWhere) {
  const std::string text = to_text(some_id());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '-') continue;
    std::string wrong = text;
    wrong[i] = wrong[i] == 'Q' ? 'R' : 'Q';
    const auto parsed = parse_peer_id(wrong);
    ASSERT_FALSE(parsed) << wrong;
    EXPECT_EQ(parsed.error().where, "group");
    const std::size_t pair = i / 16;  // two groups and their dashes
    EXPECT_NE(parsed.error().message.find(std::to_string(pair * 2 + 1) + " or "), std::string::npos)
        << i << ": " << parsed.error().message;
  }
}

TEST(PeerId, RefusesWhatIsTooShortTooLongOrNoText) {
  const std::string text = to_text(some_id());
  EXPECT_FALSE(parse_peer_id(""));
  EXPECT_FALSE(parse_peer_id(text.substr(0, text.size() - 1)));
  EXPECT_FALSE(parse_peer_id(text + "-" + text));
  EXPECT_EQ(parse_peer_id("MFZW!").error().where, "character");
  EXPECT_EQ(parse_peer_id(std::string(readable_text_max + 1, 'A')).error().where, "length");
}

TEST(Groups, CarryBytesOfEveryLength) {
  std::string bytes;
  for (int size = 0; size < 100; ++size) {
    const auto back = from_groups(to_groups(bytes));
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(*back, bytes);
    bytes += static_cast<char>(size * 91 + 7);
  }
}

}  // namespace
}  // namespace deskmate::peer

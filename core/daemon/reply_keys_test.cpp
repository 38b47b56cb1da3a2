#include "core/daemon/reply_keys.hpp"

#include <gtest/gtest.h>

namespace deskmate::daemon {
namespace {

struct Told {
  int answers = 0;
  int refusals = 0;
  std::int64_t last = 0;
  ReplyKeys::Done done() {
    return [this](const Result<Value>& result) {
      result ? ++answers : ++refusals;
      if (result) last = result->as_int();
    };
  }
};

TEST(ReplyKeys, TheSameKeyIsOneReply) {
  ReplyKeys keys;
  Told first, meanwhile, later;
  EXPECT_TRUE(keys.begin("a", first.done()));
  EXPECT_FALSE(keys.begin("a", meanwhile.done()));
  EXPECT_EQ(first.answers, 0);
  keys.finish("a", Value(7));
  EXPECT_FALSE(keys.begin("a", later.done()));
  for (const Told* told : {&first, &meanwhile, &later}) {
    EXPECT_EQ(told->answers, 1);
    EXPECT_EQ(told->last, 7);
  }
}

TEST(ReplyKeys, WhatWasRefusedMayBeTriedAgain) {
  ReplyKeys keys;
  Told first, second;
  EXPECT_TRUE(keys.begin("a", first.done()));
  keys.finish("a", Error{Status::unavailable, "disk full", ""});
  EXPECT_EQ(first.refusals, 1);
  EXPECT_TRUE(keys.begin("a", second.done()));
  keys.finish("a", Value(1));
  EXPECT_EQ(second.answers, 1);
}

TEST(ReplyKeys, KeepsOnlyTheLatest) {
  ReplyKeys keys;
  Told told;
  for (std::size_t i = 0; i <= reply_keys_kept; ++i) {
    ASSERT_TRUE(keys.begin(std::to_string(i), told.done()));
    keys.finish(std::to_string(i), Value(1));
  }
  EXPECT_TRUE(keys.begin("0", told.done()));  // forgotten
  EXPECT_FALSE(keys.begin("1", told.done()));
}

}  // namespace
}  // namespace deskmate::daemon

// R8: who waited beyond the target, and whether an order was lost.
#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

struct Missed : ::testing::Test {
  Missed() { world.member(1, 1); }
  std::vector<MissedView> list(MissedFilter filter = {}) {
    if (filter.to_ms == 0) filter.to_ms = world.now_ms + 1;
    return world.desk.missed(filter, {}, world.now_ms, 100).value().rows;
  }
  void ask(const std::string& chat, const std::string& buyer) {
    world.receive(chat, buyer);
    world.decide();
  }
  void answer(const std::string& chat, std::uint64_t after_ms) {
    world.now_ms += after_ms;
    const Id16 reply = world.add(world.desk.reply(id(chat), 1, "Yes.").value());
    world.add("reply.done", Value::map({{"request", Value::bin(reply)}, {"kind", "reply"}}));
  }
  World world;
};

TEST_F(Missed, R8_those_answered_late_or_never_are_listed) {
  const std::uint64_t late_ms = world.desk.policy().reply_warning_ms;
  ask("quick", "a");
  answer("quick", late_ms);
  ask("late", "b");
  answer("late", late_ms + 1);
  ask("closed", "c");
  world.close("closed", 1);
  ask("thanks", "d");
  answer("thanks", 1);
  ask("thanks", "d");
  world.close("thanks", 1);
  ask("waits", "e");
  EXPECT_EQ(list().size(), 2u) << "who has not waited long is not missed yet";
  world.now_ms += hour_ms;

  const auto found = list();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].chat.id, id("waits"));
  EXPECT_EQ(found[0].outcome, MissedView::Outcome::waiting);
  EXPECT_EQ(found[0].waited_ms, hour_ms);
  EXPECT_EQ(found[0].member, 1u);
  EXPECT_EQ(found[1].chat.id, id("closed"));
  EXPECT_EQ(found[1].outcome, MissedView::Outcome::closed);
  EXPECT_EQ(found[2].chat.id, id("late"));
  EXPECT_EQ(found[2].outcome, MissedView::Outcome::answered);
  EXPECT_EQ(found[2].waited_ms, late_ms + 1);

  MissedFilter since;
  since.from_ms = found[0].asked_ms;
  EXPECT_EQ(list(since).size(), 1u);
  MissedFilter other;
  other.shop = "shop";
  EXPECT_TRUE(list(other).empty());
  other.shop = "mail";
  other.member = 1;
  EXPECT_EQ(list(other).size(), 3u);
  other.member = 2;
  EXPECT_TRUE(list(other).empty());
}

TEST_F(Missed, R8_an_order_soon_after_means_that_none_was_lost) {
  ask("bought", "a");
  ask("gone", "b");
  ask("under way", "c");
  const auto order = [&](const char* name, const char* buyer, std::uint64_t placed_ms) {
    world.add("order.seen", Value::map({{"shop", "shop"},
                                        {"order", bin(name)},
                                        {"buyer", bin(buyer)},
                                        {"state", "paid"},
                                        {"placed_at", placed_ms}}));
  };
  order("1", "a", world.now_ms + hour_ms);
  order("2", "b", world.now_ms + 30 * 24 * hour_ms);
  world.add("order.seen", Value::map({{"shop", "shop"},
                                      {"order", bin("2")},
                                      {"buyer", bin("b")},
                                      {"state", "delivered"},
                                      {"placed_at", world.now_ms + 30 * 24 * hour_ms},
                                      {"updated_at", 1}}));
  order("3", "c", world.now_ms - hour_ms);
  world.now_ms += hour_ms;
  const auto found = list();
  ASSERT_EQ(found.size(), 3u);
  for (const auto& one : found) {
    EXPECT_EQ(one.ordered, one.chat.id == id("bought"));
    EXPECT_EQ(one.lost, one.chat.id == id("gone"));
  }
}

TEST_F(Missed, R8_they_come_by_the_page) {
  for (int i = 0; i < 5; ++i) ask("c" + std::to_string(i), "b" + std::to_string(i));
  world.now_ms += hour_ms;
  MissedFilter filter;
  filter.to_ms = world.now_ms;
  std::size_t seen = 0;
  std::string after;
  do {
    const auto page = world.desk.missed(filter, after, world.now_ms, 2);
    ASSERT_TRUE(page);
    ASSERT_LE(page->rows.size(), 2u);
    seen += page->rows.size();
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(seen, 5u);
  EXPECT_FALSE(world.desk.missed(filter, "nonsense", world.now_ms, 2));
}

}  // namespace
}  // namespace deskmate::desk

// Two and three peers at random.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "core/desk/test_peers.hpp"

namespace deskmate::desk {
namespace {

// Whatever happens: never two who may answer without a look at the channel, all the same in the
// end.
TEST(PeersRandom, R1_never_two_may_act_and_all_end_alike) {
  std::uint64_t acted = 0;
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
    PeersWorld world = seed % 2 == 0 ? two() : three();
    world.take_over = false;  // that is the vanished case, where the channel decides
    const std::uint8_t count = world.count();
    const auto some = [&] { return static_cast<std::uint8_t>(1 + below(count)); };
    const auto check = [&] {
      for (int i = 0; i < 6; ++i) {
        const auto actors = world.actors(chat_name(i));
        ASSERT_LE(actors.size(), 1u) << chat_name(i);
        acted += actors.size();
      }
    };
    for (int step = 0; step < 120; ++step) {
      const std::uint8_t n = some();
      const std::string chat = chat_name(static_cast<int>(below(6)));
      world.now_ms += below(3);
      switch (below(14)) {
        case 0:
        case 1:
        case 2: {
          const std::string message = chat + " m" + std::to_string(step);
          for (std::uint8_t to = 1; to <= count; ++to) {
            if (below(3) != 0) world.receive(to, chat, message);
          }
          break;
        }
        case 3:
        case 4:
        case 5:
          world.decide(n);
          break;
        case 6:
        case 7:
          world.exchange();
          break;
        case 8:
          world.cut(n, some());
          break;
        case 9:
          world.heal(n, some());
          break;
        case 10:
          if (const auto bye = world.desk(n).goodbye(world.sight(n)); bye && below(2) == 0) {
            world.add(n, bye);
          }
          break;
        case 11:
          if (world.desk(n).needs_hello()) world.add(n, world.desk(n).hello());
          break;
        case 12:
          if (const MemberNo owner = world.owner(n, chat); owner != 0 && below(2) == 0) {
            if (const auto closed = world.desk(n).close(id(chat), owner)) world.add(n, closed);
          }
          break;
        default:
          if (const auto open = world.desk(n).changes_waiting(); !open.empty()) {
            if (const auto yes = world.desk(n).agree_to_change(open.front().change)) {
              world.add(n, yes);
            }
          } else if (below(2) == 0) {
            MemberSpec spec;
            spec.number = 1 + below(count);
            spec.name = "Member";
            spec.role = "presale";
            spec.weight = 1 + below(9);
            world.add(n, world.desk(n).set_member(spec));
          }
      }
      ASSERT_NO_FATAL_FAILURE(check()) << "step " << step;
    }
    world.heal();
    for (std::uint8_t n = 1; n <= count; ++n) {
      if (world.desk(n).needs_hello()) world.add(n, world.desk(n).hello());
    }
    world.settle();
    check();
    EXPECT_EQ(world.difference(), "");
    for (std::uint8_t n = 1; n <= count; ++n) {
      for (const PeerView& peer : world.desk(n).peers()) EXPECT_TRUE(peer.ready);
    }
  }
  EXPECT_GT(acted, 1'000u);
}

}  // namespace
}  // namespace deskmate::desk

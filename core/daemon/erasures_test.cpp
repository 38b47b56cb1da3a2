#include "core/daemon/erasures.hpp"

#include <gtest/gtest.h>

#include "core/bus/test_loop.hpp"

namespace deskmate::daemon {
namespace {

storage::Id16 id_of(std::uint8_t number) { return {number}; }

// A desk that wants buyers erased until it is said that they are, and a disk that may fail.
class ErasuresTest : public ::testing::Test {
 protected:
  std::vector<desk::ErasureView> wanted() const {
    std::vector<desk::ErasureView> out;
    for (const auto& buyer : wanted_) {
      out.emplace_back();
      out.back().buyer = buyer;
    }
    return out;
  }
  Erasures::Hooks hooks() {
    return {[this] { return wanted(); },
            [this](const desk::ErasureView& one, auto done) {
              ++tried;
              most = std::max(most, ++at_once);
              loop.post([this, buyer = one.buyer, done] {
                --at_once;
                done(disk_works ? std::optional(Erasures::Keys{buyer}) : std::nullopt);
              });
            },
            [this](const storage::Id16& buyer, const Erasures::Keys& keys, auto done) {
              EXPECT_EQ(keys, Erasures::Keys{buyer});
              loop.post([this, buyer, done] {
                if (log_works) wanted_.erase(buyer);
                done(log_works);
                if (log_works && erasures) erasures->look();  // it was folded
              });
            }};
  }

  void start() { erasures = std::make_unique<Erasures>(loop, hooks()); }

  bus::TestLoop loop;
  std::unique_ptr<Erasures> erasures;
  std::set<storage::Id16> wanted_;
  bool disk_works = true, log_works = true;
  int tried = 0;
  std::size_t at_once = 0, most = 0;
};

TEST_F(ErasuresTest, R126_destroys_all_that_is_wanted_a_few_at_a_time) {
  for (std::uint8_t n = 1; n <= 100; ++n) wanted_.insert(id_of(n));
  start();
  erasures->look();
  erasures->look();
  loop.run();
  EXPECT_TRUE(wanted_.empty());
  EXPECT_EQ(tried, 100);
  EXPECT_EQ(most, erasures_at_once);
}

// Found by seed 53829 of the simulation: it was tried again only after the next erasure.
TEST_F(ErasuresTest, R126_tries_again_after_the_disk_failed) {
  wanted_ = {id_of(1), id_of(2)};
  start();
  disk_works = false;
  erasures->look();
  loop.advance(2 * erase_again_ms);
  EXPECT_EQ(wanted_.size(), 2u);
  disk_works = true;
  log_works = false;
  loop.advance(erase_again_ms);
  EXPECT_EQ(wanted_.size(), 2u);
  log_works = true;
  loop.advance(erase_again_ms);
  EXPECT_TRUE(wanted_.empty());
  EXPECT_LE(tried, 2 * 5);
}

TEST_F(ErasuresTest, WhatEndsAfterItIsGoneDoesNothing) {
  wanted_ = {id_of(1)};
  start();
  erasures->look();
  erasures.reset();
  loop.advance(2 * erase_again_ms);
  EXPECT_EQ(wanted_.size(), 1u);
}

}  // namespace
}  // namespace deskmate::daemon

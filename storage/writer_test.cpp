// When the writer waits for company, by a clock that the test sets.
#include "storage/writer.hpp"

#include <atomic>
#include <chrono>
#include <thread>

#include "storage/test_support.hpp"

namespace deskmate::storage {
namespace {

using namespace testing;
using std::chrono::nanoseconds;

class Company : public ::testing::Test {
 protected:
  using Appending = std::future<Result<std::vector<Appended>>>;

  // Every commit takes so long by the clock, which stands still otherwise.
  void open(nanoseconds commit) {
    Hooks hooks;
    hooks.now = [this] {
      ++looks_;
      return std::chrono::steady_clock::time_point(nanoseconds(clock_));
    };
    hooks.before_commit = [this, commit] {
      clock_ += commit.count();
      ++commits_;
      return 0;
    };
    store_ = open_at(folder_.path(), hooks);
  }
  Appending begin() {
    auto promise = std::make_shared<std::promise<Result<std::vector<Appended>>>>();
    store_->append({event_of("x")}, [promise](Result<std::vector<Appended>> done) {
      promise->set_value(std::move(done));
    });
    return promise->get_future();
  }
  // So many are answered by one commit.
  void answer_together(int count) {
    std::vector<Appending> all;
    {
      HeldWriter held(*store_);
      for (int i = 0; i < count; ++i) all.push_back(begin());
      commits_ = 0;
    }
    for (Appending& one : all) must(wait_for(std::move(one)));
    ASSERT_EQ(commits_, 1);
  }
  // The writer has looked at the clock again and again, and has not committed.
  bool waits() {
    const auto until = std::chrono::steady_clock::now() + patience;
    const int before = looks_;
    while (looks_ < before + 3) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return commits_ == 1;
  }

  TempFolder folder_;
  std::atomic<std::int64_t> clock_ = 1'000'000'000;
  std::atomic<int> looks_ = 0;
  std::atomic<int> commits_ = 0;
  std::unique_ptr<Store> store_;
};

TEST_F(Company, ThoseWhoWereAnsweredTogetherJoinWhoCameMeanwhile) {
  open(8 * company_from);
  answer_together(3);
  std::vector<Appending> all;
  all.push_back(begin());
  EXPECT_TRUE(waits());
  for (int i = 0; i < 3; ++i) all.push_back(begin());
  for (Appending& one : all) must(wait_for(std::move(one)));
  EXPECT_EQ(commits_, 2);
}

TEST_F(Company, IsWaitedForAPartOfWhatACommitTakes) {
  open(company_from);
  answer_together(2);
  auto alone = begin();
  EXPECT_TRUE(waits());
  clock_ += (nanoseconds(company_from) / company_part).count() - 1;
  EXPECT_TRUE(waits());
  clock_ += 1;
  must(wait_for(std::move(alone)));
  EXPECT_EQ(commits_, 2);
}

TEST_F(Company, IsNotWaitedForLong) {
  open(100 * company_max);
  answer_together(2);
  auto alone = begin();
  clock_ += nanoseconds(company_max).count() - 1;
  EXPECT_TRUE(waits());
  clock_ += 1;
  must(wait_for(std::move(alone)));
  EXPECT_EQ(commits_, 2);
}

TEST_F(Company, IsNotWaitedForOnAFastDisk) {
  open(nanoseconds(company_from) - nanoseconds(1));
  answer_together(2);
  must(wait_for(begin()));
  EXPECT_EQ(commits_, 2);
}

TEST_F(Company, IsNotWaitedForByWhoWritesAlone) {
  open(8 * company_from);
  answer_together(1);
  must(wait_for(begin()));
  must(wait_for(begin()));
  EXPECT_EQ(commits_, 3);
}

TEST_F(Company, DoesNotKeepTheStoreFromClosing) {
  open(8 * company_from);
  answer_together(2);
  auto last = begin();
  EXPECT_TRUE(waits());
  store_.reset();
  must(wait_for(std::move(last)));
}

}  // namespace
}  // namespace deskmate::storage

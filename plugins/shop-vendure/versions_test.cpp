#include "plugins/shop-vendure/versions.hpp"

#include <gtest/gtest.h>

#include <set>

#include "plugins/shop-vendure/fake_vendure.hpp"

namespace deskmate::shop_vendure {
namespace {

class VersionsTest : public ::testing::Test {
 protected:
  // What a connector that starts now would say.
  std::optional<std::string> changed(const std::string& id, const std::string& content,
                                     bool save = true) {
    Versions versions(shop_.bench.desk());
    const auto version = versions.changed("order", id, "order:" + id, content);
    EXPECT_TRUE(version);
    EXPECT_TRUE(!save || versions.save());
    return *version;
  }
  FakeVendure shop_;
};

TEST_F(VersionsTest, the_hash_stays_the_same_for_good) {
  EXPECT_EQ(hash64(""), 0xcbf29ce484222325U);
  EXPECT_EQ(hash64("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(hash64("foobar"), 0x85944171f73967e8U);
}

TEST_F(VersionsTest, only_a_change_is_a_new_version) {
  const auto first = changed("7", "a");
  ASSERT_TRUE(first);
  EXPECT_FALSE(changed("7", "a"));
  const auto second = changed("7", "b");
  ASSERT_TRUE(second);
  const auto back = changed("7", "a");
  ASSERT_TRUE(back) << "going back to an earlier state is a change as well";
  const std::set<std::string> all{*first, *second, *back};
  EXPECT_EQ(all.size(), 3U);
}

TEST_F(VersionsTest, R121_a_crash_before_saving_gives_the_same_version_again) {
  changed("7", "a");
  const auto lost = changed("7", "b", false);
  const auto again = changed("7", "b");
  ASSERT_TRUE(lost && again);
  EXPECT_EQ(*lost, *again);
}

TEST_F(VersionsTest, the_number_of_keys_is_bounded) {
  Versions versions(shop_.bench.desk());
  for (int id = 0; id < 3000; ++id) {
    const std::string text = std::to_string(id * 97);
    ASSERT_TRUE(versions.changed("order", text, "order:" + text, "x"));
    ASSERT_TRUE(versions.changed("order", "uuid-" + text, "order:uuid-" + text, "x"));
  }
  ASSERT_TRUE(versions.save());
  EXPECT_LE(shop_.host.kv().size(), groups_max);
}

TEST_F(VersionsTest, a_full_group_forgets_the_oldest_and_fits_the_store) {
  Versions versions(shop_.bench.desk());
  const int more = static_cast<int>(group_entries_max) + 10;
  for (int i = 0; i < more; ++i) {
    ASSERT_TRUE(versions.changed("order", "1", "thing:" + std::to_string(i), "x"));
  }
  ASSERT_TRUE(versions.save());
  for (const auto& [key, value] : shop_.host.kv()) EXPECT_LE(value.size(), DM_KV_VALUE_MAX);
  Versions later(shop_.bench.desk());
  EXPECT_TRUE(*later.changed("order", "1", "thing:0", "x"));
  EXPECT_FALSE(*later.changed("order", "1", "thing:" + std::to_string(more - 1), "x"));
}

TEST_F(VersionsTest, damaged_entries_only_mean_appending_again) {
  changed("7", "a");
  for (auto& [key, value] : shop_.host.kv()) value.resize(value.size() - 1);
  EXPECT_TRUE(changed("7", "a"));
}

}  // namespace
}  // namespace deskmate::shop_vendure

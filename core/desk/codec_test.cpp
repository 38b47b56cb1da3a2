#include "core/desk/codec.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/desk/records.hpp"
#include "core/desk/tables.hpp"

namespace deskmate::desk {
namespace {

OrderRecord some_order() {
  OrderRecord order;
  order.updated_ms = 1;
  order.at = {std::uint64_t{1} << 63, 2, UINT64_MAX, 3};
  order.shop = "mail";
  order.buyer = Id16{4};
  order.contacts = {Id16{}, Id16{5}};
  order.total = INT64_MIN;
  order.paid = INT64_MAX;
  order.lines = {{"sku", "", -1, 2, false, {}}, {}};
  return order;
}

TEST(Codec, gives_back_what_was_written) {
  const OrderRecord order = some_order();
  const auto back = decode_record<OrderRecord>(encode_record(order));
  EXPECT_EQ(back.updated_ms, order.updated_ms);
  EXPECT_EQ(back.at, order.at);
  EXPECT_EQ(back.shop, order.shop);
  EXPECT_EQ(back.number, std::nullopt);
  EXPECT_EQ(back.buyer, order.buyer);
  EXPECT_EQ(back.contacts, order.contacts);
  EXPECT_EQ(back.total, order.total);
  EXPECT_EQ(back.paid, order.paid);
  ASSERT_EQ(back.lines.size(), 2u);
  EXPECT_EQ(back.lines[0].sku, "sku");
  EXPECT_EQ(back.lines[0].quantity, -1);
  EXPECT_EQ(back.lines[1].price, 0);
  EXPECT_EQ(encode_record(back), encode_record(order));
}

TEST(Codec, tells_places_by_those_before) {
  ChatRecord chat;
  const Place first{1'800'000'000'000ull << 16, 7, 8, 100};
  const Place earlier{first.stamp - 9, 7, 8, 99};
  const Place elsewhere{first.stamp + 1, 9, 9, 1};
  chat.origin_at = chat.first_in = chat.opening = first;
  chat.number_at = earlier;
  chat.closed_at = elsewhere;
  chat.last_in = first;
  const std::string bytes = encode_record(chat);
  EXPECT_LT(bytes.size(), 3 * place_size);
  const auto back = decode_record<ChatRecord>(bytes);
  EXPECT_EQ(back.origin_at, first);
  EXPECT_EQ(back.number_at, earlier);
  EXPECT_EQ(back.closed_at, elsewhere);
  EXPECT_EQ(back.last_in, first);
  EXPECT_EQ(back.last_out, Place{});
}

// More places than are told by their number.
TEST(Codec, keeps_many_places) {
  ChangeRecord change;
  for (std::uint64_t i = 1; i <= 40; ++i) {
    change.agreed.push_back({Id32{1}, {i * 1'000, i % 3, 1, i}, {}});
  }
  const auto back = decode_record<ChangeRecord>(encode_record(change));
  ASSERT_EQ(back.agreed.size(), change.agreed.size());
  for (std::size_t i = 0; i < back.agreed.size(); ++i) {
    EXPECT_EQ(back.agreed[i].at, change.agreed[i].at);
  }
}

TEST(Codec, refuses_what_is_cut_short_or_goes_on) {
  const std::string bytes = encode_record(some_order());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_record<OrderRecord>(bytes.substr(0, size)), std::runtime_error) << size;
  }
  EXPECT_THROW(decode_record<OrderRecord>(bytes + "x"), std::runtime_error);
}

TEST(Tables, have_names_of_their_own) {
  std::set<std::string_view> names;
  for (const TableInfo& table : desk_tables())
    EXPECT_TRUE(names.insert(table.name).second) << table.title;
}

}  // namespace
}  // namespace deskmate::desk

// Orders as chats and owners see them. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/desk/policy.hpp"
#include "core/desk/state.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

inline constexpr std::size_t chat_orders_max = 100;  // shown in one chat

class Facts;

// An order as an event tells it; nothing: its facts cannot be read.
std::optional<std::pair<Id16, OrderRecord>> read_order(Facts& facts);
// Delivered, cancelled …: nothing more is to be done to it.
bool is_over_order(std::string_view state);

RequestView request_view(const State& state, const Policy& policy, const Id16& id,
                         const RequestRecord& record);
// Without parcels and requests.
OrderView order_row(const State& state, const Id16& id, const OrderRecord& record, OrderLink link);
OrderView order_view(const State& state, const Policy& policy, const Id16& id,
                     const OrderRecord& record, OrderLink link);

// parcels.cpp
ParcelView parcel_view(const State& state, const Policy& policy, const Id16& id,
                       const ParcelRecord& record);

struct ChatOrders {
  std::vector<OrderView> orders;  // latest first
  std::uint32_t unproved = 0;     // quoted numbers of others' orders, or so it must be assumed
};
// The orders that a chat may show: of the buyer, of joined accounts, by shared contacts, and those
// quoted whose contacts the buyer has or has named.
ChatOrders chat_orders(const State& state, const Policy& policy, const Id16& chat,
                       const std::vector<Id16>& accounts);

// The role for a buyer by what they have ordered: presale, insale, aftersale.
std::string_view stage_of(const State& state, const std::vector<Id16>& accounts);

// Did these accounts place an order in [from_ms, to_ms)?
bool ordered_between(const State& state, const std::vector<Id16>& accounts, std::uint64_t from_ms,
                     std::uint64_t to_ms);

}  // namespace deskmate::desk

// What the owners have settled: routing, reply targets, greetings, roles. From the configuration;
// every default has its place here. Values only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/desk/schedule.hpp"
#include "core/desk/types.hpp"
#include "core/desk/wall_clock.hpp"

namespace deskmate::desk {

// An enquiry led to the orders that its buyer placed so soon after it.
inline constexpr std::uint64_t order_after_ms = 7 * 24 * hour_ms;

// Roles in order of authority, lowest first (R13).
struct Role {
  std::string_view name;
  std::string_view en;
  std::string_view zh;
};
std::span<const Role> roles();  // presale insale aftersale review supervisor manager
// The place in roles(); nothing for a role that is not among them.
std::optional<std::size_t> authority(std::string_view role);

// R15: when a shop answers, by the wall clock of the zone.
struct ShopHours {
  Schedule hours;
  std::optional<Schedule> aftersale;  // of those whose orders have all arrived; none: as the others
  std::string zone;
  // What a buyer is sent who comes outside of them, in place of the greeting; {back}: when somebody
  // answers again. Never empty.
  std::string closed;
};

struct Policy {
  // The log that this peer writes now; requests from an older incarnation of the same peer count as
  // attempted.
  storage::LogName self{};

  std::uint64_t sticky_ms = 72 * hour_ms;  // R2
  std::uint32_t suspend_at = 50;           // R9: open chats; nobody has more by the router
  // R9: open chats per role; a role not named has suspend_at. A member's own capacity comes first.
  std::map<std::string, std::uint32_t, std::less<>> capacity = {{"presale", 50}, {"aftersale", 10}};

  std::uint64_t first_reply_ms = 30 * second_ms;     // R11: until here a waiting chat is green
  std::uint64_t reply_warning_ms = 100 * second_ms;  // R11: from here on it is red
  std::uint64_t nudge_ms = 60 * second_ms;           // R11: a nudge counts as so much more waiting
  std::uint64_t cool_down_ms = 10 * minute_ms;       // R17: rest after an abusive chat; 0: none

  // With other peers: beyond target_ms of waiting an owner who does not see the whole view must
  // read the thread's tail before an answer, and those who do not see the owner may take the chat,
  // one after the other, each slot_ms after the one before. A slot is longer than a send that began
  // before the target, and than two clocks are apart.
  // A visit that the book has not looked at for so long is drawn though the whole view is seen
  // here: its holder may not see it.
  std::uint64_t cut_after_ms = 10 * second_ms;
  std::uint64_t target_ms = 100 * second_ms;
  std::uint64_t send_timeout_ms = 60 * second_ms;
  std::uint64_t skew_ms = 30 * second_ms;
  std::uint64_t slot_ms() const { return send_timeout_ms + skew_ms; }

  // R13: does a chat about orders go to those whose role it is (no order: presale; one under way:
  // insale; all delivered: aftersale), as far as the desk has such members?
  bool match_roles = false;

  // R40: shop to the text of its greeting, with the variables of quick phrases; no text: none.
  std::map<std::string, std::string, std::less<>> greetings;
  std::map<std::string, ShopHours, std::less<>> shop_hours;  // R15: by shop
  std::uint64_t greeting_fresh_ms = 10 * minute_ms;          // older messages are not greeted

  // R65: a parcel under way that has not moved for so long is stuck.
  std::uint64_t parcel_stuck_ms = 48 * hour_ms;
  // R68: parcels in a million that a courier may lose, damage or bring back.
  std::uint64_t courier_failures_ppm = 1'000;

  LocalMinutes local_minutes = utc_minutes;

  // The open chats at which a member is suspended.
  std::uint32_t limit_of(std::string_view role, std::uint32_t own_capacity) const;
};

}  // namespace deskmate::desk

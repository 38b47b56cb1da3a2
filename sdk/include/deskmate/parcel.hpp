// What a parcel's status is called, whoever carries it. The courier's own code and text always
// stand beside it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace deskmate::parcel {

inline constexpr std::array<std::string_view, 17> statuses = {"pending",
                                                              "info_received",
                                                              "picked_up",
                                                              "in_transit",
                                                              "customs_hold",
                                                              "out_for_delivery",
                                                              "available_for_pickup",
                                                              "attempt_failed",
                                                              "delivered",
                                                              "returning",
                                                              "returned",
                                                              "exception",
                                                              "lost",
                                                              "damaged",
                                                              "expired",
                                                              "cancelled",
                                                              "unknown"};

// Its place in the list; nothing for any other word.
constexpr std::optional<std::size_t> number_of(std::string_view status) {
  const auto* const at = std::find(statuses.begin(), statuses.end(), status);
  if (at == statuses.end()) return std::nullopt;
  return static_cast<std::size_t>(at - statuses.begin());
}

// Nothing more is to come. A parcel that is lost may still turn up.
constexpr bool is_over(std::string_view status) {
  return status == "delivered" || status == "returned" || status == "cancelled" ||
         status == "expired";
}

// Somebody has to look at it, though it may move.
constexpr bool is_trouble(std::string_view status) {
  return status == "customs_hold" || status == "available_for_pickup" ||
         status == "attempt_failed" || status == "returning" || status == "exception" ||
         status == "lost" || status == "damaged";
}

}  // namespace deskmate::parcel

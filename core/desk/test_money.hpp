// Orders and offers in a line, for tests of money.
#pragma once

#include <string>
#include <vector>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {

inline Value sold(const std::string& name, std::int64_t total = 10'000, Map more = {}) {
  Map facts{{"shop", "shop"},      {"order", bin(name)}, {"number", bin("number " + name)},
            {"buyer", bin("ann")}, {"state", "shipped"}, {"payment", "paid"},
            {"total", total},      {"paid", total},      {"currency", "CNY"},
            {"placed_at", 1000},   {"updated_at", 1000}};
  for (const auto& [key, value] : more) facts.set(key, value);
  return facts;
}

inline ActionSpec giving(const std::string& kind, const std::string& order, MemberNo member,
                         std::int64_t amount, Purpose purpose = Purpose::settlement) {
  ActionSpec spec;
  spec.kind = kind;
  spec.order = id(order);
  spec.member = member;
  if (amount != 0) spec.amount = amount;
  spec.facts = Value::map();
  spec.purpose = purpose;
  return spec;
}

inline OfferSpec offering(const std::string& order, MemberNo member, std::vector<OfferStep> steps) {
  OfferSpec spec;
  spec.member = member;
  spec.order = id(order);
  spec.steps = std::move(steps);
  spec.liable = "courier";
  spec.cause = "courier";
  spec.text = "The parcel is lost.";
  return spec;
}

inline Value outcome_of(const Id16& request, const std::string& kind, Map more = {}) {
  Map facts{{"request", Value::bin(request)}, {"kind", kind}, {"attempt", 1}};
  for (const auto& [key, value] : more) facts.set(key, value);
  return facts;
}

}  // namespace deskmate::desk

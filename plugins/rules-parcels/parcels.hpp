// What goes wrong with a parcel, and what is to be done about it (R65, R66, R80): pure rules whose
// figures stand in rules.toml. Any thread, each instance on one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_parcels {

class ParcelRules : public rules::Rules {
 public:
  // Reads every setting once; mistakes are collected there.
  explicit ParcelRules(const rules::Settings& settings);
  void judge(const rules::Subject& subject, rules::Sheet& sheet) const override;

 private:
  // A status, or a courier's own code, that somebody has to look at.
  struct Trouble {
    std::string_view kind, status;
    bool on = true;
    std::string severity;
    std::int64_t after_ms = 0;
    std::vector<std::string> codes;
    std::vector<std::string_view> fixes;
    bool failed = false;  // the buyer will not get it: the standard offers
  };
  struct Common {
    bool on = true;
    std::string severity;
  };
  using Order = rules::Order;
  using Parcel = rules::Parcel;

  static Common common(const rules::Settings& table, std::string_view severity);
  void add(const rules::Settings& settings, Trouble trouble, std::string_view severity,
           std::initializer_list<std::string_view> codes = {});
  const Trouble* trouble_of(const Parcel& parcel) const;
  void judge(const Order& order, const Parcel& parcel, std::int64_t now_ms,
             rules::Sheet& sheet) const;
  void back(const Order& order, const Parcel& parcel, rules::Sheet& sheet) const;
  void trouble(const Trouble& one, const Order& order, const Parcel& parcel, std::int64_t now_ms,
               rules::Sheet& sheet) const;
  void stuck(const Order& order, const Parcel& parcel, std::int64_t now_ms,
             rules::Sheet& sheet) const;
  void late(const Order& order, const Parcel& parcel, std::int64_t now_ms,
            rules::Sheet& sheet) const;
  void freight(const Order& order, const Parcel& parcel, std::int64_t now_ms,
               rules::Sheet& sheet) const;

  std::vector<Trouble> troubles_;  // those by a code first
  Common stuck_, late_, back_, freight_;
  std::int64_t offer_after_ms_ = 0, late_ms_ = 0, travels_ms_ = 0;
};

}  // namespace deskmate::rules_parcels

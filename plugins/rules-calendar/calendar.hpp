// What holidays mean for parcels and stock (R67, R32): pure rules whose figures stand in
// rules.toml. Public holidays are a table made from a kept package (holidays/make.mjs). Any thread,
// each instance on one at a time.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_calendar {

// Public holidays in a row of one country, both ends among them.
struct Holiday {
  std::string_view country, from, to, name;  // "CN", "2027-02-05"
};
std::span<const Holiday> public_holidays();

class CalendarRules : public rules::Rules {
 public:
  // Reads every setting once; mistakes are collected there.
  explicit CalendarRules(const rules::Settings& settings);
  void judge(const rules::Subject& subject, rules::Sheet& sheet) const override;

 private:
  using Sheet = rules::Sheet;
  struct Pause {  // no parcel is brought from one time to the other
    std::int64_t from_ms = 0, until_ms = 0;
    std::string name;
  };
  struct Far {
    std::vector<std::string> words;  // in lower case
    std::int64_t travels_ms = 0;
  };
  struct Festival {
    int year = 0;  // 0: every year
    unsigned month = 1, day = 1;
    std::string name;
  };

  void read_pauses(const rules::Settings& settings);
  void read_festivals(const rules::Settings& settings);
  std::int64_t travels_ms(const rules::Order& order) const;
  void cutoff(const rules::Subject& subject, Sheet& sheet) const;
  void stock_up(const rules::Subject& subject, Sheet& sheet) const;

  std::int64_t offset_ms_ = 0;  // of the shop's clock to UTC
  std::vector<Pause> pauses_;   // by from_ms
  bool cutoff_on_ = true, stock_on_ = true;
  std::string cutoff_severity_, stock_severity_;
  std::int64_t travels_ms_ = 0, warn_ms_ = 0, pickup_ms_ = 0, before_ms_ = 0, pieces_ = 0;
  std::vector<Far> far_;
  std::vector<Festival> festivals_;
};

}  // namespace deskmate::rules_calendar

// What may be given for a fault or a price that fell, by whom something is sent back, and until
// when (R53, R90-R92, R94, R97): pure rules whose figures stand in rules.toml. What buyers write in
// reviews is nothing that they are told (R93). Any thread, each instance on one at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_returns {

class ReturnRules : public rules::Rules {
 public:
  // Reads every setting once; mistakes are collected there.
  explicit ReturnRules(const rules::Settings& settings);
  void judge(const rules::Subject& subject, rules::Sheet& sheet) const override;

 private:
  using Amounts = std::map<std::string, std::int64_t, std::less<>>;  // minor units by currency
  using Sheet = rules::Sheet;
  enum class Reason { fault, no_reason, swap, price_drop, other };
  struct Evidence {
    std::string_view kind;  // of the case
    std::vector<std::string> wanted;
  };
  struct Far {
    std::vector<std::string> words;  // in lower case
    Amounts postage;
  };
  struct Seen;  // what follows from a claim and its order

  void read_evidence(const rules::Settings& settings);
  void read_postage(const rules::Settings& settings);
  Reason reason_of(std::string_view kind) const;
  std::optional<std::int64_t> postage(const rules::Order& order) const;
  void evidence(const Seen& seen, Sheet& sheet) const;
  bool window(const Seen& seen, Sheet& sheet) const;  // is it open?
  void return_postage(const Seen& seen, Sheet& sheet) const;
  void size_swap(const rules::Subject& subject, Sheet& sheet) const;
  void ladder(const Seen& seen, Sheet& sheet) const;
  void price_drop(const Seen& seen, Sheet& sheet) const;

  std::vector<std::string> fault_, no_reason_, swap_, price_drop_;  // kinds of cases
  bool evidence_on_ = true, none_of_low_value_ = true;
  std::vector<Evidence> evidence_;
  bool window_on_ = true;
  std::int64_t fault_ms_ = 0, no_reason_ms_ = 0, swap_ms_ = 0, hardship_ms_ = 0;
  bool postage_on_ = true;
  std::string without_reason_;  // who pays: shop, buyer
  std::int64_t buyers_percent_ = 0;
  Amounts postage_;
  std::vector<Far> far_;
  bool swaps_on_ = true;
  std::int64_t swaps_within_ms_ = 0;
  bool price_drop_on_ = true;
  std::int64_t price_drop_ms_ = 0;
  bool ladder_on_ = true;
  std::int64_t first_from_ = 0, first_to_ = 0, most_ = 0, hardship_most_ = 0;  // percent
  std::int64_t of_postage_ = 0;                                                // percent
};

}  // namespace deskmate::rules_returns

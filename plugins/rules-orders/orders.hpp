// What is wrong with an order, and with a product in stock (R61, R63, R70): pure rules whose
// figures stand in rules.toml. Any thread, each instance on one at a time.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::rules_orders {

class OrderRules : public rules::Rules {
 public:
  // Reads every setting once; mistakes are collected there.
  explicit OrderRules(const rules::Settings& settings);
  void judge(const rules::Subject& subject, rules::Sheet& sheet) const override;

 private:
  struct Common {
    bool on = true;
    std::string severity;
  };
  struct Wish {  // that cannot be met
    std::string code;
    std::vector<std::string> words;  // in lower case
  };
  using Order = rules::Order;
  using Sheet = rules::Sheet;

  static Common common(const rules::Settings& table, std::string_view severity);
  void addresses(const rules::Subject& subject, Sheet& sheet) const;
  void vague_address(const Order& order, Sheet& sheet) const;
  void area(const Order& order, Sheet& sheet) const;
  void out_of_stock(const Order& order, Sheet& sheet) const;
  void free_shipping(const Order& order, Sheet& sheet) const;
  void note(const Order& order, Sheet& sheet) const;
  void paid_twice(const Order& order, Sheet& sheet) const;
  void repeated(const rules::Subject& subject, Sheet& sheet) const;
  void measures(const Order& order, Sheet& sheet) const;
  void late(const rules::Subject& subject, Sheet& sheet) const;
  void audit(const Order& order, Sheet& sheet) const;
  void stock_differs(const rules::Product& product, Sheet& sheet) const;

  Common addresses_, vague_, area_, stock_, shipping_, note_, twice_, repeated_, measures_, late_,
      differs_, audit_;
  std::int64_t addresses_ms_ = 0, repeated_ms_ = 0, leaves_ms_ = 0, warn_ms_ = 0, travels_ms_ = 0;
  std::size_t vague_least_ = 0;  // characters
  std::int64_t differs_pieces_ = 0;
  bool need_number_ = true, need_city_ = true, referrals_ = true;
  std::vector<std::string> vague_words_, blocked_, countries_, never_free_, needed_;
  std::map<std::string, std::int64_t, std::less<>> free_from_;
  std::vector<Wish> wishes_;
};

}  // namespace deskmate::rules_orders

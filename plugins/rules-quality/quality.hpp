// What should not be said to a buyer (R27, R51): pure rules whose words stand in rules.toml. Any
// thread, each instance on one at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deskmate/rules.hpp"
#include "words.hpp"

namespace deskmate::rules_quality {

class QualityRules : public rules::Rules {
 public:
  // Reads every setting once; mistakes are collected there.
  explicit QualityRules(const rules::Settings& settings);
  void judge(const rules::Subject& subject, rules::Sheet& sheet) const override;

 private:
  struct List {
    std::string_view kind;
    bool on = true;
    std::string severity;
    Words words;
  };
  void add(const rules::Settings& settings, std::string_view kind, bool on,
           std::string_view severity, std::initializer_list<std::string_view> words,
           std::initializer_list<std::string_view> but = {});
  void shouting(std::string_view text, rules::Sheet& sheet) const;

  std::vector<List> lists_;
  bool tone_ = true;
  std::string tone_severity_;
  std::int64_t capitals_ = 0, marks_ = 0;
};

}  // namespace deskmate::rules_quality

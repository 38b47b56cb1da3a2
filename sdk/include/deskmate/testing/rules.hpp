// For tests of rule plugins: judges a subject by settings as an owner writes them.
//
//   rules::Sheet sheet;
//   EXPECT_THAT(testing::judged<LateRules>("[late]\nafter_hours = 3", subject, sheet),
//               ElementsAre("late/not_sent"));
//
// Throws std::runtime_error with what is wrong where settings or files cannot be read: a mistake of
// the test's. Link deskmate::rules.
#pragma once

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "deskmate/rules.hpp"

namespace deskmate::testing {

// A file beside the test: its rules, their cases.
inline std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error(path + " cannot be read");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

// kind/code of what rules of class R find, in their order; the sheet has the rest of it.
template <class R>
std::vector<std::string> judged(const std::string& settings, const rules::Subject& subject,
                                rules::Sheet& sheet) {
  Faults faults;
  const auto set = rules::RuleSet::read(
      settings, "test.toml", [](rules::Settings& read) { return std::make_unique<R>(read); },
      faults);
  if (!set) throw std::runtime_error(faults.in("en"));
  sheet.clear();
  (*set)->judge(subject, sheet);
  std::vector<std::string> out;
  for (const auto& found : sheet.findings()) out.push_back(found.kind + "/" + found.code);
  return out;
}

}  // namespace deskmate::testing

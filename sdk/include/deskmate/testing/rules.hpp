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
#include "deskmate/testing/fake_host.hpp"

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

// What is wrong with a file of settings for rules of class R, in English; empty: nothing is.
template <class R>
std::string mistakes_in(const std::string& text, const std::string& file) {
  Faults faults;
  const auto set = rules::RuleSet::read(
      text, file, [](rules::Settings& read) { return std::make_unique<R>(read); }, faults);
  return set ? std::string() : faults.in("en");
}

// Of the examples in rules.cases.toml of a folder those that do not hold, as the plugin that the
// host has started says: at its defaults, and by the folder's rules.toml, which has to say the
// same.
inline std::vector<std::string> failing_cases(FakeHost& host, const std::string& folder) {
  std::vector<std::string> out;
  const std::string cases = file_text(folder + "/rules.cases.toml");
  for (const std::string& text : {std::string(), file_text(folder + "/rules.toml")}) {
    const auto tested = host.request(
        "rules.test",
        Value::map({{"text", text}, {"cases", cases}, {"cases_file", "rules.cases.toml"}}));
    if (!tested) throw std::runtime_error(tested.error().message);
    if (tested->as_map()["cases"].size() == 0) throw std::runtime_error("there are no cases");
    for (const Value& one : tested->as_map()["cases"].as_array()) {
      if (!one["ok"].as_bool()) out.emplace_back(one["name"].as_str());
    }
  }
  return out;
}

}  // namespace deskmate::testing

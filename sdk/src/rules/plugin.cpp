// The rules' plugin: the file, what is in force, and what the desk asks.
#include <dlfcn.h>
#include <sys/stat.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <sstream>

#include "deskmate/rules.hpp"

namespace deskmate::rules {
namespace {

constexpr const char* kept_key = "rules.good";  // the text that was in force last

// What tells whether a file is another one than before.
struct Mark {
  bool there = false;
  std::int64_t changed_ns = 0;
  std::int64_t size = 0;
  std::uint64_t inode = 0;
  bool operator==(const Mark&) const = default;
};

Mark mark_of(const std::string& file) {
  struct stat at {};
  if (file.empty() || ::stat(file.c_str(), &at) != 0) return {};
  return {true, at.st_mtim.tv_sec * 1'000'000'000 + at.st_mtim.tv_nsec, at.st_size,
          static_cast<std::uint64_t>(at.st_ino)};
}

// Nothing: it cannot be read, or is too long to be one of ours.
std::optional<std::string> read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string out(file_bytes_max + 1, '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(in.gcount()));
  return out;
}

// The folder of this plugin's library, where its examples are.
std::string own_folder() {
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&own_folder), &info) == 0) return {};
  const std::string path(info.dli_fname);
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string cases_beside(const std::string& file) {
  constexpr std::string_view ending = ".toml";
  std::string stem = file;
  if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  return stem + ".cases.toml";
}

Value to_value(const Faults& faults) {
  Array out;
  for (const Fault& fault : faults.list) {
    out.push_back(Value::map({{"file", fault.file},
                              {"line", fault.line},
                              {"column", fault.column},
                              {"en", fault.text.en},
                              {"zh", fault.text.zh}}));
  }
  return out;
}

Value to_value(const Finding& finding) {
  Value out = Value::map({{"kind", finding.kind}, {"code", finding.code}});
  if (finding.rule != finding.kind) out["rule"] = finding.rule;
  if (finding.severity != "normal") out["severity"] = finding.severity;
  if (!finding.params.empty()) out["params"] = finding.params;
  if (finding.amount) {
    out["amount"] = *finding.amount;
    out["currency"] = finding.currency;
  }
  if (finding.limits) out["limits"] = true;
  for (const std::string& fix : finding.fixes) out["fixes"].push_back(fix);
  return out;
}

Value to_value(const std::vector<Finding>& findings) {
  Array out;
  out.reserve(findings.size());
  for (const Finding& finding : findings) out.push_back(to_value(finding));
  return out;
}

std::vector<std::string> names_of(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const Finding& finding : findings) out.push_back(finding.kind + "/" + finding.code);
  std::sort(out.begin(), out.end());
  return out;
}

// As expected: every finding is named, by its kind or with its code, and nothing else is.
bool as_expected(const std::vector<Finding>& findings, const std::vector<std::string>& expect) {
  const auto fits = [](const Finding& finding, const std::string& name) {
    return name == finding.kind || name == finding.kind + "/" + finding.code;
  };
  return findings.size() == expect.size() &&
         std::all_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) {
                       return std::any_of(expect.begin(), expect.end(),
                                          [&](const auto& name) { return fits(finding, name); });
                     }) &&
         std::all_of(expect.begin(), expect.end(), [&](const auto& name) {
           return std::any_of(findings.begin(), findings.end(),
                              [&](const Finding& finding) { return fits(finding, name); });
         });
}

Value texts_of(const std::vector<std::string>& texts) {
  return Value(Array(texts.begin(), texts.end()));
}

}  // namespace

struct RulePlugin::Impl {
  struct Candidate {
    std::uint64_t number = 0;
    std::shared_ptr<RuleSet> rules;
  };

  Impl(RulePlugin& plugin, std::string version_of, Judges what)
      : self(plugin), version(std::move(version_of)), judges(what) {}

  Result<std::shared_ptr<RuleSet>> read(std::string_view text, const std::string& from,
                                        Faults& into) const {
    return RuleSet::read(
        text, from, [this](Settings& settings) { return self.compile(settings); }, into);
  }
  std::string version_of(const RuleSet& set) const {
    return set.digest().empty() ? version : version + "-" + set.digest();
  }

  void look();
  void tell_changed() {
    self.host().request("rules.changed", Value::map({{"judges", to_string(judges)}}), 10'000, {});
  }
  void refuse(Faults found);
  Result<std::shared_ptr<RuleSet>> set_of(const Value& params) const;
  Result<Value> judge(const Value& params) const;
  Result<Value> explain(const Value& params) const;
  Result<Value> load(const Value& params);
  Result<Value> test(const Value& params);
  Value status() const;

  RulePlugin& self;
  std::string version;
  Judges judges;
  std::string file;
  Mark seen;
  bool looked = false;
  std::shared_ptr<RuleSet> in_force;
  std::int64_t since_ms = 0;
  Faults faults;  // of the file as it is now
  std::deque<Candidate> candidates;
  std::uint64_t last_candidate = 0;
};

// Takes the file up where it has changed.
void RulePlugin::Impl::look() {
  const Mark now = mark_of(file);
  if (looked && now == seen) return;
  looked = true;
  seen = now;
  const auto text = now.there ? read_text(file) : std::nullopt;
  if (!text) {
    Faults missing;
    missing.list.push_back({file, 0, 0, {"the rules' file cannot be read", "无法读取规则文件"}});
    return refuse(std::move(missing));
  }
  Faults found;
  auto set = read(*text, file, found);
  if (!set) return refuse(std::move(found));
  faults = {};
  in_force = std::move(*set);
  since_ms = self.host().now_ms();
  if (text->size() <= DM_KV_VALUE_MAX) self.host().kv_put(kept_key, *text);
  self.host().log(Level::info, "rules " + version_of(*in_force) + " are in force");
  self.host().request("plugin.trouble", Value::map({{"en", ""}, {"zh", ""}}), 10'000, {});
  tell_changed();
}

// With mistakes in the file what was in force stays so.
void RulePlugin::Impl::refuse(Faults found) {
  faults = std::move(found);
  const Fault& first = faults.list.front();
  for (const Fault& fault : faults.list) {
    self.host().log(Level::warn, "the rules in force stay: " + fault.in("en"));
  }
  const Value trouble = Value::map({{"en", "the rules in force stay: " + first.in("en")},
                                    {"zh", "沿用原有规则：" + first.in("zh")}});
  self.host().request("plugin.trouble", trouble, 10'000, {});
}

Result<std::shared_ptr<RuleSet>> RulePlugin::Impl::set_of(const Value& params) const {
  if (params["set"].is_nil()) return in_force;
  for (const Candidate& one : candidates) {
    if (one.number == params["set"].as_uint()) return one.rules;
  }
  return Error{Status::not_found, "these rules are no longer kept: load them again", "set"};
}

Result<Value> RulePlugin::Impl::judge(const Value& params) const {
  const auto set = set_of(params);
  if (!set) return set.error();
  const Array& subjects = params["subjects"].as_array();
  if (subjects.size() > subjects_max) {
    return Error{Status::limit, "too many subjects", "subjects"};
  }
  const std::int64_t now_ms = params["now_ms"].as_int();
  const Array& times = params["times"].as_array();  // of each, where they differ
  Array out;
  out.reserve(subjects.size());
  Document document;
  Sheet sheet;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    if (auto parsed = document.parse(subjects[i].as_bin()); !parsed) return parsed.error();
    sheet.clear();
    const std::int64_t at_ms = i < times.size() ? times[i].as_int() : now_ms;
    (*set)->judge(unpack(document.root(), at_ms), sheet);
    out.push_back(sheet.findings().empty() ? Value() : to_value(sheet.findings()));
  }
  return Value::map({{"version", version_of(**set)}, {"findings", std::move(out)}});
}

Result<Value> RulePlugin::Impl::explain(const Value& params) const {
  const auto set = set_of(params);
  if (!set) return set.error();
  Document document;
  if (auto parsed = document.parse(params["subject"].as_bin()); !parsed) return parsed.error();
  Sheet sheet(true);
  (*set)->judge(unpack(document.root(), params["now_ms"].as_int()), sheet);
  Array fines;
  for (const auto& fine : sheet.fines()) {
    fines.push_back(Value::map({{"kind", fine.kind}, {"params", fine.params}}));
  }
  return Value::map({{"version", version_of(**set)},
                     {"findings", to_value(sheet.findings())},
                     {"fine", std::move(fines)}});
}

// Rules to try: not in force.
Result<Value> RulePlugin::Impl::load(const Value& params) {
  Faults found;
  auto set = read(params["text"].as_str(), std::string(params["file"].as_str("rules.toml")), found);
  if (!set) return Value::map({{"faults", to_value(found)}});
  candidates.push_back({++last_candidate, *set});
  if (candidates.size() > candidates_max) candidates.pop_front();
  return Value::map({{"set", last_candidate}, {"version", version_of(**set)}});
}

// The examples, as given or those beside the file, or else those that came with the plugin.
Result<Value> RulePlugin::Impl::test(const Value& params) {
  std::shared_ptr<RuleSet> set = in_force;
  Faults found;
  if (params["text"].is_str()) {
    auto read_set =
        read(params["text"].as_str(), std::string(params["file"].as_str("rules.toml")), found);
    if (!read_set) return Value::map({{"faults", to_value(found)}});
    set = *read_set;
  }
  std::string cases_file(params["cases_file"].as_str("cases.toml"));
  std::optional<std::string> text;
  if (params["cases"].is_str()) {
    text = std::string(params["cases"].as_str());
  } else {
    cases_file = cases_beside(file);
    if (!file.empty()) text = read_text(cases_file);
    if (!text) {
      cases_file = own_folder() + "/rules.cases.toml";
      text = read_text(cases_file);
    }
  }
  if (!text) return Error{Status::not_found, "there are no cases at " + cases_file, "cases"};
  const auto cases = read_cases(*text, cases_file, found);
  if (!found.list.empty()) return Value::map({{"faults", to_value(found)}});
  Array shown;
  std::int64_t failed = 0;
  Document document;
  for (const Case& one : cases) {
    if (auto parsed = document.parse(one.subject); !parsed) return parsed.error();
    Sheet sheet;
    set->judge(unpack(document.root(), one.now_ms), sheet);
    const bool ok = as_expected(sheet.findings(), one.expect);
    failed += ok ? 0 : 1;
    shown.push_back(Value::map({{"name", one.name},
                                {"line", one.line},
                                {"ok", ok},
                                {"expected", texts_of(one.expect)},
                                {"found", texts_of(names_of(sheet.findings()))},
                                {"now_ms", one.now_ms},
                                {"subject", Value::bin(std::string_view(one.subject))}}));
  }
  return Value::map({{"file", cases_file},
                     {"version", version_of(*set)},
                     {"failed", failed},
                     {"cases", std::move(shown)}});
}

Value RulePlugin::Impl::status() const {
  return Value::map({{"file", file},
                     {"version", version_of(*in_force)},
                     {"since_ms", since_ms},
                     {"faults", to_value(faults)}});
}

RulePlugin::RulePlugin(std::string version, Judges judges)
    : impl_(std::make_unique<Impl>(*this, std::move(version), judges)) {}
RulePlugin::~RulePlugin() = default;

Result<void> RulePlugin::start() {
  Impl& impl = *impl_;
  Faults found;
  auto defaults = impl.read("", "", found);
  if (!defaults) {
    return Error{Status::internal, "the rules' own defaults: " + found.in("en"), {}};
  }
  impl.in_force = std::move(*defaults);
  impl.since_ms = host().now_ms();
  impl.file = host().setting("file").as_str();
  if (impl.file.empty()) {
    impl.tell_changed();
    return {};
  }
  if (impl.file.front() != '/') {
    return Error{Status::invalid, "\"file\" has to be absolute: " + impl.file, "file"};
  }
  impl.look();
  host().after(watch_ms, watch_ms, [this] { impl_->look(); });
  if (impl.faults.list.empty()) return {};
  // Mistakes from the start: what was in force before this start goes on.
  host().kv_get(kept_key, [this](const Result<Value>& kept) {
    Impl& now = *impl_;
    if (!kept || !kept->is_bin() || now.faults.list.empty()) return;
    Faults ignored;
    if (auto set = now.read(kept->as_bin(), now.file, ignored)) {
      now.in_force = std::move(*set);
      host().log(Level::info, "rules " + now.version_of(*now.in_force) + " go on");
      now.tell_changed();
    }
  });
  return {};
}

void RulePlugin::on_request(std::uint64_t id, const std::string& method, const Value& params,
                            std::uint32_t /*deadline_ms*/) {
  const auto answer = [&](const Result<Value>& result) {
    if (result) {
      host().answer(id, *result);
    } else {
      host().refuse(id, result.error());
    }
  };
  if (method == "rules.judge") return answer(impl_->judge(params));
  if (method == "rules.explain") return answer(impl_->explain(params));
  if (method == "rules.load") return answer(impl_->load(params));
  if (method == "rules.test") return answer(impl_->test(params));
  if (method == "rules.status") return answer(impl_->status());
  host().refuse(id, {Status::not_found, "rules have no method " + method, method});
}

}  // namespace deskmate::rules

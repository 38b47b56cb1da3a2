// The rules themselves: what is in force, their examples, why an order is judged as it is, and what
// a change would have found in the last month.
#include "core/daemon/rule_methods.hpp"

#include <algorithm>

#include "core/daemon/errors.hpp"
#include "core/daemon/long_work.hpp"
#include "core/daemon/owner_params.hpp"
#include "core/daemon/problem_words.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/daemon/rule_subjects.hpp"
#include "core/daemon/rule_trial.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

// Named limits.
constexpr std::uint32_t ask_ms = 20'000;
constexpr std::uint64_t trial_span_max_ms = 366ull * 24 * 3'600'000;

// The plugin named, or the only one.
Result<std::string> plugin_of(Service& service, const Call& call) {
  const auto running = service.rules->running();
  const std::string named(call.params["plugin"].as_str());
  if (named.empty() && running.size() == 1) return running.front();
  if (std::find(running.begin(), running.end(), named) != running.end()) return named;
  std::string list;
  for (const auto& one : running) list += (list.empty() ? "" : ", ") + one;
  const bool chinese = language_of(service, call) == desk::Language::chinese;
  const std::string en =
      list.empty() ? "no rule plugin is running" : "name one of the rule plugins that run: " + list;
  const std::string zh = list.empty() ? "没有正在运行的规则插件" : "请指明规则插件：" + list;
  return Error{Status::not_found, chinese ? zh : en, "plugin"};
}

void ask(Service& service, const std::string& plugin, const char* method, const Value& params,
         std::function<void(const Result<Value>&)> done) {
  const auto kept = std::make_shared<std::function<void(const Result<Value>&)>>(std::move(done));
  const auto asked =
      service.bus.call(plugin, method, params, ask_ms, [kept](const Result<std::string>& result) {
        (*kept)(result ? decode(*result) : Result<Value>(result.error()));
      });
  if (!asked) (*kept)(asked.error());
}

// The faults as the caller reads them: "rules.toml:3:5: …".
Array faults_in(const Value& faults, Language language) {
  Array out;
  for (const Value& one : faults.as_array()) {
    const Fault fault{std::string(one["file"].as_str()),
                      static_cast<std::uint32_t>(one["line"].as_uint()),
                      static_cast<std::uint32_t>(one["column"].as_uint()),
                      {std::string(one["en"].as_str()), std::string(one["zh"].as_str())}};
    out.push_back(Value::map({{"file", fault.file},
                              {"line", fault.line},
                              {"column", fault.column},
                              {"text", fault.in(name_of(language))}}));
  }
  return out;
}

void rules(Service& service, const Call& call, Answer answer) {
  struct Gathered {
    Answer answer;
    Array rows;
    std::size_t left = 0;
  };
  const auto gathered = std::make_shared<Gathered>(Gathered{std::move(answer), {}, 0});
  const auto lanes = service.rules->lanes();
  for (const auto& lane : lanes) {
    Value row = Value::map({{"plugin", lane.instance},
                            {"version", lane.version},
                            {"running", service.bus.find(lane.instance) != nullptr},
                            {"waiting", lane.waiting},
                            {"sweeping", lane.sweeping},
                            {"judged", lane.judged},
                            {"found", lane.found},
                            {"cleared", lane.cleared},
                            {"failures", lane.failures},
                            {"left_out", lane.left_out},
                            {"judges", to_string(lane.judges)}});
    if (lane.judges == rules::Judges::orders) row["next_sweep_ms"] = lane.next_sweep_ms;
    set_time(row, "sweep_ended_ms", lane.sweep_ended_ms);
    set_time(row, "sweep_took_ms", lane.sweep_took_ms);
    set_time(row, "sweep_judged", lane.sweep_judged);
    gathered->rows.push_back(std::move(row));
  }
  const bool home = service.rules->is_home();
  const auto finish_all = [gathered, home] {
    gathered->answer.ok(Value::map({{"rules", std::move(gathered->rows)}, {"home", home}}));
  };
  gathered->left = lanes.size();
  if (lanes.empty()) return finish_all();
  const auto language = words_of(service, call);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    ask(service, lanes[i].instance, "rules.status", Value::map(),
        [gathered, finish_all, language, i](const Result<Value>& status) {
          Value& row = gathered->rows[i];
          if (status) {
            row["version"] = (*status)["version"];
            row["since_ms"] = (*status)["since_ms"];
            set_text(row, "file", (*status)["file"].as_str());
            row["faults"] = faults_in((*status)["faults"], language);
          } else {
            row["error"] = status.error().message;
          }
          if (--gathered->left == 0) finish_all();
        });
  }
}

void sweep(Service& service, const Call& call, Answer answer) {
  if (!service.rules->sweep()) {
    if (service.rules->running().empty()) return answer.fail(plugin_of(service, call).error());
    if (!service.rules->is_home()) {
      return answer.fail({Status::denied, say(words_of(service, call), "rules.not_home"), {}});
    }
  }
  answer.ok(Value::map());
}

void test(Service& service, const Call& call, Answer answer) {
  const auto plugin = plugin_of(service, call);
  if (!plugin) return answer.fail(plugin.error());
  Value params = Value::map();
  for (const char* key : {"text", "file", "cases", "cases_file"}) {
    if (call.params[key].is_str()) params[key] = call.params[key].as_str();
  }
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto language = words_of(service, call);
  ask(service, *plugin, "rules.test", params, [kept, language](const Result<Value>& result) {
    if (!result) return kept->fail(result.error());
    Value out = Value::map();
    for (const auto& [key, value] : result->as_map()) {
      if (key != "faults") out[key] = value;
    }
    if (!(*result)["faults"].is_nil()) out["faults"] = faults_in((*result)["faults"], language);
    kept->ok(out);
  });
}

Value shown_finding(const Value& found, Language language) {
  Value out = found;
  out["title"] = problem_title(found["kind"].as_str(), language);
  out["text"] =
      problem_text(found["kind"].as_str(), found["code"].as_str(), found["params"], language);
  return out;
}

// Of an order, or of a case by what rules.test answered as its subject.
void explain(Service& service, const Call& call, Answer answer) {
  const auto plugin = plugin_of(service, call);
  if (!plugin) return answer.fail(plugin.error());
  Value params = Value::map({{"now_ms", service.options.wall_ms()}});
  if (call.params["subject"].is_bin()) {
    params["subject"] = Value::bin(call.params["subject"].as_bin());
    params["now_ms"] = call.params["now_ms"].as_int();
  } else {
    const auto order = one_order_of(service, call);
    if (!order) return answer.fail(order.error());
    const auto context = service.desk.problems().context(order->id);
    const auto subject =
        context ? pack_subject(service.desk, service.bodies, *context) : std::nullopt;
    if (!subject) {
      return answer.fail(
          {Status::unavailable, say(words_of(service, call), "desk.text_awaited"), "order"});
    }
    params["subject"] = Value::bin(std::string_view(*subject));
  }
  const auto kept = std::make_shared<Answer>(std::move(answer));
  const auto language = words_of(service, call);
  ask(service, *plugin, "rules.explain", params,
      [kept, language, name = *plugin](const Result<Value>& result) {
        if (!result) return kept->fail(result.error());
        Value out = Value::map({{"plugin", name}, {"version", (*result)["version"]}});
        out["findings"].make_array();
        for (const Value& one : (*result)["findings"].as_array()) {
          out["findings"].push_back(shown_finding(one, language));
        }
        out["fine"].make_array();
        for (const Value& one : (*result)["fine"].as_array()) {
          Value fine = one;
          fine["title"] = problem_title(one["kind"].as_str(), language);
          out["fine"].push_back(std::move(fine));
        }
        kept->ok(out);
      });
}

void dry_run(Service& service, const std::shared_ptr<LongWork>& work, const Call& call,
             Answer answer) {
  if (call.params.contains("run")) return work->serve(call, std::move(answer), {});
  const auto plugin = plugin_of(service, call);
  if (!plugin) return answer.fail(plugin.error());
  const std::uint64_t now = service.options.wall_ms();
  const std::uint64_t from =
      call.params["from_ms"].as_uint(now - std::min(now, 30 * 24 * desk::hour_ms));
  if (from > now || now - from > trial_span_max_ms) {
    return answer.fail(refused(service, call, desk::Errc::bad_time, {}, "from_ms"));
  }
  TrialSpec spec;
  spec.plugin = *plugin;
  spec.text = call.params["text"].as_str();
  spec.file = call.params["file"].as_str("rules.toml");
  spec.from_ms = from;
  const auto language = words_of(service, call);
  work->serve(call, std::move(answer), [&service, spec, language](LongWork::Done done) {
    run_trial(service, spec, [done = std::move(done), language](Result<Value> result) {
      if (result && !(*result)["faults"].is_nil()) {
        return done(Value::map({{"faults", faults_in((*result)["faults"], language)}}));
      }
      if (result) {
        for (Value& row : (*result)["kinds"].make_array()) {
          row["title"] = problem_title(row["kind"].as_str(), language);
        }
      }
      done(std::move(result));
    });
  });
}

}  // namespace

void serve_rules(Service& service) {
  serve_owner(service, {
                           {"desk.rules", rules},
                           {"desk.rules_sweep", sweep},
                           {"desk.rules_test", test},
                           {"desk.rules_explain", explain},
                       });
  const auto work = std::make_shared<LongWork>(service.loop);
  serve_owner(service.bus, "desk.rules_dry_run", [&service, work](const Call& call, Answer answer) {
    dry_run(service, work, call, std::move(answer));
  });
  service.bus.method("rules.changed", [&service](const Call& call, Answer answer) {
    const auto judges = rules::judges_from(call.params["judges"].as_str("orders"));
    if (!judges) {
      return answer.fail({Status::invalid, "rules judge orders, drafts or claims", "judges"});
    }
    service.rules->rules_changed(call.session->name(), *judges);
    answer.ok(Value());
  });
}

}  // namespace deskmate::daemon

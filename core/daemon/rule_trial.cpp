#include "core/daemon/rule_trial.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/daemon/errors.hpp"
#include "core/daemon/rule_runner.hpp"
#include "core/daemon/rule_subjects.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t events_read = 128;  // of the log, at a time

enum Side : std::size_t { in_force, tried };

class Trial : public std::enable_shared_from_this<Trial> {
 public:
  Trial(Service& service, TrialSpec spec, std::function<void(Result<Value>)> done)
      : service_(service), spec_(std::move(spec)), done_(std::move(done)) {}

  void begin() {
    ask("rules.load", Value::map({{"text", spec_.text}, {"file", spec_.file}}),
        [self = shared_from_this()](const Value& answer) {
          if (!answer["faults"].is_nil()) return self->end(answer);
          self->set_ = answer["set"].as_uint();
          self->versions_[tried] = answer["version"].as_str();
          self->arrival_ = self->first_arrival();
          self->go_on();
        });
  }

 private:
  struct Seen {
    std::string subject;
    std::string number;
  };
  struct Judged {
    desk::Id16 order;
    std::string number;
  };
  struct Kind {
    std::set<desk::Id16> orders[2];
    std::map<std::string, std::map<desk::Id16, std::int64_t>> money[2];
    std::map<desk::Id16, std::string> numbers;
  };

  void end(Result<Value> result) {
    if (done_) std::exchange(done_, nullptr)(std::move(result));
  }

  void ask(const char* method, const Value& params, std::function<void(const Value&)> then) {
    const auto asked = service_.bus.call(
        spec_.plugin, method, params, rule_deadline_ms,
        [self = shared_from_this(), then = std::move(then)](const Result<std::string>& result) {
          if (!result) return self->end(result.error());
          const auto answer = decode(*result);
          if (!answer) return self->end(answer.error());
          then(*answer);
        });
    if (!asked) end(asked.error());
  }

  // The log is in the order of arrival, which is about that of time: the first event of the span is
  // looked for by halves, with some to spare.
  std::uint64_t first_arrival() const {
    std::uint64_t low = 0;
    std::uint64_t high = service_.journal.position();
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      std::uint64_t ms = UINT64_MAX;
      (void)service_.store.read(middle, 1, false, [&](const storage::StoredEvent& event) {
        ms = desk::stamp_ms(event.header.stamp);
        return false;
      });
      if (ms < spec_.from_ms) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - std::min<std::uint64_t>(low, events_read);
  }

  void go_on() {
    service_.loop.post([self = shared_from_this()] { self->turn(); });
  }

  void turn() {
    const std::uint64_t end_at = service_.journal.position();
    std::uint64_t last = arrival_;
    const auto read =
        service_.store.read(arrival_, events_read, false, [&](const storage::StoredEvent& event) {
          if (event.arrival > end_at) return false;
          last = event.arrival;
          if (!event.again && event.header.type == "order.seen") take(event);
          return true;
        });
    if (read.has_error()) return end(to_error(read.error()));
    const bool over = last == arrival_ || kept_.size() >= trial_orders_max;
    whole_ = whole_ && kept_.size() < trial_orders_max;
    arrival_ = last;
    if (over) finish_kept();
    over_ = over;
    judge();
  }

  void take(const storage::StoredEvent& event) {
    const std::uint64_t ms = desk::stamp_ms(event.header.stamp);
    if (ms < spec_.from_ms) return;
    desk::EventView view;
    view.key = event.key;
    view.stamp = event.header.stamp;
    view.type = event.header.type;
    view.facts = event.header.facts;
    const auto context = service_.desk.problems().context_of(view);
    const auto subject =
        context ? pack_subject(service_.desk, service_.bodies, *context) : std::nullopt;
    if (!subject) return;
    const desk::Id16 order = context->order.id;
    // As it was until now, and as it is from now on.
    if (const auto before = kept_.find(order); before != kept_.end()) {
      add(order, before->second, ms - 1);
    }
    Seen& seen = kept_[order];
    seen.subject = *subject;
    seen.number = service_.bodies.of(event.key)["number"].as_str();
    add(order, seen, ms);
  }

  void finish_kept() {
    for (const auto& [order, seen] : kept_) add(order, seen, service_.options.wall_ms());
  }

  void add(const desk::Id16& order, const Seen& seen, std::uint64_t at_ms) {
    subjects_.push_back(seen.subject);
    times_.push_back(at_ms);
    judged_.push_back({order, seen.number});
  }

  // A batch by both, then on.
  void judge() {
    if (subjects_.empty()) return over_ ? tell() : go_on();
    const std::size_t count = std::min(subjects_.size(), rule_batch_max);
    Value params = Value::map({{"now_ms", service_.options.wall_ms()}});
    Array subjects;
    Array times;
    for (std::size_t i = 0; i < count; ++i) {
      subjects.emplace_back(Bytes(std::move(subjects_[subjects_.size() - count + i])));
      times.emplace_back(times_[times_.size() - count + i]);
    }
    const auto of = std::make_shared<std::vector<Judged>>(
        judged_.end() - static_cast<std::ptrdiff_t>(count), judged_.end());
    subjects_.resize(subjects_.size() - count);
    times_.resize(subjects_.size());
    judged_.resize(subjects_.size());
    params["subjects"] = std::move(subjects);
    params["times"] = std::move(times);
    Value with_set = params;
    with_set["set"] = set_;
    ask("rules.judge", params, [self = shared_from_this(), of, with_set](const Value& answer) {
      self->count(in_force, *of, answer);
      self->ask("rules.judge", with_set, [self, of](const Value& other) {
        self->count(tried, *of, other);
        self->looked_ += of->size();
        self->go_on_judging();
      });
    });
  }

  void go_on_judging() {
    service_.loop.post([self = shared_from_this()] {
      if (!self->subjects_.empty() || self->over_) return self->judge();
      self->turn();
    });
  }

  void count(Side side, const std::vector<Judged>& of, const Value& answer) {
    versions_[side] = answer["version"].as_str();
    for (std::size_t i = 0; i < of.size(); ++i) {
      for (const Value& found : answer["findings"][i].as_array()) {
        Kind& kind = kinds_[std::string(found["kind"].as_str())];
        kind.orders[side].insert(of[i].order);
        kind.numbers[of[i].order] = of[i].number;
        if (!found["amount"].is_int()) continue;
        std::int64_t& most = kind.money[side][std::string(found["currency"].as_str())][of[i].order];
        most = std::max(most, found["amount"].as_int());
      }
    }
  }

  static std::int64_t sum(const Kind& kind, Side side, const std::string& currency) {
    const auto found = kind.money[side].find(currency);
    std::int64_t out = 0;
    if (found == kind.money[side].end()) return out;
    for (const auto& [order, amount] : found->second) out += amount;
    return out;
  }

  void tell() {
    Array rows;
    for (const auto& [name, kind] : kinds_) {
      std::vector<desk::Id16> added;
      std::vector<desk::Id16> removed;
      const auto& now = kind.orders[in_force];
      const auto& then = kind.orders[tried];
      std::set_difference(then.begin(), then.end(), now.begin(), now.end(),
                          std::back_inserter(added));
      std::set_difference(now.begin(), now.end(), then.begin(), then.end(),
                          std::back_inserter(removed));
      Value row = Value::map({{"kind", name},
                              {"now", now.size()},
                              {"then", then.size()},
                              {"added", added.size()},
                              {"removed", removed.size()}});
      row["examples"].make_array();
      for (const auto* list : {&added, &removed}) {
        for (const desk::Id16& order : *list) {
          if (row["examples"].size() < trial_examples_max) {
            row["examples"].push_back(kind.numbers.at(order));
          }
        }
      }
      std::set<std::string> currencies;
      for (const auto& side : kind.money) {
        for (const auto& [currency, orders] : side) currencies.insert(currency);
      }
      row["money"].make_array();
      for (const auto& currency : currencies) {
        row["money"].push_back(Value::map({{"currency", currency},
                                           {"now", sum(kind, in_force, currency)},
                                           {"then", sum(kind, tried, currency)}}));
      }
      rows.push_back(std::move(row));
    }
    end(Value::map({{"version", versions_[in_force]},
                    {"tried", versions_[tried]},
                    {"orders", kept_.size()},
                    {"judged", looked_},
                    {"whole", whole_},
                    {"from_ms", spec_.from_ms},
                    {"kinds", std::move(rows)}}));
  }

  Service& service_;
  TrialSpec spec_;
  std::function<void(Result<Value>)> done_;
  std::uint64_t set_ = 0;
  std::string versions_[2];
  std::uint64_t arrival_ = 0;
  std::map<desk::Id16, Seen> kept_;
  std::vector<std::string> subjects_;
  std::vector<std::uint64_t> times_;
  std::vector<Judged> judged_;
  std::map<std::string, Kind> kinds_;
  std::uint64_t looked_ = 0;
  bool over_ = false, whole_ = true;
};

}  // namespace

void run_trial(Service& service, const TrialSpec& spec, std::function<void(Result<Value>)> done) {
  std::make_shared<Trial>(service, spec, std::move(done))->begin();
}

}  // namespace deskmate::daemon

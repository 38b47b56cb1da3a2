// What a desk did in some time, in figures.
#include "core/daemon/owner_call.hpp"

namespace deskmate::daemon {
namespace {

Value value_of(const desk::Waits& waits) {
  Value out = Value::map({{"count", waits.count}});
  out["mean_ms"] = waits.mean_ms;
  out["median_ms"] = waits.median_ms;
  return out;
}

Value value_of(const desk::Measures& measures) {
  return Value::map({{"received", measures.received},
                     {"answers", measures.answers},
                     {"visits", measures.visits},
                     {"ordered", measures.ordered},
                     {"in_time", measures.in_time},
                     {"first", value_of(measures.first)},
                     {"reply", value_of(measures.reply)}});
}

Array named(const std::vector<desk::NumbersView::Named>& list, const char* key) {
  Array out;
  for (const auto& one : list) {
    Value row = value_of(one.measures);
    row[key] = one.name;
    out.push_back(std::move(row));
  }
  return out;
}

void numbers(Service& service, const bus::Call& call, bus::Answer answer) {
  const Span span = span_of(service, call);
  const auto view = service.desk.numbers(span.from_ms, span.to_ms, call.params["zone"].as_str());
  Array members;
  for (const auto& one : view.members) {
    Value row = value_of(one.measures);
    row["member"] = one.member;
    members.push_back(std::move(row));
  }
  Array hours;
  for (const auto& one : view.hours) hours.push_back(value_of(one));
  answer.ok(Value::map({{"zone", view.zone},
                        {"from_ms", view.from_ms},
                        {"to_ms", view.to_ms},
                        {"all", value_of(view.all)},
                        {"members", std::move(members)},
                        {"shops", named(view.shops, "shop")},
                        {"days", named(view.days, "date")},
                        {"hours", std::move(hours)},
                        {"left_out", view.left_out}}));
}

}  // namespace

void serve_numbers(Service& service) {
  serve_owner(service.bus, "desk.numbers", [&service](const bus::Call& call, bus::Answer answer) {
    numbers(service, call, std::move(answer));
  });
}

}  // namespace deskmate::daemon

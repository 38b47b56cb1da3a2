// A log in memory, for tests of whoever reads one.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/bus/reader_hub.hpp"

namespace deskmate::bus {

class TestSource : public EventSource {
 public:
  // The body is {arrival, pad}.
  void append(const std::string& type, std::size_t body_bytes = 0) {
    Stored stored;
    stored.type = type;
    stored.facts = encode(Value::map({{"shop", "s"}}));
    stored.body = encode(
        Value::map({{"arrival", events_.size() + 1}, {"pad", std::string(body_bytes, 'x')}}));
    events_.push_back(std::move(stored));
  }

  Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                             const std::function<bool(const SourceEvent&)>& each) override {
    ++reads;
    if (broken) return Error{Status::unavailable, "the disk is away", "log"};
    with_bodies_ = with_bodies;
    std::uint64_t seen = after;
    for (; limit > 0 && seen < events_.size(); --limit) {
      const Stored& stored = events_[seen];
      ++seen;
      SourceEvent event;
      event.arrival = seen;
      event.id[15] = static_cast<std::uint8_t>(seen);
      event.stamp = seen << 16;
      event.type = stored.type;
      event.facts = stored.facts;
      event.has_body = true;
      event.body_apart = apart.contains(seen);
      event.again = again.contains(seen);
      event.handle = &stored;
      if (!each(event)) break;
    }
    return seen;
  }

  Result<std::optional<std::string>> body(const SourceEvent& event) override {
    ++opened;
    if (!with_bodies_) return Error{Status::internal, "bodies were not asked for", "body"};
    if (event.arrival == unreadable_body) return Error{Status::unavailable, "away", "body"};
    if (erased.contains(event.arrival)) return std::optional<std::string>();
    return std::optional(static_cast<const Stored*>(event.handle)->body);
  }

  std::uint64_t last_arrival() const override { return events_.size(); }

  Result<std::optional<std::uint64_t>> cursor(std::string_view name) override {
    const auto it = cursors.find(std::string(name));
    if (it == cursors.end()) return std::optional<std::uint64_t>();
    return std::optional(it->second);
  }
  void set_cursor(std::string name, std::uint64_t arrival,
                  std::function<void(Result<void>)> done) override {
    cursors[name] = arrival;
    if (done) done({});
  }

  std::map<std::string, std::uint64_t> cursors;
  std::set<std::uint64_t> erased;
  std::set<std::uint64_t> apart;  // their bodies come at another arrival
  std::set<std::uint64_t> again;  // such arrivals
  std::uint64_t unreadable_body = 0;
  bool broken = false;
  std::size_t reads = 0;
  std::size_t opened = 0;

 private:
  struct Stored {
    std::string type;
    std::string facts;
    std::string body;
  };
  std::vector<Stored> events_;
  bool with_bodies_ = false;
};

}  // namespace deskmate::bus

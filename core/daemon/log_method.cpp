// desk.log: the latest events, read backwards from the end of the log, or from where the page
// before began.
#include <algorithm>

#include "core/bus/topics.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/owner_call.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

// Named limits.
constexpr std::size_t events_default = 50;
constexpr std::size_t events_max = 1'000;
constexpr std::size_t answer_bytes_max = 768u << 10;  // must fit into a frame
constexpr std::uint64_t window_max = 4'096;           // read at a time
constexpr std::uint64_t scanned_max = 200'000;        // for topics that are rare

Value facts_of(std::string_view bytes) {
  auto value = bytes.empty() ? Result<Value>(Value::map()) : decode(bytes);
  return value ? std::move(*value) : Value::map();
}

void log(Service& service, const Call& call, Answer answer) {
  const auto limit =
      std::min<std::size_t>(call.params["limit"].as_uint(events_default), events_max);
  std::vector<std::string> topics;
  const Language language = words_of(service, call);
  for (const View topic : call.params["topics"]) {
    topics.emplace_back(topic.as_str());
    if (topics.size() > bus::topics_max) {
      const auto most = std::to_string(bus::topics_max);
      return answer.fail({Status::limit, say(language, "log.topics", {most}), "topics"});
    }
    if (!bus::is_pattern(topics.back())) {
      const auto shown = topics.back().substr(0, bus::name_bytes_max);
      return answer.fail({Status::invalid, say(language, "log.topic", {shown}), "topics"});
    }
  }
  const auto wanted = [&](std::string_view type) {
    return topics.empty() || std::any_of(topics.begin(), topics.end(), [&](const auto& topic) {
             return bus::covers(topic, type);
           });
  };
  const std::uint64_t end =
      std::min(call.params["before"].as_uint(UINT64_MAX), service.journal.position());
  Array events;  // the latest first
  std::size_t bytes = 0;
  std::uint64_t before = end;
  std::uint64_t window = limit;
  while (before > 0 && events.size() < limit && bytes < answer_bytes_max &&
         end - before < scanned_max) {
    const std::uint64_t after = before > window ? before - window : 0;
    Array piece;
    const auto read =
        service.store.read(after, before - after, true, [&](const storage::StoredEvent& event) {
          if (event.again || !wanted(event.header.type)) return true;
          const auto body = service.store.open_body(event);
          const bool opened = body.has_value() && body.value();
          const bool awaited = body.has_error() && body.error().code == storage::Errc::awaited;
          bytes += event.header.facts.size() + (opened ? body.value()->size() : 0);
          piece.push_back(Value::map({{"arrival", event.arrival},
                                      {"id", Value::bin(storage::event_id(event.key))},
                                      {"at_ms", event.header.stamp >> stamp_counter_bits},
                                      {"type", event.header.type},
                                      {"facts", facts_of(event.header.facts)},
                                      {"body", opened ? facts_of(*body.value()) : Value::map()}}));
          if (awaited) piece.back()["awaited"] = true;
          return true;
        });
    if (read.has_error()) return answer.fail(to_error(read.error()));
    std::move(piece.rbegin(), piece.rend(), std::back_inserter(events));
    before = after;
    window = std::min(window * 2, window_max);
  }
  const std::size_t found = events.size();
  if (events.size() > limit) events.resize(limit);
  while (bytes >= answer_bytes_max && events.size() > 1) {
    const Value& oldest = events.back();
    bytes -= std::min(bytes, encode(oldest).size());
    events.pop_back();
  }
  if (events.size() < found) before = events.back()["arrival"].as_uint() - 1;
  std::reverse(events.begin(), events.end());
  answer.ok(Value::map({{"events", std::move(events)}, {"end", end}, {"before", before}}));
}

}  // namespace

void serve_log(Service& service) {
  serve_owner(service.bus, "desk.log", [&service](const Call& call, Answer answer) {
    log(service, call, std::move(answer));
  });
}

}  // namespace deskmate::daemon

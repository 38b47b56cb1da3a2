// Does as it is asked: each method uses one extension and answers with what came of it. With
// `copies` it turns every order.seen into a message.received, moving its cursor along. With
// `follows` it commits whatever it is sent, and ignores the answers.
#include <deskmate/plugin.hpp>

#include <map>
#include <string>
#include <utility>

namespace {

using deskmate::Error;
using deskmate::Event;
using deskmate::Map;
using deskmate::NewEvent;
using deskmate::Result;
using deskmate::Status;
using deskmate::Value;

class Probe : public deskmate::Plugin {
 public:
  Result<void> start() override {
    if (host().setting("copies").as_bool()) {
      host().open_reader("copier", {"order.seen"}, deskmate::From::start,
                         [](const Result<Value>&) {});
    }
    if (host().setting("follows").as_bool()) {
      host().open_reader("follower", {"order.seen"}, deskmate::From::start, {});
    }
    return {};
  }

  void on_events(const std::string& reader, std::span<const Event> events) override {
    if (reader == "follower") return host().commit(reader, events.back().arrival);
    if (reader != "copier") {
      for (const Event& event : events) {
        Map seen;
        seen.add("arrival", event.arrival);
        seen.add("type", event.type);
        seen.add("facts", deskmate::decode(event.facts).value_or(Value()));
        seen.add("body",
                 event.body.empty() ? Value() : deskmate::decode(event.body).value_or(Value()));
        seen_[reader].push_back(std::move(seen));
      }
      return;
    }
    std::vector<NewEvent> copies;
    for (const Event& event : events) {
      NewEvent copy("message.received");
      copy.facts.add("copy_of", event.arrival);
      copies.push_back(std::move(copy));
    }
    host().append_at(copies, reader, events.back().arrival, [](const Result<Value>&) {});
  }

  void on_request(std::uint64_t id, const std::string& method, const Value& params,
                  std::uint32_t deadline_ms) override {
    const auto reply = [this, id](Result<Value> result) { answer(id, std::move(result)); };
    if (method == "probe.settings") {
      Map out;
      out.add("instance", host().instance());
      out.add("greeting", host().setting("greeting"));
      out.add("undeclared", host().setting("undeclared"));
      out.add("deadline_ms", deadline_ms);
      answer(id, Value(std::move(out)));
    } else if (method == "probe.append") {
      NewEvent event{std::string(params["type"].as_str())};
      event.facts.add("n", params["n"]);
      event.body.add("text", "a body");
      host().append(std::vector{event}, reply);
    } else if (method == "probe.open") {
      host().open_reader(std::string(params["name"].as_str()),
                         {std::string(params["topic"].as_str())}, deskmate::From::start, reply);
    } else if (method == "probe.seen") {
      deskmate::Array all;
      for (const Map& one : seen_[std::string(params["name"].as_str())]) all.emplace_back(one);
      answer(id, Value(std::move(all)));
    } else if (method == "probe.commit") {
      host().commit(std::string(params["name"].as_str()), params["arrival"].as_uint(), reply);
    } else if (method == "probe.close") {
      host().close_reader(std::string(params["name"].as_str()));
      answer(id, Value());
    } else if (method == "probe.put") {
      host().kv_put(params["key"].as_bin(), params["value"].as_bin(), reply);
    } else if (method == "probe.get") {
      host().kv_get(params["key"].as_bin(), reply);
    } else if (method == "probe.secret") {
      host().secret(std::string(params["name"].as_str()), reply);
    } else if (method == "probe.fetch") {
      fetch_ = host().fetch(params, reply);
    } else if (method == "probe.cancel_fetch") {
      host().cancel_fetch(fetch_);
      answer(id, Value());
    } else if (method == "probe.log") {
      host().log(deskmate::Level::info, std::string(params["line"].as_str()));
      answer(id, Value());
    } else if (method == "probe.file") {
      file(id, std::string(params["bytes"].as_bin()));
    } else if (method == "probe.timer") {
      timer(id);
    } else if (method == "probe.timers") {
      timers(id);
    } else if (method == "probe.ask") {
      const Value& asked = params["params"];
      host().request(std::string(params["method"].as_str()), asked.is_map() ? asked : Value::map(),
                     1'000, reply);
    } else if (method == "probe.later") {
      waiting_ = id;
    } else if (method == "probe.cancelled") {
      answer(id, Value(cancelled_));
    } else {
      answer(id, Error{Status::not_found, "no such probe", method});
    }
  }

  void on_cancel(std::uint64_t id) override {
    if (id == waiting_) ++cancelled_;
  }

 private:
  void answer(std::uint64_t id, Result<Value> result) {
    if (result) {
      host().answer(id, *result);
    } else {
      host().refuse(id, result.error());
    }
  }

  // Writes a file in two pieces and reads it back.
  void file(std::uint64_t id, const std::string& bytes) {
    host().file_create("buyer", [this, id, bytes](Result<Value> made) {
      if (!made) return answer(id, made.error());
      const std::uint64_t number = (*made)["file"].as_uint();
      host().file_write(number, bytes.substr(0, 3), [](const Result<Value>&) {});
      host().file_write(number, bytes.substr(3), [](const Result<Value>&) {});
      host().file_finish(number, [this, id](Result<Value> done) {
        if (!done) return answer(id, done.error());
        host().file_read((*done)["hash"].as_bin(), 0, 1000,
                         [this, id](Result<Value> read) { answer(id, std::move(read)); });
      });
    });
  }

  // A timer that comes three times, and another that is cancelled before it comes.
  void timer(std::uint64_t id) {
    ticks_ = 0;
    const std::uint64_t never = host().after(3, 0, [this] { ticks_ += 100; });
    host().cancel_timer(never);
    timer_ = host().after(1, 2, [this, id] {
      if (++ticks_ < 3) return;
      host().cancel_timer(timer_);
      host().after(5, 0, [this, id] { answer(id, Value(ticks_)); });
    });
  }

  // How many timers there may be at once.
  void timers(std::uint64_t id) {
    std::vector<std::uint64_t> all;
    const auto never = [] {};
    while (const std::uint64_t one = host().after(3'600'000, 0, never)) all.push_back(one);
    for (const std::uint64_t one : all) host().cancel_timer(one);
    answer(id, Value(all.size()));
  }

  std::map<std::string, std::vector<Map>> seen_;
  std::uint64_t fetch_ = 0;
  std::uint64_t timer_ = 0;
  std::uint64_t waiting_ = 0;
  int ticks_ = 0;
  int cancelled_ = 0;
};

}  // namespace

DESKMATE_PLUGIN(Probe, "probe", "1.0.0")

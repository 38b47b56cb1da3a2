// A session as a state machine: frames of any kind in any order from the other side, answers,
// cancellations and time from ours. The limits and rights hold, everybody is called back once, and
// nothing comes after the end.
#include "core/bus/session.hpp"

#include "core/bus/memory_transport.hpp"
#include "core/bus/test_loop.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::bus;
using fuzz::check;

namespace {

// The other side: says what it is told and counts the events that it gets.
class Other : public Transport::User {
 public:
  explicit Other(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {
    transport_->start(*this);
  }
  ~Other() override { transport_->close(); }
  Other(const Other&) = delete;
  Other& operator=(const Other&) = delete;
  Transport& transport() { return *transport_; }

  std::uint64_t events = 0;

 private:
  void on_frame(Frame frame) override {
    if (const auto* batch = std::get_if<Events>(&frame)) events += batch->events.size();
  }
  void on_broken(const Error&) override {}
  void on_closed(const Error&) override {}
  void on_drained() override {}

  std::unique_ptr<Transport> transport_;
};

std::string some_name(FuzzedDataProvider& input) {
  static const char* const names[] = {"log.append", "kv.get",     "reader.open", "desk.status",
                                      "mail",       "order.seen", "a",           ""};
  return input.PickValueInArray(names);
}

Frame some_frame(FuzzedDataProvider& input) {
  static const std::string map = encode(Value::map({{"a", 1}}));
  const auto id = input.ConsumeIntegralInRange<std::uint64_t>(0, 12);
  switch (input.ConsumeIntegralInRange(0, 12)) {
    case 0: {
      Hello hello;
      hello.protocol = input.ConsumeIntegralInRange<std::uint64_t>(0, 2);
      hello.role = input.ConsumeBool() ? "plugin" : some_name(input);
      hello.name = input.ConsumeBool() ? "mail" : some_name(input);
      return hello;
    }
    case 1:
      return Welcome{};
    case 2:
    case 3:
    case 4:
      return Request{id, some_name(input), input.ConsumeIntegralInRange<std::uint32_t>(0, 5000),
                     map};
    case 5:
      return Reply{id, map};
    case 6:
      return Refusal{id, {static_cast<Status>(input.ConsumeIntegralInRange(-9, -1)), "no", ""}};
    case 7:
      return Cancel{id};
    case 8: {
      Events events;
      events.reader = some_name(input);
      return events;
    }
    case 9:
      return Credit{some_name(input), input.ConsumeIntegralInRange<std::uint64_t>(0, 70'000)};
    case 10:
      return Ping{id};
    case 11:
      return Pong{id};
    default: {
      // Bytes as they might come from a socket.
      const auto frame = decode_frame(input.ConsumeRandomLengthString(64));
      return frame ? *frame : Frame(UnknownFrame{99});
    }
  }
}

struct World {
  explicit World(FuzzedDataProvider& from) : input(from) {
    limits.requests_max = 4;
    limits.readers_max = 2;
    limits.credit_max = 100;
    limits.frames_per_s = 50;
    limits.frames_burst = 60;
    MemoryPair pair = make_memory_pair(loop);
    SessionHandlers handlers;
    handlers.on_hello = [this](const Hello& hello) -> Result<Admission> {
      ++hellos;
      if (hello.name != "mail") return Error{Status::denied, "who is that?", ""};
      Admission admission;
      admission.name = "mail";
      admission.rights.read = {"order.*"};
      admission.rights.append = {"order.seen"};
      admission.rights.methods = {"log.append", "kv.*", "reader.*"};
      admission.limits = limits;
      return admission;
    };
    handlers.on_open = [this](Session&) { ++opens; };
    handlers.on_request = [this](Session& session, const Incoming& request, Answer answer) {
      check(!ended && session.open() && request.id != 0 && request.deadline_ms != 0);
      // As the bus does.
      if (!session.rights().may_request(request.method)) {
        check(request.method != "log.append" && request.method != "kv.get");
        return answer.fail({Status::denied, "no", ""});
      }
      check(request.method != "desk.status");
      answers.push_back(std::move(answer));
    };
    handlers.on_cancel = [this](Session&, std::uint64_t) { check(!ended); };
    handlers.on_end = [this](Session&, const Error&) {
      check(!ended);
      ended = true;
    };
    desk = Session::accept(loop, std::move(pair.desk), std::move(handlers));
    other = std::make_unique<Other>(std::move(pair.guest));
  }

  void step() {
    switch (input.ConsumeIntegralInRange(0, 11)) {
      case 0:
        loop.advance(input.ConsumeIntegralInRange<std::uint64_t>(0, 20'000));
        break;
      case 1:
        if (!answers.empty()) {
          answers.back().ok(Value(1));
          answers.pop_back();
        }
        break;
      case 2:
        if (!answers.empty()) {
          answers.front().fail({Status::limit, "no", ""});
          answers.erase(answers.begin());
        }
        break;
      case 3: {
        const auto asked = desk->request("action.perform", Value::map(),
                                         input.ConsumeIntegralInRange<std::uint32_t>(0, 4000),
                                         [this](const Result<std::string>&) { ++replies; });
        if (asked) ++requests;
        break;
      }
      case 4:
        desk->cancel(input.ConsumeIntegralInRange<std::uint64_t>(0, 8));
        break;
      case 5:
        if (desk->open()) {
          const auto credit = input.ConsumeIntegralInRange<std::uint64_t>(0, 10);
          (void)desk->add_reader("mail", credit);
        }
        break;
      case 6: {
        const auto credit = desk->open() ? desk->reader_credit("mail") : 0;
        check(credit <= limits.credit_max);
        if (credit == 0) break;
        Event fields;
        fields.type = "order.seen";
        const std::string facts = encode(Value::map());
        fields.facts = facts;
        fields.arrival = ++sent;
        desk->send_events("mail", {make_event(fields)});
        check(desk->reader_credit("mail") == credit - 1);
        break;
      }
      default:
        other->transport().send(some_frame(input));
    }
    if (input.ConsumeBool()) loop.run();
  }

  void look() const {
    const auto report = desk->report();
    check(report.requests_in <= limits.requests_max);
    check(report.requests_out <=
          std::max<std::size_t>(limits.requests_max, SessionLimits().requests_max));
    check(report.readers <= limits.readers_max);
    check(hellos <= 1 && opens <= 1 && opens <= hellos);
    check(replies <= requests);
  }

  FuzzedDataProvider& input;
  SessionLimits limits;
  TestLoop loop;
  std::shared_ptr<Session> desk;
  std::unique_ptr<Other> other;
  std::vector<Answer> answers;
  std::uint64_t hellos = 0, opens = 0, requests = 0, replies = 0, sent = 0;
  bool ended = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  World world(input);
  if (input.ConsumeBool()) {
    Hello hello;
    hello.role = "plugin";
    hello.name = "mail";
    world.other->transport().send(hello);
    world.loop.run();
  }
  for (int steps = 0; steps < 200 && input.remaining_bytes() > 0; ++steps) {
    world.step();
    world.look();
  }
  world.loop.run();
  if (!world.ended) world.desk->end({Status::ok, "", "test"});
  world.loop.advance(20'000);
  check(world.desk->ended() && world.ended);
  check(world.replies == world.requests);  // each exactly once
  check(world.other->events <= world.sent);
  world.answers.clear();
  world.loop.run();
  return 0;
}

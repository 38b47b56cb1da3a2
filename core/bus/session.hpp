// One side of a conversation in frames: handshake, rights, requests with deadlines, credit,
// heartbeat, limits. No I/O and no clock of its own: frames go through a Transport, time and timers
// come from a Loop.
//
//   auto session = Session::accept(loop, std::move(transport), {.on_hello = ..., .on_request =
//   ...}); session->request("action.perform", params, 30'000, [](Result<std::string> result) { ...
//   });
//
// The desk's side accepts, the guest's (a plugin, the command line) connects. Everything on the
// loop's thread. Callbacks may use the session freely; it stays alive while one of its own runs. A
// callback of a request comes exactly once, never from within request(), at the latest when the
// session ends (Status::unavailable) or is destroyed (Status::cancelled).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/bus/frame.hpp"
#include "core/bus/loop.hpp"
#include "core/bus/transport.hpp"
#include "deskmate/ext/bus.h"

namespace deskmate::bus {

// Named limits and times of one session; the defaults are a plugin's.
struct SessionLimits {
  std::size_t requests_max = 256;                // unanswered, each way
  std::size_t readers_max = 16;                  // open
  std::uint64_t credit_max = 65'536;             // of one reader
  std::size_t queued_bytes_max = 16u << 20;      // waiting to go out; beyond, the session is ended
  std::size_t queued_bytes_slow = 1u << 20;      // beyond, nothing more is read from the other side
  std::size_t queued_bytes_events = 256u << 10;  // beyond, no events are added
  std::uint64_t hello_ms = 5'000;                // for the first frame
  std::uint64_t heartbeat_ms = 5'000;            // silence before a ping; 0: never
  std::uint64_t heartbeat_late_ms = 10'000;      // silence after it that ends the session
  std::uint64_t frames_per_s = 20'000;           // read from the other side; beyond, reading pauses
  std::uint64_t frames_burst = 20'000;
  std::uint64_t appends_per_s = 5'000;  // events; beyond, Status::limit
  std::uint64_t appends_burst = 20'000;
};
// The command line may stand still (a pager), so it is not pinged.
SessionLimits owner_limits();
// A person in a browser: pinged, since nobody else notices that a laptop was closed.
SessionLimits member_limits();

// What a session may do. Topics and methods are exact ("order.seen"), a family ("order.*") or "*".
struct Rights {
  bool owner = false;                // everything
  bool bodies = false;               // events come with their bodies
  std::vector<std::string> read;     // topics
  std::vector<std::string> append;   // event types
  std::vector<std::string> methods;  // of the desk
  std::uint32_t member = 0;          // acts as this member: a person, who may come several times,
  bool plugin = false;               // or a plugin, for that person

  // Whether readers go on after a restart from where they were; a person's begin where they say.
  bool durable() const { return !owner && (member == 0 || plugin); }

  bool may_read(std::string_view topic) const;  // a topic, or a whole family of them
  bool may_append(std::string_view type) const;
  bool may_request(std::string_view method) const;
};
Rights owner_rights();

// Whether pattern ("order.*") covers topic, which may be a pattern, too.
bool covers(std::string_view pattern, std::string_view topic);
inline constexpr std::size_t topics_max = 64;            // of one reader
inline constexpr std::uint32_t open_reader_ms = 10'000;  // for reader.open and reader.close

// The desk's answer to hello.
struct Admission {
  std::string name;  // of the session: the plugin's instance, or for instance "cli"
  Rights rights;
  SessionLimits limits;
  std::string instance;  // these three go into welcome
  std::string settings;  // msgpack map, or empty
  std::string language = "en";
};

class Session;

// A request from the other side.
struct Incoming {
  std::uint64_t id = 0;
  std::string method;
  std::string params;  // msgpack map
  std::uint32_t deadline_ms = 0;
};

// The right and the duty to answer one request. Used once; destroyed unused it answers
// Status::internal. Safe to keep beyond the session. [loop thread]
class Answer {
 public:
  Answer() = default;
  Answer(std::weak_ptr<Session> session, std::uint64_t id);
  Answer(Answer&& other) noexcept;
  Answer& operator=(Answer&& other) noexcept;
  ~Answer();

  void ok(const Value& result);
  void ok_encoded(std::string result);  // msgpack
  void fail(Error error);

  // Whether somebody still waits: neither answered, cancelled, overdue, nor the session ended.
  bool wanted() const;

 private:
  void send(Result<std::string> result);
  std::weak_ptr<Session> session_;
  std::uint64_t id_ = 0;
};

struct SessionHandlers {
  // The desk's side: who may come in, and as whom. The error is the guest's goodbye.
  std::function<Result<Admission>(const Hello&)> on_hello;
  // Hello and welcome are exchanged.
  std::function<void(Session&)> on_open;
  // Without it every request is refused with Status::not_found.
  std::function<void(Session&, Incoming, Answer)> on_request;
  // Nobody waits for the answer to this request any more.
  std::function<void(Session&, std::uint64_t id)> on_cancel;
  // A request of the other side was refused with Status::denied. Only to take note of.
  std::function<void(Session&, const Error&)> on_denied;
  // The guest's side: events of one of its readers.
  std::function<void(Session&, Events)> on_events;
  // The desk's side: a reader has more credit, or the way out is free again.
  std::function<void(Session&)> on_ready;
  // The session has ended, once, never from within one of its functions. reason.where says how:
  // "goodbye" (the other side's), "closed" (it went away without), "hello" (not let in), "frame"
  // (what it sent breaks the rules), "heartbeat" (it hangs), "queue" (it does not read), or what
  // end() was given.
  std::function<void(Session&, const Error& reason)> on_end;
};

using ReplyFn = std::function<void(Result<std::string>)>;  // msgpack

class Session : public std::enable_shared_from_this<Session>, private Transport::User {
 public:
  // The desk's side: waits for hello.
  static std::shared_ptr<Session> accept(Loop& loop, std::unique_ptr<Transport> transport,
                                         SessionHandlers handlers);
  // The guest's side: sends hello; on_open follows.
  static std::shared_ptr<Session> connect(Loop& loop, std::unique_ptr<Transport> transport,
                                          Hello hello, SessionHandlers handlers,
                                          SessionLimits limits = {});
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& name() const { return name_; }
  const Rights& rights() const { return rights_; }
  const SessionLimits& limits() const { return limits_; }
  const Welcome& welcome() const { return welcome_; }  // the guest's side, once open
  bool open() const { return state_ == State::open; }
  bool ended() const { return state_ == State::ended; }
  const Error& end_reason() const { return end_reason_; }

  // Asks the other side. Error (reply is never called): limit, invalid, unavailable. deadline_ms:
  // 1 to DM_DEADLINE_MAX_MS. Returns the id for cancel.
  Result<std::uint64_t> request(std::string_view method, std::string params,
                                std::uint32_t deadline_ms, ReplyFn reply);
  Result<std::uint64_t> request(std::string_view method, const Value& params,
                                std::uint32_t deadline_ms, ReplyFn reply);

  // Gives up. reply comes soon with Status::cancelled, whatever the other side does.
  void cancel(std::uint64_t id);

  // Answers a request of the other side. Error not_found: nobody waits for it (answered, cancelled,
  // overdue, never asked). A result that does not fit becomes a refusal with Status::limit.
  Result<void> answer(std::uint64_t id, Result<std::string> result);
  bool waits_for(std::uint64_t id) const { return incoming_.contains(id); }

  // Readers, the desk's side. add_reader: limit, or invalid where it is open already. send_events:
  // at most as many as reader_credit says, else nothing is sent and it throws std::logic_error.
  Result<void> add_reader(std::string_view reader, std::uint64_t credit);
  void remove_reader(std::string_view reader);
  std::uint64_t reader_credit(std::string_view reader) const;
  void send_events(std::string_view reader, std::vector<Event> events);
  bool may_send_events() const;  // the way out is free

  // Readers, the guest's side. Events beyond the credit end the session. reply's result is
  // {position}.
  Result<std::uint64_t> open_reader(std::string_view reader, const std::vector<std::string>& topics,
                                    bool from_start, std::uint64_t credit, ReplyFn reply);
  void grant(std::string_view reader, std::uint64_t count);
  void close_reader(std::string_view reader);

  // Counts events to be appended against the rate; Status::limit when there are too many.
  Result<void> charge_appends(std::size_t events);

  // Says goodbye and ends; on_end follows.
  void end(Error reason);

  // Calls back every open request with Status::cancelled, now: for whoever is about to go away.
  void cancel_all();

  // For the status page.
  struct Report {
    std::size_t requests_out = 0;
    std::size_t requests_in = 0;
    std::size_t readers = 0;
    std::size_t queued_bytes = 0;
    std::uint64_t frames_in = 0;
    std::uint64_t frames_out = 0;
    std::uint64_t pauses = 0;  // reading was stopped: too much came, or too little is read there
    std::uint64_t floods = 0;  // those of them where too much came
  };
  Report report() const;

 private:
  enum class State { hello, open, ended };
  enum class Side { desk, guest };
  struct Outgoing {
    ReplyFn reply;
    std::uint64_t until_ms = 0;
    std::string method;
    bool cancelled = false;
  };
  struct Bucket {
    std::uint64_t per_s = 0;
    std::uint64_t burst = 0;
    std::uint64_t milli_tokens = 0;
    std::uint64_t at_ms = 0;
    void refill(std::uint64_t now_ms);
    bool take(std::uint64_t count);
    std::uint64_t ms_until(std::uint64_t count) const;
  };
  struct Reader {
    std::uint64_t credit = 0;
  };

  Session(Loop& loop, std::unique_ptr<Transport> transport, SessionHandlers handlers, Side side,
          const SessionLimits& limits);
  void start();
  void use_limits(const SessionLimits& limits);

  void on_frame(Frame frame) override;
  void on_broken(const Error& error) override;
  void on_closed(const Error& reason) override;
  void on_drained() override;

  void handle(Hello& hello);
  void handle(Welcome& welcome);
  void handle(Request& request);
  void handle(Reply& reply);
  void handle(Refusal& refusal);
  void handle(const Cancel& cancel);
  void handle(Events& events);
  void handle(const Credit& credit);
  void handle(const Ping& ping);
  void handle(const Pong& pong);
  void handle(Goodbye& goodbye);
  void handle(const UnknownFrame& unknown);

  void send(Frame frame);
  void settle(std::uint64_t id, Result<std::string> result);
  void violate(Status code, std::string message);
  void finish(Error reason, bool say_goodbye);
  void update_reading();
  void arm(std::uint64_t at_ms);
  void on_timer();
  void check_heartbeat(std::uint64_t now_ms);
  std::uint64_t next_deadline() const;

  Loop& loop_;
  std::unique_ptr<Transport> transport_;
  SessionHandlers handlers_;
  Side side_;
  State state_ = State::hello;
  SessionLimits limits_;
  std::string name_;
  Rights rights_;
  Welcome welcome_;
  Hello hello_;
  Error end_reason_;

  std::uint64_t last_id_ = 0;
  std::unordered_map<std::uint64_t, Outgoing> outgoing_;
  std::unordered_map<std::uint64_t, std::uint64_t> incoming_;  // id → until_ms
  std::map<std::string, Reader, std::less<>> readers_;

  Bucket frames_;
  Bucket appends_;
  bool paused_ = false;
  bool flooded_ = false;

  std::uint64_t hello_until_ms_ = 0;
  std::uint64_t heard_ms_ = 0;   // when a frame last came
  std::uint64_t pinged_ms_ = 0;  // when the unanswered ping went out; 0: none
  std::uint64_t ping_ = 0;
  std::uint64_t flood_until_ms_ = 0;
  Loop::TimerId timer_ = 0;
  std::uint64_t timer_at_ms_ = 0;

  std::uint64_t frames_in_ = 0;
  std::uint64_t frames_out_ = 0;
  std::uint64_t pauses_ = 0;
  std::uint64_t floods_ = 0;
};

}  // namespace deskmate::bus

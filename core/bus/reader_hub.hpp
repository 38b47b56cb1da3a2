// Feeds readers: each from its cursor, in arrival order, within its credit, filtered by its topics.
// At least once: what was sent and not committed comes again when the reader is opened anew.
//
//   ReaderHub hub(loop, source);
//   hub.serve(bus);                  // reader.open, reader.commit, reader.close
//   hub.notify();                    // after every commit to the log; cheap
//
// One pass over the log feeds all readers that stand at the same place, and an event is encoded
// once for all of them. Everything on the loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bus/frame.hpp"
#include "core/bus/loop.hpp"

namespace deskmate::bus {

class Bus;
class Session;

// Named limits.
inline constexpr std::size_t hub_chunk_events = 256;   // read from the source at a time
inline constexpr std::size_t hub_pass_events = 4'096;  // read before the loop has its turn
inline constexpr std::uint64_t hub_retry_ms = 1'000;   // after the log could not be read
// A reader that waits for something rare must not go through all the rest again after a restart:
// its cursor is moved for it when everything sent is committed and this many events did not concern
// it.
inline constexpr std::uint64_t cursor_skip_min = 10'000;

// An event of the log. Views live until the callback returns.
struct SourceEvent {
  std::uint64_t arrival = 0;
  EventId id{};
  std::uint64_t stamp = 0;
  std::string_view type;
  std::uint16_t schema = 1;
  std::string_view facts;
  bool has_body = false;
  // Its body came, or comes, at an arrival of its own, where the event is there again: readers who
  // want bodies get it then, the others now.
  bool body_apart = false;
  bool again = false;
  const void* handle = nullptr;  // the source's own, for body()
};

// The log and the cursors, as the hub sees them. All on the loop's thread.
class EventSource {
 public:
  virtual ~EventSource() = default;

  // Calls each with the events after `after`, in arrival order, at most limit; stops when it
  // returns false. with_bodies: body() may be asked for. Returns the last arrival seen, or after.
  virtual Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                                     const std::function<bool(const SourceEvent&)>& each) = 0;

  // The opened body of the event that `each` is being called with; nullopt: its key was destroyed.
  virtual Result<std::optional<std::string>> body(const SourceEvent& event) = 0;

  virtual std::uint64_t last_arrival() const = 0;

  // Cursors by cursor_name(). done: once on disk, on the loop's thread; may be empty.
  virtual Result<std::optional<std::uint64_t>> cursor(std::string_view name) = 0;
  virtual void set_cursor(std::string name, std::uint64_t arrival,
                          std::function<void(Result<void>)> done) = 0;
};

// The durable name of a session's reader: "mail/outbox".
std::string cursor_name(std::string_view session, std::string_view reader);

class ReaderHub {
 public:
  // Both outlive the hub.
  ReaderHub(Loop& loop, EventSource& source);
  ~ReaderHub();
  ReaderHub(const ReaderHub&) = delete;
  ReaderHub& operator=(const ReaderHub&) = delete;

  // Registers the methods reader.open, reader.commit and reader.close, and hears of credit and of
  // ended sessions. The bus outlives the hub's last session.
  void serve(Bus& bus);

  // There may be something to deliver: new events, credit, a free way out. Many calls, one pass.
  void notify();

  // Opens a reader for session: from its cursor, else after `after`, else from now. Errors: denied
  // (a topic), limit, invalid. Returns the position: events after it follow. A person's readers
  // have no durable cursor (Rights::durable).
  Result<std::uint64_t> open(const std::shared_ptr<Session>& session, std::string_view reader,
                             std::vector<std::string> topics,
                             std::optional<std::uint64_t> after, std::uint64_t credit);

  // Everything up to arrival is done. done: once on disk.
  void commit(Session& session, std::string_view reader, std::uint64_t arrival,
              std::function<void(Result<void>)> done);

  // The reader's cursor was moved otherwise (in the transaction of an append).
  void committed(const Session& session, std::string_view reader, std::uint64_t arrival);

  void close(Session& session, std::string_view reader);
  void close_all(const Session& session);

  // The log could not be read; delivery is tried again after hub_retry_ms.
  void on_fault(std::function<void(const Error&)> fault) { on_fault_ = std::move(fault); }

  struct Report {
    std::string session;
    std::string reader;
    std::vector<std::string> topics;
    std::uint64_t position = 0;   // looked at
    std::uint64_t committed = 0;  // done
    std::uint64_t credit = 0;
    std::uint64_t sent = 0;  // events, since it was opened
  };
  std::vector<Report> report() const;

 private:
  struct Reader;
  class Chunk;
  using Key = std::pair<const Session*, std::string>;

  void pass();
  bool read_chunk(std::size_t& budget);
  void fault(const Error& error);
  void move_idle_cursors();
  Reader* find(const Session& session, std::string_view reader) const;

  Loop& loop_;
  EventSource& source_;
  std::map<Key, std::unique_ptr<Reader>> readers_;
  std::function<void(const Error&)> on_fault_;
  bool posted_ = false;
  Loop::TimerId retry_ = 0;
  std::shared_ptr<ReaderHub*> self_;  // for what was posted; emptied when the hub goes
};

}  // namespace deskmate::bus

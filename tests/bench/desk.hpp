// The desk as it is installed: the program `deskmate run` with a configuration and a folder of its
// own, and a client that speaks frames over its Unix socket with the bus's own encoder and decoder.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/bus/frame.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {

inline constexpr std::string_view event_type = "bench.event";

// What is built into the same folder as the running program.
std::string beside_this_program(const std::string& name);

// An event whose facts take payload_bytes as msgpack.
Value new_event();

class Desk {
 public:
  // extra: more lines of the configuration. environment as in Process::start.
  explicit Desk(const std::string& extra = {}, const std::vector<std::string>& environment = {});
  ~Desk() { process_.terminate(); }
  std::string socket() const { return folder_.path() + "/d.sock"; }
  const std::string& folder() const { return folder_.path(); }
  std::string log() const { return folder_.path() + "/log"; }
  pid_t pid() const { return process_.pid(); }

 private:
  Folder folder_;
  Process process_;
};

// One session with the desk, as an owner.
class DeskClient {
 public:
  explicit DeskClient(const std::string& socket);
  int fd() const { return fd_.get(); }
  // Queues a log.append of `events` events; flush() writes what is queued, at once.
  void append(int events = 1);
  void flush();
  // Waits for bytes, then counts the answers in them; a refusal throws.
  int answers();

 private:
  std::optional<bus::Frame> next();
  Fd fd_;
  std::uint64_t last_id_ = 0;
  std::string out_;
  std::string in_;
  bus::FrameReader frames_;
  std::string params_;  // of an append of params_events_ events
  int params_events_ = 1;
};

// Appends one event and waits for its answer.
void append_one(DeskClient& client);
// Makes `appends` appends through the clients, `window` unanswered for each, of `events` events
// each. Seconds for all.
double append_all(std::vector<DeskClient>& clients, int appends, int window, int events = 1);

}  // namespace deskmate::bench

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <utility>

#include "core/bus/stream_transport.hpp"
#include "core/host/line_limit.hpp"
#include "core/host/run.hpp"
#include "core/host/runtime.hpp"
#include "core/host/sanitizer.hpp"
#include "core/host/spawn.hpp"

namespace deskmate::host {
namespace {

namespace asio = boost::asio;

constexpr std::size_t read_bytes = 4096;
constexpr std::size_t last_bytes_max = 262'144;        // of standard error, read after its end
constexpr std::uint64_t sanitizer_allowance_mb = 256;  // shadow memory counts as the plugin's
constexpr std::uint64_t session_end_ms = 2'000;  // to read what it sent last, once it has ended

// Resident megabytes of a process; 0 where they cannot be read.
std::uint64_t resident_mb(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  in >> size >> resident;
  if (!in) return 0;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) >> 20;
}

class ProcessRun : public Run, public std::enable_shared_from_this<ProcessRun> {
 public:
  ProcessRun(const RunContext& context, const Manifest& manifest, std::string instance,
             std::string settings, RunHandlers handlers)
      : context_(context),
        manifest_(manifest),
        instance_(std::move(instance)),
        settings_(std::move(settings)),
        handlers_(std::move(handlers)),
        ended_(context.loop.context()),
        errors_(context.loop.context()),
        lines_(log_line_max) {}

  ~ProcessRun() override {
    context_.loop.cancel(tick_timer_);
    context_.loop.cancel(kill_timer_);
    context_.loop.cancel(session_timer_);
    if (session_ != nullptr && !session_->ended()) {
      session_->end({Status::cancelled, "the desk is going away", ""});
    }
    if (pid_ > 0 && !status_) {
      signal(SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  ProcessRun(const ProcessRun&) = delete;
  ProcessRun& operator=(const ProcessRun&) = delete;

  void begin() {
    auto pair = bus::make_socket_pair();
    if (!pair) return fail(pair.error().message);
    auto child = spawn(spawn_options(pair->theirs));
    close(pair->theirs);
    if (!child) {
      close(pair->ours);
      return fail(child.error().message);
    }
    pid_ = child->pid;
    ended_.assign(child->pidfd);
    errors_.assign(child->errors);
    wait_for_end();
    wait_for_errors();
    open_session(pair->ours);
    last_tick_ms_ = context_.loop.now_ms();
    tick_later();
  }

  void stop() override {
    if (stopping_) return;
    stopping_ = true;
    signal(SIGTERM);
    kill_after(context_.options.stop_ms + stop_grace_ms);
  }

  pid_t pid() const override { return status_ ? 0 : pid_; }

 private:
  template <class F>
  auto weakly(F then) {
    return [weak = weak_from_this(), then = std::move(then)](auto&&... arguments) mutable {
      if (const auto self = weak.lock()) {
        then(*self, std::forward<decltype(arguments)>(arguments)...);
      }
    };
  }

  SpawnOptions spawn_options(int socket) const {
    SpawnOptions options;
    options.program = std::filesystem::absolute(context_.options.plugin_host);
    options.folder = manifest_.folder;
    options.socket = socket;
    options.socket_is_stdio = !manifest_.executable.empty();
    options.arguments = {"--memory-mb", std::to_string(manifest_.memory_mb), "--files",
                         std::to_string(plugin_files_max)};
    if (options.socket_is_stdio) {
      options.arguments.emplace_back("--exec");
    } else {
      options.arguments.emplace_back("--fd");
      options.arguments.push_back(std::to_string(child_socket));
    }
    options.arguments.push_back(manifest_.file().string());
    return options;
  }

  void fail(const std::string& what) {
    forced_ = Reason{Cause::spawn, 0, one_line(what), ""};
    status_ = 0;
    session_over_ = true;
    context_.loop.post(weakly([](ProcessRun& self) { self.finish_if_over(); }));
  }

  void open_session(int socket) {
    bus::AdmitHandlers on;
    on.on_hello = [weak = weak_from_this()](const bus::Hello& hello) -> Result<bus::Admission> {
      const auto self = weak.lock();
      if (self == nullptr) return Error{Status::cancelled, "stopped", ""};
      auto admitted =
          admit(self->context_, self->manifest_, self->instance_, self->settings_, hello);
      if (!admitted) {
        self->force({Cause::library, 0, one_line(admitted.error().message), ""});
      }
      return admitted;
    };
    on.on_open = weakly([](ProcessRun& self, bus::Session&) {
      self.open_ = true;
      if (self.handlers_.on_open) self.handlers_.on_open();
    });
    on.on_end = weakly(
        [](ProcessRun& self, bus::Session&, const Error& reason) { self.on_session_end(reason); });
    session_ = context_.bus.admit(bus::make_stream_transport(context_.loop, socket), std::move(on));
    if (session_ != nullptr) return;
    force({Cause::spawn, 0, "too many sessions", ""});
    session_over_ = true;
    signal(SIGKILL);
  }

  std::uint64_t floods() const { return session_ == nullptr ? 0 : session_->report().floods; }

  // The first reason counts: what follows is its consequence.
  void force(Reason reason) {
    if (!forced_ && !stopping_) forced_ = std::move(reason);
  }

  void on_session_end(const Error& reason) {
    session_over_ = true;
    if (reason.where == "heartbeat") {
      // Where its session has just not been read, it is not that it was silent.
      const bool flooded = floods() > 0 && quiet_ticks_ <= heartbeats_missed_max;
      force({flooded ? Cause::flood : Cause::hang, 0, "", ""});
    } else if (reason.where == "frame") {
      force({Cause::frame, 0, one_line(reason.message), ""});
    } else if (reason.where == "queue") {
      force({Cause::flood, 0, one_line(reason.message), ""});
    } else if (reason.where == "hello" && !open_) {
      force({reason.code == Status::deadline ? Cause::slow : Cause::library, 0,
             one_line(reason.message), ""});
    }
    if (status_) return finish_if_over();
    if (forced_) {
      signal(SIGKILL);  // it is not to be trusted with a clean end
    } else {
      kill_after(stop_grace_ms);
    }
  }

  void tick_later() {
    tick_timer_ = context_.loop.call_at(last_tick_ms_ + context_.options.heartbeat_ms,
                                        weakly([](ProcessRun& self) { self.tick(); }));
  }

  void tick() {
    if (status_) return;
    last_tick_ms_ = context_.loop.now_ms();
    const std::uint64_t most = manifest_.memory_mb + (sanitized ? sanitizer_allowance_mb : 0);
    const std::uint64_t now_floods = floods();
    flood_ticks_ = now_floods > seen_floods_ ? flood_ticks_ + 1 : 0;
    quiet_ticks_ = now_floods > seen_floods_ ? 0 : quiet_ticks_ + 1;
    seen_floods_ = now_floods;
    resident_mb_ = resident_mb(pid_);
    if (resident_mb_ > most) {
      force({Cause::memory, static_cast<int>(manifest_.memory_mb), "", ""});
      signal(SIGKILL);
    } else if (flood_ticks_ >= flood_ticks_max) {
      force({Cause::flood, 0, "", ""});
      signal(SIGKILL);
    }
    tick_later();
  }

  void kill_after(std::uint64_t ms) {
    if (kill_timer_ != 0) return;
    kill_timer_ = context_.loop.call_at(context_.loop.now_ms() + ms,
                                        weakly([](ProcessRun& self) { self.signal(SIGKILL); }));
  }

  // To the whole group: a plugin's own children end with it.
  void signal(int number) const {
    if (pid_ <= 0 || status_) return;
    // Before it is a group of its own it is at least a process.
    if (::kill(-pid_, number) != 0) ::kill(pid_, number);
  }

  void wait_for_errors() {
    errors_.async_wait(asio::posix::stream_descriptor::wait_read,
                       weakly([](ProcessRun& self, const boost::system::error_code& error) {
                         if (!error && self.read_errors(read_bytes)) self.wait_for_errors();
                       }));
  }

  // False at its end.
  bool read_errors(std::size_t most) {
    std::array<char, read_bytes> buffer;
    while (most > 0 && errors_.is_open()) {
      const ssize_t got =
          read(errors_.native_handle(), buffer.data(), std::min(buffer.size(), most));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return true;
      if (got <= 0) return false;
      most -= static_cast<std::size_t>(got);
      lines_.feed({buffer.data(), static_cast<std::size_t>(got)},
                  [this](std::string_view line) { on_line(line); });
    }
    return true;
  }

  void on_line(std::string_view line) {
    const std::string text = fix_utf8(line);
    last_line_ = one_line(text);
    if (handlers_.on_line) handlers_.on_line(DM_LOG_WARN, text);
  }

  void wait_for_end() {
    ended_.async_wait(asio::posix::stream_descriptor::wait_read,
                      weakly([](ProcessRun& self, const boost::system::error_code& error) {
                        if (!error) self.on_exit();
                      }));
  }

  void on_exit() {
    // What it started ends with it. Its group cannot be another's before it is waited for.
    ::kill(-pid_, SIGKILL);
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    status_ = status;
    read_errors(last_bytes_max);
    lines_.finish([this](std::string_view line) { on_line(line); });
    boost::system::error_code ignored;
    errors_.close(ignored);
    ended_.close(ignored);
    context_.loop.cancel(tick_timer_);
    context_.loop.cancel(kill_timer_);
    // What it sent last may still be in the socket: the session ends when that is read.
    session_timer_ =
        context_.loop.call_at(context_.loop.now_ms() + session_end_ms, weakly([](ProcessRun& self) {
                                if (!self.session_over_)
                                  self.session_->end({Status::unavailable, "the plugin ended", ""});
                              }));
    finish_if_over();
  }

  void finish_if_over() {
    if (!status_ || !session_over_ || finished_) return;
    finished_ = true;
    context_.loop.cancel(session_timer_);
    context_.loop.post(weakly([](ProcessRun& self) {
      const auto on_end = std::exchange(self.handlers_.on_end, nullptr);
      if (on_end) on_end(self.reason());
    }));
  }

  Reason reason() const {
    Reason reason = stopping_ ? Reason{Cause::owner, 0, "", ""} : forced_.value_or(ended_so());
    reason.last_stderr = last_line_;
    return reason;
  }

  Reason ended_so() const {
    const int status = *status_;
    const int limit = static_cast<int>(manifest_.memory_mb);
    if (WIFSIGNALED(status)) {
      // Not every program survives that memory is refused to say so. What the system calls its peak
      // is no help: that begins with the daemon's own.
      const bool full = !sanitized && resident_mb_ * 10 >= manifest_.memory_mb * 9ULL;
      if (full) return {Cause::memory, limit, "", ""};
      return {Cause::signal, WTERMSIG(status), "", ""};
    }
    const int code = WEXITSTATUS(status);
    if (!manifest_.executable.empty() && open_) return {Cause::exit, code, "", ""};
    switch (code) {
      case exit_library:
        return {Cause::library, code, "", ""};
      case exit_start:
        return {Cause::start, code, "", ""};
      case exit_exception:
        return {Cause::exception, code, "", ""};
      case exit_thread:
        return {Cause::thread, code, "", ""};
      case exit_memory:
        return {Cause::memory, limit, "", ""};
      case exit_system:
        return {Cause::spawn, code, "", ""};
      default:
        return {Cause::exit, code, "", ""};
    }
  }

  const RunContext context_;
  const Manifest manifest_;
  const std::string instance_;
  const std::string settings_;
  RunHandlers handlers_;
  asio::posix::stream_descriptor ended_;
  asio::posix::stream_descriptor errors_;
  LineCutter lines_;
  std::string last_line_;
  std::shared_ptr<bus::Session> session_;
  pid_t pid_ = 0;
  bool open_ = false;
  bool stopping_ = false;
  bool session_over_ = false;
  bool finished_ = false;
  std::optional<Reason> forced_;
  std::optional<int> status_;      // once it has ended
  std::uint64_t resident_mb_ = 0;  // at the last tick
  std::uint64_t seen_floods_ = 0;
  std::uint32_t flood_ticks_ = 0;
  std::uint32_t quiet_ticks_ = 0;  // since its session was last not read
  std::uint64_t last_tick_ms_ = 0;
  bus::Loop::TimerId tick_timer_ = 0;
  bus::Loop::TimerId kill_timer_ = 0;
  bus::Loop::TimerId session_timer_ = 0;
};

}  // namespace

std::shared_ptr<Run> run_process(const RunContext& context, const Manifest& manifest,
                                 std::string instance, std::string settings, RunHandlers handlers) {
  auto run = std::make_shared<ProcessRun>(context, manifest, std::move(instance),
                                          std::move(settings), std::move(handlers));
  run->begin();
  return run;
}

}  // namespace deskmate::host

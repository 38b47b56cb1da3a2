// Sockets and processes of the measurements, as bare as can be: blocking sockets with a read
// buffer, children that are killed with their owner. Whatever goes wrong throws std::runtime_error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/bench/figures.hpp"

namespace deskmate::bench {

inline constexpr double wait_s_max = 60;  // for anything, before the measurement is given up

[[noreturn]] void fail(const std::string& what);  // with errno's text

// A descriptor that is closed with its owner.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd();
  int get() const { return fd_; }

 private:
  int fd_;
};

Fd connect_unix(const std::string& path);
Fd connect_tcp(std::uint16_t port);  // on loopback, without Nagle
std::uint16_t free_port();
std::pair<Fd, Fd> socket_pair();

void write_all(int fd, std::string_view bytes);
// Reads some bytes behind those in `into`; false: the other side has closed.
bool read_some(int fd, std::string& into);
void read_exactly(int fd, char* into, std::size_t size);

// A folder on the disk that the desk would use (the project's .build), gone with its owner.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};
void write_file(const std::string& path, const std::string& text);

// A process, killed and waited for with its owner; it gets SIGTERM first where asked for.
class Process {
 public:
  // A program, on the CPU of that role; its output goes to the file log. environment: "NAME=value".
  static Process start(Role role, const std::vector<std::string>& command, const std::string& log,
                       const std::vector<std::string>& environment = {});
  // A child that runs work and ends.
  static Process run(Role role, const std::function<void()>& work);
  Process() = default;
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  ~Process();
  pid_t pid() const { return pid_; }
  bool running();
  void terminate();  // SIGTERM, and waits
  void interrupt();  // SIGINT, and waits

 private:
  explicit Process(pid_t pid) : pid_(pid) {}
  void end_by(int signal);
  pid_t pid_ = 0;
};

// Calls check until it says so; what is for the message. For starting servers, not for measuring.
void wait_until(const std::string& what, const std::function<bool()>& check);

// Another process that answers `there` bytes with `back` bytes over a Unix socket pair.
class PingPong {
 public:
  PingPong(std::size_t there, std::size_t back);
  void run();  // once

 private:
  const std::string out_;
  std::string in_;
  std::pair<Fd, Fd> sockets_;
  Process echo_;
};

// Where children say that they have had what they were to have: one datagram each.
class Counter {
 public:
  explicit Counter(const std::string& path);
  const std::string& path() const { return path_; }
  void wait_for(int datagrams);  // blocking
  static void tell(const std::string& path);

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace deskmate::bench

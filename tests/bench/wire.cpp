#include "tests/bench/wire.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace deskmate::bench {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw std::runtime_error("too long: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// In the child: dies with the parent, and runs where its role does.
void settle(Role role, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  pin(role);
}

}  // namespace

void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Fd connect_unix(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(path);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connecting to " + path);
  }
  return fd;
}

Fd connect_tcp(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("connecting to port " + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

std::uint16_t free_port() {
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("no port");
  }
  return ntohs(address.sin_port);
}

std::pair<Fd, Fd> socket_pair() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) fail("socketpair");
  return {Fd(fds[0]), Fd(fds[1])};
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) fail("writing");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool read_some(int fd, std::string& into) {
  const std::size_t before = into.size();
  into.resize(before + read_bytes);
  ssize_t got = -1;
  do {
    got = ::recv(fd, into.data() + before, read_bytes, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) fail("reading");
  into.resize(before + static_cast<std::size_t>(got));
  return got > 0;
}

void read_exactly(int fd, char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(fd, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("reading");
    into += got;
    size -= static_cast<std::size_t>(got);
  }
}

Folder::Folder() {
  const char* build = std::getenv("DESKMATE_BUILD");
  std::string name =
      (build != nullptr ? std::string(build) : std::string("/tmp")) + "/bench-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) fail("no folder " + name);
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  if (!out.flush()) fail("writing " + path);
}

Process Process::start(Role role, const std::vector<std::string>& command, const std::string& log,
                       const std::vector<std::string>& environment) {
  std::vector<char*> arguments;
  for (const std::string& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    settle(role, parent);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    for (const std::string& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  return Process(pid);
}

Process Process::run(Role role, const std::function<void()>& work) {
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    settle(role, parent);
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "child: %s\n", error.what());
      ::_exit(1);
    }
    ::_exit(0);
  }
  return Process(pid);
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Process::running() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = 0;
  return false;
}

void Process::end_by(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  ::waitpid(std::exchange(pid_, 0), nullptr, 0);
}
void Process::terminate() { end_by(SIGTERM); }
void Process::interrupt() { end_by(SIGINT); }

void wait_until(const std::string& what, const std::function<bool()>& check) {
  const double until = now_s() + wait_s_max;
  while (!check()) {
    if (now_s() > until) throw std::runtime_error("it did not come: " + what);
    ::poll(nullptr, 0, 20);
  }
}

PingPong::PingPong(std::size_t there, std::size_t back)
    : out_(there, 't'), in_(back, '\0'), sockets_(socket_pair()) {
  echo_ = Process::run(Role::server, [this] {
    std::string in(out_.size(), '\0');
    const std::string out(in_.size(), 'b');
    while (true) {
      read_exactly(sockets_.second.get(), in.data(), in.size());
      write_all(sockets_.second.get(), out);
    }
  });
}

void PingPong::run() {
  write_all(sockets_.first.get(), out_);
  read_exactly(sockets_.first.get(), in_.data(), in_.size());
}

Counter::Counter(const std::string& path)
    : path_(path), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = unix_address(path);
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("binding " + path);
  }
  const timeval limit{static_cast<time_t>(wait_s_max), 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

void Counter::wait_for(int datagrams) {
  char byte = 0;
  for (int i = 0; i < datagrams; ++i) {
    if (::recv(fd_.get(), &byte, 1, 0) != 1) fail("a reader has not had all");
  }
}

void Counter::tell(const std::string& path) {
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const sockaddr_un address = unix_address(path);
  if (::sendto(fd.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      1) {
    fail("telling " + path);
  }
}

}  // namespace deskmate::bench

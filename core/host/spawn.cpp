#include "core/host/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace deskmate::host {
namespace {

// What a plugin may learn of the desk's environment: language, time zone, certificates, and what
// sanitizers want. The rest, such as the passphrase, is not for it.
constexpr std::array<const char*, 16> passed_on = {"PATH",
                                                   "HOME",
                                                   "TMPDIR",
                                                   "LANG",
                                                   "LC_ALL",
                                                   "LC_CTYPE",
                                                   "LC_MESSAGES",
                                                   "LANGUAGE",
                                                   "TZ",
                                                   "SSL_CERT_FILE",
                                                   "SSL_CERT_DIR",
                                                   "ASAN_OPTIONS",
                                                   "UBSAN_OPTIONS",
                                                   "TSAN_OPTIONS",
                                                   "LSAN_OPTIONS",
                                                   "ASAN_SYMBOLIZER_PATH"};
constexpr int first_spare_fd = 10;  // beyond those that the child's get

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class Actions {
 public:
  Actions() { posix_spawn_file_actions_init(&actions_); }
  ~Actions() { posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() {
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

Error failed(const char* what, int number) {
  return {Status::unavailable, std::string(what) + ": " + std::strerror(number), "spawn"};
}

}  // namespace

Result<Child> spawn(const SpawnOptions& options) {
  std::array<int, 2> ends{-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
  Fd errors(ends[0]);
  const Fd errors_out(ends[1]);
  if (fcntl(errors.get(), F_SETFL, O_NONBLOCK) != 0) return failed("pipe", errno);
  // Out of the way of the numbers that they are to have in the child.
  const Fd socket(fcntl(options.socket, F_DUPFD_CLOEXEC, first_spare_fd));
  const Fd error_end(fcntl(errors_out.get(), F_DUPFD_CLOEXEC, first_spare_fd));
  if (socket.get() < 0 || error_end.get() < 0) return failed("dup", errno);

  Actions actions;
  int wrong = 0;
  const auto then = [&wrong](int result) {
    if (wrong == 0) wrong = result;
  };
  then(posix_spawn_file_actions_adddup2(actions.get(), error_end.get(), STDERR_FILENO));
  if (options.socket_is_stdio) {
    then(posix_spawn_file_actions_adddup2(actions.get(), socket.get(), STDIN_FILENO));
    then(posix_spawn_file_actions_adddup2(actions.get(), socket.get(), STDOUT_FILENO));
    then(posix_spawn_file_actions_addclosefrom_np(actions.get(), child_socket));
  } else {
    then(posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    // What a plugin prints goes to the log, as its errors do.
    then(posix_spawn_file_actions_adddup2(actions.get(), error_end.get(), STDOUT_FILENO));
    then(posix_spawn_file_actions_adddup2(actions.get(), socket.get(), child_socket));
    then(posix_spawn_file_actions_addclosefrom_np(actions.get(), child_socket + 1));
  }
  then(posix_spawn_file_actions_addchdir_np(actions.get(), options.folder.c_str()));
  if (wrong != 0) return failed("spawn", wrong);

  std::vector<std::string> words{options.program.string()};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> variables;
  for (const char* name : passed_on) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
  };
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(variables);
  const Attributes attributes;
  Child child;
  const int result = posix_spawn(&child.pid, options.program.c_str(), actions.get(),
                                 attributes.get(), argv.data(), envp.data());
  if (result != 0) return failed(options.program.c_str(), result);
  child.pidfd = static_cast<int>(syscall(SYS_pidfd_open, child.pid, 0));
  if (child.pidfd < 0) {
    const int number = errno;
    kill(-child.pid, SIGKILL);
    waitpid(child.pid, nullptr, 0);
    return failed("pidfd_open", number);
  }
  child.errors = errors.release();
  return child;
}

}  // namespace deskmate::host

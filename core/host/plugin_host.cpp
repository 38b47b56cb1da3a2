// deskmate-plugin-host: the process that a plugin lives in. Started by the supervisor only.
//
//   deskmate-plugin-host LIMITS --fd N LIBRARY     loads the library, speaks frames over socket N
//   deskmate-plugin-host LIMITS --exec PROGRAM     becomes the program, which speaks them itself
//   LIMITS: --memory-mb M --files F
//
// SIGTERM asks the plugin to stop; so does the end of the socket. It ends with one of the codes in
// runtime.hpp.
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "core/host/poll_loop.hpp"
#include "core/host/runtime.hpp"
#include "core/host/sanitizer.hpp"

namespace {

using namespace deskmate::host;

PollLoop* signalled_loop = nullptr;

void say(const std::string& what) {
  const std::string line = "deskmate-plugin-host: " + what + "\n";
  const ssize_t wrote = write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(wrote);
}

[[noreturn]] void leave(int code, const std::string& why) {
  say(why);
  // Not exit(): the plugin's threads still run, and its destructors are not to be trusted now.
  _exit(code);
}

[[noreturn]] void out_of_memory() {
  constexpr std::string_view line = "deskmate-plugin-host: out of memory\n";
  const ssize_t wrote = write(STDERR_FILENO, line.data(), line.size());
  static_cast<void>(wrote);
  _exit(exit_memory);
}

struct Arguments {
  int fd = -1;
  bool exec = false;
  rlim_t memory_mb = 0;
  rlim_t files = 0;
  const char* file = nullptr;
};

template <class T>
bool number(const char* text, T& out) {
  if (text == nullptr) return false;
  const std::string_view digits(text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return error == std::errc{} && end == digits.data() + digits.size();
}

bool parse(int count, char** words, Arguments& out) {
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--exec") {
      out.exec = true;
    } else if (word == "--fd") {
      if (!number(words[++i], out.fd)) return false;
    } else if (word == "--memory-mb") {
      if (!number(words[++i], out.memory_mb)) return false;
    } else if (word == "--files") {
      if (!number(words[++i], out.files)) return false;
    } else if (out.file == nullptr && word.substr(0, 2) != "--") {
      out.file = words[i];
    } else {
      return false;
    }
  }
  return out.file != nullptr && (out.exec || out.fd >= 0);
}

void limit(int which, rlim_t value, const char* name) {
  const rlimit both{value, value};
  if (setrlimit(static_cast<__rlimit_resource>(which), &both) != 0) {
    leave(exit_system, std::string("cannot limit ") + name);
  }
}

void confine(const Arguments& arguments) {
  // A plugin does not outlive its desk, however that ends.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() == 1) leave(exit_system, "the desk is gone");
  limit(RLIMIT_CORE, 0, "core files");  // they would hold buyers' data
  if (arguments.files > 0) limit(RLIMIT_NOFILE, arguments.files, "open files");
  if (arguments.memory_mb > 0 && !sanitized) {
    // Private writable memory: what a plugin really takes, without the libraries that it maps.
    limit(RLIMIT_DATA, arguments.memory_mb << 20, "memory");
  }
}

int exit_code(PluginFault::Kind kind) {
  switch (kind) {
    case PluginFault::Kind::start:
      return exit_start;
    case PluginFault::Kind::exception:
      return exit_exception;
    case PluginFault::Kind::thread:
      return exit_thread;
  }
  return exit_system;
}

const dm_descriptor& load(const char* file) {
  void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) leave(exit_library, dlerror());
  void* symbol = dlsym(library, DM_ENTRY_SYMBOL);
  if (symbol == nullptr) leave(exit_library, std::string(file) + " exports no " DM_ENTRY_SYMBOL);
  const auto entry = reinterpret_cast<dm_entry_fn>(symbol);
  const dm_descriptor* descriptor = entry(DM_ABI);
  if (const std::string wrong = wrong_with(descriptor); !wrong.empty()) {
    leave(exit_library, std::string(file) + ": " + wrong);
  }
  return *descriptor;
}

int run(const Arguments& arguments) {
  std::signal(SIGPIPE, SIG_IGN);
  std::set_new_handler(out_of_memory);
  PollLoop loop;
  const dm_descriptor& descriptor = load(arguments.file);
  int result = 0;
  RuntimeHandlers on;
  on.on_fault = [&result](const PluginFault& fault) {
    if (fault.kind != PluginFault::Kind::start) leave(exit_code(fault.kind), fault.message);
    // What it logged before its start failed is still to go out.
    say(fault.message);
    result = exit_start;
  };
  on.on_end = [&loop](const deskmate::Error&) { loop.quit(); };
  Runtime runtime(loop, descriptor, std::move(on));
  loop.on_signal([&runtime] { runtime.stop(); });
  signalled_loop = &loop;
  std::signal(SIGTERM, [](int) {
    if (signalled_loop != nullptr) signalled_loop->signal_from_handler();
  });
  runtime.connect(make_poll_transport(loop, arguments.fd));
  loop.run();
  std::signal(SIGTERM, SIG_IGN);
  return result;
}

}  // namespace

int main(int count, char** words) {
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    leave(exit_usage, "started by the desk; not for use by hand");
  }
  confine(arguments);
  if (arguments.exec) {
    char* const program[] = {const_cast<char*>(arguments.file), nullptr};
    execv(arguments.file, program);
    leave(exit_library, std::string(arguments.file) + " cannot be run");
  }
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    leave(exit_system, error.what());
  }
}

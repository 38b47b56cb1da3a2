// What one event costs the daemon in allocations and in system calls, counted, from request to
// acknowledgement: one at a time, and 64 writers with four on their way each.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/desk.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {
namespace {

// What was counted when these were written down (59, 51.5, 22 and 1.3), and a tenth. How many events
// share a turn of the loop and a commit depends on the machine, so the last has more room.
constexpr double allocations_one_max = 65;
constexpr double allocations_many_max = 57;
constexpr double calls_one_max = 25;
constexpr double calls_many_max = 3;

constexpr int writers = 64;
constexpr int window = 4;

class AllocationCount {
 public:
  explicit AllocationCount(const std::string& path) {
    write_file(path, std::string(sizeof(std::uint64_t), '\0'));
    const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    place_ = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ, MAP_SHARED, fd.get(), 0);
    if (place_ == MAP_FAILED) fail("mapping " + path);
  }
  ~AllocationCount() { ::munmap(place_, sizeof(std::uint64_t)); }
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;
  double now() const {
    std::uint64_t count = 0;
    std::memcpy(&count, place_, sizeof count);
    return static_cast<double>(count);
  }

 private:
  void* place_;
};

// The system calls of all threads of a process while work is done.
double calls_during(pid_t pid, const std::string& file, const std::function<void()>& work) {
  std::string status = "/proc/" + std::to_string(pid) + "/status";
  Process strace = Process::start(
      Role::client, {"strace", "-f", "-c", "-o", file, "-p", std::to_string(pid)}, file + ".log");
  wait_until("strace", [&] {
    std::ifstream in(status);
    std::stringstream text;
    text << in.rdbuf();
    return text.str().find("TracerPid:\t0\n") == std::string::npos;
  });
  work();
  strace.interrupt();
  // The last line: 100.00 seconds [usecs/call] calls [errors] total
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);) {
    if (line.find("total") != std::string::npos) last = line;
  }
  std::istringstream words(last);
  double part = 0;
  double seconds = 0;
  double each = 0;
  double calls = 0;
  words >> part >> seconds >> each >> calls;
  if (calls <= 0) throw std::runtime_error("strace counted nothing: '" + last + "'");
  return calls;
}

void run() {
  Figures figures;
  Folder folder;
  const int one_by_one = sizes(200, 2'000);
  const int many = sizes(5'120, 51'200);
  const AllocationCount allocations(folder.path() + "/count");
  Desk desk({}, {"LD_PRELOAD=" + beside_this_program("libcount_allocations.so"),
                 "DESKMATE_COUNT_FILE=" + folder.path() + "/count"});
  DeskClient one(desk.socket());
  std::vector<DeskClient> all;
  for (int i = 0; i < writers; ++i) all.emplace_back(desk.socket());
  const auto singly = [&] {
    for (int i = 0; i < one_by_one; ++i) append_one(one);
  };
  const auto together = [&] { append_all(all, many, window); };
  singly();  // what is only once is over then
  together();

  double before = allocations.now();
  singly();
  const double each = (allocations.now() - before) / one_by_one;
  before = allocations.now();
  together();
  const double each_of_many = (allocations.now() - before) / many;
  const double calls = calls_during(desk.pid(), folder.path() + "/one", singly) / one_by_one;
  const double calls_of_many = calls_during(desk.pid(), folder.path() + "/many", together) / many;

  figures.add("cost.allocations_one_event", "allocations", each, "limit", allocations_one_max,
              at_most(1));
  figures.add("cost.allocations_64_writers", "allocations", each_of_many, "limit",
              allocations_many_max, at_most(1));
  figures.add("cost.system_calls_one_event", "calls", calls, "limit", calls_one_max, at_most(1));
  figures.add("cost.system_calls_64_writers", "calls", calls_of_many, "limit", calls_many_max,
              at_most(1));
}

}  // namespace
}  // namespace deskmate::bench

int main() {
  try {
    deskmate::bench::pin(deskmate::bench::Role::client);
    deskmate::bench::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

// Work of owners that may take hours, longer than any request may wait: begun by one request, asked
// about by as many as it takes. Who gives the parameter `within_ms` is answered the result or,
// after that time (half of the request's deadline at most),
//   {run: 3, running: true, for_ms: 15000}
// and then asks again with {run: 3, within_ms: 15000}. Loop thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "core/bus/bus.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::uint64_t answer_within_ms =
    15'000;                                       // and within half of a request's deadline
inline constexpr std::size_t runs_kept_max = 16;  // that have ended

class LongWork {
 public:
  // Calls back once, on the loop's thread.
  using Done = std::function<void(Result<Value>)>;
  using Work = std::function<void(Done)>;

  explicit LongWork(bus::Loop& loop) : loop_(loop), runs_(std::make_shared<Runs>()) {}

  // A request with the parameter `run` waits for that one (Status::not_found: there is none, or it
  // ended long ago); any other begins `work`.
  void serve(const bus::Call& call, bus::Answer answer, const Work& work);

 private:
  struct Waiting {
    bus::Answer answer;
    bus::Loop::TimerId timer = 0;
  };
  struct Run {
    std::uint64_t begun_ms = 0;
    std::map<std::uint64_t, Waiting> waiting;
    std::unique_ptr<Result<Value>> result;  // null: it runs
  };
  using Runs = std::map<std::uint64_t, Run>;

  void wait(std::uint64_t number, const bus::Call& call, bus::Answer answer);
  static void settle(bus::Answer answer, const Result<Value>& result);

  bus::Loop& loop_;
  std::shared_ptr<Runs> runs_;  // by number; work that ends later finds them gone
  std::uint64_t last_ = 0;
};

}  // namespace deskmate::daemon

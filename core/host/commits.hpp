// Commits of one reader, on the plugin's side. One is under way, and those that come meanwhile are
// one more, up to the greatest arrival: however many a plugin asks for while the disk is slow, they
// never fill the session's requests. What could not be done for now is tried again, whether or not
// the plugin heeds the answer. Loop thread.
#pragma once

#include <deskmate/abi.h>

#include <cstdint>
#include <deskmate/result.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/bus/loop.hpp"

namespace deskmate::host {

// Named limits, of one reader.
inline constexpr std::size_t commits_waiting_max = 1'024;  // beyond, DM_LIMIT
inline constexpr std::size_t commits_paid_max = 256;       // beyond, no credit before they are sent
inline constexpr std::uint64_t commit_retry_ms = 250;
static_assert(commits_paid_max < commits_waiting_max);

class Commits : public std::enable_shared_from_this<Commits> {
 public:
  using Done = std::function<void(const Result<std::string>&)>;
  struct Hooks {
    // Sends one; done is called once, never within the call. An error: it was not sent, and done
    // is not called.
    std::function<Result<void>(std::uint64_t arrival, Done done)> send;
    // Everything up to arrival may be paid for with credit.
    std::function<void(std::uint64_t arrival)> pay;
    // Hands an answer to the plugin, which may call anything here.
    std::function<void(dm_reply_fn reply, void* user, const Result<std::string>& result)> tell;
  };

  Commits(bus::Loop& loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}

  // reply may be null. DM_LIMIT: too many wait; reply is not called then.
  dm_status add(std::uint64_t arrival, dm_reply_fn reply, void* user);

  // Sends what waits now, without regard to what is under way, and tries nothing again: the reader
  // is closed, or the plugin stops.
  void finish();

 private:
  struct Waiter {
    std::uint64_t arrival = 0;
    dm_reply_fn reply = nullptr;
    void* user = nullptr;
  };

  void send();
  void on_answer(std::uint64_t arrival, const std::vector<Waiter>& sent,
                 const Result<std::string>& result);
  void retry();

  bus::Loop& loop_;
  Hooks hooks_;
  std::vector<Waiter> waiting_;
  std::size_t under_way_ = 0;
  bool finished_ = false;
  bus::Loop::TimerId retry_ = 0;
};

}  // namespace deskmate::host

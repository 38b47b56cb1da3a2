// Whatever spends from somebody's allowance, one after the other: each is checked only once the one
// before is folded, so that nothing is spent twice. Carries out offers that are ready here, and
// counts refunds that were made in a shop's own admin. Loop thread.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/daemon/errors.hpp"
#include "core/daemon/journal.hpp"
#include "core/desk/desk.hpp"

namespace deskmate::daemon {

class Service;

// Named limits.
inline constexpr std::size_t money_waiting_max = 256;   // asked for and not checked yet
inline constexpr std::uint64_t money_retry_ms = 2'000;  // after the store refused

class MoneyLine {
 public:
  explicit MoneyLine(Service& service) : service_(service) {}
  MoneyLine(const MoneyLine&) = delete;
  MoneyLine& operator=(const MoneyLine&) = delete;
  ~MoneyLine();

  using Propose = std::function<Result<desk::Proposals>()>;
  using Done = std::function<void(Result<std::vector<Outcome>>)>;
  // propose is called when its turn comes. done once what it proposed is folded, or why not.
  void run(Propose propose, Done done);

  // An event of this type was folded; then pump().
  void folded(std::string_view type);
  // Looks whether there is anything to be carried out, where something has changed.
  void pump();

 private:
  struct Job {
    Propose propose;
    Done done;
  };
  void next();
  void settle(const Job& job, const Result<std::vector<Outcome>>& result);
  bool do_ready();

  Service& service_;
  std::deque<Job> waiting_;
  bool busy_ = false;
  bool changed_ = true;
  std::uint64_t timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace deskmate::daemon

// R126: destroys the keys of buyers whom somebody, at any peer, asked to erase, and says so; again
// where the disk did not do it or did not take the word. Loop thread; what it started and what ends
// after it is gone does nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/bus/loop.hpp"
#include "core/desk/peer_views.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t erasures_at_once = 16;
inline constexpr std::uint64_t erase_again_ms = 5'000;  // after one failed

class Erasures {
 public:
  using Keys = std::vector<storage::Id16>;
  struct Hooks {
    std::function<std::vector<desk::ErasureView>()> wanted;
    // Calls back on the loop with all keys that are destroyed, rising; nothing: it failed.
    std::function<void(const desk::ErasureView&, std::function<void(std::optional<Keys>)>)> destroy;
    // Appends that they are. Calls back on the loop whether it is on disk.
    std::function<void(const storage::Id16& buyer, const Keys&, std::function<void(bool)>)> say;
  };

  Erasures(bus::Loop& loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}
  ~Erasures();
  Erasures(const Erasures&) = delete;
  Erasures& operator=(const Erasures&) = delete;

  void look();  // something may be wanted: also after an event of one was folded

 private:
  void ended(const storage::Id16& buyer, bool done);

  bus::Loop& loop_;
  const Hooks hooks_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::set<storage::Id16> under_way_;  // buyers
  bus::Loop::TimerId again_ = 0;
};

}  // namespace deskmate::daemon

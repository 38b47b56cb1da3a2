// One try to connect to somebody at several addresses at once, each a little after the one before,
// and at relays. Hands over every stream that comes about: whoever asked picks the first that
// proves to be the right one, and destroys this. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/peer/relay.hpp"
#include "core/peer/texts.hpp"

namespace deskmate::peer {

inline constexpr std::uint64_t stagger_ms = 100;  // between two addresses

class Reach {
 public:
  using OnStream =
      std::function<void(std::unique_ptr<Stream> stream, std::string already, const Tried& place)>;

  struct Places {
    std::vector<Address> addresses;
    std::vector<Address> relays;
    Registration registration;  // at the relays
    std::uint64_t relay_after_ms = 0;
    std::uint64_t dial_ms = 0;
  };

  Reach(bus::AsioLoop& loop, Places places, OnStream on_stream);
  ~Reach();
  Reach(const Reach&) = delete;
  Reach& operator=(const Reach&) = delete;

  // No address is being dialled any more; relays may still be waited at.
  bool dialled() const { return open_ == 0; }
  std::function<void()> on_dialled;  // called once, then

  // What became of each place so far.
  const std::vector<Tried>& tried() const { return tried_; }

 private:
  void dial(std::size_t index);
  void wait(std::size_t index);
  void after(std::uint64_t ms, std::function<void()> work);

  bus::AsioLoop& loop_;
  Places places_;
  OnStream on_stream_;
  std::vector<std::unique_ptr<Dial>> dials_;
  std::vector<std::unique_ptr<RelayWait>> waits_;
  std::vector<Tried> tried_;  // addresses, then relays
  std::vector<bus::Loop::TimerId> timers_;
  std::size_t open_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace deskmate::peer

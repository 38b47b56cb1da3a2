// The joiner's side of pairing: finds the inviter at the invitation's addresses and relays, and
// goes through with it. Needs no desk yet.
//
//   Joining joining(loop, identity, invitation, "Lin", {.on_ask = ..., .on_end = ...});
//   ...on_ask: shows the phrase; joining.confirm(true);
//   ...on_end(PairingEnd::paired, grant): makes the desk's folder
//
// Loop thread; destroying it gives up.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "core/peer/channel.hpp"
#include "core/peer/pairing.hpp"
#include "core/peer/reach.hpp"

namespace deskmate::peer {

struct JoinTimes {
  std::uint64_t dial_ms = 5'000;
  std::uint64_t again_ms = 2'000;         // between two rounds of dialling
  std::uint64_t unreachable_ms = 30'000;  // then it gives up
  ChannelTimes channel;
};

class Joining {
 public:
  struct Callbacks {
    // The inviter proved that it made the invitation: show the phrase, ask, call confirm().
    std::function<void(const std::string& phrase, const std::string& owner,
                       const std::string& desk)>
        on_ask;
    // Once; text says in each language what to do. grant: with PairingEnd::paired.
    std::function<void(PairingEnd end, const host::Text& text, const Grant* grant)> on_end;
  };

  Joining(bus::AsioLoop& loop, const Identity& identity, Invitation invitation, std::string name,
          Callbacks callbacks, const JoinTimes& times = {});
  ~Joining();
  Joining(const Joining&) = delete;
  Joining& operator=(const Joining&) = delete;

  void confirm(bool same);

 private:
  void dial();
  void connected(std::unique_ptr<Stream> stream, std::string already);
  void ready(const std::shared_ptr<Channel>& channel);
  void act(PairingStep step);
  void lost(const Channel* channel, const Error& why);
  void end(PairingEnd why);

  bus::AsioLoop& loop_;
  std::shared_ptr<const TlsContext> context_;
  Invitation invitation_;
  std::string name_;
  Callbacks callbacks_;
  JoinTimes times_;
  std::unique_ptr<Reach> reach_;
  std::list<std::shared_ptr<Channel>> trying_;
  std::shared_ptr<Channel> channel_;
  std::unique_ptr<JoinerPairing> pairing_;
  std::vector<Tried> tried_;
  bus::Loop::TimerId timer_ = 0;
  bus::Loop::TimerId again_ = 0;
  bool refused_ = false;
  bool over_ = false;
};

}  // namespace deskmate::peer

// For tests with real sockets on loopback: a loop that runs until something holds, peers with keys
// of their own, and a client that says whatever bytes it is told to.
#pragma once

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/peer/link.hpp"

namespace deskmate::peer {

inline Identity test_identity(std::uint8_t number) {
  std::array<std::uint8_t, seed_bytes> seed{};
  seed.fill(number);
  return *Identity::from_seed(seed);
}

class TestNet {
 public:
  // Runs the loop until done says so; false: it never did, in far more time than it takes.
  bool until(const std::function<bool()>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      context.restart();
      context.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  boost::asio::io_context context;
  bus::AsioLoop loop{context};
};

inline LinkTimes quick_times() {
  LinkTimes times;
  times.channel = {.stranger_ms = 500, .beat_ms = 50, .silence_ms = 5'000};
  times.backoff_min_ms = 10;
  times.backoff_max_ms = 50;
  times.relay_after_ms = 50;
  times.unreachable_ms = 300;
  times.direct_again_ms = 100;
  return times;
}

// One peer's links, and what it got.
class TestPeer {
 public:
  TestPeer(TestNet& net, std::uint8_t number, std::vector<Address> listen = {{"127.0.0.1", 0}},
           LinkTimes times = quick_times(), std::vector<Address> relays = {})
      : identity(test_identity(number)) {
    LinkSettings settings;
    settings.listen = std::move(listen);
    settings.relays = std::move(relays);
    settings.relay_key.fill(7);
    settings.times = times;
    LinkCallbacks callbacks;
    callbacks.on_link = [this](std::unique_ptr<Carrier> made) {
      ++links_made;
      carrier = std::move(made);
      carrier->on_frame = [this](std::string_view frame) { frames.emplace_back(frame); };
      carrier->on_closed = [this](const Error& why) {
        closed.push_back(why);
        carrier.reset();  // from within its callback
      };
      carrier->on_drained = [this] { ++drained; };
    };
    callbacks.on_addresses = [this](const PeerId&, const std::vector<Address>& list) {
      learned = list;
    };
    callbacks.on_unreachable = [this](const PeerId&, const host::Text& text) {
      unreachable.push_back(text);
    };
    callbacks.on_refused = [this](const Address&, const Error& why) { refused.push_back(why); };
    links = std::move(*Links::open(net.loop, identity, std::move(settings), std::move(callbacks)));
  }

  const PeerId& id() const { return identity.id(); }
  Address address() const { return links->listening().front(); }
  void knows(const TestPeer& other, bool where = true) {
    LinkPeer known{other.id(), "other", {}};
    if (where) known.addresses = other.links->listening();
    links->set_peer(known);
  }

  Identity identity;
  std::unique_ptr<Carrier> carrier;
  std::vector<std::string> frames;
  std::vector<Error> closed;
  std::vector<Error> refused;
  std::vector<host::Text> unreachable;
  std::vector<Address> learned;
  int links_made = 0;
  int drained = 0;
  std::unique_ptr<Links> links;  // goes first
};

// Anything that connects.
class RawClient {
 public:
  RawClient(TestNet& net, const Address& to) {
    dial_ = Dial::start(net.loop, to, 5'000, [this](Result<std::unique_ptr<Stream>> stream) {
      if (!stream) {
        closed = true;
        return;
      }
      stream_ = std::move(*stream);
      stream_->start({.on_bytes = [this](std::string_view bytes) { got += bytes; },
                      .on_closed = [this](const Error&) { closed = true; },
                      .on_drained = {}});
      if (!first_.empty()) stream_->send(first_);
    });
  }
  void say(const std::string& bytes) {
    if (stream_) stream_->send(bytes);
    first_ += bytes;
  }
  bool connected() const { return stream_ != nullptr; }

  std::string got;
  bool closed = false;

 private:
  std::string first_;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace deskmate::peer

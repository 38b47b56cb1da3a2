#include "core/peer/relay.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "storage/bytes.hpp"
#include "storage/hash.hpp"

namespace deskmate::peer {
namespace {

constexpr std::string_view waits = "W";
constexpr std::string_view joined = "J";
constexpr std::string_view full = "F";
constexpr std::string_view unclear = "X";

class BlindRelay : public Relay {
 public:
  BlindRelay(bus::AsioLoop& loop, const RelayLimits& limits) : loop_(loop), limits_(limits) {}
  ~BlindRelay() override {
    if (timer_ != 0) loop_.cancel(timer_);
  }
  BlindRelay(const BlindRelay&) = delete;
  BlindRelay& operator=(const BlindRelay&) = delete;

  Result<void> listen(const std::vector<Address>& addresses) {
    auto listeners = listen_at(
        loop_, addresses, [this](std::unique_ptr<Stream> stream) { admit(std::move(stream)); }, {});
    if (!listeners) return listeners.error();
    listeners_ = std::move(*listeners);
    plan_tick();
    return {};
  }

  std::vector<Address> listening() const override {
    std::vector<Address> addresses;
    for (const auto& listener : listeners_) addresses.push_back(listener->address());
    return addresses;
  }

  Counts counts() const override { return {guests_.size(), pairs_.size(), bytes_, refused_}; }

 private:
  struct Guest {
    std::unique_ptr<Stream> stream;
    std::string source;
    std::string said;
    std::optional<Registration> registration;
    std::uint64_t until_ms = 0;
  };
  using Guests = std::list<Guest>;

  struct Pair {
    std::array<std::unique_ptr<Stream>, 2> streams;
    std::array<bool, 2> full{};  // the stream whose out-buffer is full
    std::int64_t allowance = 0;  // bytes
    std::uint64_t heard_ms = 0;
  };
  using Pairs = std::list<Pair>;

  void admit(std::unique_ptr<Stream> stream) {
    const std::string source = source_of(stream->remote());
    const auto same = std::count_if(guests_.begin(), guests_.end(),
                                    [&](const Guest& guest) { return guest.source == source; });
    if (guests_.size() >= limits_.waiting_max ||
        static_cast<std::size_t>(same) >= limits_.per_source_max) {
      ++refused_;
      stream->send(full);
      stream->finish();
      return;
    }
    const auto guest = guests_.insert(guests_.end(), Guest{});
    guest->source = source;
    guest->stream = std::move(stream);
    guest->until_ms = loop_.now_ms() + limits_.register_ms;
    Stream::Callbacks callbacks;
    callbacks.on_bytes = [this, guest](std::string_view bytes) { on_said(guest, bytes); };
    callbacks.on_closed = [this, guest](const Error&) { drop(guest); };
    guest->stream->start(std::move(callbacks));
  }

  void drop(Guests::iterator guest) { guests_.erase(guest); }

  void refuse(Guests::iterator guest, std::string_view why) {
    ++refused_;
    guest->stream->send(why);
    guest->stream->finish();
    drop(guest);
  }

  void on_said(Guests::iterator guest, std::string_view bytes) {
    if (guest->registration || guest->said.size() + bytes.size() > registration_bytes) {
      return refuse(guest, unclear);  // nothing is to be said before it is joined
    }
    guest->said += bytes;
    const std::string_view magic = std::string_view(guest->said).substr(0, relay_magic.size());
    if (!relay_magic.starts_with(magic)) return refuse(guest, unclear);
    if (guest->said.size() < registration_bytes) return;
    const auto registration = parse_registration(guest->said);
    if (!registration) return refuse(guest, unclear);
    guest->registration = *registration;
    guest->until_ms = loop_.now_ms() + limits_.waiting_ms;
    for (auto other = guests_.begin(); other != guests_.end();) {
      const auto at = other++;
      if (at == guest || !at->registration || at->registration->token != registration->token) {
        continue;
      }
      if (at->registration->side != registration->side) return join(at, guest);
      drop(at);  // the same side anew: its old connection is dead
    }
    guest->stream->send(waits);
  }

  void join(Guests::iterator first, Guests::iterator second) {
    if (pairs_.size() >= limits_.pairs_max) {
      refuse(first, full);
      return refuse(second, full);
    }
    const auto pair = pairs_.insert(pairs_.end(), Pair{});
    pair->streams = {std::move(first->stream), std::move(second->stream)};
    pair->allowance = static_cast<std::int64_t>(limits_.bytes_per_s);
    pair->heard_ms = loop_.now_ms();
    guests_.erase(first);
    guests_.erase(second);
    for (const std::size_t side : {0u, 1u}) {
      Stream::Callbacks callbacks;
      callbacks.on_bytes = [this, pair, side](std::string_view bytes) { carry(pair, side, bytes); };
      callbacks.on_closed = [this, pair](const Error&) { part(pair); };
      callbacks.on_drained = [this, pair, side] {
        pair->full[side] = false;
        hold(pair);
      };
      pair->streams[side]->read_more();
      pair->streams[side]->start(std::move(callbacks));
    }
    for (const auto& stream : pair->streams) stream->send(joined);
  }

  void carry(Pairs::iterator pair, std::size_t from, std::string_view bytes) {
    Stream& to = *pair->streams[1 - from];
    to.send(bytes);
    bytes_ += bytes.size();
    pair->heard_ms = loop_.now_ms();
    pair->allowance -= static_cast<std::int64_t>(bytes.size());
    pair->full[1 - from] = to.unsent_bytes() > limits_.buffer_bytes;
    hold(pair);
  }

  // Who may send on is read, who may not is not.
  void hold(Pairs::iterator pair) {
    for (const std::size_t side : {0u, 1u}) {
      pair->streams[side]->pause(pair->allowance <= 0 || pair->full[1 - side]);
    }
  }

  void part(Pairs::iterator pair) {
    for (const auto& stream : pair->streams) stream->finish();
    pairs_.erase(pair);
  }

  void plan_tick() {
    timer_ = loop_.call_at(loop_.now_ms() + relay_tick_ms, [this] { tick(); });
  }

  void tick() {
    const std::uint64_t now = loop_.now_ms();
    for (auto at = guests_.begin(); at != guests_.end();) {
      const auto guest = at++;
      if (now >= guest->until_ms) {
        ++refused_;
        drop(guest);
      }
    }
    const auto most = static_cast<std::int64_t>(limits_.bytes_per_s);
    const std::int64_t more = most * static_cast<std::int64_t>(relay_tick_ms) / 1000;
    for (auto at = pairs_.begin(); at != pairs_.end();) {
      const auto pair = at++;
      if (now - pair->heard_ms >= limits_.idle_ms) {
        part(pair);
        continue;
      }
      pair->allowance = std::min(most, pair->allowance + more);
      hold(pair);
    }
    plan_tick();
  }

  bus::AsioLoop& loop_;
  RelayLimits limits_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  Guests guests_;
  Pairs pairs_;
  std::uint64_t bytes_ = 0;
  std::uint64_t refused_ = 0;
  bus::Loop::TimerId timer_ = 0;
};

class Wait : public RelayWait {
 public:
  Wait(bus::AsioLoop& loop, const Address& relay, const Registration& registration,
       std::uint64_t dial_ms, Done done)
      : done_(std::move(done)) {
    dial_ = Dial::start(loop, relay, dial_ms,
                        [this, registration](Result<std::unique_ptr<Stream>> stream) {
                          if (!stream) return end(stream.error());
                          connected(std::move(*stream), registration);
                        });
  }

 private:
  void connected(std::unique_ptr<Stream> stream, const Registration& registration) {
    stream_ = std::move(stream);
    Stream::Callbacks callbacks;
    callbacks.on_bytes = [this](std::string_view bytes) { on_bytes(bytes); };
    callbacks.on_closed = [this](const Error& why) { end(why); };
    stream_->start(std::move(callbacks));
    stream_->send(to_bytes(registration));
  }

  void on_bytes(std::string_view bytes) {
    while (bytes.starts_with(waits)) bytes.remove_prefix(1);
    if (bytes.empty()) return;
    if (bytes.starts_with(full)) {
      return end(Error{Status::limit, "the relay is full", "relay"});
    }
    if (!bytes.starts_with(joined)) {
      return end(Error{Status::invalid, "that is no relay", "relay"});
    }
    Joined result{std::move(stream_), std::string(bytes.substr(1))};
    // Nothing is read until the new owner starts it.
    result.stream->start(
        {.on_bytes = [](std::string_view) {}, .on_closed = [](const Error&) {}, .on_drained = {}});
    const Done done = std::exchange(done_, nullptr);
    if (done) done(std::move(result));
  }

  void end(const Error& why) {
    const Done done = std::exchange(done_, nullptr);
    if (done) done(why);
  }

  Done done_;
  std::unique_ptr<Dial> dial_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

Result<Registration> parse_registration(std::string_view bytes) {
  if (bytes.size() != registration_bytes || !bytes.starts_with(relay_magic) ||
      static_cast<unsigned char>(bytes[relay_magic.size()]) > 1) {
    return Error{Status::invalid, "that is no registration", "relay"};
  }
  Registration registration;
  registration.side = static_cast<std::uint8_t>(bytes[relay_magic.size()]);
  const auto token = bytes.substr(relay_magic.size() + 1);
  std::copy(token.begin(), token.end(), reinterpret_cast<char*>(registration.token.data()));
  return registration;
}

std::string to_bytes(const Registration& registration) {
  std::string bytes(relay_magic);
  bytes += static_cast<char>(registration.side);
  bytes += storage::view_of(registration.token);
  return bytes;
}

RelayToken relay_token(const std::array<std::uint8_t, 32>& key, const PeerId& a, const PeerId& b) {
  storage::Hasher hasher(storage::view_of(key));
  hasher.add("deskmate.relay/1")
      .add(storage::view_of(std::min(a, b)))
      .add(storage::view_of(std::max(a, b)));
  return hasher.done();
}

RelayToken relay_token(const InvitationSecret& secret) {
  storage::Hasher hasher(storage::view_of(secret));
  hasher.add("deskmate.relay.pair/1");
  return hasher.done();
}

Result<std::unique_ptr<Relay>> Relay::open(bus::AsioLoop& loop, const std::vector<Address>& listen,
                                           const RelayLimits& limits) {
  auto relay = std::make_unique<BlindRelay>(loop, limits);
  if (auto opened = relay->listen(listen); !opened) return opened.error();
  return std::unique_ptr<Relay>(std::move(relay));
}

std::unique_ptr<RelayWait> RelayWait::start(bus::AsioLoop& loop, const Address& relay,
                                            const Registration& registration, std::uint64_t dial_ms,
                                            Done done) {
  return std::make_unique<Wait>(loop, relay, registration, dial_ms, std::move(done));
}

}  // namespace deskmate::peer

// Several replicas in one thread over links that a test cuts, alters and looks into.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/peer/memory_store.hpp"
#include "core/peer/replica.hpp"
#include "core/peer/replica_messages.hpp"

namespace deskmate::peer::testing {

inline PeerId peer_id(std::uint8_t number) {
  PeerId id{};
  id.fill(number);
  return id;
}
inline LogName log_of(std::uint8_t peer, std::uint64_t incarnation = 1, std::uint8_t desk = 7) {
  LogName log;
  log.desk.fill(desk);
  log.peer = peer_id(peer);
  log.incarnation = incarnation;
  return log;
}
inline Id16 id16(std::uint8_t number) {
  Id16 id{};
  id.fill(number);
  return id;
}

inline constexpr std::uint64_t start_utc_ms = 1'800'000'000'000;

inline storage::HeaderView header_of(std::string_view facts, std::string_view type = "test.event") {
  storage::HeaderView header;
  header.type = type;
  header.stamp = start_utc_ms << 16;
  header.facts = facts;
  return header;
}

// Not sealed; its body may be given with it or not.
inline std::string record_with(std::string_view body) {
  auto header = header_of("with a body");
  header.flags = storage::flag_body;
  header.body_hash = storage::hash_of(body);
  return storage::encode(header);
}
inline std::string sealed_record(const Id16& key_id, std::string_view body) {
  auto header = header_of("sealed");
  header.flags = storage::flag_body | storage::flag_sealed;
  header.seal_alg = storage::seal_xchacha20_poly1305;
  header.key_id = key_id;
  header.body_hash = storage::hash_of(body);
  return storage::encode(header);
}

inline message::Hello hello_of(std::uint8_t peer) {
  message::Hello hello;
  hello.desk = log_of(peer).desk;
  hello.peer = peer_id(peer);
  hello.incarnation = 1;
  return hello;
}
// The message, where it is of that kind.
template <typename Kind>
std::optional<Kind> read_as(std::string_view bytes) {
  auto message = message::decode(bytes);
  auto* found = message ? std::get_if<Kind>(&*message) : nullptr;
  return found != nullptr ? std::optional<Kind>(std::move(*found)) : std::nullopt;
}
template <typename Kind>
bool is(std::string_view bytes) {
  return read_as<Kind>(bytes).has_value();
}

struct Node {
  explicit Node(const LogName& own, Now now) : store(own), replica(new Replica(store, now)) {}
  MemoryStore store;
  std::unique_ptr<Replica> replica;
  std::int64_t clock_off_ms = 0;
  bool disk_works = true;
  bool stores = true;  // false: what is to be appended waits
  std::vector<out::Alarm> alarms;
  std::vector<out::Close> closed;
  std::vector<out::FileDone> files_done;
  std::vector<out::Append> waiting;
  std::map<Hash32, std::string> files_partial;
  std::size_t acks_changed = 0;
  std::size_t put_bytes = 0;
};

class Net {
 public:
  // What a test does to a message on its way; false: it is lost, and so is the link.
  using Tap = std::function<bool(std::uint8_t from, std::uint8_t to, std::string& bytes)>;

  explicit Net(std::initializer_list<std::uint8_t> numbers = {}) {
    for (const std::uint8_t number : numbers) add(number);
  }
  Node& add(std::uint8_t number, std::uint64_t incarnation = 1, std::uint8_t desk = 7) {
    nodes_[number] = std::make_unique<Node>(log_of(number, incarnation, desk), now(number));
    for (auto& [other, node] : nodes_) introduce(other);
    return *nodes_[number];
  }
  Node& operator[](std::uint8_t number) { return *nodes_.at(number); }

  void introduce(std::uint8_t number) {
    std::vector<KnownPeer> peers;
    for (auto& [other, node] : nodes_) {
      if (other != number) peers.push_back({peer_id(other)});
    }
    (*this)[number].replica->set_peers(peers, now(number));
  }

  Now now(std::uint8_t number) const {
    const auto node = nodes_.find(number);
    const std::int64_t off = node == nodes_.end() ? 0 : node->second->clock_off_ms;
    return {steady_ms, start_utc_ms + steady_ms + static_cast<std::uint64_t>(off)};
  }

  void connect(std::uint8_t a, std::uint8_t b) {
    const LinkId id = next_link_++;
    links_[id] = {a, b};
    (*this)[a].replica->link_up(id, peer_id(b), now(a));
    (*this)[b].replica->link_up(id, peer_id(a), now(b));
    settle();
  }
  void disconnect(std::uint8_t a, std::uint8_t b) {
    std::vector<LinkId> gone;
    for (const auto& [id, link] : links_) {
      if (link == std::pair(a, b) || link == std::pair(b, a)) gone.push_back(id);
    }
    for (const LinkId id : gone) break_link(id, 0);
    settle();
  }
  bool connected(std::uint8_t a, std::uint8_t b) const {
    for (const auto& [id, link] : links_) {
      if (link == std::pair(a, b) || link == std::pair(b, a)) return true;
    }
    return false;
  }

  // Own events, on disk at once.
  void write(std::uint8_t number, std::size_t count = 1, std::size_t facts_bytes = 0) {
    for (std::size_t i = 0; i < count; ++i) {
      storage::HeaderView header;
      header.type = "test.event";
      header.stamp = now(number).utc_ms << 16 | (written_ & 0xffff);
      const std::string facts =
          std::to_string(number) + "/" + std::to_string(++written_) + std::string(facts_bytes, 'x');
      header.facts = facts;
      (*this)[number].store.append(storage::encode(header));
    }
    sync(number);
  }
  void write_record(std::uint8_t number, std::string record, std::string body = {}) {
    (*this)[number].store.append(std::move(record), std::move(body));
    sync(number);
  }
  void sync(std::uint8_t number) {
    Node& node = (*this)[number];
    for (auto& done : node.store.sync(node.disk_works)) {
      node.replica->appended(done.ticket, std::move(done.outcome), now(number));
    }
    node.replica->own_appended(now(number));
    settle();
  }

  // What waited to be stored is, and what comes from now on.
  void store_waiting(std::uint8_t number) {
    Node& node = (*this)[number];
    node.stores = true;
    for (auto& append : std::exchange(node.waiting, {})) node.store.append(std::move(append));
    sync(number);
  }
  // It has made this of all that it has on disk.
  void fold(std::uint8_t number, std::uint8_t state, std::string_view version = {}) {
    Frontier frontier;
    for (const LogTip& tip : (*this)[number].store.frontier()) frontier[tip.log] = tip.seq;
    StateHash hash{};
    hash.fill(state);
    (*this)[number].replica->folded(frontier, hash, now(number), version);
  }

  // Until nobody has anything to say.
  void settle() {
    if (settling_) return;
    settling_ = true;
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& [number, node] : nodes_) {
        for (Output& output : node->replica->take()) {
          busy = true;
          std::visit([&, n = number](auto& one) { on(n, one); }, output);
        }
      }
      while (!wire_.empty()) {
        busy = true;
        deliver();
      }
    }
    settling_ = false;
  }
  // Time goes by, with ticks.
  void pass(std::uint64_t ms) {
    for (std::uint64_t until_ms = steady_ms + ms; steady_ms < until_ms;) {
      steady_ms += replica_tick_ms;
      for (auto& [number, node] : nodes_) node->replica->tick(now(number));
      settle();
    }
  }

  bool same(std::uint8_t a, std::uint8_t b) {
    return (*this)[a].store.frontier().size() == (*this)[b].store.frontier().size() &&
           has_all(a, b) && has_all(b, a);
  }
  // Has b every event of a's disk, byte for byte?
  bool has_all(std::uint8_t a, std::uint8_t b) {
    for (const auto& [name, log] : (*this)[a].store.logs) {
      const auto other = (*this)[b].store.logs.find(name);
      if (other == (*this)[b].store.logs.end()) return false;
      if (other->second.items.size() < log.items.size()) return false;
      for (std::size_t i = 0; i < log.items.size(); ++i) {
        if (log.items[i].record != other->second.items[i].record) return false;
        if (log.items[i].body != other->second.items[i].body) return false;
      }
    }
    return true;
  }

  // Sent from one to another, by kind.
  std::map<std::pair<std::uint8_t, std::uint8_t>, std::map<std::string, std::size_t>> kinds;
  std::size_t wire_bytes = 0;
  Tap tap;
  std::uint64_t steady_ms = 1'000;

 private:
  struct Sent {
    LinkId link;
    std::uint8_t to;
    std::string bytes;
  };

  void on(std::uint8_t from, out::Send& send) {
    const auto link = links_.find(send.link);
    if (link == links_.end()) return;
    const std::uint8_t to = link->second.first == from ? link->second.second : link->second.first;
    if (const auto message = message::decode(send.bytes)) {
      static const char* names[] = {"hello",     "have",       "want",   "stop",      "run", "beat",
                                    "file_want", "file_piece", "forked", "body_want", "?"};
      ++kinds[{from, to}][names[message->index()]];
    }
    wire_bytes += send.bytes.size();
    wire_.push_back({send.link, to, std::move(send.bytes)});
  }
  void on(std::uint8_t from, out::Close& close) {
    break_link(close.link, from);
    (*this)[from].closed.push_back(std::move(close));
  }
  void on(std::uint8_t from, out::Append& append) {
    Node& node = (*this)[from];
    if (!node.stores) {
      node.waiting.push_back(std::move(append));
      return;
    }
    node.store.append(std::move(append));
    for (auto& done : node.store.sync(node.disk_works)) {
      node.replica->appended(done.ticket, std::move(done.outcome), now(from));
    }
  }
  void on(std::uint8_t from, out::PutFile& put) {
    Node& node = (*this)[from];
    std::string& file = node.files_partial[put.hash];
    if (put.offset == 0) file.clear();
    file += put.bytes;
    node.put_bytes += put.bytes.size();
    auto state = Replica::FileState::partial;
    if (file.size() == put.total) {
      state = storage::hash_of(file) == put.hash ? Replica::FileState::complete
                                                 : Replica::FileState::failed;
      if (state == Replica::FileState::complete) node.store.files[put.hash] = file;
      if (state == Replica::FileState::failed) file.clear();
    }
    node.replica->file_stored(put.hash, file.size(), state, now(from));
  }
  void on(std::uint8_t from, out::FileDone& done) { (*this)[from].files_done.push_back(done); }
  void on(std::uint8_t from, out::AcksChanged&) { ++(*this)[from].acks_changed; }
  void on(std::uint8_t, out::Seen&) {}
  void on(std::uint8_t from, out::Alarm& alarm) { (*this)[from].alarms.push_back(alarm); }

  void deliver() {
    Sent sent = std::move(wire_.front());
    wire_.pop_front();
    const auto link = links_.find(sent.link);
    if (link == links_.end()) return;
    const std::uint8_t from =
        link->second.first == sent.to ? link->second.second : link->second.first;
    if (tap && !tap(from, sent.to, sent.bytes)) return break_link(sent.link, 0);
    (*this)[sent.to].replica->receive(sent.link, sent.bytes, now(sent.to));
    const auto still = links_.find(sent.link);
    if (still != links_.end()) {
      (*this)[from].replica->carrier_unsent(sent.link, 0, now(from));
    }
  }
  void break_link(LinkId id, std::uint8_t by) {
    const auto link = links_.find(id);
    if (link == links_.end()) return;
    const auto [a, b] = link->second;
    links_.erase(link);
    if (a != by) (*this)[a].replica->link_down(id, now(a));
    if (b != by) (*this)[b].replica->link_down(id, now(b));
  }

  std::map<std::uint8_t, std::unique_ptr<Node>> nodes_;
  std::map<LinkId, std::pair<std::uint8_t, std::uint8_t>> links_;
  std::deque<Sent> wire_;
  LinkId next_link_ = 1;
  std::uint64_t written_ = 0;
  bool settling_ = false;
};

// One that says whatever a test likes, linked to a node of the net.
class Liar {
 public:
  Liar(Net& net, std::uint8_t to) : net_(net), to_(to) {
    net[to].replica->link_up(link, peer_id(9), net.now(to));
  }
  void say(const message::Message& message) {
    net_[to_].replica->receive(link, message::encode(message), net_.now(to_));
    take();
  }
  void hello(std::vector<message::Reached> frontier) {
    message::Hello hello = hello_of(9);
    hello.utc_ms = net_.now(to_).utc_ms;
    hello.frontier = std::move(frontier);
    hello.features = features;
    say(hello);
  }
  // The latest append reaches the disk of whom it was said to.
  void store() {
    net_[to_].store.append(out::Append(appends.back()));
    for (auto& done : net_[to_].store.sync()) {
      net_[to_].replica->appended(done.ticket, std::move(done.outcome), net_.now(to_));
      take();
    }
  }
  void pass(std::uint64_t ms) {
    net_.steady_ms += ms;
    net_[to_].replica->tick(net_.now(to_));
    take();
  }

  LinkId link = 1'000'000;
  bool closed = false;
  std::vector<std::string> features;
  std::vector<message::Want> wants;
  std::vector<message::BodyWant> body_wants;
  std::vector<out::Append> appends;

 private:
  void take() {
    for (Output& output : net_[to_].replica->take()) {
      if (const auto* close = std::get_if<out::Close>(&output))
        closed = closed || close->link == link;
      if (auto* append = std::get_if<out::Append>(&output)) appends.push_back(std::move(*append));
      const auto* send = std::get_if<out::Send>(&output);
      if (send == nullptr || send->link != link) continue;
      auto message = message::decode(send->bytes);
      if (const auto* want = std::get_if<message::Want>(&*message)) wants.push_back(*want);
      if (const auto* want = std::get_if<message::BodyWant>(&*message)) body_wants.push_back(*want);
    }
  }
  Net& net_;
  std::uint8_t to_;
};

// Links 1 and 2 until both have all, or 400 times; each link breaks after so many messages, later
// ones after more. How often it broke.
inline std::size_t break_and_resume(Net& net, std::size_t every) {
  std::size_t messages = 0;
  std::size_t breaks = 0;
  net.tap = [&](std::uint8_t, std::uint8_t, std::string&) {
    if (++messages % (every + breaks / 3) != 0) return true;
    ++breaks;
    return false;
  };
  for (int tries = 0; tries < 400 && !net.same(1, 2); ++tries) {
    if (!net.connected(1, 2)) net.connect(1, 2);
  }
  net.tap = nullptr;
  return breaks;
}

inline bool raised(const Node& node, Trouble what) {
  return std::any_of(node.alarms.begin(), node.alarms.end(),
                     [&](const out::Alarm& alarm) { return alarm.what == what && alarm.raised; });
}
inline bool closed_for(const Node& node, Trouble why) {
  return std::any_of(node.closed.begin(), node.closed.end(),
                     [&](const out::Close& close) { return close.why == why; });
}

}  // namespace deskmate::peer::testing

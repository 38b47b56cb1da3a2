// What it costs to have a second peer: catching up, one event on both disks, a line that is slow
// and far, and routing as the desk grows.
#include <arpa/inet.h>
#include <lmdb.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <stdexcept>
#include <thread>

#include "core/desk/test_peers.hpp"
#include "core/peer/identity.hpp"
#include "storage/store.hpp"
#include "tests/bench/peer_machine.hpp"

namespace deskmate::bench {
namespace {

constexpr std::size_t batch = 256;  // events of one append
constexpr std::size_t map_bytes = std::size_t{4} << 30;
constexpr double line_bytes_per_s = 2e6 / 8;
constexpr double line_delay_s = 0.1;  // each way
constexpr std::size_t backlog_chats = 2'000;

void wait(const std::function<bool()>& done, double seconds = wait_s_max) {
  const double end = now_s() + seconds;
  while (!done()) {
    if (now_s() > end) throw std::runtime_error("not done in time");
    ::usleep(1'000);  // the new peer's threads are on this CPU, too
  }
}

std::uint64_t utc_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

storage::NewEvent new_event(std::size_t bytes = payload_bytes) {
  storage::NewEvent event;
  event.type = "bench.event";
  event.stamp = utc_ms() << 16;
  event.facts = encode(Value::map({{"text", std::string(bytes, 'x')}}));
  return event;
}

storage::Options options_at(const Folder& folder, const char* name) {
  storage::Options options;
  options.folder = folder.path() + "/" + name;
  return options;
}

// a founded the desk; b has joined it, with nothing yet.
struct Pair {
  explicit Pair(const Folder& folder, bool pinned = true) {
    if (pinned) pin(Role::server);
    auto founded = good(storage::Store::open(options_at(folder, "a")));
    const auto options = options_at(folder, "b");
    if (auto made = storage::create_joined(options, founded->log().desk, founded->pseudonym_key());
        !made) {
      throw std::runtime_error(made.error().message);
    }
    a = std::make_unique<PeerMachine>(std::move(founded));
    if (pinned) pin(Role::client);
    b = std::make_unique<PeerMachine>(good(storage::Store::open(options)));
  }
  void fill(std::size_t events) {
    for (std::size_t done = 0; done < events; done += batch) {
      a->append(std::vector<storage::NewEvent>(std::min(batch, events - done), new_event()));
    }
  }
  void link() {
    a->know(b->id(), {});
    b->know(a->id(), {a->address()});
  }
  std::unique_ptr<PeerMachine> a;
  std::unique_ptr<PeerMachine> b;
};

// --- bare --------------------------------------------------------------------------------------

void check(int number) {
  if (number != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(number));
}

std::string record_of(const storage::NewEvent& event) {
  storage::HeaderView header;
  header.type = event.type;
  header.stamp = event.stamp;
  header.facts = event.facts;
  return storage::encode(header);
}

// The two entries that an event needs, by log and by arrival, flags as the store's.
class BareLmdb {
 public:
  BareLmdb() : record_(record_of(new_event())) {
    check(mdb_env_create(&env_));
    check(mdb_env_set_maxdbs(env_, 2));
    check(mdb_env_set_mapsize(env_, map_bytes));
    check(mdb_env_open(env_, folder_.path().c_str(), MDB_NOTLS, 0600));
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn));
    check(mdb_dbi_open(txn, "events", MDB_CREATE, &events_));
    check(mdb_dbi_open(txn, "arrivals", MDB_CREATE, &arrivals_));
    check(mdb_txn_commit(txn));
  }
  ~BareLmdb() { mdb_env_close(env_); }
  BareLmdb(const BareLmdb&) = delete;
  BareLmdb& operator=(const BareLmdb&) = delete;

  void commit(std::size_t events) {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, 0, &txn));
    for (std::size_t i = 0; i < events; ++i) {
      ++last_;
      unsigned char slot[12] = {0, 0, 0, 1};
      for (int k = 0; k < 8; ++k) slot[4 + k] = static_cast<unsigned char>(last_ >> (56 - 8 * k));
      MDB_val key{sizeof slot, slot};
      MDB_val value{record_.size(), record_.data()};
      check(mdb_put(txn, events_, &key, &value, MDB_APPEND));
      MDB_val arrival{8, slot + 4};
      check(mdb_put(txn, arrivals_, &arrival, &key, MDB_APPEND));
    }
    check(mdb_txn_commit(txn));
  }

 private:
  Folder folder_;
  std::string record_;
  MDB_env* env_ = nullptr;
  MDB_dbi events_ = 0;
  MDB_dbi arrivals_ = 0;
  std::uint64_t last_ = 0;
};

// A TLS 1.3 connection over loopback by OpenSSL alone; `serve` has the other end on its own thread.
class BareTls {
 public:
  explicit BareTls(const std::function<void(SSL*)>& serve) {
    std::array<std::uint8_t, peer::seed_bytes> seed{};
    identity_ = std::make_unique<peer::Identity>(*peer::Identity::from_seed(seed));
    context_ = SSL_CTX_new(TLS_method());
    SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION);
    SSL_CTX_use_certificate(context_, identity_->x509());
    SSL_CTX_use_PrivateKey(context_, identity_->key());
    Fd listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    if (::bind(listener.get(), address, size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), address, &size) != 0) {
      fail("bare TLS");
    }
    here_ = connect_tcp(ntohs(at.sin_port));
    there_ = Fd(::accept(listener.get(), nullptr, nullptr));
    const int on = 1;
    ::setsockopt(there_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    thread_ = std::thread([this, serve] {
      pin(Role::server);
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, there_.get());
      if (SSL_accept(ssl) == 1) serve(ssl);
      SSL_free(ssl);
    });
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, here_.get());
    if (SSL_connect(ssl_) != 1) throw std::runtime_error("bare TLS did not connect");
  }
  ~BareTls() {
    ::shutdown(here_.get(), SHUT_RDWR);
    thread_.join();
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  BareTls(const BareTls&) = delete;
  BareTls& operator=(const BareTls&) = delete;
  SSL* get() { return ssl_; }

 private:
  std::unique_ptr<peer::Identity> identity_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  Fd here_;
  Fd there_;
  std::thread thread_;
};

// Seconds to copy so many bytes.
double tls_copy(std::size_t bytes) {
  BareTls tls([bytes](SSL* ssl) {
    std::string piece(64 * 1024, '\0');
    std::size_t got = 0;
    while (got < bytes) {
      const int n = SSL_read(ssl, piece.data(), static_cast<int>(piece.size()));
      if (n <= 0) return;
      got += static_cast<std::size_t>(n);
    }
    SSL_write(ssl, "k", 1);
  });
  const std::string piece(64 * 1024, 'x');
  const double begun = now_s();
  for (std::size_t sent = 0; sent < bytes; sent += piece.size()) {
    SSL_write(tls.get(), piece.data(), static_cast<int>(std::min(piece.size(), bytes - sent)));
  }
  char done = 0;
  SSL_read(tls.get(), &done, 1);
  return now_s() - begun;
}

// --- the figures -------------------------------------------------------------------------------

// A new peer checks, writes and receives in threads of its own, so here nothing is pinned.
void catch_up(Figures& figures, std::size_t events) {
  unpin();
  const std::size_t bytes = events * record_of(new_event()).size();
  const Folder folder;
  Pair pair(folder, false);
  pair.fill(events);
  int turn = 0;
  const auto runs =
      in_turns(sizes(3, 5),
               {{"deskmate",
                 [&] {
                   // Another new peer each time; a keeps what it has.
                   pair.b.reset();
                   const auto options = options_at(folder, ("b" + std::to_string(++turn)).c_str());
                   const auto& desk = pair.a->store();
                   if (!storage::create_joined(options, desk.log().desk, desk.pseudonym_key())) {
                     throw std::runtime_error("no new peer");
                   }
                   pair.b = std::make_unique<PeerMachine>(good(storage::Store::open(options)));
                   const double begun = now_s();
                   pair.link();
                   wait([&] { return pair.b->has(pair.a->store().log()) == events; }, 600);
                   return static_cast<double>(events) / (now_s() - begun);
                 }},
                {"tls", [&] { return static_cast<double>(events) / tls_copy(bytes); }},
                {"lmdb", [&] {
                   BareLmdb lmdb;
                   const double begun = now_s();
                   for (std::size_t done = 0; done < events; done += storage::batch_events_max) {
                     lmdb.commit(std::min(storage::batch_events_max, events - done));
                   }
                   return static_cast<double>(events) / (now_s() - begun);
                 }}});
  std::vector<double> slower;
  for (std::size_t i = 0; i < runs[1].size(); ++i) {
    slower.push_back(std::min(runs[1][i], runs[2][i]));
  }
  figures.add("peers.catch_up", "events/s", runs[0], "tls-or-lmdb", slower, at_least(0.5));
  pin(Role::client);
}

void one_event(Figures& figures) {
  const Folder folder;
  Pair pair(folder);
  pair.link();
  wait([&] { return pair.a->sees(pair.b->id()) && pair.b->sees(pair.a->id()); });
  BareTls tls([](SSL* ssl) {
    char bytes[payload_bytes];
    while (SSL_read(ssl, bytes, sizeof bytes) > 0) SSL_write(ssl, bytes, sizeof bytes);
  });
  BareLmdb lmdb;
  const auto runs =
      in_turns(9, {{"deskmate",
                    [&] {
                      return 1e6 * median_time(1, [&] {
                               const auto& log = pair.a->store().log();
                               const auto upto = pair.a->has(log) + 1;
                               pair.a->append({new_event()});
                               const double end = now_s() + wait_s_max;
                               while (pair.b->has(log) < upto) {
                                 if (now_s() > end)
                                   throw std::runtime_error("an event did not come");
                                 std::this_thread::yield();
                               }
                             });
                    }},
                   {"ping-pong",
                    [&] {
                      return 1e6 * median_time(1, [&] {
                               char bytes[payload_bytes] = {};
                               SSL_write(tls.get(), bytes, sizeof bytes);
                               SSL_read(tls.get(), bytes, sizeof bytes);
                             });
                    }},
                   {"commit", [&] { return 1e6 * median_time(1, [&] { lmdb.commit(1); }); }}});
  figures.add("peers.one_event", "us", runs[0], "tls+2commits", sum(runs[1], times(runs[2], 2)),
              at_most(3));
}

// An event as the desk writes them; ids are drawn, since a line that packs would else look better
// than it is.
storage::NewEvent desk_event(const char* type, Value facts) {
  storage::NewEvent event;
  event.type = type;
  event.stamp = utc_ms() << 16;
  event.facts = encode(std::move(facts));
  return event;
}

// What messages leave in the log: themselves sealed, the assignment, the reply and its outcome.
std::vector<storage::NewEvent> backlog_of(std::size_t chats) {
  std::mt19937_64 random(1);
  const auto id = [&random] {
    storage::Id16 made{};
    const std::uint64_t halves[] = {random(), random()};
    std::memcpy(made.data(), halves, sizeof halves);
    return made;
  };
  std::vector<storage::NewEvent> backlog;
  for (std::size_t i = 0; i < chats; ++i) {
    const auto thread = id();
    const auto buyer = id();
    const auto message = id();
    const auto as_bin = [](const storage::Id16& of) { return Value::bin(of); };
    backlog.push_back(desk_event(
        "message.received", Value::map({{"shop", "mail"},
                                        {"thread", as_bin(thread)},
                                        {"buyer", as_bin(buyer)},
                                        {"message", as_bin(message)},
                                        {"at", utc_ms() + i},
                                        {"contacts", Value::array({as_bin(id()), as_bin(id())})},
                                        {"mentions", Value::array({as_bin(id())})},
                                        {"files", 0}})));
    backlog.back().body = encode(Value::map({{"text", std::string(400, 't')}}));
    backlog.back().buyer = buyer;
    backlog.push_back(desk_event(
        "chat.assigned",
        Value::map({{"chat", as_bin(thread)},
                    {"visit", as_bin(message)},
                    {"number", i},
                    {"member", i % 4 == 2 ? 2 : 1},
                    {"why", Value::map({{"rule", "weight"}, {"served", i}, {"weight", 3}})},
                    {"shares", Value::array({Value::array({1, 3}), Value::array({2, 1})})}})));
    backlog.push_back(desk_event("reply.requested", Value::map({{"chat", as_bin(thread)},
                                                                {"shop", "mail"},
                                                                {"thread", as_bin(thread)},
                                                                {"buyer", as_bin(buyer)},
                                                                {"member", 1},
                                                                {"to_message", as_bin(message)}})));
    backlog.push_back(desk_event("reply.done", Value::map({{"request", as_bin(id())},
                                                           {"kind", "reply"},
                                                           {"attempt", 1},
                                                           {"chat", as_bin(thread)},
                                                           {"message", as_bin(id())}})));
  }
  return backlog;
}

void slow_line(Figures& figures) {
  const Folder folder;
  Pair pair(folder);
  SlowLine line(static_cast<std::uint16_t>(pair.a->address().port), line_bytes_per_s, line_delay_s);
  const auto backlog = backlog_of(backlog_chats);
  for (std::size_t at = 0; at < backlog.size(); at += batch) {
    const auto begin = backlog.begin() + static_cast<std::ptrdiff_t>(at);
    pair.a->append(
        {begin, begin + static_cast<std::ptrdiff_t>(std::min(batch, backlog.size() - at))});
  }
  const double begun = now_s();
  pair.a->know(pair.b->id(), {});
  pair.b->know(pair.a->id(), {line.address()});
  wait([&] { return pair.a->sees(pair.b->id()) && pair.b->sees(pair.a->id()); });
  pair.b->append({new_event()});
  wait([&] { return pair.b->acked_by(pair.a->id()) == 1; });
  const double usable = now_s() - begun;
  wait(
      [&] {
        return pair.b->has(pair.a->store().log()) == backlog.size() &&
               pair.b->store().awaited_count() == 0;
      },
      300);
  const double complete = now_s() - begun;
  figures.add("peers.slow_line.usable", "s", usable, "5s", 5, at_most(1));
  figures.add("peers.slow_line.complete", "s", complete, "60s", 60, at_most(1));
}

// A message of a new chat: folded, decided, the assignment folded.
class Routing {
 public:
  explicit Routing(std::size_t chats) : world_(1) {
    world_.member(1, 1, 3);
    world_.member(1, 2, 1);
    while (last_ < chats) one();
  }
  void one() {
    const std::string chat = "chat " + std::to_string(++last_);
    world_.receive(1, chat, "message of " + chat);
    ++world_.now_ms;
    if (!world_.decide(1)) throw std::runtime_error("a chat was not routed");
  }

 private:
  desk::PeersWorld world_;
  std::size_t last_ = 0;
};

void routing(Figures& figures) {
  std::vector<std::pair<std::string, std::size_t>> wanted = {{"1e3", 1'000}, {"1e5", 100'000}};
  if (full()) wanted.emplace_back("1e6", 1'000'000);
  std::vector<std::unique_ptr<Routing>> desks;
  std::vector<Side> sides;
  for (const auto& [name, chats] : wanted) {
    desks.push_back(std::make_unique<Routing>(chats));
    sides.push_back({name, [desk = desks.back().get()] {
                       return 1e6 * median_time(0.5, [desk] { desk->one(); });
                     }});
  }
  const auto runs = in_turns(5, sides);
  for (std::size_t i = 1; i < sides.size(); ++i) {
    figures.add("peers.routing." + sides[i].name, "us/chat", runs[i], "1e3", runs[0], at_most(1.5));
  }
}

// part: "routing", "one-event", "catch-up" or "slow-line" alone, the third with so many events;
// empty: all.
void measure(std::string_view part, std::size_t events) {
  pin(Role::client);
  Figures figures;
  if (part.empty() || part == "routing") routing(figures);
  if (part.empty() || part == "one-event") one_event(figures);
  if (part.empty() || part == "catch-up") catch_up(figures, events);
  if (part.empty() || part == "slow-line") slow_line(figures);
}

}  // namespace
}  // namespace deskmate::bench

// peers_bench [PART [EVENTS]]
int main(int count, char** arguments) {
  try {
    deskmate::bench::measure(count > 1 ? arguments[1] : "",
                             count > 2 ? std::stoull(arguments[2]) : 1'000'000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peers_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}

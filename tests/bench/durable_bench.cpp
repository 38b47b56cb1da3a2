// What it costs to have an event on disk before it is acknowledged: the installed daemon against
// bare LMDB with the same flags and against NATS JetStream, on quick and on slow disks.
#include <lmdb.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/event.hpp"
#include "storage/event_bytes.hpp"
#include "tests/bench/desk.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/wire.hpp"

namespace deskmate::bench {
namespace {

constexpr int writers = 64;
constexpr int window = 4;                // unanswered of each writer
constexpr int batch = writers * window;  // so many wait at once: the most that one commit can take
constexpr std::size_t map_bytes = std::size_t{8} << 30;

void check(int number) {
  if (number != MDB_SUCCESS) throw std::runtime_error(mdb_strerror(number));
}

// The store's writes by hand: for each event the record by log and number, and its place by
// arrival.
class BareLmdb {
 public:
  BareLmdb() {
    const std::string facts = encode(new_event()["facts"]);
    storage::HeaderView header;
    header.type = event_type;
    header.facts = facts;
    storage::append_header(record_, header);
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

  // Seconds for `commits` commits of `events` events.
  double run(int commits, int events) {
    const double begun = now_s();
    for (int i = 0; i < commits; ++i) {
      MDB_txn* txn = nullptr;
      check(mdb_txn_begin(env_, nullptr, 0, &txn));
      for (int k = 0; k < events; ++k) put(txn);
      check(mdb_txn_commit(txn));
    }
    return now_s() - begun;
  }

 private:
  static void number_into(unsigned char* out, std::uint64_t number) {
    for (int i = 0; i < 8; ++i) out[i] = static_cast<unsigned char>(number >> (56 - 8 * i));
  }

  void put(MDB_txn* txn) {
    ++last_;
    unsigned char slot[12] = {0, 0, 0, 1};
    unsigned char arrival[8];
    number_into(slot + 4, last_);
    number_into(arrival, last_);
    MDB_val key{sizeof slot, slot};
    MDB_val value{sizeof arrival + record_.size(), nullptr};
    check(mdb_put(txn, events_, &key, &value, MDB_APPEND | MDB_RESERVE));
    std::memcpy(value.mv_data, arrival, sizeof arrival);
    std::memcpy(static_cast<char*>(value.mv_data) + sizeof arrival, record_.data(), record_.size());
    MDB_val place{sizeof arrival, arrival};
    MDB_val where{sizeof slot, slot};
    check(mdb_put(txn, arrivals_, &place, &where, MDB_APPEND));
  }

  Folder folder_;
  std::string record_;
  MDB_env* env_ = nullptr;
  MDB_dbi events_ = 0;
  MDB_dbi arrivals_ = 0;
  std::uint64_t last_ = 0;
};

// One stream on file. Acknowledged once the server has it, which is before its disk has: it syncs
// every two minutes unless told otherwise, and this version cannot be told "always".
class JetStream {
 public:
  JetStream() : client_(server_.port()) {
    client_.subscribe("_INBOX.bench");
    client_.publish("$JS.API.STREAM.CREATE.BENCH",
                    R"({"name":"BENCH","subjects":["bench.event"],"storage":"file",)"
                    R"("retention":"limits","num_replicas":1})",
                    "_INBOX.bench");
    client_.flush();
    client_.message();
    if (client_.payload().find("\"error\"") != std::string_view::npos) {
      throw std::runtime_error("JetStream: " + std::string(client_.payload()));
    }
  }

  // Seconds for `events` events, `unanswered` at a time, on one connection.
  double run(int events, int unanswered) {
    const std::string payload(payload_bytes, 'x');
    int asked = 0;
    int answered = 0;
    const double begun = now_s();
    while (answered < events) {
      for (; asked < events && asked - answered < unanswered; ++asked) {
        client_.publish(event_type, payload, "_INBOX.bench");
      }
      client_.flush();
      answered += client_.messages();
    }
    return now_s() - begun;
  }

 private:
  NatsServer server_;
  NatsClient client_;
};

// The bytes of one append and of its answer, for a ping-pong of the same size.
PingPong same_size_ping_pong() {
  constexpr std::size_t around_event = 80;  // request and event around the facts
  constexpr std::size_t answer_bytes = 45;
  return {payload_bytes + around_event, answer_bytes};
}

// Where LMDB runs: as a server.
double as_server(const std::function<double()>& work) {
  pin(Role::server);
  const double value = work();
  pin(Role::client);
  return value;
}

std::vector<DeskClient> clients_of(const Desk& desk, int count) {
  std::vector<DeskClient> clients;
  for (int i = 0; i < count; ++i) clients.emplace_back(desk.socket());
  return clients;
}

void quick_disk() {
  Figures figures;
  const int rounds = sizes(11, 31);
  Desk desk;
  BareLmdb lmdb;
  const double slice = sizes(0.15, 0.5);  // seconds of one side of a round
  const int many = sizes(10'240, 51'200);
  PingPong ping_pong = same_size_ping_pong();
  JetStream nats;
  DeskClient one(desk.socket());
  std::vector<DeskClient> all = clients_of(desk, writers);

  const auto single = in_turns(
      rounds,
      {{"deskmate", [&] { return median_time(slice, [&] { append_one(one); }) * 1e6; }},
       {"lmdb",
        [&] {
          return as_server([&] { return median_time(slice, [&] { lmdb.run(1, 1); }) * 1e6; });
        }},
       {"ping-pong", [&] { return median_time(slice, [&] { ping_pong.run(); }) * 1e6; }},
       {"jetstream", [&] { return median_time(slice, [&] { nats.run(1, 1); }) * 1e6; }}});
  figures.add("durable.one_event", "us", single[0], "bare-lmdb+ping-pong",
              sum(single[1], single[2]), at_most(1.3));
  const char* const names[] = {"", "lmdb", "ping-pong", "JetStream, one publisher"};
  for (std::size_t part = 1; part < single.size(); ++part) {
    figures.note("durable.one_event: " + std::string(names[part]) + ' ' +
                 std::to_string(spread_of(single[part]).median) + " us");
  }

  const auto rate = in_turns(
      rounds,
      {{"deskmate", [&] { return many / append_all(all, many, window); }},
       {"lmdb", [&] { return as_server([&] { return many / lmdb.run(many / batch, batch); }); }},
       {"async", [&] { return many / nats.run(many, batch); }},
       {"sync", [&] { return 1 / median_time(slice, [&] { nats.run(1, 1); }); }}});
  figures.add("durable.64_writers", "events/s", rate[0], "bare-lmdb-256-a-commit", rate[1],
              at_least(0.3));
  figures.add("durable.64_writers", "events/s", rate[0], "nats-jetstream-async", rate[2],
              at_least(1));
  figures.add("durable.64_writers", "events/s", rate[0], "nats-jetstream-sync", rate[3],
              at_least(8));
  figures.note("JetStream acknowledges before its disk has the event; deskmate and LMDB after");
}

void slow_disk(const std::string& ms) {
  Figures figures;
  const int rounds = sizes(5, 15);
  const double slice = sizes(0.3, 1.0);  // seconds of one side of a round
  const int many = sizes(batch * 20, batch * 60);
  Desk desk;
  BareLmdb lmdb;
  PingPong ping_pong = same_size_ping_pong();
  DeskClient one(desk.socket());
  std::vector<DeskClient> all = clients_of(desk, writers);
  const std::string name = "durable.flush_" + ms + "ms.";

  const auto single = in_turns(
      rounds,
      {{"deskmate", [&] { return median_time(slice, [&] { append_one(one); }) * 1e6; }},
       {"lmdb",
        [&] {
          return as_server([&] { return median_time(slice, [&] { lmdb.run(1, 1); }) * 1e6; });
        }},
       {"ping-pong", [&] { return median_time(slice, [&] { ping_pong.run(); }) * 1e6; }}});
  figures.add(name + "one_event", "us", single[0], "bare-lmdb+ping-pong", sum(single[1], single[2]),
              at_most(1.3));
  const auto rate = in_turns(
      rounds,
      {{"deskmate", [&] { return many / append_all(all, many, window); }},
       {"lmdb", [&] { return as_server([&] { return many / lmdb.run(many / batch, batch); }); }}});
  figures.add(name + "64_writers", "events/s", rate[0], "bare-lmdb-256-a-commit", rate[1],
              at_least(0.9));
}

// This program again, with the disk made slow for it and for the daemon that it starts.
void run_slowly(const char* ms) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe");
  const std::string library = beside_this_program("libslow_flush.so");
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid < 0) fail("fork");
  if (pid == 0) {
    ::setenv("LD_PRELOAD", library.c_str(), 1);
    ::setenv("DESKMATE_SLOW_FLUSH_US", (std::string(ms) + "000").c_str(), 1);
    ::execl(self.c_str(), self.c_str(), ms, nullptr);
    ::_exit(127);
  }
  int status = 0;
  if (::waitpid(pid, &status, 0) != pid || status != 0) {
    throw std::runtime_error("the measurement with slow flushes has failed");
  }
}

int run(int count, char** arguments) {
  // The affinity that everything is derived from is read before it is changed.
  pin(Role::client);
  if (count > 1) {
    slow_disk(arguments[1]);
    return 0;
  }
  Figures().note("peers: " + NatsServer::version() + "; " + mdb_version(nullptr, nullptr, nullptr));
  quick_disk();
  run_slowly("1");
  run_slowly("5");
  return 0;
}

}  // namespace
}  // namespace deskmate::bench

int main(int count, char** arguments) {
  try {
    return deskmate::bench::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}

// Reading the log: an event decoded into what the fold needs, the tables made anew from all events,
// a plugin's process that catches up from the beginning.
#include <lmdb.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <msgpack.hpp>
#include <new>
#include <string>
#include <vector>

#include "core/bus/asio_loop.hpp"
#include "core/bus/bus.hpp"
#include "core/bus/reader_hub.hpp"
#include "core/daemon/event_source.hpp"
#include "core/daemon/journal.hpp"
#include "core/desk/facts.hpp"
#include "core/host/supervisor.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/shop_log.hpp"

namespace {
std::atomic<std::uint64_t> allocations = 0;
}

void* operator new(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace deskmate::bench {
namespace {

constexpr std::size_t decoded_events = 50'000;
constexpr int rounds = 7;
constexpr std::size_t socket_piece = 64 * 1024;  // bytes of a bare write: a batch of events

struct Read {
  std::string type;
  std::string facts;
};

std::vector<Read> some_events(storage::Store& store) {
  std::vector<Read> out;
  const auto read = store.read(0, decoded_events, false, [&](const storage::StoredEvent& event) {
    out.push_back({std::string(event.header.type), std::string(event.header.facts)});
    return true;
  });
  if (read.has_error()) throw std::runtime_error(read.error().message);
  return out;
}

// The bare visitor: goes through everything and counts.
struct Counter : msgpack::null_visitor {
  std::uint64_t seen = 0;
  bool visit_positive_integer(std::uint64_t) { return ++seen > 0; }
  bool visit_str(const char*, std::uint32_t) { return ++seen > 0; }
  bool visit_bin(const char*, std::uint32_t) { return ++seen > 0; }
};

std::uint64_t visit(std::string_view bytes) {
  Counter counter;
  std::size_t offset = 0;
  if (!msgpack::parse(bytes.data(), bytes.size(), offset, counter)) {
    throw std::logic_error("facts that are not msgpack");
  }
  return counter.seen;
}

// What the fold reads of each type (core/desk/fold_chat.cpp, fold_request.cpp).
bool read_facts(std::string_view type, View map) {
  desk::Facts facts(map);
  if (type == "message.received") {
    facts.name("shop");
    facts.id("thread");
    facts.id("buyer");
    facts.id("message");
    facts.uint("at");
    facts.flag_if("auto");
    facts.ids("contacts");
    facts.ids("mentions");
    facts.u32_if("files");
  } else if (type == "chat.assigned") {
    facts.id("chat");
    facts.member("member");
    facts.u32_if("number");
    for (const View item : facts.raw("shares")) {
      facts.require(item[0].as_uint() >= 1 && item[1].as_uint() >= 1);
    }
  } else if (type == "reply.requested") {
    facts.name("shop");
    facts.id_if("chat");
    facts.id_if("order");
    facts.u32_if("member");
    facts.int_if("amount");
    facts.id_if("buyer");
    facts.name_if("auto");
  } else if (type == "reply.attempted" || type == "reply.done") {
    facts.id("request");
    facts.name("kind");
    facts.u32_if("attempt");
    facts.flag_if("again");
    facts.uint_if("after_ms");
    facts.id_if("message");
  } else if (type == "chat.closed") {
    facts.id("chat");
    facts.u32_if("member");
  }
  return facts.ok();
}

void decoding(Figures& figures) {
  const auto store = open_store(FolderCopy(shop_folder(100'000)).path());
  const std::vector<Read> events = some_events(*store);
  std::uint64_t counted = 0;
  const auto rate = [&](double start) {
    return static_cast<double>(events.size()) / (now_s() - start);
  };
  Document document;
  const auto ours = [&] {
    const double start = now_s();
    for (const Read& event : events) {
      if (!document.parse(event.facts) || !read_facts(event.type, document.root())) {
        throw std::logic_error("an event that cannot be read: " + event.type);
      }
    }
    return rate(start);
  };
  const auto theirs = [&] {
    const double start = now_s();
    for (const Read& event : events) counted += visit(event.facts);
    return rate(start);
  };
  const auto runs = in_turns(rounds, {{"deskmate", ours}, {"visitor", theirs}});
  figures.add("reading.decode", "events/s", runs[0], "msgpack-visitor", runs[1], at_least(0.4));
  figures.note(
      "reading.decode: half is parsing into nodes (the visitor keeps nothing), half looking up "
      "the fields by name, each through all members");

  const std::uint64_t before = allocations;
  ours();
  const auto each = static_cast<double>(allocations - before) / static_cast<double>(events.size());
  // A copy of a text or of the facts would be one at least.
  figures.add("reading.decode-allocations", "per-event", each, "one-copy", 1, at_most(0.999));
}

// Bytes and events of the log as LMDB has them, without anything of ours between.
std::pair<double, std::uint64_t> bare_scan(const std::string& folder) {
  MDB_env* env = nullptr;
  mdb_env_create(&env);
  mdb_env_set_maxdbs(env, 16);
  mdb_env_set_mapsize(env, std::size_t{1} << 40);
  if (mdb_env_open(env, folder.c_str(), MDB_RDONLY | MDB_NOLOCK, 0600) != MDB_SUCCESS) {
    throw std::runtime_error("the log cannot be opened: " + folder);
  }
  const double start = now_s();
  MDB_txn* txn = nullptr;
  MDB_dbi events = 0;
  MDB_cursor* cursor = nullptr;
  mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn);
  mdb_dbi_open(txn, "events", 0, &events);
  mdb_cursor_open(txn, events, &cursor);
  MDB_val key{};
  MDB_val value{};
  std::uint64_t count = 0;
  std::uint64_t seen = 0;
  constexpr std::size_t arrival_bytes = 8;
  while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
    const std::string_view bytes(static_cast<const char*>(value.mv_data), value.mv_size);
    const auto header = storage::decode_header(bytes.substr(arrival_bytes));
    if (!header) throw std::runtime_error("a header: " + header.error().message);
    seen += visit(header->facts);
    ++count;
  }
  const double took = now_s() - start;
  mdb_cursor_close(cursor);
  mdb_txn_abort(txn);
  mdb_env_close(env);
  if (seen == 0) throw std::runtime_error("nothing to scan");
  return {took, count};
}

void rebuilding(Figures& figures, std::uint64_t size) {
  const FolderCopy copy(shop_folder(size));
  std::vector<double> ours;
  std::vector<double> theirs;
  {
    const auto store = open_store(copy.path());
    clear_tables(*store);
    const double start = now_s();
    bring_up_to_date(*store);
    ours.push_back(static_cast<double>(store->last_arrival()) / (now_s() - start));
  }
  std::vector<double> bare;
  for (int round = 0; round < 3; ++round) {
    const auto [took, count] = bare_scan(copy.path());
    bare.push_back(static_cast<double>(count) / took);
  }
  theirs.push_back(spread_of(bare).median);
  figures.add("reading.rebuild", "events/s", ours, "scan+decode", theirs, at_least(0.5));
}

// The same bytes in pieces from one process to another over a Unix socket.
double bare_socket(const std::string& bytes, std::size_t repeat) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("socketpair");
  const pid_t child = fork();
  if (child == 0) {
    pin(Role::client);
    close(ends[0]);
    std::vector<char> buffer(socket_piece);
    std::uint64_t got = 0;
    for (ssize_t n = 0; (n = read(ends[1], buffer.data(), buffer.size())) > 0;) {
      got += static_cast<std::uint64_t>(n);
    }
    const bool whole = got == bytes.size() * repeat;
    _exit(whole ? 0 : 1);
  }
  close(ends[1]);
  const double start = now_s();
  for (std::size_t i = 0; i < repeat; ++i) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t n =
          write(ends[0], bytes.data() + at, std::min(socket_piece, bytes.size() - at));
      if (n <= 0) throw std::runtime_error("write");
      at += static_cast<std::size_t>(n);
    }
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("the other end did not get everything");
  return now_s() - start;
}

// A plugin in its own process that reads everything, with bodies, from the beginning.
struct CatchUp {
  double took = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;  // of facts and bodies
};

CatchUp catch_up(storage::Store& store, const std::string& name) {
  namespace asio = boost::asio;
  asio::io_context context;
  bus::AsioLoop loop(context);
  bus::Bus bus(loop);
  daemon::StoreSource source(loop, store, [&] { return store.last_arrival(); });
  bus::ReaderHub hub(loop, source);
  hub.serve(bus);
  host::HttpService http(loop);
  const host::Secrets secrets(std::filesystem::temp_directory_path());  // it has none
  const char* build = std::getenv("DESKMATE_BUILD");
  const std::filesystem::path root = build != nullptr ? build : ".build/release";
  host::SupervisorOptions options;
  options.plugin_host = root / "bin/deskmate-plugin-host";
  std::string why;
  host::SupervisorHooks hooks;
  hooks.on_change = [&](const host::Change& change) {
    if (change.state != "started") why = change.reason.en;
  };
  hooks.on_log = [&](const host::LogLine& line) { why = line.text; };
  CatchUp out;
  bool told = false;
  bus.method("kv.put", [&](const bus::Call& call, bus::Answer answer) {
    const auto said = decode(call.params["value"].as_bin());
    out.events = (*said)["events"].as_uint();
    out.bytes = (*said)["bytes"].as_uint();
    told = true;
    answer.ok(nullptr);
  });
  double took = 0;
  {
    host::Supervisor plugins(loop, bus, http, secrets, options, hooks);
    host::InstanceConfig config;
    config.name = name;
    config.folder = root / "plugins/bench-reader";
    config.settings = Value::map({{"last", store.last_arrival()}});
    const double start = now_s();
    if (auto added = plugins.add(config); !added) throw std::runtime_error(added.error().message);
    while (!told) {
      context.run_one_for(std::chrono::seconds(1));
      if (!why.empty()) throw std::runtime_error("bench-reader: " + why);
      if (now_s() - start > 300) throw std::runtime_error("bench-reader is not done");
    }
    took = now_s() - start;
    why.clear();
    bool stopped = false;
    plugins.stop_all([&] { stopped = true; });
    while (!stopped) context.run_one_for(std::chrono::seconds(1));
  }
  // What the readers' cursors still have at the writer answers to this loop.
  wait_for_writer(store);
  out.took = took;
  return out;
}

void catching_up(Figures& figures, std::uint64_t size) {
  const FolderCopy copy(shop_folder(size));
  const auto store = open_store(copy.path());
  std::vector<double> ours;
  std::vector<double> theirs;
  for (int round = 0; round < 3; ++round) {
    const CatchUp run = catch_up(*store, "reader-" + std::to_string(round));
    ours.push_back(static_cast<double>(run.events) / run.took);
    const double bare = bare_socket(std::string(socket_piece, 'x'), run.bytes / socket_piece + 1);
    theirs.push_back(static_cast<double>(run.events) / bare);
  }
  figures.add("reading.catch-up", "events/s", ours, "unix-socket", theirs, at_least(0.3));
}

// part: "decode", "rebuild" or "catch-up" alone, with so many events; empty: all.
void measure(std::string_view part, std::uint64_t size) {
  Figures figures;
  pin(Role::server);
  if (part.empty() || part == "decode") decoding(figures);
  if (part.empty() || part == "rebuild") rebuilding(figures, size);
  if (part.empty() || part == "catch-up") catching_up(figures, size);
}

}  // namespace
}  // namespace deskmate::bench

// reading_bench [PART [EVENTS]]
int main(int count, char** arguments) {
  try {
    const std::uint64_t usual = deskmate::bench::sizes<std::uint64_t>(1'000'000, 10'000'000);
    deskmate::bench::measure(count > 1 ? arguments[1] : "",
                             count > 2 ? std::stoull(arguments[2]) : usual);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "reading_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}

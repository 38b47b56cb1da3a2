// Used by this folder's tests: a folder that goes away, and stores that are waited for.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <vector>

#include "storage/bytes.hpp"
#include "storage/database.hpp"
#include "storage/hooks.hpp"
#include "storage/migrate.hpp"
#include "storage/store.hpp"

namespace deskmate::storage::testing {

inline constexpr std::chrono::seconds patience{20};

class TempFolder {
 public:
  TempFolder() {
    // In memory where there is such a place: hundreds of syncs then take no time.
    std::string pattern = "/dev/shm/deskmate-XXXXXX";
    if (::access("/dev/shm", W_OK) != 0) {
      pattern = (std::filesystem::temp_directory_path() / "deskmate-XXXXXX").string();
    }
    path_ = ::mkdtemp(pattern.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline Options options_for(const std::string& folder) {
  Options options;
  options.folder = folder;
  options.initial_map_bytes = 1u << 20;
  options.passphrase_cost = {1, 64};
  return options;
}

// The value, or the test fails with the error's message.
template <class T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
  return std::move(*result);
}
inline void must(const Result<void>& result) {
  if (!result) {
    ADD_FAILURE() << result.error().message;
    throw std::runtime_error(result.error().message);
  }
}

inline std::unique_ptr<Store> open_at(const std::string& folder, const Hooks& hooks = {}) {
  return must(open_store(options_for(folder), hooks));
}

// The next commit fails with that number; 0: it works.
inline Hooks failing_once(std::atomic<int>& number) {
  Hooks hooks;
  hooks.before_commit = [&number] { return number.exchange(0); };
  return hooks;
}
// So many commits find no room in the map.
inline Hooks full_map(std::atomic<int>& times) {
  Hooks hooks;
  hooks.before_commit = [&times] { return times-- > 0 ? MDB_MAP_FULL : 0; };
  return hooks;
}

inline Id16 buyer_of(std::uint8_t number) {
  Id16 id{};
  id.fill(number);
  return id;
}

inline NewEvent event_of(std::string facts, std::string body = {}, std::uint8_t buyer = 0) {
  NewEvent event;
  event.type = "message.received";
  event.stamp = 1700000000000ULL << 16;
  event.facts = std::move(facts);
  event.body = std::move(body);
  if (buyer != 0) event.buyer = buyer_of(buyer);
  return event;
}

template <class T>
T wait_for(std::future<T> future) {
  if (future.wait_for(patience) != std::future_status::ready) {
    throw std::runtime_error("nothing came back in time");
  }
  return future.get();
}

inline Result<std::vector<Appended>> try_append(Store& store, std::vector<NewEvent> events,
                                                std::optional<CursorMove> cursor = {}) {
  auto promise = std::make_shared<std::promise<Result<std::vector<Appended>>>>();
  auto future = promise->get_future();
  store.append(std::move(events), std::move(cursor), [promise](Result<std::vector<Appended>> done) {
    promise->set_value(std::move(done));
  });
  return wait_for(std::move(future));
}

inline std::vector<Appended> append(Store& store, std::vector<NewEvent> events,
                                    std::optional<CursorMove> cursor = {}) {
  return must(try_append(store, std::move(events), std::move(cursor)));
}

// Calls work with a Done and waits for what it says.
template <class Work>
Result<void> await_done(const Work& work) {
  auto promise = std::make_shared<std::promise<Result<void>>>();
  auto future = promise->get_future();
  work([promise](Result<void> done) { promise->set_value(std::move(done)); });
  return wait_for(std::move(future));
}

// Holds the writer thread inside a callback until released or out of scope, so that what is
// submitted meanwhile waits.
class HeldWriter {
 public:
  explicit HeldWriter(Store& store) {
    auto held = std::make_shared<std::promise<void>>();
    auto is_held = held->get_future();
    store.append({event_of("hold")}, [held, until = released_.get_future().share()](
                                         const Result<std::vector<Appended>>&) {
      held->set_value();
      until.wait();
    });
    wait_for(std::move(is_held));
  }
  HeldWriter(const HeldWriter&) = delete;
  HeldWriter& operator=(const HeldWriter&) = delete;
  ~HeldWriter() { release(); }
  void release() {
    if (!done_) released_.set_value();
    done_ = true;
  }

 private:
  std::promise<void> released_;
  bool done_ = false;
};

struct ReadEvent {
  std::uint64_t arrival;
  LogKey key;
  std::string facts;
  std::string record;
  std::string body;
};

inline std::vector<ReadEvent> read_all(Store& store, std::uint64_t after = 0,
                                       bool with_bodies = true) {
  std::vector<ReadEvent> events;
  must(store.read(after, ~std::size_t{0}, with_bodies, [&](const StoredEvent& event) {
    events.push_back({event.arrival, event.key, std::string(event.header.facts),
                      std::string(event.record), std::string(event.body)});
    return true;
  }));
  return events;
}

inline std::optional<std::string> open_body_at(Store& store, std::uint64_t arrival) {
  std::optional<std::string> body;
  must(store.read(arrival - 1, 1, true, [&](const StoredEvent& event) {
    body = must(store.open_body(event));
    return true;
  }));
  return body;
}

// Changes a closed store's database behind its back.
inline void tamper(const std::string& folder,
                   const std::function<void(MDB_txn*, const Databases&)>& work) {
  auto database = must(Database::open(folder, 1u << 20, format_version));
  auto txn = must(database->write());
  work(txn.get(), database->databases());
  ASSERT_EQ(txn.commit(), MDB_SUCCESS);
}

}  // namespace deskmate::storage::testing

// Used by this folder's tests: a desk of two stores, and logs signed by whoever the test likes.
#pragma once

#include "storage/hash.hpp"
#include "storage/identity.hpp"
#include "storage/test_support.hpp"

namespace deskmate::storage::testing {

inline Result<Arrived> try_stretch(Store& store, Stretch stretch) {
  auto promise = std::make_shared<std::promise<Result<Arrived>>>();
  auto future = promise->get_future();
  store.append_stretch(std::move(stretch),
                       [promise](Result<Arrived> done) { promise->set_value(std::move(done)); });
  return wait_for(std::move(future));
}

inline Errc stretch_error(Store& store, Stretch stretch) {
  auto done = try_stretch(store, std::move(stretch));
  if (!done) return done.error().code;
  throw std::runtime_error("a stretch was taken");
}

inline Stretch next_stretch(Store& store, const LogName& log, std::uint64_t after,
                            std::size_t max_bytes = 1u << 20) {
  return must(store.read_stretch(log, after, max_bytes)).value();
}

inline std::uint64_t seq_of(const Store& store, const LogName& log) {
  for (const LogTip& tip : store.frontier()) {
    if (tip.log == log) return tip.seq;
  }
  return 0;
}

inline void copy_log(Store& from, Store& to, const LogName& log) {
  while (auto stretch = must(from.read_stretch(log, seq_of(to, log), 1u << 20))) {
    must(try_stretch(to, std::move(*stretch)));
  }
}

inline VerifyReport expect_whole(Store& store) {
  auto report = must(store.verify());
  EXPECT_TRUE(report.faults.empty()) << report.faults.front();
  EXPECT_EQ(report.events, store.last_arrival());
  return report;
}

// Peer a founded the desk, b joined it.
struct Desk {
  explicit Desk(const Hooks& hooks_a = {}, const Hooks& hooks_b = {}) {
    a = open_at(folder_a.path(), hooks_a);
    must(create_joined(options_for(folder_b.path()), a->log().desk, a->pseudonym_key()));
    b = open_at(folder_b.path(), hooks_b);
  }
  TempFolder folder_a;
  TempFolder folder_b;
  std::unique_ptr<Store> a;
  std::unique_ptr<Store> b;
};

// A log that no store wrote, so that anything can be in it.
class ForgedLog {
 public:
  explicit ForgedLog(const Id16& desk, std::uint8_t seed = 7) : identity_(seed_of(seed)) {
    log_.desk = desk;
    log_.peer = identity_.peer();
    log_.incarnation = 5;
    chain_ = chain_start(log_);
  }
  const LogName& log() const { return log_; }
  std::uint64_t seq() const { return seq_; }

  HeaderView header(std::string_view type) const {
    HeaderView header;
    header.stamp = 1'700'000'000'000ULL << 16;
    header.type = type;
    header.facts = "\x80";
    return header;
  }
  std::string record(std::string_view type) const { return encode(header(type)); }
  Stretch::Item with_body(std::string_view type, std::string body) const {
    HeaderView named = header(type);
    named.flags = flag_body;
    named.body_hash = hash_of(body);
    return {encode(named), std::move(body)};
  }

  // The next events, and the log goes on behind them.
  Stretch stretch(std::vector<Stretch::Item> items) {
    Stretch made;
    made.log = log_;
    made.first = seq_ + 1;
    made.items = std::move(items);
    for (const auto& item : made.items) chain_ = chain_next(chain_, item.record);
    seq_ = made.last();
    made.chain = chain_;
    sign(made);
    return made;
  }
  Stretch events(std::size_t count, std::string_view type = "x") {
    return stretch(std::vector<Stretch::Item>(count, {record(type), ""}));
  }
  void sign(Stretch& made) const {
    made.signature = identity_.sign(head_message({made.log, made.last()}, made.chain));
  }

 private:
  static Key32 seed_of(std::uint8_t seed) {
    Key32 bytes{};
    bytes.fill(seed);
    return bytes;
  }
  Identity identity_;
  LogName log_;
  std::uint64_t seq_ = 0;
  Hash32 chain_{};
};

}  // namespace deskmate::storage::testing

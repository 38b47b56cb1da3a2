// A store in memory for tests: commits when told to, and refuses when told to. Runs on the test's
// thread: its "writer thread" is whoever calls commit().
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "storage/store.hpp"

namespace deskmate::daemon {

class FakeStore : public storage::Store {
 public:
  FakeStore() {
    log_.desk.fill(1);
    log_.peer.fill(2);
    log_.incarnation = 3;
    key_.fill(4);
  }

  bool commit_at_once = true;
  std::optional<storage::Error> refuse;  // what appends and table writes are answered
  std::size_t refuse_reads = 0;          // so many reads of the log fail
  std::size_t appends = 0;               // batches asked for
  std::size_t entries_scanned = 0;       // of tables
  std::map<std::string, std::map<std::string, std::string>> tables;
  std::map<std::string, std::uint64_t> cursors;

  // Commits what waits, in order.
  void commit() {
    while (!waiting_.empty()) {
      auto work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
  }
  std::size_t waiting() const { return waiting_.size(); }
  // Commits only the oldest of what waits.
  void commit_one() {
    auto work = std::move(waiting_.front());
    waiting_.pop_front();
    work();
  }

  const storage::LogName& log() const override { return log_; }
  const storage::Id32& pseudonym_key() const override { return key_; }

  using storage::Store::append;
  void append(std::vector<storage::NewEvent> events, std::optional<storage::CursorMove> cursor,
              AppendDone done) override {
    ++appends;
    later([this, events = std::move(events), cursor = std::move(cursor), done = std::move(done)] {
      if (refuse) return done(*refuse);
      std::vector<storage::Appended> out;
      for (const auto& event : events) {
        Stored stored;
        stored.event = event;
        stored.key = {log_, next_seq_++};
        if (stored.event.request && !stored.event.home) stored.event.home = log_.peer;
        events_.push_back(std::move(stored));
        out.push_back({events_.size(), events_.back().key, storage::event_id(events_.back().key)});
      }
      if (cursor) cursors[cursor->reader] = cursor->arrival;
      done(std::move(out));
    });
  }

  storage::Result<std::uint64_t> read(
      std::uint64_t after, std::size_t limit, bool with_bodies,
      const std::function<bool(const storage::StoredEvent&)>& each) override {
    if (refuse_reads > 0) {
      --refuse_reads;
      return storage::Error{storage::Errc::io, "the log is being opened again"};
    }
    std::uint64_t last = after;
    for (std::uint64_t at = after + 1; at <= events_.size() && limit > 0; ++at, --limit) {
      const Stored& stored = events_[at - 1];
      storage::StoredEvent event;
      event.arrival = at;
      event.key = stored.key;
      event.header.type = stored.event.type;
      event.header.schema = stored.event.schema;
      event.header.stamp = stored.event.stamp;
      event.header.facts = stored.event.facts;
      event.header.home = stored.event.home;
      if (!stored.event.body.empty()) event.header.flags |= storage::flag_body;
      if (stored.event.request) event.header.flags |= storage::flag_request;
      if (with_bodies) event.body = stored.event.body;
      last = at;
      if (!each(event)) break;
    }
    return last;
  }
  std::uint64_t last_arrival() const override { return events_.size(); }
  // What was appended at that arrival, buyer and all.
  const storage::NewEvent& given(std::uint64_t arrival) const {
    return events_.at(arrival - 1).event;
  }
  storage::Result<std::optional<std::uint64_t>> arrival_of(const storage::LogKey& key) override {
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].key == key) return std::optional<std::uint64_t>(i + 1);
    }
    return std::optional<std::uint64_t>();
  }
  storage::Result<std::optional<std::string>> open_body(
      const storage::StoredEvent& event) override {
    return std::optional<std::string>(std::string(event.body));
  }

  storage::Result<std::optional<std::uint64_t>> cursor(std::string_view reader) override {
    const auto found = cursors.find(std::string(reader));
    if (found == cursors.end()) return std::optional<std::uint64_t>();
    return std::optional<std::uint64_t>(found->second);
  }
  void set_cursor(std::string reader, std::uint64_t arrival, Done done) override {
    later([this, reader = std::move(reader), arrival, done = std::move(done)] {
      cursors[reader] = arrival;
      if (done) done({});
    });
  }

  void write_tables(std::vector<storage::TableChange> changes, std::uint64_t position,
                    Done done) override {
    later([this, changes = std::move(changes), position, done = std::move(done)] {
      if (refuse) return done(*refuse);
      for (const auto& change : changes) {
        if (change.value) {
          tables[change.table][change.key] = *change.value;
        } else {
          tables[change.table].erase(change.key);
        }
      }
      position_ = position;
      done({});
    });
  }
  void write_tables(std::shared_ptr<const storage::TableChanges> changes, std::uint64_t position,
                    Done done) override {
    std::vector<storage::TableChange> all;
    changes->each([&](std::string_view key, const std::optional<std::string_view>& value) {
      const std::size_t end = key.find('\0');
      all.push_back({std::string(key.substr(0, end)), std::string(key.substr(end + 1)), {}});
      if (value) all.back().value = *value;
      return true;
    });
    write_tables(std::move(all), position, std::move(done));
  }
  std::uint64_t tables_position() override { return position_; }
  storage::Result<std::optional<std::string>> table_get(std::string_view table,
                                                        std::string_view key) override {
    const auto& entries = tables[std::string(table)];
    const auto found = entries.find(std::string(key));
    if (found == entries.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  storage::Result<void> table_scan(
      std::string_view table, std::string_view from, bool backwards,
      const std::function<bool(std::string_view, std::string_view)>& each) override {
    const auto& entries = tables[std::string(table)];
    if (!backwards) {
      for (auto it = entries.lower_bound(std::string(from)); it != entries.end(); ++it) {
        ++entries_scanned;
        if (!each(it->first, it->second)) break;
      }
    } else {
      for (auto it = entries.upper_bound(std::string(from)); it != entries.begin();) {
        --it;
        ++entries_scanned;
        if (!each(it->first, it->second)) break;
      }
    }
    return {};
  }
  void clear_tables(Done done) override {
    tables.clear();
    position_ = 0;
    done({});
  }

  storage::Result<std::optional<std::string>> kv_get(std::string_view owner,
                                                     std::string_view key) override {
    const auto found = kv_.find({std::string(owner), std::string(key)});
    if (found == kv_.end()) return std::optional<std::string>();
    return std::optional<std::string>(found->second);
  }
  void kv_put(std::string owner, std::string key, std::string value, Done done) override {
    later([this, name = std::pair(std::move(owner), std::move(key)), value = std::move(value),
           done = std::move(done)] {
      if (value.empty()) {
        kv_.erase(name);
      } else {
        kv_[name] = value;
      }
      done({});
    });
  }
  std::size_t kv_counts = 0;  // how often the keys were walked
  storage::Result<std::size_t> kv_count(std::string_view owner) override {
    ++kv_counts;
    std::size_t count = 0;
    for (const auto& [name, value] : kv_) count += name.first == owner ? 1u : 0u;
    return count;
  }

  storage::Result<storage::Hash32> put_file(const storage::Id16& buyer,
                                            std::string_view bytes) override {
    storage::Hash32 hash{};
    hash[0] = static_cast<std::uint8_t>(files_.size() + 1);
    files_[hash] = bytes;
    file_buyers_[hash] = buyer;
    return hash;
  }
  storage::Result<std::optional<std::string>> get_file(const storage::Hash32& hash,
                                                       std::uint64_t offset,
                                                       std::size_t size) override {
    const auto found = files_.find(hash);
    if (found == files_.end()) return std::optional<std::string>();
    if (offset >= found->second.size()) return std::optional<std::string>(std::string());
    return std::optional<std::string>(found->second.substr(offset, size));
  }
  storage::Result<void> erase_buyer(const storage::Id16&) override { return {}; }
  storage::Result<storage::VerifyReport> verify() override {
    storage::VerifyReport report;
    report.events = events_.size();
    return report;
  }
  storage::Result<void> backup(const std::string&) override { return {}; }
  std::size_t pending_events() const override { return waiting_.size(); }

  // Of other peers there is nothing here.
  const storage::Identity& identity() const override { return identity_; }
  std::vector<storage::LogTip> frontier() const override {
    storage::LogTip own;
    own.log = log_;
    own.seq = next_seq_ - 1;
    return {own};
  }
  storage::Result<std::optional<storage::Stretch>> read_stretch(const storage::LogName&,
                                                                std::uint64_t, std::size_t,
                                                                bool) override {
    return std::optional<storage::Stretch>();
  }
  storage::Result<std::vector<storage::Awaited>> awaited(const storage::LogName&, std::uint64_t,
                                                         std::uint64_t, std::size_t) override {
    return std::vector<storage::Awaited>();
  }
  std::uint64_t awaited_count() override { return 0; }
  storage::Result<std::vector<storage::BodyRead>> read_bodies(const storage::LogName&,
                                                              std::span<const std::uint64_t>,
                                                              std::size_t) override {
    return std::vector<storage::BodyRead>();
  }
  void append_bodies(storage::Bodies, StretchDone done) override { done(storage::Arrived{}); }
  void append_stretch(storage::Stretch, StretchDone done) override {
    done(storage::Error{storage::Errc::unsupported, "a store in memory takes no stretches"});
  }
  storage::Result<std::vector<storage::Fork>> forks() override {
    return std::vector<storage::Fork>();
  }
  void unfreeze(const storage::LogName&, Done done) override { done({}); }
  void cut(const storage::Id32&, std::uint64_t, std::uint64_t, Done done) override { done({}); }
  void lift_cuts(const storage::Id32&, Done done) override { done({}); }
  std::vector<storage::CarriedKey> export_keys(std::span<const storage::Id16>) const override {
    return {};
  }
  storage::Result<void> import_keys(std::span<const storage::CarriedKey>) override { return {}; }
  storage::Result<void> erase_keys(std::span<const storage::Id16>) override { return {}; }
  std::vector<storage::Id16> keys_of(const storage::Id16&) const override { return {}; }
  storage::Result<std::uint64_t> file_size(const storage::Id16& buyer,
                                           const storage::Hash32& hash) const override {
    const auto found = file_buyers_.find(hash);
    if (found == file_buyers_.end() || found->second != buyer) {
      return storage::Error{storage::Errc::not_found, "there is no such file"};
    }
    return files_.at(hash).size();
  }
  bool has_file(const storage::Hash32& hash) const override { return files_.contains(hash); }
  std::uint64_t sealed_part(const storage::Hash32&) const override { return 0; }
  storage::Result<bool> put_sealed_file(const storage::Hash32& hash, std::uint64_t,
                                        std::string_view piece, std::uint64_t) override {
    files_[hash] = piece;
    return true;
  }
  storage::Result<storage::FilePiece> read_sealed_file(const storage::Hash32& hash,
                                                       std::uint64_t offset,
                                                       std::size_t size) override {
    const auto found = files_.find(hash);
    if (found == files_.end() || offset > found->second.size()) {
      return storage::Error{storage::Errc::not_found, "no such file"};
    }
    return storage::FilePiece{found->second.size(), found->second.substr(offset, size)};
  }

 private:
  struct Stored {
    storage::NewEvent event;
    storage::LogKey key;
  };

  void later(std::function<void()> work) {
    waiting_.push_back(std::move(work));
    if (commit_at_once) commit();
  }

  storage::LogName log_;
  storage::Identity identity_{storage::Key32{}};
  storage::Id32 key_{};
  std::uint64_t next_seq_ = 1;
  std::deque<Stored> events_;
  std::deque<std::function<void()>> waiting_;
  std::uint64_t position_ = 0;
  std::map<std::pair<std::string, std::string>, std::string> kv_;
  std::map<storage::Hash32, std::string> files_;
  std::map<storage::Hash32, storage::Id16> file_buyers_;
};

}  // namespace deskmate::daemon

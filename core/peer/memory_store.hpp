// A log in memory for tests and the simulation: what was not synced is lost in a crash. Checks what
// the real store checks. Signatures are hashes with a secret that follows from the peer's id, so
// that a day of many peers takes milliseconds; storage's own tests are about the real ones.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/peer/replica.hpp"
#include "storage/hash.hpp"

namespace deskmate::peer::testing {

inline constexpr std::uint64_t head_every = 256;

inline std::array<std::uint8_t, 64> test_signature(const storage::LogKey& key,
                                                   const Hash32& chain) {
  const auto bytes = storage::encode(key);
  const Hash32 hash = storage::Hasher()
                          .add("a test's signature")
                          .add(storage::view_of(bytes))
                          .add(storage::view_of(chain))
                          .done();
  std::array<std::uint8_t, 64> signature{};
  std::copy(hash.begin(), hash.end(), signature.begin());
  std::copy(hash.begin(), hash.end(), signature.begin() + 32);
  return signature;
}

class MemoryStore : public ReplicaStore {
 public:
  struct Log {
    std::vector<Stretch::Item> items;
    std::vector<Hash32> chains;  // after each
    std::set<std::uint64_t> heads;
    std::map<std::uint64_t, std::optional<Id16>> awaited;  // bodies, and their keys
    bool frozen = false;
  };

  explicit MemoryStore(const LogName& own) : own_(own) {}

  // --- what is not yet on disk
  // --------------------------------------------------------------------
  void append(std::string record, std::string body = {}) {
    pending_.push_back(Own{std::move(record), std::move(body)});
  }
  void append(out::Append&& append) { pending_.push_back(std::move(append)); }

  struct Done {
    std::uint64_t ticket = 0;
    AppendOutcome outcome;
  };
  // Writes what waits; works: does the disk? Otherwise all of it failed, and own events are lost.
  std::vector<Done> sync(bool works = true) {
    std::vector<Done> done;
    for (auto& one : std::exchange(pending_, {})) {
      if (auto* own = std::get_if<Own>(&one)) {
        if (works) put(own_, {std::move(own->record), std::move(own->body)});
      } else {
        auto& append = std::get<out::Append>(one);
        done.push_back({append.ticket, works ? take(append) : disk_error()});
      }
    }
    return done;
  }
  void crash() { pending_.clear(); }
  std::size_t pending() const { return pending_.size(); }
  std::size_t pending_own() const {
    return static_cast<std::size_t>(
        std::count_if(pending_.begin(), pending_.end(),
                      [](const auto& one) { return std::holds_alternative<Own>(one); }));
  }

  // --- ReplicaStore
  // -------------------------------------------------------------------------------
  const LogName& log() const override { return own_; }
  std::vector<LogTip> frontier() const override {
    std::vector<LogTip> tips;
    for (const auto& [name, log] : logs) tips.push_back({name, log.items.size()});
    return tips;
  }
  storage::Result<std::optional<Stretch>> read(const LogName& name, std::uint64_t after,
                                               std::size_t max_bytes, bool bodies_behind) override {
    const auto entry = logs.find(name);
    if (entry == logs.end() || after >= entry->second.items.size()) return std::nullopt;
    const Log& log = entry->second;
    Stretch stretch;
    stretch.log = name;
    stretch.first = after + 1;
    std::size_t bytes = 0;
    std::uint64_t end = 0;  // the latest place with a head within max_bytes, or the first one
    for (std::uint64_t seq = after + 1; seq <= log.items.size(); ++seq) {
      const auto& item = log.items[seq - 1];
      if (!bodies_behind && log.awaited.contains(seq)) break;
      bytes += item.record.size() + (bodies_behind ? 0 : item.body.size());
      if (bytes > max_bytes && end != 0) break;
      const bool can_sign = name == own_ && (seq == log.items.size() || seq % head_every == 0 ||
                                             bytes > max_bytes / 2);
      if (can_sign || log.heads.contains(seq)) end = seq;
    }
    if (end == 0) return std::nullopt;
    stretch.items.assign(log.items.begin() + static_cast<std::ptrdiff_t>(after),
                         log.items.begin() + static_cast<std::ptrdiff_t>(end));
    stretch.bodies_behind = bodies_behind;
    for (auto& item : stretch.items) {
      const auto header = storage::decode_header(item.record);
      if (bodies_behind && header && header->body_hash) item.body.clear();
    }
    stretch.chain = log.chains[end - 1];
    stretch.signature = test_signature({name, end}, stretch.chain);
    return stretch;
  }
  std::vector<storage::Awaited> awaited(const LogName& name, std::uint64_t above,
                                        std::uint64_t below, std::size_t most) override {
    std::vector<storage::Awaited> found;
    const auto log = logs.find(name);
    if (log == logs.end()) return found;
    const auto& all = log->second.awaited;
    for (auto at = all.lower_bound(below); at != all.begin() && found.size() < most;) {
      --at;
      if (at->first <= above) break;
      if (!at->second || !erased.contains(*at->second)) found.push_back({at->first, at->second});
    }
    return found;
  }
  std::vector<storage::BodyRead> bodies(const LogName& name, const std::vector<std::uint64_t>& seqs,
                                        std::size_t max_bytes) override {
    std::vector<storage::BodyRead> found;
    std::size_t bytes = 0;
    const auto log = logs.find(name);
    for (const std::uint64_t seq : seqs) {
      storage::BodyRead one;
      if (log != logs.end() && seq != 0 && seq <= log->second.items.size()) {
        const auto& item = log->second.items[seq - 1];
        const auto header = storage::decode_header(item.record);
        one.body = item.body;
        if (header) one.key_id = header->key_id;
      }
      bytes += one.body.size();
      if (!found.empty() && bytes > max_bytes) break;
      found.push_back(std::move(one));
    }
    return found;
  }
  std::vector<storage::CarriedKey> keys(const std::vector<Id16>& ids) override {
    std::vector<storage::CarriedKey> found;
    for (const Id16& id : ids) {
      if (const auto key = keys_here.find(id); key != keys_here.end()) found.push_back(key->second);
    }
    return found;
  }
  std::optional<FilePiece> read_file(const Hash32& hash, std::uint64_t offset,
                                     std::size_t size) override {
    const auto file = files.find(hash);
    if (file == files.end() || offset > file->second.size()) return std::nullopt;
    return FilePiece{file->second.size(), file->second.substr(offset, size)};
  }

  void erase_key(const Id16& id) {
    keys_here.erase(id);
    erased.insert(id);
  }

  // What is on disk.
  std::map<LogName, Log> logs;
  std::vector<storage::LogKey> arrivals;
  std::vector<storage::LogKey> lost;  // bodies that nobody has
  std::map<Id16, storage::CarriedKey> keys_here;
  std::set<Id16> erased;
  std::map<Hash32, std::string> files;

 private:
  struct Own {
    std::string record, body;
  };
  static AppendOutcome disk_error() { return {AppendOutcome::retry, "the disk failed"}; }

  void put(const LogName& name, Stretch::Item item) {
    Log& log = logs[name];
    const Hash32 before = log.chains.empty() ? storage::chain_start(name) : log.chains.back();
    log.chains.push_back(storage::chain_next(before, item.record));
    log.items.push_back(std::move(item));
    arrivals.push_back({name, log.items.size()});
  }

  AppendOutcome take(out::Append& append) {
    for (const storage::CarriedKey& key : append.keys) {
      if (!erased.contains(key.key_id)) keys_here.emplace(key.key_id, key);
    }
    if (append.bodies) return take(*append.bodies);
    Stretch& stretch = append.stretch;
    const auto entry = logs.find(stretch.log);
    const std::uint64_t have = entry == logs.end() ? 0 : entry->second.items.size();
    if (stretch.log == own_) {
      return {stretch.last() > have ? AppendOutcome::rolled_back : AppendOutcome::done, {}};
    }
    if (entry != logs.end() && entry->second.frozen) return {AppendOutcome::forked, "frozen"};
    if (stretch.first > have + 1) return {AppendOutcome::gap, "a gap"};
    const bool is_signed =
        stretch.signature == test_signature({stretch.log, stretch.last()}, stretch.chain);
    if (!is_signed) return {AppendOutcome::bad, "the signature is wrong"};
    const auto fork = [&] {
      logs[stretch.log].frozen = true;
      return AppendOutcome{AppendOutcome::forked, "two events at one place"};
    };
    Hash32 chain = have == 0 ? storage::chain_start(stretch.log) : entry->second.chains.back();
    std::size_t skip = 0;
    for (; skip < stretch.items.size() && stretch.first + skip <= have; ++skip) {
      if (entry->second.items[stretch.first + skip - 1].record != stretch.items[skip].record) {
        return fork();
      }
    }
    for (std::size_t i = skip; i < stretch.items.size(); ++i) {
      const auto& item = stretch.items[i];
      chain = storage::chain_next(chain, item.record);
      const auto header = storage::decode_header(item.record);
      if (header && header->body_hash && !item.body.empty() &&
          storage::hash_of(item.body) != *header->body_hash) {
        return {AppendOutcome::bad, "a body that does not fit"};
      }
    }
    if (skip < stretch.items.size() && chain != stretch.chain) {
      return {AppendOutcome::mismatch, "signed, but of other events"};
    }
    const std::uint64_t last = stretch.last();
    const LogName name = stretch.log;
    for (std::size_t i = skip; i < stretch.items.size(); ++i) {
      const auto header = storage::decode_header(stretch.items[i].record);
      const bool behind = stretch.bodies_behind && header && header->body_hash;
      if (behind && stretch.items[i].body.empty()) {
        logs[name].awaited[stretch.first + i] = header->key_id;
      }
      put(name, std::move(stretch.items[i]));
    }
    logs[name].heads.insert(last);
    return {};
  }

  AppendOutcome take(storage::Bodies& bodies) {
    Log& log = logs[bodies.log];
    for (auto& item : bodies.items) {
      if (!log.awaited.contains(item.seq)) continue;
      const auto header = storage::decode_header(log.items[item.seq - 1].record);
      if (!item.body.empty() && storage::hash_of(item.body) != *header->body_hash) {
        return {AppendOutcome::mismatch, "a body that does not fit"};
      }
    }
    for (auto& item : bodies.items) {
      if (log.awaited.erase(item.seq) == 0) continue;
      if (item.body.empty()) lost.push_back({bodies.log, item.seq});
      log.items[item.seq - 1].body = std::move(item.body);
    }
    return {};
  }

  LogName own_;
  std::deque<std::variant<Own, out::Append>> pending_;
};

}  // namespace deskmate::peer::testing

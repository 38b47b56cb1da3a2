#include "storage/log_book.hpp"

#include <algorithm>
#include <mutex>
#include <set>

namespace deskmate::storage {
namespace {

constexpr std::size_t signed_head_size = 8 + 32 + 64;
constexpr std::size_t fork_size = 1 + 2 * signed_head_size;
constexpr std::size_t cut_key_size = 32 + 8;

Error damaged_book(const char* what) {
  return {Errc::damaged, std::string("the log is damaged (") + what + "). Run `deskmate verify`"};
}

void append_head(std::string& out, const SignedHead& head) {
  append_number(out, head.seq);
  out.append(view_of(head.chain));
  out.append(view_of(head.signature));
}

SignedHead take_head(ByteReader& in) {
  SignedHead head;
  head.seq = in.number<std::uint64_t>();
  head.chain = in.array<32>();
  head.signature = in.array<64>();
  return head;
}

Result<Cuts> read_cuts(MDB_txn* txn, const Databases& databases) {
  Cuts cuts;
  Cursor at(txn, databases.cuts);
  for (at.first(); at.valid(); at.next()) {
    if (at.key().size() != cut_key_size || at.value().size() != 8) return damaged_book("a cut");
    ByteReader key(at.key());
    const Id32 peer = key.array<32>();
    cuts[peer][key.number<std::uint64_t>()] = get_number<std::uint64_t>(at.value().data());
  }
  if (auto status = at.status(); !status) return status.error();
  return cuts;
}

}  // namespace

std::uint64_t cut_of(const Cuts& cuts, const LogName& log) {
  auto peer = cuts.find(log.peer);
  if (peer == cuts.end()) return no_cut;
  auto found = peer->second.find(log.incarnation);
  return found == peer->second.end() ? 0 : found->second;
}

std::string encode_cut_key(const Id32& peer, std::uint64_t incarnation) {
  std::string key(view_of(peer));
  append_number(key, incarnation);
  return key;
}

std::string encode_fork(const Fork& fork) {
  std::string value(1, fork.frozen ? '\1' : '\0');
  append_head(value, fork.ours);
  append_head(value, fork.theirs);
  return value;
}

Result<Fork> decode_fork(std::string_view value, const LogName& log, std::uint64_t seq) {
  if (value.size() != fork_size) return damaged_book("a fork");
  Fork fork{log, seq, {}, {}, value.front() != '\0'};
  ByteReader in(value.substr(1));
  fork.ours = take_head(in);
  fork.theirs = take_head(in);
  return fork;
}

Result<std::vector<Fork>> read_forks(MDB_txn* txn, const Databases& databases) {
  auto names = read_logs(txn, databases);
  if (!names) return names.error();
  std::vector<Fork> forks;
  Cursor at(txn, databases.forks);
  for (at.first(); at.valid(); at.next()) {
    if (at.key().size() != sizeof(SlotBytes)) return damaged_book("a fork");
    const Slot slot = decode_slot(at.key());
    auto name = names->find(slot.log);
    if (name == names->end()) return damaged_book("a fork of an unknown log");
    auto fork = decode_fork(at.value(), name->second, slot.seq);
    if (!fork) return fork.error();
    forks.push_back(std::move(*fork));
  }
  if (auto status = at.status(); !status) return status.error();
  std::sort(forks.begin(), forks.end(), [](const Fork& a, const Fork& b) {
    return std::tie(a.log, a.seq) < std::tie(b.log, b.seq);
  });
  return forks;
}

Result<void> LogBook::load(MDB_txn* txn, const Databases& databases) {
  auto names = read_logs(txn, databases);
  if (!names) return names.error();
  auto cuts = read_cuts(txn, databases);
  if (!cuts) return cuts.error();
  auto forks = read_forks(txn, databases);
  if (!forks) return forks.error();
  std::set<LogName> frozen;
  for (const Fork& fork : *forks) {
    if (fork.frozen) frozen.insert(fork.log);
  }
  std::map<LogName, LogState> logs;
  for (const auto& [number, name] : *names) {
    auto tip = read_tip(txn, databases, number, name);
    if (!tip) return tip.error();
    logs[name] = {number, {name, tip->seq, tip->chain, tip->head_seq}, frozen.contains(name)};
  }
  std::unique_lock lock(mutex_);
  names_ = std::move(*names);
  logs_ = std::move(logs);
  cuts_ = std::move(*cuts);
  return {};
}

std::optional<LogState> LogBook::find(const LogName& log) const {
  std::shared_lock lock(mutex_);
  auto found = logs_.find(log);
  if (found == logs_.end()) return std::nullopt;
  return found->second;
}

std::optional<LogName> LogBook::name_of(std::uint32_t number) const {
  std::shared_lock lock(mutex_);
  auto found = names_.find(number);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::vector<LogTip> LogBook::tips(std::uint32_t first) const {
  std::shared_lock lock(mutex_);
  std::vector<LogTip> tips;
  tips.reserve(logs_.size());
  for (const auto& [number, name] : names_) {
    auto found = logs_.find(name);
    if (found == logs_.end()) continue;
    tips.insert(number == first ? tips.begin() : tips.end(), found->second.tip);
  }
  return tips;
}

std::uint64_t LogBook::cut_at(const LogName& log) const {
  std::shared_lock lock(mutex_);
  return cut_of(cuts_, log);
}

Cuts LogBook::cuts() const {
  std::shared_lock lock(mutex_);
  return cuts_;
}

std::uint32_t LogBook::greatest() const {
  std::shared_lock lock(mutex_);
  return names_.empty() ? 0 : names_.rbegin()->first;
}

void LogBook::name(std::uint32_t number, const LogName& log) {
  std::unique_lock lock(mutex_);
  names_[number] = log;
}

void LogBook::set(const LogState& state) {
  std::unique_lock lock(mutex_);
  logs_[state.tip.log] = state;
}

void LogBook::set_cuts(Cuts cuts) {
  std::unique_lock lock(mutex_);
  cuts_ = std::move(cuts);
}

}  // namespace deskmate::storage

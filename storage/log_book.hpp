// The logs of this database as they are on disk: names, tips, which are frozen, where removed peers
// are cut. The writer changes it after each commit; everybody reads it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/layout.hpp"
#include "storage/stretch.hpp"

namespace deskmate::storage {

struct LogState {
  std::uint32_t number = 0;
  LogTip tip;
  bool frozen = false;  // forked, and nobody said to go on
};

// Of removed peers: the seq up to which each incarnation is taken.
using Cuts = std::map<Id32, std::map<std::uint64_t, std::uint64_t>>;
inline constexpr std::uint64_t no_cut = ~std::uint64_t{0};
std::uint64_t cut_of(const Cuts& cuts, const LogName& log);

// Keys and values of the databases `cuts` and `forks`.
std::string encode_cut_key(const Id32& peer, std::uint64_t incarnation);
std::string encode_fork(const Fork& fork);  // without log and seq, which are its key
Result<Fork> decode_fork(std::string_view value, const LogName& log, std::uint64_t seq);
Result<std::vector<Fork>> read_forks(MDB_txn* txn, const Databases& databases);

class LogBook {
 public:
  // Reads all of it anew. Errc::damaged when a log's events and heads do not agree.
  Result<void> load(MDB_txn* txn, const Databases& databases);

  std::optional<LogState> find(const LogName& log) const;
  std::optional<LogName> name_of(std::uint32_t number) const;
  std::vector<LogTip> tips(std::uint32_t first) const;  // that number's first, then by number
  std::uint64_t cut_at(const LogName& log) const;
  Cuts cuts() const;
  std::uint32_t greatest() const;  // number

  // [writer thread] A name is told before the commit that brings it, so that whoever sees its
  // events knows it; a tip and the rest after.
  void name(std::uint32_t number, const LogName& log);
  void set(const LogState& state);
  void set_cuts(Cuts cuts);

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::uint32_t, LogName> names_;
  std::map<LogName, LogState> logs_;
  Cuts cuts_;
};

}  // namespace deskmate::storage

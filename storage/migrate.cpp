#include "storage/migrate.hpp"

#include <unistd.h>

#include <algorithm>

#include "storage/layout.hpp"
#include "storage/posix.hpp"

namespace deskmate::storage {
namespace {

Result<void> run_step(Database& database, const Migration& step) {
  std::string version;
  append_number(version, step.from + 1);
  return database.write_whole([&](MDB_txn* txn) -> Result<int> {
    auto done = step.run(txn, database.databases());
    if (!done) return done.error();
    return put(txn, database.databases().meta, meta_key::version, version);
  });
}

}  // namespace

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> steps;  // version 1 is the first
  return steps;
}

Result<void> migrate(Database& database, std::uint32_t to, const std::vector<Migration>& steps) {
  std::uint64_t version = 0;
  {
    auto txn = database.read();
    if (!txn) return txn.error();
    auto read = read_meta_number(txn->get(), database.databases(), meta_key::version, 0);
    if (!read) return read.error();
    version = *read;
  }
  if (version == 0 || version >= to) return {};
  auto roomy = database.make_room();
  if (!roomy) return roomy;
  std::string copy = database.folder() + "/data.v" + std::to_string(version) + ".mdb";
  auto copied = database.copy_to(copy + ".tmp");
  if (copied) copied = rename_file(copy + ".tmp", copy);
  if (!copied) {
    ::unlink((copy + ".tmp").c_str());
    return copied;
  }
  for (; version < to; ++version) {
    auto step = std::find_if(steps.begin(), steps.end(),
                             [&](const Migration& candidate) { return candidate.from == version; });
    if (step == steps.end()) {
      return Error{Errc::unsupported, "format " + std::to_string(version) +
                                          " is too old for this Deskmate; install an older version "
                                          "first, start it once, then this one"};
    }
    auto done = run_step(database, *step);
    if (!done) return done;
  }
  return {};
}

}  // namespace deskmate::storage

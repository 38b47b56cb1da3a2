#include "core/daemon/attachments.hpp"

#include <algorithm>
#include <deskmate/value.hpp>
#include <utility>

#include "core/daemon/bodies.hpp"

namespace deskmate::daemon {
namespace {

using storage::Hash32;

// Most events say in their facts whether there is anything to look for in the body.
bool may_name_files(const storage::StoredEvent& event) {
  if ((event.header.flags & storage::flag_body) == 0) return false;
  if (event.header.type == "reply.requested") return true;
  if (event.header.type != "message.received" && event.header.type != "case.said") return false;
  Document facts;
  return facts.parse(event.header.facts) && facts.root()["files"].as_uint() > 0;
}

}  // namespace

Attachments::Attachments(bus::Loop& loop, storage::Store& store, Pool& pool, World world)
    : loop_(loop),
      store_(store),
      pool_(pool),
      world_(std::move(world)),
      alive_(std::make_shared<bool>(true)) {}

Attachments::~Attachments() { *alive_ = false; }

void Attachments::look() {
  if (!opened_) {
    const auto cursor = store_.cursor(files_cursor);
    if (cursor.has_error()) return;  // the next look tries again
    opened_ = true;
    position_ = written_ = std::min(cursor.value().value_or(0), store_.last_arrival());
  }
  scan();
}

void Attachments::scan() {
  if (scanning_ || wanted_.size() >= files_ahead_max || position_ >= store_.last_arrival()) return;
  scanning_ = true;
  auto work = std::make_shared<Scan>();
  work->from = work->upto = position_;
  pool_.run(
      [work, &store = store_] {
        const Bodies bodies(store);
        const auto own = store.log();
        const auto read =
            store.read(work->from, scan_events, false, [&](const storage::StoredEvent& event) {
              work->upto = event.arrival;
              if (event.key.log == own || !may_name_files(event)) return true;
              const auto whole = bodies.whole(event.key);
              if (!whole) return true;
              std::size_t count = 0;
              for (const Value& file : whole->body["files"].as_array()) {
                const auto bytes = file["hash"].as_bin();
                Hash32 hash{};
                if (bytes.size() != hash.size() || ++count > files_of_event_max) continue;
                std::copy(bytes.begin(), bytes.end(), hash.begin());
                if (!store.has_file(hash)) work->missing.emplace_back(event.arrival, hash);
              }
              return work->missing.size() < files_ahead_max;
            });
        if (read.has_error()) work->error = read.error();
      },
      [this, alive = alive_, work] {
        if (*alive) scanned(*work);
      });
}

void Attachments::scanned(const Scan& done) {
  scanning_ = false;
  if (done.error && world_.on_error) world_.on_error(*done.error);
  position_ = std::max(position_, done.upto);
  for (const auto& [arrival, hash] : done.missing) {
    const auto [entry, fresh] = wanted_.try_emplace(hash);
    entry->second.arrivals.push_back(arrival);
    lacking_.insert(arrival);
    if (fresh) world_.want(hash, store_.sealed_part(hash), false);
  }
  if (!done.error && done.upto > done.from) scan();
}

void Attachments::release(const Wanted& wanted) {
  for (const std::uint64_t arrival : wanted.arrivals) {
    if (const auto one = lacking_.find(arrival); one != lacking_.end()) lacking_.erase(one);
  }
}

void Attachments::finished(const Hash32& hash, bool found) {
  const auto entry = wanted_.find(hash);
  if (entry != wanted_.end()) {
    Wanted& wanted = entry->second;
    if (found || ++wanted.attempts >= file_attempts) {
      release(wanted);
      wanted_.erase(entry);
    } else {
      wanted.again_ms = loop_.now_ms() + (file_again_ms << (wanted.attempts - 1));
    }
  }
  tell(hash, found ? Fetched::here : Fetched::nowhere);
  if (opened_) scan();
}

void Attachments::get(const Hash32& hash, std::function<void(Fetched)> done) {
  if (waiters_.size() >= file_waiters_max) {
    return loop_.post([done = std::move(done)] { done(Fetched::on_its_way); });
  }
  waiters_.emplace(hash, Waiter{loop_.now_ms() + file_wait_ms, std::move(done)});
  if (const auto entry = wanted_.find(hash); entry != wanted_.end()) entry->second.again_ms = 0;
  // From the loop, since it may be told at once that nobody has it.
  loop_.post([this, alive = alive_, hash] {
    if (*alive) world_.want(hash, store_.sealed_part(hash), true);
  });
}

void Attachments::tell(const Hash32& hash, Fetched fetched) {
  std::vector<std::function<void(Fetched)>> told;
  const auto [from, to] = waiters_.equal_range(hash);
  for (auto at = from; at != to; ++at) told.push_back(std::move(at->second.done));
  waiters_.erase(from, to);
  for (const auto& done : told) done(fetched);
}

void Attachments::tick() {
  const std::uint64_t now = loop_.now_ms();
  std::vector<std::function<void(Fetched)>> late;
  for (auto at = waiters_.begin(); at != waiters_.end();) {
    if (now < at->second.until_ms) {
      ++at;
    } else {
      late.push_back(std::move(at->second.done));
      at = waiters_.erase(at);
    }
  }
  for (const auto& done : late) done(Fetched::on_its_way);
  std::vector<Hash32> due;
  for (auto& [hash, wanted] : wanted_) {
    if (wanted.again_ms == 0 || now < wanted.again_ms) continue;
    wanted.again_ms = 0;
    due.push_back(hash);
  }
  // From the beginning: what is here of it did not lead there.
  for (const Hash32& hash : due) world_.want(hash, 0, false);
  if (opened_) scan();
  if (opened_ && now >= written_ms_ + file_cursor_ms) write_cursor();
}

void Attachments::write_cursor() {
  const std::uint64_t safe = lacking_.empty() ? position_ : *lacking_.begin() - 1;
  if (safe <= written_) return;
  written_ = safe;
  written_ms_ = loop_.now_ms();
  store_.set_cursor(std::string(files_cursor), safe, {});
}

}  // namespace deskmate::daemon

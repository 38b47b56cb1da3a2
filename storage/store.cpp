#include "storage/store.hpp"

#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <tuple>

#include "storage/backup.hpp"
#include "storage/checks.hpp"
#include "storage/files.hpp"
#include "storage/folder.hpp"
#include "storage/hooks.hpp"
#include "storage/late_bodies.hpp"
#include "storage/log_book.hpp"
#include "storage/passphrase.hpp"
#include "storage/rotate.hpp"
#include "storage/sealing.hpp"
#include "storage/setup.hpp"
#include "storage/store_limits.hpp"
#include "storage/stretches.hpp"
#include "storage/table_changes.hpp"
#include "storage/verify.hpp"
#include "storage/writer.hpp"

namespace deskmate::storage {
namespace {

constexpr std::size_t first_read_events = 32;     // then twice as many each time
constexpr std::size_t read_events_max = 512;      // copied out of one read transaction
constexpr std::size_t read_bytes_max = 1u << 20;  // the same

// Events copied out of a read transaction, so that it is short whatever their reader does.
struct Page {
  struct Item {
    std::uint64_t arrival;
    Slot slot;
    std::size_t record;
    std::size_t record_size;
    std::size_t body_size;
    bool body_apart;
    bool again;
  };
  std::string bytes;
  std::vector<Item> items;
};

class StoreImpl final : public Store {
 public:
  StoreImpl(HeldFolder held, const Secrets& secrets, Hooks hooks, Setup setup,
            std::unique_ptr<Database> database, std::unique_ptr<KeyRing> keys,
            std::unique_ptr<FileStore> files)
      : held_(std::move(held)),
        secrets_(secrets),
        hooks_(std::move(hooks)),
        setup_(std::move(setup)),
        log_(setup_.logs.at(setup_.own_log)),
        database_(std::move(database)),
        keys_(std::move(keys)),
        files_(std::move(files)) {}
  StoreImpl(const StoreImpl&) = delete;
  StoreImpl& operator=(const StoreImpl&) = delete;
  ~StoreImpl() override {
    sodium_memzero(setup_.pseudonym_key.data(), setup_.pseudonym_key.size());
  }

  Result<void> start(const Tip& tip, std::uint64_t tables_position) {
    {
      auto txn = database_->read();
      if (!txn) return txn.error();
      auto loaded = book_.load(txn->get(), database_->databases());
      if (!loaded) return loaded;
    }
    Writer::Start start;
    start.log_number = setup_.own_log;
    start.log = log_;
    start.tip = tip;
    start.tables_position = tables_position;
    writer_ = std::make_unique<Writer>(*database_, *keys_, book_, secrets_, hooks_, start);
    settle_erased();
    return {};
  }

  const LogName& log() const override { return log_; }
  const Id32& pseudonym_key() const override { return setup_.pseudonym_key; }
  std::uint64_t last_arrival() const override { return writer_->last_arrival(); }
  std::uint64_t tables_position() override { return writer_->tables_position(); }
  std::size_t pending_events() const override { return writer_->pending_events(); }

  void append(std::vector<NewEvent> events, std::optional<CursorMove> cursor,
              AppendDone done) override;
  Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                             const std::function<bool(const StoredEvent&)>& each) override;
  Result<std::optional<std::uint64_t>> arrival_of(const LogKey& key) override;
  Result<std::optional<std::string>> open_body(const StoredEvent& event) override;
  Result<std::optional<std::uint64_t>> cursor(std::string_view reader) override;
  void set_cursor(std::string reader, std::uint64_t arrival, Done done) override;
  void write_tables(std::vector<TableChange> changes, std::uint64_t position, Done done) override;
  void write_tables(std::shared_ptr<const TableChanges> changes, std::uint64_t position,
                    Done done) override;
  Result<std::optional<std::string>> table_get(std::string_view table,
                                               std::string_view key) override;
  Result<void> table_scan(
      std::string_view table, std::string_view from, bool backwards,
      const std::function<bool(std::string_view, std::string_view)>& each) override;
  void clear_tables(Done done) override;
  Result<std::optional<std::string>> kv_get(std::string_view owner, std::string_view key) override;
  void kv_put(std::string owner, std::string key, std::string value, Done done) override;
  Result<std::size_t> kv_count(std::string_view owner) override;
  Result<Hash32> put_file(const Id16& buyer, std::string_view bytes) override {
    return files_->put(buyer, bytes);
  }
  Result<std::optional<std::string>> get_file(const Hash32& hash, std::uint64_t offset,
                                              std::size_t size) override {
    return files_->get(hash, offset, size);
  }
  const Identity& identity() const override { return secrets_.identity(); }
  std::vector<LogTip> frontier() const override { return book_.tips(setup_.own_log); }
  Result<std::optional<Stretch>> read_stretch(const LogName& log, std::uint64_t after,
                                              std::size_t max_bytes, bool bodies_behind) override {
    return storage::read_stretch(*database_, book_, secrets_.identity(), log, after, max_bytes,
                                 bodies_behind);
  }
  void append_stretch(Stretch stretch, StretchDone done) override;
  Result<std::vector<Awaited>> awaited(const LogName& log, std::uint64_t above, std::uint64_t below,
                                       std::size_t most) override {
    const auto state = book_.find(log);
    if (!state) return std::vector<Awaited>();
    return read_awaited(*database_, *keys_, state->number, above, below, most);
  }
  std::uint64_t awaited_count() override { return count_awaited(*database_); }
  Result<std::vector<BodyRead>> read_bodies(const LogName& log, std::span<const std::uint64_t> seqs,
                                            std::size_t max_bytes) override {
    const auto state = book_.find(log);
    if (!state) return std::vector<BodyRead>(seqs.size());
    return storage::read_bodies(*database_, state->number, seqs, max_bytes);
  }
  void append_bodies(Bodies bodies, StretchDone done) override;
  Result<std::vector<Fork>> forks() override;
  void unfreeze(const LogName& log, Done done) override;
  void cut(const Id32& peer, std::uint64_t incarnation, std::uint64_t seq, Done done) override;
  void lift_cuts(const Id32& peer, Done done) override;
  std::vector<CarriedKey> export_keys(std::span<const Id16> ids) const override {
    return keys_->carried(ids);
  }
  Result<void> import_keys(std::span<const CarriedKey> keys) override { return keys_->take(keys); }
  Result<void> erase_keys(std::span<const Id16> ids) override;
  std::vector<Id16> keys_of(const Id16& buyer) const override { return keys_->ids_of(buyer); }
  Result<std::uint64_t> file_size(const Id16& buyer, const Hash32& hash) const override {
    return files_->owned_size(hash, keys_->ids_of(buyer));
  }
  bool has_file(const Hash32& hash) const override { return files_->has(hash); }
  std::uint64_t sealed_part(const Hash32& hash) const override { return files_->part(hash); }
  Result<bool> put_sealed_file(const Hash32& hash, std::uint64_t offset, std::string_view piece,
                               std::uint64_t total) override {
    return files_->put_sealed(hash, offset, piece, total);
  }
  Result<FilePiece> read_sealed_file(const Hash32& hash, std::uint64_t offset,
                                     std::size_t size) override {
    return files_->read_sealed(hash, offset, size);
  }
  Result<void> erase_buyer(const Id16& buyer) override;
  Result<VerifyReport> verify() override;
  Result<void> backup(const std::string& file) override;

 private:
  Result<Page> read_page(std::uint64_t after, std::size_t limit, bool with_bodies);
  template <class T>
  void submit(T&& made, std::size_t events, std::size_t bytes);
  Result<std::optional<std::string>> get_copy(MDB_dbi dbi, std::string_view key);
  Result<std::optional<std::string>> missing_body(const StoredEvent& event, std::string_view slot);
  Result<void> destroy(const std::function<Result<bool>()>& keys);
  void settle_erased();

  HeldFolder held_;
  Secrets secrets_;
  Hooks hooks_;
  Setup setup_;
  LogName log_;
  LogBook book_;
  StretchChecks checks_{book_, log_.desk};
  std::unique_ptr<Database> database_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<FileStore> files_;
  std::mutex backup_mutex_;
  std::unique_ptr<Writer> writer_;  // last, so that it ends first
};

// Of a record that cannot be read: a place in the log, and when, if that can be said.
HeaderView header_of_newer(std::string_view record) {
  constexpr std::size_t stamp_at = 6;
  HeaderView header;
  if (record.size() >= stamp_at + 8 && record[0] == 1) {
    header.stamp = get_number<std::uint64_t>(record.data() + stamp_at);
  }
  header.type = newer_type;
  header.facts = "\x80";
  return header;
}

// Calls back with an error that is known before anything was queued.
template <class DoneFunction>
void refuse(const DoneFunction& done, const Error& error) {
  if (done) done(error);
}

void StoreImpl::append(std::vector<NewEvent> events, std::optional<CursorMove> cursor,
                       AppendDone done) {
  if (events.size() > batch_events_max) {
    return refuse(done, {Errc::limit, "more than " + std::to_string(batch_events_max) +
                                          " events in one append"});
  }
  std::size_t bytes = 0;
  for (const NewEvent& event : events) {
    auto checked = check_event(event);
    if (!checked) return refuse(done, checked.error());
    bytes += sizeof(NewEvent) + event.facts.size() + event.body.size();
  }
  if (cursor) {
    auto checked = check_reader(cursor->reader);
    if (!checked) return refuse(done, checked.error());
  }
  std::size_t count = std::max<std::size_t>(events.size(), 1);
  Task task = AppendTask{std::move(events), std::move(cursor), std::move(done), {}};
  auto submitted = writer_->submit(std::move(task), count, bytes);
  if (!submitted) refuse(std::get<AppendTask>(task).done, submitted.error());
}

Result<Page> StoreImpl::read_page(std::uint64_t after, std::size_t limit, bool with_bodies) {
  auto txn = database_->read();
  if (!txn) return txn.error();
  const Databases& databases = database_->databases();
  Page page;
  page.items.reserve(limit);
  Cursor arrivals(txn->get(), databases.arrivals);
  Cursor events(txn->get(), databases.events);
  Cursor bodies(txn->get(), databases.bodies);
  const bool late_too = with_bodies && any_late(txn->get(), databases);
  bool in_step = false;  // the events cursor stands just before the next one
  for (arrivals.seek(view_of(encode_number(after + 1)));
       arrivals.valid() && page.items.size() < limit && page.bytes.size() < read_bytes_max;
       arrivals.next()) {
    std::string_view slot = arrivals.value();
    // Events of one log arrive in order, so the next one is mostly the right one.
    if (in_step) events.next();
    if (!in_step || !events.valid() || events.key() != slot) events.seek(slot);
    in_step = events.valid();
    if (!events.valid() || events.key() != slot || slot.size() != sizeof(SlotBytes) ||
        events.value().size() < event_prefix_size) {
      return Error{Errc::damaged,
                   "the log is damaged: arrival " +
                       std::to_string(get_number<std::uint64_t>(arrivals.key().data())) +
                       " leads nowhere. Run `deskmate verify`"};
    }
    std::string_view record = events.value().substr(event_prefix_size);
    Page::Item item{get_number<std::uint64_t>(arrivals.key().data()),
                    decode_slot(slot),
                    page.bytes.size(),
                    record.size(),
                    0,
                    false,
                    false};
    item.again = get_number<std::uint64_t>(events.value().data()) != item.arrival;
    page.bytes.append(record);
    bool has_body = record.size() > 1 && (static_cast<std::uint8_t>(record[1]) & flag_body) != 0;
    if (with_bodies && has_body && bodies.seek(slot) && bodies.key() == slot) {
      item.body_size = bodies.value().size();
      page.bytes.append(bodies.value());
    }
    if (late_too && has_body && !item.again) {
      auto late = late_state(txn->get(), databases, slot);
      if (!late) return late.error();
      item.body_apart = late->awaited || late->arrival != 0;
    }
    page.items.push_back(item);
  }
  auto status = arrivals.status();
  if (!status) return status.error();
  return page;
}

Result<std::uint64_t> StoreImpl::read(std::uint64_t after, std::size_t limit, bool with_bodies,
                                      const std::function<bool(const StoredEvent&)>& each) {
  std::size_t page_size = first_read_events;
  std::uint32_t number = 0;  // of the log whose name this is
  LogName name;
  while (limit > 0) {
    std::size_t wanted = std::min(limit, page_size);
    page_size = std::min(page_size * 2, read_events_max);
    auto page = read_page(after, wanted, with_bodies);
    if (!page) return page.error();
    if (page->items.empty()) break;
    for (const Page::Item& item : page->items) {
      if (number != item.slot.log) {
        auto known = book_.name_of(item.slot.log);
        if (!known) return Error{Errc::damaged, "the log is damaged: an unknown log"};
        number = item.slot.log;
        name = *known;
      }
      StoredEvent event;
      event.arrival = item.arrival;
      event.key = {name, item.slot.seq};
      event.record = std::string_view(page->bytes).substr(item.record, item.record_size);
      event.body =
          std::string_view(page->bytes).substr(item.record + item.record_size, item.body_size);
      event.body_apart = item.body_apart;
      event.again = item.again;
      auto header = decode_header(event.record);
      if (!header && header.error().code != Errc::newer) return header.error();
      event.header = header ? *header : header_of_newer(event.record);
      after = item.arrival;
      --limit;
      if (!each(event)) return after;
    }
  }
  return after;
}

Result<std::optional<std::uint64_t>> StoreImpl::arrival_of(const LogKey& key) {
  auto known = book_.find(key.log);
  if (!known) return std::optional<std::uint64_t>();
  auto txn = database_->read();
  if (!txn) return txn.error();
  auto value =
      get(txn->get(), database_->databases().events, view_of(encode(Slot{known->number, key.seq})));
  if (!value) return value.error();
  if (!*value || (*value)->size() < event_prefix_size) return std::optional<std::uint64_t>();
  return std::optional(get_number<std::uint64_t>((*value)->data()));
}

Result<std::optional<std::string>> StoreImpl::get_copy(MDB_dbi dbi, std::string_view key) {
  auto txn = database_->read();
  if (!txn) return txn.error();
  auto value = get(txn->get(), dbi, key);
  if (!value) return value.error();
  if (!*value) return std::optional<std::string>();
  return std::optional<std::string>(**value);
}

Result<std::optional<std::string>> StoreImpl::open_body(const StoredEvent& event) {
  if ((event.header.flags & flag_body) == 0) return std::optional<std::string>("");
  std::string stored;
  std::string_view body = event.body;
  if (body.empty()) {
    auto known = book_.find(event.key.log);
    if (!known) return Error{Errc::not_found, "an event of a log that is not here"};
    auto slot = encode(Slot{known->number, event.key.seq});
    auto value = get_copy(database_->databases().bodies, view_of(slot));
    if (!value) return value.error();
    if (!*value) return missing_body(event, view_of(slot));
    stored = std::move(**value);
    body = stored;
  }
  if ((event.header.flags & flag_sealed) == 0) return std::optional<std::string>(body);
  if (event.header.seal_alg != seal_xchacha20_poly1305 || !event.header.key_id) {
    return Error{Errc::newer, "a body sealed by a newer Deskmate"};
  }
  auto found = keys_->find(*event.header.key_id);
  if (!found) return found.error();
  std::optional<Key32>& key = *found;
  if (!key) {
    if (keys_->erased(*event.header.key_id)) return std::optional<std::string>();
    return Error{Errc::not_found, "key " + hex(*event.header.key_id) + " is not here"};
  }
  auto plain = unseal(*key, body_context(event.key, event.header.type), body);
  sodium_memzero(key->data(), key->size());
  if (!plain) return Error{Errc::damaged, "a body does not open. Run `deskmate verify`"};
  return std::optional<std::string>(std::move(*plain));
}

// Erased before it came, lost, or on its way.
Result<std::optional<std::string>> StoreImpl::missing_body(const StoredEvent& event,
                                                           std::string_view slot) {
  auto txn = database_->read();
  if (!txn) return txn.error();
  auto late = late_state(txn->get(), database_->databases(), slot);
  if (!late) return late.error();
  const bool erased = event.header.key_id && keys_->erased(*event.header.key_id);
  if (erased || late->arrival != 0) return std::optional<std::string>();
  if (late->awaited) return Error{Errc::awaited, "this body has not come yet"};
  return Error{Errc::damaged, "a body is missing. Run `deskmate verify`"};
}

Result<std::optional<std::uint64_t>> StoreImpl::cursor(std::string_view reader) {
  auto checked = check_reader(reader);
  if (!checked) return checked.error();
  auto value = get_copy(database_->databases().cursors, reader);
  if (!value) return value.error();
  if (!*value || (*value)->size() != 8) return std::optional<std::uint64_t>();
  return std::optional(get_number<std::uint64_t>((*value)->data()));
}

void StoreImpl::set_cursor(std::string reader, std::uint64_t arrival, Done done) {
  auto checked = check_reader(reader);
  if (!checked) return refuse(done, checked.error());
  Task task = CursorTask{{std::move(reader), arrival}, std::move(done)};
  auto submitted = writer_->submit(std::move(task), 1, 0);
  if (!submitted) refuse(std::get<CursorTask>(task).done, submitted.error());
}

void StoreImpl::write_tables(std::vector<TableChange> changes, std::uint64_t position, Done done) {
  auto listed = std::make_shared<ListedChanges>();
  for (TableChange& change : changes) {
    auto key = two_part_key(change.table, change.key);
    if (!key) return refuse(done, key.error());
    listed->add(std::move(*key), std::move(change.value));
  }
  listed->sort();
  write_tables(std::move(listed), position, std::move(done));
}

void StoreImpl::write_tables(std::shared_ptr<const TableChanges> changes, std::uint64_t position,
                             Done done) {
  if (changes->value_max() > value_max) return refuse(done, too_long("a table's value", value_max));
  if (changes->key_max() > lmdb_key_max)
    return refuse(done, too_long("name and key", lmdb_key_max));
  // Whoever made the changes holds their memory, and bounds it.
  Task task = TablesTask{std::move(changes), position, false, std::move(done)};
  auto submitted = writer_->submit(std::move(task), 1, 0);
  if (!submitted) refuse(std::get<TablesTask>(task).done, submitted.error());
}

void StoreImpl::clear_tables(Done done) {
  Task task = TablesTask{nullptr, 0, true, std::move(done)};
  auto submitted = writer_->submit(std::move(task), 1, 0);
  if (!submitted) refuse(std::get<TablesTask>(task).done, submitted.error());
}

Result<std::optional<std::string>> StoreImpl::table_get(std::string_view table,
                                                        std::string_view key) {
  auto full = two_part_key(table, key);
  if (!full) return full.error();
  return get_copy(database_->databases().tables, *full);
}

Result<void> StoreImpl::table_scan(
    std::string_view table, std::string_view from, bool backwards,
    const std::function<bool(std::string_view, std::string_view)>& each) {
  auto full = two_part_key(table, from);
  if (!full) return full.error();
  auto txn = database_->read();
  if (!txn) return txn.error();
  std::size_t prefix = table.size() + 1;
  std::string wanted = full->substr(0, prefix);
  Cursor at(txn->get(), database_->databases().tables);
  if (backwards) {
    at.seek_back(*full);
  } else {
    at.seek(*full);
  }
  while (at.valid() && at.key().starts_with(wanted)) {
    if (!each(at.key().substr(prefix), at.value())) return {};
    if (backwards) {
      at.previous();
    } else {
      at.next();
    }
  }
  return at.status();
}

Result<std::optional<std::string>> StoreImpl::kv_get(std::string_view owner, std::string_view key) {
  auto full = two_part_key(owner, key);
  if (!full) return full.error();
  return get_copy(database_->databases().kv, *full);
}

void StoreImpl::kv_put(std::string owner, std::string key, std::string value, Done done) {
  if (value.size() > value_max) {
    return refuse(done,
                  {Errc::limit, "a value of more than " + std::to_string(value_max) + " bytes"});
  }
  auto full = two_part_key(owner, key);
  if (!full) return refuse(done, full.error());
  std::size_t bytes = full->size() + value.size();
  Task task = KvTask{std::move(*full), std::move(value), std::move(done)};
  auto submitted = writer_->submit(std::move(task), 1, bytes);
  if (!submitted) refuse(std::get<KvTask>(task).done, submitted.error());
}

Result<std::size_t> StoreImpl::kv_count(std::string_view owner) {
  auto prefix = two_part_key(owner, {});
  if (!prefix) return prefix.error();
  auto txn = database_->read();
  if (!txn) return txn.error();
  std::size_t count = 0;
  Cursor at(txn->get(), database_->databases().kv);
  for (at.seek(*prefix); at.valid() && at.key().starts_with(*prefix); at.next()) ++count;
  if (auto walked = at.status(); !walked) return walked.error();
  return count;
}

// Queues a task that has nothing to be said about but its result.
template <class T>
void StoreImpl::submit(T&& made, std::size_t events, std::size_t bytes) {
  Task task = std::forward<T>(made);
  auto submitted = writer_->submit(std::move(task), events, bytes);
  if (!submitted) refuse(std::get<std::decay_t<T>>(task).done, submitted.error());
}

void StoreImpl::append_stretch(Stretch stretch, StretchDone done) {
  if (stretch.items.size() > stretch_events_max) {
    return refuse(done, {Errc::limit, "a stretch of more than " +
                                          std::to_string(stretch_events_max) + " events"});
  }
  if (stretch.items.empty()) return refuse(done, {Errc::invalid, "a stretch without events"});
  std::size_t bytes = 0;
  for (const Stretch::Item& item : stretch.items) {
    bytes += sizeof(item) + item.record.size() + item.body.size();
  }
  const std::size_t events = stretch.items.size();
  Checked checked = checks_.check(stretch);
  submit(StretchTask{std::move(stretch), std::move(checked), std::move(done)}, events, bytes);
}

void StoreImpl::append_bodies(Bodies bodies, StretchDone done) {
  if (bodies.items.empty() || bodies.items.size() > bodies_max) {
    return refuse(done, {Errc::limit, "1 to " + std::to_string(bodies_max) + " bodies at once"});
  }
  std::size_t bytes = 0;
  for (const Bodies::Item& item : bodies.items) bytes += sizeof(item) + item.body.size();
  const std::size_t events = bodies.items.size();
  submit(BodiesTask{std::move(bodies), std::move(done)}, events, bytes);
}

// What nobody could open is not waited for.
void StoreImpl::settle_erased() {
  auto lost = awaited_in_vain(*database_, *keys_);
  if (!lost) return;  // it is not asked for all the same
  for (auto& [number, bodies] : *lost) {
    const auto log = book_.name_of(number);
    if (!log) continue;
    bodies.log = *log;
    append_bodies(std::move(bodies), {});
  }
}

Result<std::vector<Fork>> StoreImpl::forks() {
  auto txn = database_->read();
  if (!txn) return txn.error();
  return read_forks(txn->get(), database_->databases());
}

void StoreImpl::unfreeze(const LogName& log, Done done) {
  submit(UnfreezeTask{log, std::move(done)}, 1, 0);
}

void StoreImpl::cut(const Id32& peer, std::uint64_t incarnation, std::uint64_t seq, Done done) {
  submit(CutTask{peer, std::pair(incarnation, seq), std::move(done)}, 1, 0);
}

void StoreImpl::lift_cuts(const Id32& peer, Done done) {
  submit(CutTask{peer, std::nullopt, std::move(done)}, 1, 0);
}

Result<void> StoreImpl::erase_keys(std::span<const Id16> ids) {
  return destroy([&] { return keys_->erase_ids(ids); });
}

Result<void> StoreImpl::erase_buyer(const Id16& buyer) {
  return destroy([&]() -> Result<bool> {
    auto erased = keys_->erase(buyer);
    if (!erased) return erased.error();
    return !erased->empty();
  });
}

// On the writer thread, so that no event is sealed under a key that is being destroyed. keys: true
// where there was any.
Result<void> StoreImpl::destroy(const std::function<Result<bool>()>& keys) {
  auto done = writer_->run([&]() -> Result<void> {
    auto erased = keys();
    if (!erased) return erased.error();
    return *erased ? files_->forget_erased() : Result<void>();
  });
  settle_erased();
  return done;
}

Result<VerifyReport> StoreImpl::verify() {
  auto is_signed = writer_->run([this] { return writer_->sign_head(); });
  // Reading is worth it when the disk is full, too.
  if (!is_signed && is_signed.error().code != Errc::full) return is_signed.error();
  auto report = verify_log(*database_, key_states(*keys_));
  if (!report) return report;
  auto checked = files_->for_each([&](const std::string& name) -> Result<void> {
    auto intact = files_->intact(name);
    if (!intact) return intact.error();
    if (!*intact && report->faults.size() < faults_max)
      report->faults.push_back(name + " was changed");
    return {};
  });
  if (!checked) return checked.error();
  return report;
}

Result<void> StoreImpl::backup(const std::string& file) {
  std::lock_guard lock(backup_mutex_);
  auto ready = writer_->run([this]() -> Result<void> {
    auto is_signed = writer_->sign_head();
    return is_signed ? database_->make_room() : is_signed;
  });
  if (!ready) return ready;
  return write_backup(*database_, *keys_, *files_, file);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const Options& options) {
  return open_store(options, Hooks{});
}

Result<std::unique_ptr<Store>> open_store(const Options& options, const Hooks& hooks) {
  auto held = hold_folder(options, hooks);
  if (!held) return held.error();
  const std::string folder = held->folder;
  if (exists(folder + restore_folder)) {
    return Error{Errc::damaged,
                 folder + ": a restore did not finish. Run `deskmate restore FILE` again"};
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder + backup_folder, ignored);
  const bool fresh = !exists(data_file(folder));
  auto held_secrets = open_held_secrets(held->secrets, fresh, options.passphrase);
  if (!held_secrets) return held_secrets.error();
  Secrets& secrets = held_secrets->secrets;
  auto database = Database::open(folder, options.initial_map_bytes, hooks.format_version);
  if (!database) return database.error();
  auto ready = is_set_up(**database);
  if (!ready) return ready.error();
  if (*ready) {
    auto migrated = migrate(**database, hooks.format_version, hooks.migrations);
    if (!migrated) return migrated.error();
    auto rotated = finish_rotation(folder, **database, secrets);
    if (!rotated) return rotated.error();
  }
  held_secrets->lock = Fd();  // the passphrase may be changed while the desk runs
  KeysPosition position;
  Setup setup;
  if (*ready) {
    // Before the keys, whose own complaint about a wrong wrapping key would say less.
    auto read = read_setup(**database, secrets);
    if (!read) return read.error();
    auto keys_position = read_keys_position(**database);
    if (!keys_position) return keys_position.error();
    setup = std::move(*read);
    position = *keys_position;
  }
  auto keys = KeyRing::open(folder, secrets, position);
  if (!keys) return keys.error();
  if (!*ready) {
    if ((*keys)->position().records > 0) {
      return Error{Errc::damaged, folder +
                                      "/data.mdb is missing, and the keys of its messages are "
                                      "there. Put it back, or restore the latest backup into a "
                                      "new folder with `deskmate restore FILE`"};
    }
    auto made = set_up(**database, secrets, (*keys)->position());
    if (!made) return made.error();
    auto read = read_setup(**database, secrets);
    if (!read) return read.error();
    setup = std::move(*read);
  }
  Tip tip;
  std::uint64_t tables_position = 0;
  {
    auto txn = (*database)->read();
    if (!txn) return txn.error();
    auto read =
        read_tip(txn->get(), (*database)->databases(), setup.own_log, setup.logs.at(setup.own_log));
    if (!read) return read.error();
    tip = *read;
    auto tables = read_meta_number(txn->get(), (*database)->databases(), meta_key::tables, 0);
    if (!tables) return tables.error();
    tables_position = *tables;
  }
  auto files = FileStore::open(folder, **keys);
  if (!files) return files.error();
  auto store =
      std::make_unique<StoreImpl>(std::move(*held), secrets, hooks, std::move(setup),
                                  std::move(*database), std::move(*keys), std::move(*files));
  auto started = store->start(tip, tables_position);
  if (!started) return started.error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace deskmate::storage

// The store: logs, bodies, keys, cursors and derived tables in one folder. One daemon at a time.
//
//   auto store = Store::open({.folder = "/var/lib/deskmate"});
//   store.value()->append({event}, [](Result<std::vector<Appended>> done) { ... });
//   store.value()->read(0, 100, [](const StoredEvent& event) { ...; return true; });
//
// One writer thread commits what waits in one transaction, at once or, on a slow disk, within 5 ms;
// acknowledged is what is on disk. Reading is free of locks and may be done from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/error.hpp"
#include "storage/event.hpp"
#include "storage/identity.hpp"
#include "storage/stretch.hpp"

namespace deskmate::storage {

// Named limits.
inline constexpr std::size_t pending_events_max = 16'384;           // waiting for the writer
inline constexpr std::size_t pending_bytes_max = 64 * 1024 * 1024;  // waiting for the writer
inline constexpr std::size_t batch_events_max = 4'096;              // in one transaction

// What a new passphrase costs whoever tries it, by Argon2id (RFC 9106).
struct PassphraseCost {
  std::uint64_t passes = 4;
  std::uint64_t memory_kib = 64 * 1024;
};

struct Options {
  std::string folder{};          // made with mode 0700 when absent
  std::string secrets_folder{};  // identity and wrapping key, 0700; empty: folder + "/secrets"
  std::optional<std::string> passphrase{};  // of the secrets, where one is set
  PassphraseCost passphrase_cost{};         // tests take less
  bool refuse_network_filesystem = true;
  std::size_t initial_map_bytes = 16u << 20;  // grows by itself
};

// An event to be appended to this peer's log.
struct NewEvent {
  std::string type;
  std::uint16_t schema = 1;
  std::uint64_t stamp = 0;
  std::string facts;          // msgpack map
  std::string body;           // msgpack map; empty: none
  std::optional<Id16> buyer;  // the body is sealed under this buyer's key
  bool request = false;       // home becomes this peer unless given
  std::optional<Id32> home;
};

struct Appended {
  std::uint64_t arrival = 0;
  LogKey key;
  Id16 id{};
};

// A cursor to move in the same transaction as an append.
struct CursorMove {
  std::string reader;
  std::uint64_t arrival = 0;
};

// An event as read; views live until the callback returns.
struct StoredEvent {
  std::uint64_t arrival = 0;
  LogKey key;
  HeaderView header;
  std::string_view record;  // the header's bytes as chained
  // Of an event whose body came after it there are two arrivals. The first is that of the event;
  // when it is read with bodies it says that its body has, or will have, an arrival of its own.
  bool body_apart = false;
  bool again = false;     // the second: its body has come, or is known to be lost
  std::string_view body;  // as stored: sealed where the header says so; empty unless asked for
};

// One change of a derived table; value nullopt removes.
struct TableChange {
  std::string table;
  std::string key;
  std::optional<std::string> value;
};

// Changes of derived tables that stay with whoever made them until they are written.
class TableChanges {
 public:
  virtual ~TableChanges() = default;
  // Each key once, in order, until each returns false. [writer thread]
  // key: table ‖ 0 ‖ key. value: nullopt removes.
  using Each =
      std::function<bool(std::string_view key, const std::optional<std::string_view>& value)>;
  virtual void each(const Each& each) const = 0;
  // Bytes of the longest, or more.
  virtual std::size_t key_max() const = 0;
  virtual std::size_t value_max() const = 0;
};

struct VerifyReport {
  std::uint64_t events = 0;
  std::uint64_t logs = 0;
  std::uint64_t signatures = 0;
  std::uint64_t erased_bodies = 0;
  std::uint64_t missing_keys = 0;  // bodies of other peers whose keys have not come
  std::uint64_t unknown = 0;       // events of a newer version: kept, not opened
  std::uint64_t forks = 0;
  std::uint64_t awaited_bodies = 0;  // of other peers: not here yet
  std::uint64_t lost_bodies = 0;     // that nobody has any more
  std::vector<std::string> faults;   // empty: all is well
};

class Store {
 public:
  // Opens or makes the folder. Errors: in_use, newer, unsupported, damaged, full, io; the message
  // says what to do.
  static Result<std::unique_ptr<Store>> open(const Options& options);
  virtual ~Store() = default;  // writes what waits, then closes

  virtual const LogName& log() const = 0;         // this peer's own log
  virtual const Id32& pseudonym_key() const = 0;  // the desk's, for pseudonyms of external ids

  // Appends all or none. done is called on the writer thread once they are on disk, or with the
  // error. Errc::limit at once (from this call) when too much waits. [any thread]
  using AppendDone = std::function<void(Result<std::vector<Appended>>)>;
  virtual void append(std::vector<NewEvent> events, std::optional<CursorMove> cursor,
                      AppendDone done) = 0;
  void append(std::vector<NewEvent> events, AppendDone done) {
    append(std::move(events), std::nullopt, std::move(done));
  }

  // Calls each with the events after arrival `after`, in arrival order, at most `limit`; stops when
  // it returns false. Returns the last arrival seen, or `after`. What a newer version wrote comes
  // as newer_type, without facts or body. An event whose body came later comes twice, see
  // StoredEvent: those who only want headers pass over the second, those who want bodies over the
  // first. [any thread]
  virtual Result<std::uint64_t> read(std::uint64_t after, std::size_t limit, bool with_bodies,
                                     const std::function<bool(const StoredEvent&)>& each) = 0;
  virtual std::uint64_t last_arrival() const = 0;  // [any thread]
  virtual Result<std::optional<std::uint64_t>> arrival_of(const LogKey& key) = 0;

  // Opens a body: the plain bytes; nullopt where its key was destroyed or nobody has it any more;
  // Errc::awaited where it has not come yet. [any thread]
  virtual Result<std::optional<std::string>> open_body(const StoredEvent& event) = 0;

  // Cursors. done on the writer thread, after the commit; it may be empty. [any thread]
  using Done = std::function<void(Result<void>)>;
  virtual Result<std::optional<std::uint64_t>> cursor(std::string_view reader) = 0;
  virtual void set_cursor(std::string reader, std::uint64_t arrival, Done done) = 0;

  // Derived tables. What is written carries the position it stands for, committed together. Of a
  // vector the store sorts what is not sorted; of several changes of one key the last stays.
  // [any thread]
  virtual void write_tables(std::vector<TableChange> changes, std::uint64_t position,
                            Done done) = 0;
  virtual void write_tables(std::shared_ptr<const TableChanges> changes, std::uint64_t position,
                            Done done) = 0;
  virtual std::uint64_t tables_position() = 0;
  virtual Result<std::optional<std::string>> table_get(std::string_view table,
                                                       std::string_view key) = 0;
  // From the first key not less than `from`, in order (or from the last not greater, backwards),
  // until each returns false.
  virtual Result<void> table_scan(
      std::string_view table, std::string_view from, bool backwards,
      const std::function<bool(std::string_view key, std::string_view value)>& each) = 0;
  virtual void clear_tables(Done done) = 0;  // before a rebuild; position becomes 0

  // A plugin instance's own small store; durable, neither sealed nor replicated. An empty value
  // erases.
  virtual Result<std::optional<std::string>> kv_get(std::string_view owner,
                                                    std::string_view key) = 0;
  virtual void kv_put(std::string owner, std::string key, std::string value, Done done) = 0;
  // How many keys the owner has. Walks them all. [any thread]
  virtual Result<std::size_t> kv_count(std::string_view owner) = 0;

  // Attachments, sealed under the buyer's key, named by the hash of what is stored. Blocking; from
  // a pool thread.
  virtual Result<Hash32> put_file(const Id16& buyer, std::string_view bytes) = 0;
  virtual Result<std::optional<std::string>> get_file(const Hash32& hash, std::uint64_t offset,
                                                      std::size_t size) = 0;

  // Destroys the buyer's keys: bodies and files cannot be opened any more. Blocking.
  virtual Result<void> erase_buyer(const Id16& buyer) = 0;

  // Checks every chain, signature, body hash and key. Blocking; may run beside everything else.
  virtual Result<VerifyReport> verify() = 0;

  // Writes one file from which `restore` makes a folder again; checked before it is called done.
  // Blocking; may run beside everything else.
  virtual Result<void> backup(const std::string& file) = 0;

  // The key that this peer signs with, also for its certificate. Never changes. [any thread]
  virtual const Identity& identity() const = 0;

  // All logs, this peer's own first (at seq 0 before its first event), with what is on disk.
  // [any thread, cheap]
  virtual std::vector<LogTip> frontier() const = 0;

  // The events of the log after seq `after`, at most max_bytes of them but at least one (or, of
  // another peer's log, as far as the next signed head); nullopt: nothing beyond. What is sent is
  // signed: this peer's own logs at any event, others' where their peers did. Ends at a cut.
  // bodies_behind: bodies that a header covers are left out; otherwise it ends before the first
  // that is not here. [any thread]
  virtual Result<std::optional<Stretch>> read_stretch(const LogName& log, std::uint64_t after,
                                                      std::size_t max_bytes,
                                                      bool bodies_behind) = 0;
  Result<std::optional<Stretch>> read_stretch(const LogName& log, std::uint64_t after,
                                              std::size_t max_bytes) {
    return read_stretch(log, after, max_bytes, false);
  }

  // Checks hashes and signature here, which takes a while, then stores what is new, all or nothing,
  // with the next appends. done on the writer thread once it is on disk. What is there is compared
  // and passed over: it may come twice. [any thread] Errors, of which only forked changes anything:
  //   gap          its first event is beyond the next one
  //   forged       log.peer did not sign this head
  //   mismatch     it did, but the events do not lead there: whoever forwards them changed them, or
  //                the log forked earlier. To know, ask log.peer for the one event at our tip
  //                (after = seq - 1, max_bytes = 1): forked, or it was the forwarder
  //   forked       other events than ours, and log.peer signed both. Kept as proof (forks()); the
  //                log is frozen and answers forked to every stretch until unfreeze()
  //   rolled_back  of this peer's own log, signed by itself, and longer than ours: this disk is
  //                older than what was sent. Nothing may be appended any more; restore()
  //                or renew() begins a new incarnation, and the old one's end is then received
  //   cut          beyond the cut of a removed peer
  //   invalid      another desk's, or an event that cannot be one; limit, full, io as in append
  using StretchDone = std::function<void(Result<Arrived>)>;
  virtual void append_stretch(Stretch stretch, StretchDone done) = 0;

  // Bodies of that log that are awaited, of events after `above` and before `below`, the newest
  // first, at most `most`. Those whose key was destroyed are not waited for. [any thread]
  virtual Result<std::vector<Awaited>> awaited(const LogName& log, std::uint64_t above,
                                               std::uint64_t below, std::size_t most) = 0;
  virtual std::uint64_t awaited_count() = 0;  // of all logs; cheap. [any thread]
  // Of the bodies of these events as many, in this order, as make max_bytes, but at least one.
  // [any thread]
  virtual Result<std::vector<BodyRead>> read_bodies(const LogName& log,
                                                    std::span<const std::uint64_t> seqs,
                                                    std::size_t max_bytes) = 0;
  // Stores those that are awaited, all or nothing; passes over others. Import their keys before.
  // done as of append_stretch. Errors: mismatch: not what its header names; not_found: an unknown
  // log; limit, full, io.
  virtual void append_bodies(Bodies bodies, StretchDone done) = 0;

  // Proofs of forks, by log and seq. [any thread]
  virtual Result<std::vector<Fork>> forks() = 0;
  // Takes stretches of the log again; the proofs stay.
  virtual void unfreeze(const LogName& log, Done done) = 0;

  // From now on takes the log of that peer and incarnation up to seq only, and of its incarnations
  // without a cut nothing. What is here stays. The last cut of an incarnation holds.
  virtual void cut(const Id32& peer, std::uint64_t incarnation, std::uint64_t seq, Done done) = 0;
  virtual void lift_cuts(const Id32& peer, Done done) = 0;  // who was removed is back

  // Buyers' keys. Those that are not here are left out of what is exported. Importing ignores what
  // is known or was ever erased; it is on disk when it returns, so call it before the stretch that
  // needs the keys is acknowledged. Erasing holds for keys that only come later, too. Blocking,
  // but for export_keys and keys_of; not from the writer thread.
  virtual std::vector<CarriedKey> export_keys(std::span<const Id16> ids) const = 0;
  virtual Result<void> import_keys(std::span<const CarriedKey> keys) = 0;
  virtual Result<void> erase_keys(std::span<const Id16> ids) = 0;
  virtual std::vector<Id16> keys_of(const Id16& buyer) const = 0;

  // Bytes of an attachment of the buyer's; not_found when there is none, or it is another buyer's.
  // Reads its header; blocking, but no longer than has_file.
  virtual Result<std::uint64_t> file_size(const Id16& buyer, const Hash32& hash) const = 0;
  // Attachments as stored, in pieces. has_file: whole, or erased here. sealed_part: how many bytes
  // of one that is being received are here; go on from there, also after a restart.
  // put_sealed_file: offset must be there (else gap) or 0 to begin again; true once it is
  // whole, has the hash it is named by and is on disk; damaged when it has not: begin again at 0.
  // read_sealed_file: not_found also for what was erased. Blocking; from a pool thread.
  virtual bool has_file(const Hash32& hash) const = 0;
  virtual std::uint64_t sealed_part(const Hash32& hash) const = 0;
  virtual Result<bool> put_sealed_file(const Hash32& hash, std::uint64_t offset,
                                       std::string_view piece, std::uint64_t total) = 0;
  virtual Result<FilePiece> read_sealed_file(const Hash32& hash, std::uint64_t offset,
                                             std::size_t size) = 0;

  // The size of what waits for the writer, for the status page. [any thread]
  virtual std::size_t pending_events() const = 0;
};

// Makes `options.folder` (which must not exist or be empty) from a backup, with a new incarnation;
// whoever acts on requests treats unfinished ones of the older incarnation as attempted.
Result<void> restore(const std::string& file, const Options& options);

// This peer's identity, made with the secrets folder where there is none yet: pairing needs it
// before there is a desk.
Result<Identity> open_identity(const Options& options);

// Makes `options.folder` for a peer that joins a desk: its id, its pseudonym key, and a log without
// events. Errc::invalid when the folder holds a desk already.
Result<void> create_joined(const Options& options, const Id16& desk, const Key32& pseudonym_key);

// The owner's passphrase, which protects identity.key and wrapping.key. The desk may run meanwhile;
// it reads them at its start only. Blocking, 64 MiB. The old or the new one holds after a power
// cut; after an error nothing has changed. Errc::invalid: options.passphrase is missing or not the
// right one; the new one is too short or too long; one is set already.
bool has_passphrase(const Options& options);
Result<bool> passphrase_fits(const Options& options);  // options.passphrase
Result<void> set_passphrase(const Options& options, const std::string& passphrase);
Result<void> change_passphrase(const Options& options, const std::string& passphrase);
Result<void> remove_passphrase(const Options& options);

// Gives a closed folder a new wrapping key, under which buyers' keys and the pseudonym key are
// wrapped anew. Backups from before need the wrapping.key of then. After a power cut the next open
// finishes it.
Result<void> rotate_wrapping_key(const Options& options);

// Begins a new incarnation of this peer's log in a closed folder, after Errc::rolled_back.
Result<void> renew(const Options& options);

}  // namespace deskmate::storage

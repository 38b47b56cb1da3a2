#include "storage/verify.hpp"

#include <string>
#include <vector>

#include "storage/hash.hpp"
#include "storage/identity.hpp"
#include "storage/late_bodies.hpp"
#include "storage/log_book.hpp"

namespace deskmate::storage {
namespace {

constexpr std::uint64_t events_per_read = 512;

struct LogExtent {
  std::uint32_t number = 0;
  LogName name;
  std::uint64_t last = 0;
};

class Verifier {
 public:
  Verifier(Database& database, const KeyStateOf& key_state)
      : database_(database), key_state_(key_state) {}

  Result<VerifyReport> run() {
    auto measured = measure();
    if (!measured) return measured.error();
    report_.logs = logs_.size();
    auto forked = check_forks();
    if (!forked) return forked.error();
    for (const LogExtent& log : logs_) {
      Hash32 chain = chain_start(log.name);
      for (std::uint64_t from = 1; from <= log.last && !enough(); from += events_per_read) {
        auto checked = check_events(log, from, chain);
        if (!checked) return checked.error();
      }
    }
    if (enough()) return report_;
    for (std::uint64_t from = 1; from <= last_arrival_ && !enough(); from += events_per_read) {
      auto checked = check_arrivals(from);
      if (!checked) return checked.error();
    }
    if (seen_bodies_ != bodies_) {
      fault(std::to_string(bodies_) + " bodies are stored, and events name " +
            std::to_string(seen_bodies_));
    }
    if (report_.events + later_ != last_arrival_) {
      fault(std::to_string(report_.events) + " events and " + std::to_string(later_) +
            " bodies that came later have " + std::to_string(last_arrival_) + " arrivals");
    }
    return report_;
  }

 private:
  bool enough() const { return report_.faults.size() >= faults_max; }
  void fault(std::string what) { report_.faults.push_back(std::move(what)); }
  static std::string name_of(const LogExtent& log, std::uint64_t seq) {
    return "event " + std::to_string(seq) + " of log " + std::to_string(log.number);
  }

  // What there is now; appended later is not looked at.
  Result<void> measure() {
    auto txn = database_.read();
    if (!txn) return txn.error();
    const Databases& databases = database_.databases();
    auto names = read_logs(txn->get(), databases);
    if (!names) return names.error();
    auto own = read_meta_number(txn->get(), databases, meta_key::log, 0);
    if (!own) return own.error();
    auto owner = names->find(static_cast<std::uint32_t>(*own));
    if (owner == names->end()) return lmdb_error(MDB_CORRUPTED, data_file(database_.folder()));
    logs_owner_ = owner->second.peer;
    for (const auto& [number, name] : *names) {
      auto last = last_seq(txn->get(), databases.events, number);
      auto head = last_seq(txn->get(), databases.heads, number);
      auto body = last_seq(txn->get(), databases.bodies, number);
      if (!last) return last.error();
      if (!head) return head.error();
      if (!body) return body.error();
      LogExtent log{number, name, *last};
      if (*head > *last) fault(name_of(log, *head) + " was signed and is not there");
      if (*body > *last) fault(name_of(log, *body) + " is not there, and its body is");
      if (name.peer != logs_owner_ && *head < *last) {
        fault(name_of(log, *last) + " is another peer's, and no head of its covers it");
      }
      if (name.desk != names->begin()->second.desk)
        fault(name_of(log, *last) + " is another desk's");
      logs_.push_back(log);
    }
    MDB_stat stat{};
    mdb_stat(txn->get(), databases.bodies, &stat);
    bodies_ = stat.ms_entries;
    mdb_stat(txn->get(), databases.events, &stat);
    MDB_stat later{};
    mdb_stat(txn->get(), databases.later, &later);
    later_ = later.ms_entries;
    std::uint64_t events = 0;
    for (const LogExtent& log : logs_) events += log.last;
    if (stat.ms_entries != events) {
      fault(std::to_string(stat.ms_entries) + " events are stored, " + std::to_string(events) +
            " should be");
    }
    Cursor arrivals(txn->get(), databases.arrivals);
    if (arrivals.last()) last_arrival_ = get_number<std::uint64_t>(arrivals.key().data());
    return arrivals.status();
  }

  // The proofs that peers signed two histories.
  Result<void> check_forks() {
    auto txn = database_.read();
    if (!txn) return txn.error();
    auto forks = read_forks(txn->get(), database_.databases());
    if (!forks) return forks.error();
    report_.forks = forks->size();
    for (const Fork& fork : *forks) {
      for (const SignedHead* head : {&fork.ours, &fork.theirs}) {
        if (enough()) return {};
        if (signed_by(fork.log.peer, head_message({fork.log, head->seq}, head->chain),
                      head->signature)) {
          ++report_.signatures;
        } else {
          fault("a fork at event " + std::to_string(fork.seq) +
                ": its head's signature is not its peer's");
        }
      }
    }
    return {};
  }

  Result<void> check_events(const LogExtent& log, std::uint64_t from, Hash32& chain) {
    auto txn = database_.read();
    if (!txn) return txn.error();
    std::uint64_t to = std::min(log.last, from + events_per_read - 1);
    Cursor events(txn->get(), database_.databases().events);
    Cursor heads(txn->get(), database_.databases().heads);
    Cursor bodies(txn->get(), database_.databases().bodies);
    auto first = encode(Slot{log.number, from});
    heads.seek(view_of(first));
    bodies.seek(view_of(first));
    events.seek(view_of(first));
    for (std::uint64_t seq = from; seq <= to && !enough(); ++seq) {
      auto slot = encode(Slot{log.number, seq});
      if (!events.valid() || events.key() != view_of(slot)) {
        auto status = events.status();
        if (!status) return status;
        // The chain breaks here; what follows is compared with the next head all the same.
        fault(name_of(log, seq) + " is missing");
        continue;
      }
      ++report_.events;
      if (events.value().size() < event_prefix_size) {
        fault(name_of(log, seq) + " is too short");
      } else {
        auto arrival = get_number<std::uint64_t>(events.value().data());
        std::string_view record = events.value().substr(event_prefix_size);
        chain = chain_next(chain, record);
        check_arrival_of(txn->get(), log, seq, arrival);
        check_body(txn->get(), log, seq, record, view_of(slot), bodies);
      }
      check_head(log, seq, view_of(slot), chain, heads);
      events.next();
    }
    return {};
  }

  void check_arrival_of(MDB_txn* txn, const LogExtent& log, std::uint64_t seq,
                        std::uint64_t arrival) {
    auto slot = encode(Slot{log.number, seq});
    auto there = get(txn, database_.databases().arrivals, view_of(encode_number(arrival)));
    if (!there || !*there || **there != view_of(slot)) {
      fault(name_of(log, seq) + ": its arrival " + std::to_string(arrival) +
            " does not lead back to it");
    }
  }

  void check_body(MDB_txn* txn, const LogExtent& log, std::uint64_t seq, std::string_view record,
                  std::string_view slot, Cursor& bodies) {
    auto late = late_state(txn, database_.databases(), slot);
    if (!late) return fault(name_of(log, seq) + ": " + late.error().message);
    auto header = decode_header(record);
    while (bodies.valid() && bodies.key() < slot) bodies.next();
    bool stored = bodies.valid() && bodies.key() == slot;
    // What came since the beginning is not counted.
    if (stored && late->arrival <= last_arrival_) ++seen_bodies_;
    if (stored && late->awaited) fault(name_of(log, seq) + ": its body is here and awaited");
    if (!header) {
      // What a newer version wrote is kept and forwarded, but cannot be checked beyond its chain.
      if (header.error().code != Errc::newer) {
        fault(name_of(log, seq) + ": " + header.error().message);
      } else {
        ++report_.unknown;
      }
    } else if (!header->body_hash) {
      if (stored) fault(name_of(log, seq) + " has a body that its header does not name");
    } else if (!stored && late->awaited) {
      ++report_.awaited_bodies;
    } else if (!stored && header->key_id && key_state_(*header->key_id) == KeyState::erased) {
      ++report_.erased_bodies;
    } else if (!stored && late->arrival != 0) {
      ++report_.lost_bodies;
    } else if (!stored) {
      fault(name_of(log, seq) + ": its body is missing");
    } else {
      if (header->hash_alg == hash_blake2b_256 && hash_of(bodies.value()) != *header->body_hash) {
        fault(name_of(log, seq) + ": its body was changed");
      }
      if (header->key_id) check_key(log, seq, *header->key_id);
    }
    if (stored) bodies.next();
  }

  void check_key(const LogExtent& log, std::uint64_t seq, const Id16& key_id) {
    switch (key_state_(key_id)) {
      case KeyState::present:
        break;
      case KeyState::erased:
        ++report_.erased_bodies;
        break;
      case KeyState::missing:
        // Keys of other peers travel apart from their logs.
        ++report_.missing_keys;
        if (log.name.peer == logs_owner_) {
          fault(name_of(log, seq) + ": key " + hex(key_id) + " is missing and was not erased");
        }
        break;
    }
  }

  void check_head(const LogExtent& log, std::uint64_t seq, std::string_view slot,
                  const Hash32& chain, Cursor& heads) {
    while (heads.valid() && heads.key() < slot) heads.next();
    if (!heads.valid() || heads.key() != slot) return;
    std::string_view value = heads.value();
    if (value.size() != head_size) {
      fault(name_of(log, seq) + ": its head is not 96 bytes");
    } else {
      Signature signature{};
      std::memcpy(signature.data(), value.data() + 32, signature.size());
      auto stored = array_of<32>(value.substr(0, 32));
      if (stored != chain) fault(name_of(log, seq) + ": the chain up to it was changed");
      if (signed_by(log.name.peer, head_message({log.name, seq}, stored), signature)) {
        ++report_.signatures;
      } else {
        fault(name_of(log, seq) + ": its head's signature is not its peer's");
      }
    }
    heads.next();
  }

  Result<void> check_arrivals(std::uint64_t from) {
    auto txn = database_.read();
    if (!txn) return txn.error();
    std::uint64_t to = std::min(last_arrival_, from + events_per_read - 1);
    Cursor arrivals(txn->get(), database_.databases().arrivals);
    arrivals.seek(view_of(encode_number(from)));
    for (std::uint64_t arrival = from; arrival <= to && !enough(); ++arrival) {
      if (!arrivals.valid() || arrivals.key() != view_of(encode_number(arrival))) {
        auto status = arrivals.status();
        if (!status) return status;
        fault("arrival " + std::to_string(arrival) + " is missing");
        continue;
      }
      auto event = get(txn->get(), database_.databases().events, arrivals.value());
      if (!event || !*event || (*event)->size() < event_prefix_size ||
          get_number<std::uint64_t>((*event)->data()) != arrival) {
        check_late_arrival(txn->get(), arrivals.value(), arrival);
      }
      arrivals.next();
    }
    return {};
  }

  // Of a body that came after its event.
  void check_late_arrival(MDB_txn* txn, std::string_view slot, std::uint64_t arrival) {
    auto late = late_state(txn, database_.databases(), slot);
    if (!late || late->arrival != arrival) {
      fault("arrival " + std::to_string(arrival) + " leads to no event of that number");
    }
  }

  Database& database_;
  const KeyStateOf& key_state_;
  std::vector<LogExtent> logs_;
  Id32 logs_owner_{};  // this peer
  std::uint64_t last_arrival_ = 0;
  std::uint64_t bodies_ = 0;
  std::uint64_t later_ = 0;  // arrivals of bodies
  std::uint64_t seen_bodies_ = 0;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_log(Database& database, const KeyStateOf& key_state) {
  return Verifier(database, key_state).run();
}

}  // namespace deskmate::storage

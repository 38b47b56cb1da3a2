// The desk's state over its tables: typed records, the hash kept as they change, and the indexes,
// each of which follows from one record. Internal.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/desk/case_records.hpp"
#include "core/desk/codec.hpp"
#include "core/desk/problem_records.hpp"
#include "core/desk/money_records.hpp"
#include "core/desk/parcel_records.hpp"
#include "core/desk/records.hpp"
#include "core/desk/schema.hpp"
#include "core/desk/state_hash.hpp"
#include "core/desk/tables.hpp"
#include "core/desk/types.hpp"
#include "core/desk/views.hpp"
#include "core/desk/word_records.hpp"

namespace deskmate::desk {

// Named limit: records kept decoded between settlings, beyond those that changed.
inline constexpr std::size_t held_records_max = 256;  // of a kind

// Index entries that follow from a record.
using IndexEntries = std::vector<std::pair<std::pair<std::string_view, std::string>, std::string>>;
IndexEntries index_of(const Id16& id, const ChatRecord& chat);
IndexEntries index_of(const Id16& id, const RequestRecord& request);
IndexEntries index_of(const Id16& id, const OrderRecord& order);
IndexEntries index_of(const Id16& id, const ParcelRecord& parcel);
IndexEntries index_of(const Id16& id, const PromiseRecord& promise);
IndexEntries index_of(const Id16& id, const QuestionRecord& question);
IndexEntries index_of(const Id16& id, const CaseRecord& record);
IndexEntries index_of(const Id16& id, const CallRecord& call);
IndexEntries index_of(std::string_view key, const ProblemRecord& problem);
IndexEntries index_of(const Id16& id, const OfferRecord& offer);
IndexEntries index_of(const Id16& id, const PayoutRecord& payout);
IndexEntries index_of(const Id16& id, const OutsideRecord& refund);

class State {
 public:
  explicit State(Tables& tables);

  // --- raw entries
  // --------------------------------------------------------------------------------
  std::optional<std::string> get(const TableInfo& table, std::string_view key) const;
  bool has(const TableInfo& table, std::string_view key) const { return !!get(table, key); }
  void put(const TableInfo& table, std::string_view key, std::string value);
  void erase(const TableInfo& table, std::string_view key);
  // The entries whose key begins with prefix, in order or backwards, until each returns false.
  void each(const TableInfo& table, std::string_view prefix, bool backwards,
            const Tables::Each& each) const;
  void scan(const TableInfo& table, std::string_view from, bool backwards,
            const Tables::Each& each) const;

  // --- records
  // ------------------------------------------------------------------------------------
  template <class Record>
  std::optional<Record> find(const TableInfo& table, std::string_view key) const {
    const auto bytes = get(table, key);
    if (!bytes) return std::nullopt;
    return decode_record<Record>(*bytes);
  }
  template <class Record>
  Record load(const TableInfo& table, std::string_view key) const {
    return find<Record>(table, key).value_or(Record{});
  }
  template <class Record>
  Record decode(std::string_view bytes) const {
    return decode_record<Record>(bytes);
  }
  template <class Record>
  void save(const TableInfo& table, std::string_view key, const Record& record) {
    put(table, key, encode_record(record));
  }

  // Changes a record and whatever indexes follow from it (index_of).
  template <class Record, class Change>
  void edit(const TableInfo& table, const Id16& id, const Change& change) {
    const Key key = Key().id(id);
    const Record before = load<Record>(table, key);
    Record after = before;
    change(after);
    save(table, key, after);
    reindex(index_of(id, before), index_of(id, after));
  }
  void edit_problem(std::string_view key, const std::function<void(ProblemRecord&)>& change);
  // Chats and requests are changed by several events in a row: this stays in memory until settle();
  // only then do their tables, the indexes that follow from them and the hash say the same.
  void edit_chat(const Id16& id, const std::function<void(ChatRecord&)>& change);
  void edit_request(const Id16& id, const std::function<void(RequestRecord&)>& change);
  const RequestRecord& request(const Id16& id) { return hold(requests_, table::requests, id).now; }
  // What counts as said in a chat. Each is to be followed by edit_chat.
  struct TalkIn {
    std::uint64_t heard_ms;  // when the buyer spoke, as far as the channel's clock is believed
    std::uint64_t at_ms;     // by that clock
    Id16 event, message;
  };
  void add_talk_in(const Id16& chat, const Place& at, const TalkIn& said);
  void add_talk_out(const Id16& chat, const Place& at, std::uint64_t seen_ms);
  // An answer that somebody gave at the channel itself, at_ms by its clock.
  void add_by_hand(const Id16& chat, const Place& at, std::uint64_t heard_ms, std::uint64_t at_ms);
  // How much of what the buyer wrote after `since` a word at that place answers, or closes: all up
  // to the place that is returned, which is before the first message of a later time by the
  // channel's clock. upto_ms: what its author had seen (0: all), or when it was given at the
  // channel; most: messages looked at.
  Place answers_upto(const Id16& chat, const Place& since, const Place& at, std::uint64_t upto_ms,
                     std::size_t most) const;
  // What goes with a word that answers or closes: the channel's latest time of the messages here.
  // Stamps do not tell what its author had seen, as clocks differ and messages cross.
  std::uint64_t seen_ms(const Id16& chat) const;
  // The message that a reply now answers: by the channel's clock the last of those that wait, or of
  // all. Nothing: there is none.
  Place to_answer(const Id16& chat, const ChatRecord& record) const;
  void add_under_way(const Id16& chat, const Place& at, std::uint64_t seen_ms);
  void drop_talk(const Id16& chat, const Place& at);
  bool is_talk_out(const Id16& chat, const Place& at) const {
    return has(table::talk_out, Key().id(chat).place(at));
  }
  bool is_any_under_way(const Id16& chat) const;
  bool is_under_way(const Id16& chat, const Place& at) const {
    return has(table::under_way, Key().id(chat).place(at));
  }
  void settle();
  void edit_join(const Id16& a, const Id16& b, const std::function<void(JoinRecord&)>& change);
  void add_contact(const Id16& buyer, const Id16& contact);

  // --- places
  // ------------------------------------------------------------------------------------- The
  // event's place; remembers the log's full name.
  Place place(const EventView& event);
  // The event at a place that was seen before.
  EventRef ref(const Place& place) const;

  // --- what several parts ask
  // ----------------------------------------------------------------------- The buyer and all
  // accounts joined with it, at most group_max, the buyer first.
  std::vector<Id16> group(const Id16& buyer) const;
  // Until when one of the accounts is blocked; 0: for good; nothing: none is at now.
  std::optional<std::uint64_t> blocked_until(const std::vector<Id16>& accounts,
                                             std::uint64_t now_ms) const;
  struct Served {
    MemberNo member = 0;
    std::uint64_t at_ms = 0;
  };
  std::optional<Served> last_served(const std::vector<Id16>& accounts) const;
  struct Load {
    std::uint32_t open = 0, waiting = 0;
  };
  Load load_of(MemberNo member) const;
  std::vector<std::pair<MemberNo, MemberRecord>> members() const;  // by number; with a profile
  std::uint32_t highest_chat_number() const;

  // --- hash and counts
  // ----------------------------------------------------------------------------
  StateHash hash() const { return sum_.bytes(); }
  StateHash full_hash() const;
  Counts counts;

 private:
  // A record that the fold is at work on: as its table has it, and as it is by now.
  template <class Record>
  struct Held {
    std::string bytes;  // empty: it is not in its table
    Record stored, now;
    bool changed = false;
    bool follow = false;  // of a chat: what follows from its talk is to be looked up again
  };
  struct IdHash {  // ids are hashes themselves
    std::size_t operator()(const Id16& id) const {
      std::size_t out = 0;
      std::memcpy(&out, id.data(), sizeof(out));
      return out;
    }
  };
  template <class Record>
  struct Work {
    using Records = std::unordered_map<Id16, Held<Record>, IdHash>;
    Records records;
    std::vector<typename Records::value_type*> changed;
  };
  template <class Record>
  Held<Record>& hold(Work<Record>& work, const TableInfo& table, const Id16& id) {
    const auto [at, fresh] = work.records.try_emplace(id);
    Held<Record>& held = at->second;
    if (fresh) {
      if (auto bytes = get(table, bytes_of(id))) {
        held.bytes = std::move(*bytes);
        held.now = held.stored = decode<Record>(held.bytes);
      }
    }
    return held;
  }
  template <class Record>
  Held<Record>& change(Work<Record>& work, const TableInfo& table, const Id16& id) {
    Held<Record>& held = hold(work, table, id);
    if (!std::exchange(held.changed, true)) {
      work.changed.push_back(&*work.records.find(id));
    }
    return held;
  }
  template <class Record>
  void settle(Work<Record>& work, const TableInfo& table);
  void put_over(const TableInfo& table, std::string_view key,
                const std::optional<std::string_view>& before, std::string value);
  void save_meta();
  void reindex(const IndexEntries& before, const IndexEntries& after);
  void follow_talk(const Id16& id, ChatRecord& chat) const;
  void follow_answers(const Id16& id, ChatRecord& chat) const;
  using LatestIn = std::function<void(const Place& message, std::uint64_t at_ms)>;
  void latest_in(const Id16& chat, const LatestIn& each_of) const;  // the newest first
  void follow_claims(const Id16& id, ChatRecord& chat) const;
  void move_load(const ChatRecord& before, const ChatRecord& after);
  void moved(const ChatRecord& before, const ChatRecord& after) { move_load(before, after); }
  void moved(const RequestRecord&, const RequestRecord&) {}

  Tables& tables_;
  HashSum sum_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, storage::LogName> logs_;  // a few
  Work<ChatRecord> chats_;
  Work<RequestRecord> requests_;
};

}  // namespace deskmate::desk

#include "core/desk/state.hpp"

#include <algorithm>

namespace deskmate::desk {
namespace {

constexpr std::string_view meta_key = "state";
constexpr std::size_t talk_in_at = 40;  // where the channel's time stands in an entry of talk_in

struct MetaRecord {
  std::string hash;
  std::uint64_t folded = 0, malformed = 0, unknown = 0;
  template <class A>
  void fields(A& a) {
    a(hash, folded, malformed, unknown);
  }
};

// desk [16] peer [32] incarnation [8], as in desk.logs.
std::optional<storage::LogName> storage_log(std::string_view value) {
  storage::LogName log;
  if (value.size() != sizeof(log.desk) + sizeof(log.peer) + 8) return std::nullopt;
  value.copy(reinterpret_cast<char*>(log.desk.data()), log.desk.size());
  value.copy(reinterpret_cast<char*>(log.peer.data()), log.peer.size(), log.desk.size());
  log.incarnation = read_be(value.substr(log.desk.size() + log.peer.size()));
  return log;
}

}  // namespace

State::State(Tables& tables) : tables_(tables) {
  if (const auto meta = find<MetaRecord>(table::meta, meta_key)) {
    sum_ = HashSum::from(meta->hash);
    counts = {meta->folded, meta->malformed, meta->unknown};
  }
  each(table::logs, {}, false, [this](std::string_view key, std::string_view value) {
    if (const auto log = storage_log(value)) {
      logs_[{read_be(key.substr(0, 8)), read_be(key.substr(8, 8))}] = *log;
    }
    return true;
  });
}

std::optional<std::string> State::get(const TableInfo& table, std::string_view key) const {
  return tables_.get(table.name, key);
}

void State::put(const TableInfo& table, std::string_view key, std::string value) {
  if (table.hashed) {
    put_over(table, key, tables_.get(table.name, key), std::move(value));
  } else {
    tables_.put(table.name, key, std::move(value));
  }
}

void State::put_over(const TableInfo& table, std::string_view key,
                     const std::optional<std::string_view>& before, std::string value) {
  if (before == value) return;
  if (before) sum_.subtract(table.name, key, *before);
  sum_.add(table.name, key, value);
  tables_.put(table.name, key, std::move(value));
}

void State::erase(const TableInfo& table, std::string_view key) {
  if (table.hashed) {
    const auto before = tables_.get(table.name, key);
    if (!before) return;
    sum_.subtract(table.name, key, *before);
  }
  tables_.erase(table.name, key);
}

void State::scan(const TableInfo& table, std::string_view from, bool backwards,
                 const Tables::Each& each) const {
  tables_.scan(table.name, {from, backwards}, each);
}

void State::each(const TableInfo& table, std::string_view prefix, bool backwards,
                 const Tables::Each& each) const {
  std::string from(prefix);
  if (backwards) from.append(table_key_max - prefix.size(), '\xff');
  tables_.scan(table.name, {from, backwards, prefix}, each);
}

void State::reindex(const IndexEntries& before, const IndexEntries& after) {
  for (const auto& entry : before) {
    const bool stays = std::any_of(after.begin(), after.end(),
                                   [&](const auto& other) { return other.first == entry.first; });
    if (!stays) tables_.erase(entry.first.first, entry.first.second);
  }
  for (const auto& entry : after) {
    if (std::find(before.begin(), before.end(), entry) == before.end()) {
      tables_.put(entry.first.first, entry.first.second, entry.second);
    }
  }
}

// The fields that follow from the chat's messages: each is a seek, however long the chat is.
void State::follow_talk(const Id16& id, ChatRecord& chat) const {
  const std::string prefix = Key().id(id).str();
  const auto place_in = [](std::string_view key) { return place_of(key.substr(sizeof(Id16))); };
  chat.first_in = chat.last_in = chat.last_out = chat.opening = chat.waiting = {};
  chat.last_answer = chat.closed_to = {};
  chat.under_way = chat.under_way_upto = {};
  chat.last_in_ms = chat.last_out_ms = chat.opening_ms = chat.waiting_ms = 0;
  chat.nudges = 0;
  chat.claim_at = {};
  chat.claim_cut = false;
  chat.claim_member = 0;
  chat.claim_why.clear();
  each(table::talk_in, prefix, true, [&](std::string_view key, std::string_view value) {
    chat.last_in = place_in(key);
    chat.last_in_ms = read_be(value.substr(0, 8));
    return false;
  });
  if (chat.closed_upto.any()) {
    chat.closed_to = answers_upto(id, {}, chat.closed_upto, chat.closed_seen_ms, seen_messages_max);
  }
  follow_answers(id, chat);
  const Place answered = std::max(chat.closed_to, chat.last_out);
  each(table::under_way, prefix, true, [&](std::string_view key, std::string_view value) {
    chat.under_way = place_in(key);
    chat.under_way_upto =
        answers_upto(id, answered, chat.under_way, read_be(value), seen_messages_max);
    return false;
  });
  if (chat.last_out < chat.under_way_upto) {
    chat.last_out = chat.under_way_upto;
    chat.last_out_ms = stamp_ms(chat.under_way.stamp);
  }
  if (!chat.last_in.any()) return;
  each(table::talk_in, prefix, false, [&](std::string_view key, std::string_view) {
    chat.first_in = place_in(key);
    return false;
  });
  // The first message after a place, if there is one.
  const auto after = [&](const Place& place, const Tables::Each& found) {
    Place next = place;
    ++next.seq;
    scan(table::talk_in, Key().id(id).place(next), false,
         [&](std::string_view key, std::string_view value) {
           return key.substr(0, prefix.size()) == prefix && found(key, value);
         });
  };
  if (chat.open()) {
    after(chat.closed_to, [&](std::string_view key, std::string_view value) {
      chat.opening = place_in(key);
      chat.opening_ms = read_be(value.substr(0, 8));
      return false;
    });
  }
  follow_claims(id, chat);
  if (answered < chat.last_in) {
    std::uint32_t seen = 0;
    after(answered, [&](std::string_view key, std::string_view value) {
      if (seen == 0) {
        chat.waiting = place_in(key);
        chat.waiting_ms = read_be(value.substr(0, 8));
      }
      return ++seen <= nudges_max;
    });
    chat.nudges = seen - 1;
  }
}

// A reply from the desk answers what its author had seen of what is before it; one that came in
// elsewhere, crossing it, waits on. An answer by hand may be found long after it was given, behind
// messages that came later: it answers what the buyer had written by then.
void State::follow_answers(const Id16& id, ChatRecord& chat) const {
  struct Answer {
    Place at;
    std::uint64_t said_ms, upto_ms;
    std::size_t most;
  };
  std::vector<Answer> found;
  const auto look = [&](const TableInfo& table, std::size_t most) {
    std::size_t count = 0;
    each(table, Key().id(id), true, [&](std::string_view key, std::string_view value) {
      found.push_back({place_of(key.substr(sizeof(Id16))), read_be(value.substr(0, 8)),
                       read_be(value.substr(8, 8)), most});
      return ++count < answers_max;
    });
  };
  look(table::talk_out, seen_messages_max);
  look(table::by_hand, by_hand_messages_max);
  std::sort(found.begin(), found.end(),
            [](const Answer& a, const Answer& b) { return a.at < b.at; });
  for (const Answer& one : found) {
    const Place since = std::max(chat.closed_to, chat.last_out);
    const Place upto = answers_upto(id, since, one.at, one.upto_ms, one.most);
    if (!(chat.last_out < upto)) continue;
    chat.last_out = upto;
    chat.last_out_ms = one.said_ms;
  }
  if (!found.empty()) chat.last_answer = found.back().at;
}

Place State::answers_upto(const Id16& chat, const Place& since, const Place& at,
                          std::uint64_t upto_ms, std::size_t most) const {
  if (upto_ms == 0) return at;
  const std::string prefix = Key().id(chat).str();
  Place upto = at;
  bool find_one_before = false;
  std::size_t looked_at = 0;
  scan(table::talk_in, Key().id(chat).place(at), true,
       [&](std::string_view key, std::string_view value) {
         if (key.substr(0, prefix.size()) != prefix) return false;
         const Place message = place_of(key.substr(prefix.size()));
         if (!(since < message)) return false;
         const bool too_far = ++looked_at > most;
         if (!too_far && read_be(value.substr(talk_in_at, 8)) > upto_ms) {
           find_one_before = true;
         } else if (std::exchange(find_one_before, false)) {
           upto = message;
         }
         return !too_far;
       });
  return find_one_before ? since : upto;
}

void State::latest_in(const Id16& chat, const LatestIn& each_of) const {
  std::size_t looked_at = 0;
  each(table::talk_in, Key().id(chat), true, [&](std::string_view key, std::string_view value) {
    each_of(place_of(key.substr(sizeof(Id16))), read_be(value.substr(talk_in_at, 8)));
    return ++looked_at < seen_messages_max;
  });
}

std::uint64_t State::seen_ms(const Id16& chat) const {
  std::uint64_t latest_ms = 0;
  latest_in(chat,
            [&](const Place&, std::uint64_t at_ms) { latest_ms = std::max(latest_ms, at_ms); });
  return latest_ms;
}

Place State::to_answer(const Id16& chat, const ChatRecord& record) const {
  Place found = record.last_in;
  std::uint64_t latest_ms = 0;
  latest_in(chat, [&](const Place& message, std::uint64_t at_ms) {
    if (at_ms <= latest_ms || message < record.waiting) return;
    found = message;
    latest_ms = at_ms;
  });
  return found;
}

// Of the claims since the opening the first of the cut stands, else the first of a book.
void State::follow_claims(const Id16& id, ChatRecord& chat) const {
  if (!chat.claimed || !chat.open()) return;
  for (const std::uint8_t kind : {std::uint8_t{0}, std::uint8_t{1}}) {
    const Key prefix = Key().id(id).u8(kind);
    Place next = chat.opening;
    ++next.seq;
    scan(table::claims, Key().id(id).u8(kind).place(next), false,
         [&](std::string_view key, std::string_view value) {
           if (key.substr(0, prefix.str().size()) != prefix.str()) return false;
           const auto claim = decode<ClaimRecord>(value);
           chat.claim_at = place_of(key.substr(prefix.str().size()));
           chat.claim_cut = kind == 0;
           chat.claim_member = claim.member;
           chat.claim_why = claim.why;
           return false;
         });
    if (chat.claim_at.any()) return;
  }
}

void State::move_load(const ChatRecord& before, const ChatRecord& after) {
  const auto change = [this](const ChatRecord& chat, std::uint32_t by) {
    if (!chat.open()) return;
    Load load = load_of(chat.owner());
    load.open += by;
    if (chat.waiting.any()) load.waiting += by;
    const Key key = Key().u32(chat.owner());
    if (load.open == 0) {
      tables_.erase(table::loads.name, key);
    } else {
      tables_.put(table::loads.name, key, Key().u32(load.open).u32(load.waiting).str());
    }
  };
  if (before.open() == after.open() && before.owner() == after.owner() &&
      before.waiting.any() == after.waiting.any()) {
    return;
  }
  change(before, ~std::uint32_t{0});  // minus one
  change(after, 1);
}

bool State::is_any_under_way(const Id16& chat) const {
  bool found = false;
  each(table::under_way, Key().id(chat), false, [&](std::string_view, std::string_view) {
    found = true;
    return false;
  });
  return found;
}

// Where a message comes after all that were there, what follows from it is told from what was.
void State::add_talk_in(const Id16& chat, const Place& at, const TalkIn& said) {
  const auto heard_ms = said.heard_ms;
  put(table::talk_in, Key().id(chat).place(at),
      Key().u64(heard_ms).id(said.event).id(said.message).u64(said.at_ms).str());
  auto& held = change(chats_, table::chats, chat);
  ChatRecord& now = held.now;
  if (now.claimed || (now.last_in.any() && !(now.last_in < at)) || !(now.closed_upto < at)) {
    held.follow = true;
    return;
  }
  const bool was_open = now.open();
  if (!now.last_in.any()) now.first_in = at;
  now.last_in = at;
  now.last_in_ms = heard_ms;
  if (now.open() && !was_open) {
    now.opening = at;
    now.opening_ms = heard_ms;
  }
  if (at < std::max({now.last_out, now.last_answer, now.under_way})) {
    held.follow = true;
    return;
  }
  if (now.waiting.any()) {
    now.nudges = std::min(now.nudges + 1, nudges_max);
  } else {
    now.waiting = at;
    now.waiting_ms = heard_ms;
  }
}

void State::add_talk_out(const Id16& chat, const Place& at, std::uint64_t seen_ms) {
  const std::string key = Key().id(chat).place(at).str();
  const std::uint64_t at_ms = stamp_ms(at.stamp);
  put(table::talk_out, key, Key().u64(at_ms).u64(seen_ms).str());
  auto& held = change(chats_, table::chats, chat);
  ChatRecord& now = held.now;
  const bool answers_all = !(at < std::max(now.last_out, now.last_answer)) && now.last_in < at &&
                           (!now.under_way.any() || now.under_way == at) &&
                           answers_upto(chat, std::max(now.closed_to, now.last_out), at, seen_ms,
                                        seen_messages_max) == at;
  if (is_under_way(chat, at)) {  // it was to be sent, and has gone out
    erase(table::under_way, key);
    now.under_way = now.under_way_upto = {};
    if (is_any_under_way(chat)) held.follow = true;
  }
  if (now.claimed || !answers_all) {
    held.follow = true;
    return;
  }
  now.last_out = now.last_answer = at;
  now.last_out_ms = at_ms;
  now.waiting = {};
  now.waiting_ms = 0;
  now.nudges = 0;
}

void State::add_by_hand(const Id16& chat, const Place& at, std::uint64_t heard_ms,
                        std::uint64_t at_ms) {
  put(table::by_hand, Key().id(chat).place(at), Key().u64(heard_ms).u64(at_ms).str());
  change(chats_, table::chats, chat).follow = true;
}

// Of one under way nobody knows yet whether it goes out: the buyer waits on.
void State::add_under_way(const Id16& chat, const Place& at, std::uint64_t seen_ms) {
  const std::string key = Key().id(chat).place(at).str();
  put(table::under_way, key, Key().u64(seen_ms).str());
  auto& held = change(chats_, table::chats, chat);
  ChatRecord& now = held.now;
  if (is_talk_out(chat, at)) {  // said to have gone out before, and now not
    erase(table::talk_out, key);
    held.follow = true;
  }
  const bool answers_all = !now.under_way.any() && now.last_out < at &&
                           answers_upto(chat, std::max(now.closed_to, now.last_out), at, seen_ms,
                                        seen_messages_max) == at;
  if (now.claimed || !answers_all) {
    held.follow = true;
    return;
  }
  now.last_out = now.under_way = now.under_way_upto = at;
  now.last_out_ms = stamp_ms(at.stamp);
}

void State::drop_talk(const Id16& chat, const Place& at) {
  const Key key = Key().id(chat).place(at);
  erase(table::talk_in, key);
  erase(table::talk_out, key);
  erase(table::by_hand, key);
  erase(table::under_way, key);
  change(chats_, table::chats, chat).follow = true;
}

void State::edit_chat(const Id16& id, const std::function<void(ChatRecord&)>& change_it) {
  auto& held = change(chats_, table::chats, id);
  ChatRecord& now = held.now;
  const auto closed = std::pair(now.closed_upto, now.closed_seen_ms);
  change_it(now);
  if (closed != std::pair(now.closed_upto, now.closed_seen_ms)) held.follow = true;
  if (std::exchange(held.follow, false) || now.claimed) follow_talk(id, now);
}

void State::edit_request(const Id16& id, const std::function<void(RequestRecord&)>& change_it) {
  change_it(change(requests_, table::requests, id).now);
}

template <class Record>
void State::settle(Work<Record>& work, const TableInfo& table) {
  for (auto* entry : work.changed) {
    auto& [id, held] = *entry;
    held.changed = false;
    std::string bytes = encode_record(held.now);
    if (bytes == held.bytes) continue;
    std::optional<std::string_view> before;
    if (!held.bytes.empty()) before = held.bytes;
    put_over(table, bytes_of(id), before, bytes);
    reindex(index_of(id, held.stored), index_of(id, held.now));
    moved(held.stored, held.now);
    held.bytes = std::move(bytes);
    held.stored = held.now;
  }
  work.changed.clear();
  if (work.records.size() > held_records_max) work.records.clear();
}

void State::settle() {
  settle(chats_, table::chats);
  settle(requests_, table::requests);
  save_meta();
}

void State::edit_problem(std::string_view key, const std::function<void(ProblemRecord&)>& change) {
  const auto before = load<ProblemRecord>(table::problems, key);
  ProblemRecord after = before;
  change(after);
  save(table::problems, key, after);
  reindex(index_of(key, before), index_of(key, after));
}

void State::edit_join(const Id16& a, const Id16& b,
                      const std::function<void(JoinRecord&)>& change) {
  const Key key = Key().id(std::min(a, b)).id(std::max(a, b));
  JoinRecord record = load<JoinRecord>(table::joins, key);
  change(record);
  save(table::joins, key, record);
  for (const Key& way : {Key().id(a).id(b), Key().id(b).id(a)}) {
    if (record.joined) {
      tables_.put(table::joined.name, way, {});
    } else {
      tables_.erase(table::joined.name, way);
    }
  }
}

void State::add_contact(const Id16& buyer, const Id16& contact) {
  put(table::contacts, Key().id(buyer).id(contact), {});
  tables_.put(table::contact_buyers.name, Key().id(contact).id(buyer), {});
}

Place State::place(const EventView& event) {
  const auto& log = event.key.log;
  const std::uint64_t peer = read_be(bytes_of(log.peer).substr(0, 8));
  const auto name = std::pair(peer, log.incarnation);
  const auto known = logs_.find(name);
  // Two peers whose ids begin alike would have to be made on purpose; the lesser is kept, so that
  // the order of events is of no account even then.
  if (known == logs_.end() || log < known->second) {
    logs_[name] = log;
    std::string value(bytes_of(log.desk));
    value.append(bytes_of(log.peer));
    append_be(value, log.incarnation, 8);
    put(table::logs, Key().u64(peer).u64(log.incarnation), std::move(value));
  }
  return {event.stamp, peer, log.incarnation, event.key.seq};
}

EventRef State::ref(const Place& place) const {
  const auto log = logs_.find({place.peer, place.incarnation});
  return {log == logs_.end() ? storage::LogName{} : log->second, place.seq};
}

std::vector<Id16> State::group(const Id16& buyer) const {
  std::vector<Id16> accounts{buyer};
  for (std::size_t next = 0; next < accounts.size(); ++next) {
    const Key prefix = Key().id(accounts[next]);
    each(table::joined, prefix, false, [&](std::string_view key, std::string_view) {
      const Id16 other = id_at(key, sizeof(Id16));
      if (std::find(accounts.begin(), accounts.end(), other) == accounts.end()) {
        accounts.push_back(other);
      }
      return accounts.size() < group_max;
    });
    if (accounts.size() >= group_max) break;
  }
  return accounts;
}

std::optional<std::uint64_t> State::blocked_until(const std::vector<Id16>& accounts,
                                                  std::uint64_t now_ms) const {
  std::optional<std::uint64_t> until;
  for (const Id16& account : accounts) {
    const auto buyer = find<BuyerRecord>(table::buyers, Key().id(account));
    if (!buyer || !buyer->blocked || (buyer->until_ms != 0 && buyer->until_ms <= now_ms)) continue;
    if (buyer->until_ms == 0) return 0;
    until = std::max(until.value_or(0), buyer->until_ms);
  }
  return until;
}

std::optional<State::Served> State::last_served(const std::vector<Id16>& accounts) const {
  std::optional<Served> latest;
  Place latest_at;
  for (const Id16& account : accounts) {
    each(table::served, Key().id(account), true, [&](std::string_view key, std::string_view value) {
      const Place at = place_of(key.substr(sizeof(Id16)));
      if (take_latest(latest_at, at)) {
        latest = Served{static_cast<MemberNo>(read_be(value)), stamp_ms(at.stamp)};
      }
      return false;
    });
  }
  return latest;
}

State::Load State::load_of(MemberNo member) const {
  const auto value = get(table::loads, Key().u32(member));
  if (!value || value->size() != 8) return {};
  const std::string_view bytes = *value;
  return {static_cast<std::uint32_t>(read_be(bytes.substr(0, 4))),
          static_cast<std::uint32_t>(read_be(bytes.substr(4, 4)))};
}

std::vector<std::pair<MemberNo, MemberRecord>> State::members() const {
  std::vector<std::pair<MemberNo, MemberRecord>> out;
  each(table::members, {}, false, [&](std::string_view key, std::string_view value) {
    auto record = decode<MemberRecord>(value);
    if (record.known()) {
      out.emplace_back(static_cast<MemberNo>(read_be(key)), std::move(record));
    }
    return true;
  });
  return out;
}

std::uint32_t State::highest_chat_number() const {
  std::uint32_t number = 0;
  each(table::chat_numbers, {}, true, [&](std::string_view key, std::string_view) {
    number = static_cast<std::uint32_t>(read_be(key.substr(0, 4)));
    return false;
  });
  return number;
}

StateHash State::full_hash() const {
  HashSum sum;
  for (const TableInfo& table : desk_tables()) {
    if (!table.hashed) continue;
    each(table, {}, false, [&](std::string_view key, std::string_view value) {
      sum.add(table.name, key, value);
      return true;
    });
  }
  return sum.bytes();
}

void State::save_meta() {
  MetaRecord meta;
  const StateHash bytes = sum_.bytes();
  meta.hash.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  meta.folded = counts.folded;
  meta.malformed = counts.malformed;
  meta.unknown = counts.unknown;
  save(table::meta, meta_key, meta);
}

}  // namespace deskmate::desk

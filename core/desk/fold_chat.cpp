#include <sodium.h>
#include <algorithm>
#include <set>

#include "core/desk/fold.hpp"
#include "core/desk/ledger.hpp"

namespace deskmate::desk {
namespace {

// When the buyer spoke, as far as the channel's clock is believed.
std::uint64_t heard_ms(std::uint64_t at_ms, std::uint64_t stamp) {
  const std::uint64_t here_ms = stamp_ms(stamp);
  const std::uint64_t earliest = here_ms - std::min(here_ms, heard_before_max_ms);
  return std::clamp(at_ms, earliest, here_ms);
}

// 0: all that was before.
std::uint64_t more_seen(std::uint64_t a, std::uint64_t b) {
  return a == 0 || b == 0 ? 0 : std::max(a, b);
}

// The first is shown; the others go on meaning this chat.
void give_number(ChatRecord& chat, std::uint32_t number, const Place& at) {
  if (number == 0) return;
  if (chat.number != 0 && (chat.number != number || !chat.numbers.empty())) {
    std::set<std::uint32_t> all(chat.numbers.begin(), chat.numbers.end());
    all.insert({chat.number, number});
    chat.numbers.assign(all.begin(), all.end());
    if (chat.numbers.size() > chat_numbers_max) chat.numbers.resize(chat_numbers_max);
  }
  if (take_first(chat.number_at, at)) chat.number = number;
}

}  // namespace

Folded Fold::message_received(In& in) { return message(in, true); }
Folded Fold::message_sent(In& in) { return message(in, false); }

// The same message may be seen by several peers, or twice by one: the earliest place is the
// message, and the others leave no trace but what they say of the chat and the buyer.
Folded Fold::message(In& in, bool inbound) {
  Facts& facts = in.facts;
  const std::string shop = facts.name("shop");
  const Id16 chat = facts.id("thread");
  const Id16 buyer = facts.id("buyer");
  const Id16 id = facts.id("message");
  const std::uint64_t at_ms = facts.uint("at");
  const bool automatic = facts.flag_if("auto");
  const auto contacts = facts.ids("contacts");
  const auto mentions = facts.ids("mentions");
  const std::uint32_t files = facts.u32_if("files");
  if (!facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  const Key key = Key().id(id);
  const MessageRecord before = state_.load<MessageRecord>(table::messages, key);
  MessageRecord after = before;
  if (take_first(after.at, at)) {
    after.inbound = inbound;
    after.automatic = automatic;
    after.chat = chat;
    after.event = in.event.id;
    after.at_ms = at_ms;
    after.heard_ms = heard_ms(at_ms, in.event.stamp);
    after.files = files;
    show_message(id, before, false);
    show_message(id, after, true);
    state_.save(table::messages, key, after);
  }

  for (const Id16& contact : contacts) state_.add_contact(buyer, contact);
  for (const Id16& mention : mentions) {
    state_.put(table::mentions, Key().id(buyer).id(mention), {});
    state_.put(table::quotes, Key().id(chat).id(mention), {});
  }
  const auto origin = [&](ChatRecord& record) {
    if (!take_first(record.origin_at, at)) return;
    record.shop = shop;
    record.buyer = buyer;
  };
  state_.edit_chat(chat, origin);
  if (before.at.any() && before.chat != chat) state_.edit_chat(before.chat, [](ChatRecord&) {});
  return Folded::routing;
}

// Puts what follows from a message record into its chat, or takes it out.
void Fold::show_message(const Id16& id, const MessageRecord& message, bool shown) {
  if (!message.at.any()) return;
  const Key key = Key().id(message.chat).place(message.at);
  if (!shown || (message.ours && !message.inbound)) {
    state_.erase(table::entries, key);
    state_.drop_talk(message.chat, message.at);
    return;
  }
  EntryRecord entry;
  entry.kind = static_cast<std::uint8_t>(message.inbound ? EntryKind::received : EntryKind::sent);
  entry.event = message.event;
  entry.at_ms = message.at_ms;
  entry.automatic = message.automatic;
  entry.files = message.files;
  state_.save(table::entries, key, entry);
  if (message.automatic) return;
  if (message.inbound) {
    state_.add_talk_in(message.chat, message.at,
                       {message.heard_ms, message.at_ms, message.event, id});
  } else {
    state_.add_by_hand(message.chat, message.at, message.heard_ms, message.at_ms);
  }
}

// Counters are kept from counting an event twice by the chat's entry, which is one per event.
Folded Fold::chat_assigned(In& in) {
  Facts& facts = in.facts;
  const Id16 chat = facts.id("chat");
  const MemberNo member = facts.member("member");
  const std::uint32_t number = facts.u32_if("number");
  const std::string why = facts.bytes_if("why");
  facts.require(facts.raw("why").is_nil() || facts.raw("why").is_map());
  std::vector<LedgerShare> shares;
  const View list = facts.raw("shares");
  facts.require((list.is_nil() || list.is_array()) && list.size() <= members_max);
  for (const View item : list) {
    const std::uint64_t who = item[std::size_t{0}].as_uint();
    const std::uint64_t weight = item[std::size_t{1}].as_uint();
    facts.require(item.size() == 2 && who >= 1 && who <= UINT32_MAX && weight >= 1 &&
                  weight <= weight_max && (shares.empty() || shares.back().member < who));
    if (!facts.ok()) return Folded::malformed;
    shares.push_back({static_cast<std::uint32_t>(who), static_cast<std::uint32_t>(weight), 0});
  }
  const std::string kind = facts.name_if("claim");
  const bool cut = kind == "cut";
  const bool claims = cut || kind == "book";
  const Id16 visit = claims ? facts.id("visit") : Id16{};
  facts.require(kind.empty() || claims);
  if (!facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  const Key key = Key().id(chat).place(at);
  if (!state_.has(table::entries, key)) {
    note_given(chat, at, facts.raw("why")["rule"].as_str(), member,
               claims ? std::vector<LedgerShare>{} : shares);
    if (!claims && !shares.empty()) charge(shares, member, 1);
    if (claims) {
      state_.save(table::claims, Key().id(chat).u8(cut ? 0 : 1).place(at),
                  ClaimRecord{member, why});
      give_visit(chat, visit, cut, {at, member, shares});
    }
  }
  EntryRecord line = entry_of(EntryKind::assigned, in.event, member);
  line.why = why;
  state_.save(table::entries, key, line);
  bool freed = false;
  state_.edit_chat(chat, [&](ChatRecord& record) {
    freed = record.owner() != 0 && record.owner() != member;
    give_number(record, number, at);
    if (take_latest(record.served_at, at)) record.served_by = member;
    if (claims) {
      record.claimed = true;
    } else if (take_latest(record.route_at, at)) {
      record.route_member = member;
      record.route_role.clear();
      record.route_why = why;
    }
  });
  return freed || claims ? Folded::routing : Folded::quiet;
}

// Of several who were given one visit without seeing each other only one is charged: whoever keeps
// it.
void Fold::give_visit(const Id16& chat, const Id16& visit, bool cut, VisitRecord::Given given) {
  const Key key = Key().id(chat).id(visit);
  VisitRecord record = state_.load<VisitRecord>(table::visits, key);
  const VisitRecord::Given before = record.stands();
  VisitRecord::Given& mine = cut ? record.cut : record.book;
  if (mine.at.any() && !(given.at < mine.at)) return;
  mine = std::move(given);
  state_.save(table::visits, key, record);
  const VisitRecord::Given& after = record.stands();
  if (before.at == after.at) return;
  const auto settle = [&](const VisitRecord::Given& one, bool charged) {
    if (!one.at.any() || one.shares.empty()) return;
    charge(one.shares, one.member, charged ? 1 : -1);
    const Key line = Key().place(one.at).id(chat);
    GivenRecord noted = state_.load<GivenRecord>(table::given, line);
    noted.set = charged ? ledger_key(one.shares) : std::string();
    state_.save(table::given, line, noted);
  };
  settle(before, false);
  settle(after, true);
}

void Fold::note_given(const Id16& chat, const Place& at, std::string_view rule, MemberNo member,
                      const std::vector<LedgerShare>& shares) {
  GivenRecord line;
  line.rule = rule.substr(0, name_max);
  line.member = member;
  if (!shares.empty()) line.set = ledger_key(shares);
  state_.save(table::given, Key().place(at).id(chat), line);
}

void Fold::charge(const std::vector<LedgerShare>& shares, MemberNo member, int by) {
  const std::string key = ledger_key(shares);
  LedgerRecord record = state_.load<LedgerRecord>(table::ledger, key);
  if (record.shares.empty()) record.shares = shares;
  bool any = false;
  for (LedgerShare& share : record.shares) {
    if (share.member == member) by < 0 ? --share.count : ++share.count;
    any = any || share.count != 0;
  }
  // What was taken back leaves no trace: others may never have charged it.
  if (any) {
    state_.save(table::ledger, key, record);
  } else {
    state_.erase(table::ledger, key);
  }
}

Folded Fold::chat_queued(In& in) {
  const Id16 chat = in.facts.id("chat");
  const std::uint32_t number = in.facts.u32_if("number");
  const std::string why = in.facts.bytes_if("why");
  const bool parked = in.facts.raw("why")["rule"].as_str() == "blocked";
  in.facts.require(in.facts.raw("why").is_nil() || in.facts.raw("why").is_map());
  if (!in.facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  EntryRecord line = entry_of(EntryKind::queued, in.event, 0);
  line.why = why;
  state_.save(table::entries, Key().id(chat).place(at), line);
  state_.edit_chat(chat, [&](ChatRecord& record) {
    give_number(record, number, at);
    if (take_latest(record.queued_at, at)) {
      record.parked = parked;
      record.queued_why = why;
    }
  });
  return Folded::quiet;
}

Folded Fold::chat_closed(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.u32_if("member");
  const View last = in.facts.raw("upto");
  const std::uint64_t seen_ms = in.facts.uint_if("seen");
  in.facts.require(last.is_nil() || last.as_bin().size() == place_size);
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  const Place upto = last.is_nil() ? at : std::min(at, place_of(last.as_bin()));
  state_.save(table::entries, Key().id(chat).place(at),
              entry_of(EntryKind::closed, in.event, member));
  state_.edit_chat(chat, [&](ChatRecord& record) {
    take_latest(record.closed_at, at);
    if (record.closed_upto < upto) {
      record.closed_upto = upto;
      record.closed_seen_ms = seen_ms;
    } else if (record.closed_upto == upto) {
      record.closed_seen_ms = more_seen(record.closed_seen_ms, seen_ms);
    }
  });
  return Folded::routing;
}

Folded Fold::chat_transferred(In& in) {
  Facts& facts = in.facts;
  const Id16 chat = facts.id("chat");
  const MemberNo from = facts.u32_if("from");
  const bool to_role = facts.raw("to").is_str();
  const std::string role = to_role ? facts.name("to") : std::string();
  const MemberNo member = to_role ? 0 : facts.member("to");
  if (!facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  EntryRecord line = entry_of(EntryKind::transfer, in.event, from);
  line.to = member;
  line.to_role = role;
  state_.save(table::entries, Key().id(chat).place(at), line);
  if (!to_role) note_given(chat, at, "transferred", member, {});
  Value why = Value::map({{"rule", "transferred"}, {"from", from}});
  if (to_role) {
    why["role"] = role;
  } else {
    why["member"] = member;
  }
  state_.edit_chat(chat, [&](ChatRecord& record) {
    if (!to_role && take_latest(record.served_at, at)) record.served_by = member;
    if (take_latest(record.route_at, at)) {
      record.route_member = member;
      record.route_role = role;
      record.route_why = encode(why);
    }
  });
  return Folded::routing;
}

// R14: nobody's again, and given as a new one would be.
Folded Fold::chat_released(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo from = in.facts.member("from");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.save(table::entries, Key().id(chat).place(at),
              entry_of(EntryKind::released, in.event, from));
  state_.edit_chat(chat, [&](ChatRecord& record) {
    if (!take_latest(record.route_at, at)) return;
    record.route_member = 0;
    record.route_role.clear();
    record.route_why = encode(Value::map({{"rule", "released"}, {"from", from}}));
  });
  return Folded::routing;
}

Folded Fold::chat_noted(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.u32_if("member");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.save(table::entries, Key().id(chat).place(at),
              entry_of(EntryKind::note, in.event, member));
  return Folded::quiet;
}

Folded Fold::chat_drafted(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.member("member");
  const bool empty = in.facts.flag_if("empty");
  if (!in.facts.ok()) return Folded::malformed;
  const Key key = Key().id(chat).u32(member);
  DraftRecord draft = state_.load<DraftRecord>(table::drafts, key);
  if (take_latest(draft.at, state_.place(in.event))) draft.empty = empty;
  state_.save(table::drafts, key, draft);
  return Folded::quiet;
}

Folded Fold::chat_flagged(In& in) {
  const Id16 chat = in.facts.id("chat");
  const MemberNo member = in.facts.u32_if("member");
  const std::string topic = in.facts.name("topic");
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  EntryRecord line = entry_of(EntryKind::flagged, in.event, member);
  line.topic = topic;
  state_.save(table::entries, Key().id(chat).place(at), line);
  state_.edit_chat(chat, [&](ChatRecord& record) {
    if (take_latest(record.flag_at, at)) {
      record.flag_member = member;
      record.topic = topic;
    }
  });
  if (topic == topic_abuse && member != 0) had_abuse(member, stamp_ms(in.event.stamp));
  return Folded::routing;
}

}  // namespace deskmate::desk

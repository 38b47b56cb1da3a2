#include "core/desk/fold.hpp"
#include "core/desk/schedule.hpp"

namespace deskmate::desk {

Folded Fold::member_set(In& in) {
  Facts& facts = in.facts;
  const MemberNo number = facts.member("member");
  MemberRecord profile;
  profile.name = facts.name_if("name");
  profile.role = facts.name_if("role");
  profile.weight = static_cast<std::uint32_t>(facts.uint_if("weight", weight_max));
  profile.zone = facts.name_if("zone");
  profile.schedule = facts.names("schedule", schedule_ranges_max);
  profile.capacity = facts.u32_if("capacity");
  profile.experts = facts.names("experts", ids_max);
  profile.removed = facts.flag_if("removed");
  facts.require(parse_schedule(profile.schedule).has_value());
  // keeps: only the profile changes. asks: whose agreement the rest needs; none: in force at once.
  const bool keeps = facts.flag_if("keeps");
  ChangeRecord change;
  change.asks = facts.peers("asks");
  change.peer = facts.peer_if("peer").value_or(in.event.key.log.peer);
  if (!facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  const Key key = Key().u32(number);
  MemberRecord member = state_.load<MemberRecord>(table::members, key);
  if (take_latest(member.profile_at, at)) {
    member.name = profile.name;
    member.role = profile.role;
    member.zone = profile.zone;
    member.schedule = profile.schedule;
    member.capacity = profile.capacity;
    member.experts = profile.experts;
  }
  member.waiting = !member.settled_at.any();
  state_.save(table::members, key, member);
  if (keeps) return Folded::routing;

  const ChangeRecord known = state_.load<ChangeRecord>(table::changes, Key().id(in.event.id));
  change.at = at;
  change.member = number;
  change.weight = profile.weight;
  change.name = profile.name;
  change.removed = profile.removed;
  change.by = in.event.key.log.peer;
  change.agreed = known.agreed;
  state_.save(table::changes, Key().id(in.event.id), change);
  settle(in.event.id);
  return Folded::routing;
}

Folded Fold::member_presence(In& in) {
  Facts& facts = in.facts;
  const MemberNo number = facts.member("member");
  const auto presence = presence_from(facts.name("state"));
  const std::uint64_t until_ms = facts.uint_if("until");
  if (!facts.ok() || !presence) return Folded::malformed;

  const Key key = Key().u32(number);
  MemberRecord member = state_.load<MemberRecord>(table::members, key);
  if (take_latest(member.presence_at, state_.place(in.event))) {
    member.presence = static_cast<std::uint8_t>(*presence);
    member.until_ms = until_ms;
  }
  state_.save(table::members, key, member);
  return Folded::routing;
}

Folded Fold::overtime_asked(In& in) {
  const MemberNo number = in.facts.member("member");
  const std::uint64_t until_ms = in.facts.uint("until");
  if (!in.facts.ok()) return Folded::malformed;
  const Key key = Key().u32(number);
  MemberRecord member = state_.load<MemberRecord>(table::members, key);
  if (take_latest(member.asked_at, state_.place(in.event))) member.asked_until_ms = until_ms;
  state_.save(table::members, key, member);
  return Folded::quiet;
}

// until: 0 refuses.
Folded Fold::overtime_answered(In& in) {
  const MemberNo number = in.facts.member("member");
  const MemberNo by = in.facts.member("by");
  const std::uint64_t until_ms = in.facts.uint("until");
  if (!in.facts.ok()) return Folded::malformed;
  const Key key = Key().u32(number);
  MemberRecord member = state_.load<MemberRecord>(table::members, key);
  if (take_latest(member.answered_at, state_.place(in.event))) {
    member.overtime_until_ms = until_ms;
    member.answered_by = by;
  }
  state_.save(table::members, key, member);
  return Folded::routing;
}

Folded Fold::set_joined(In& in, bool joined) {
  const Id16 a = in.facts.id("a");
  const Id16 b = in.facts.id("b");
  in.facts.require(a != b);
  if (!in.facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  state_.edit_join(a, b, [&](JoinRecord& join) {
    if (take_latest(join.at, at)) join.joined = joined;
  });
  return Folded::blocking;
}

Folded Fold::buyer_joined(In& in) { return set_joined(in, true); }

Folded Fold::buyer_separated(In& in) { return set_joined(in, false); }

void Fold::had_abuse(MemberNo member, std::uint64_t ms) {
  const Key key = Key().u32(member);
  MemberRecord record = state_.load<MemberRecord>(table::members, key);
  record.abuse_ms = std::max(record.abuse_ms, ms);
  state_.save(table::members, key, record);
}

Folded Fold::buyer_blocked(In& in) {
  const Id16 id = in.facts.id("buyer");
  const MemberNo member = in.facts.u32_if("member");
  const std::uint64_t until_ms = in.facts.uint_if("until");
  if (!in.facts.ok()) return Folded::malformed;
  BuyerRecord buyer = state_.load<BuyerRecord>(table::buyers, Key().id(id));
  if (take_latest(buyer.block_at, state_.place(in.event))) {
    buyer.blocked = true;
    buyer.until_ms = until_ms;
  }
  state_.save(table::buyers, Key().id(id), buyer);
  if (member != 0) had_abuse(member, stamp_ms(in.event.stamp));
  return Folded::blocking;
}

Folded Fold::buyer_unblocked(In& in) {
  const Id16 id = in.facts.id("buyer");
  if (!in.facts.ok()) return Folded::malformed;
  BuyerRecord buyer = state_.load<BuyerRecord>(table::buyers, Key().id(id));
  if (take_latest(buyer.block_at, state_.place(in.event))) {
    buyer.blocked = false;
    buyer.until_ms = 0;
  }
  state_.save(table::buyers, Key().id(id), buyer);
  return Folded::blocking;
}

Folded Fold::buyer_seen(In& in) {
  const Id16 id = in.facts.id("buyer");
  const std::string shop = in.facts.name("shop");
  const auto contacts = in.facts.ids("contacts");
  if (!in.facts.ok()) return Folded::malformed;
  BuyerRecord buyer = state_.load<BuyerRecord>(table::buyers, Key().id(id));
  if (take_latest(buyer.seen_at, state_.place(in.event))) buyer.shop = shop;
  state_.save(table::buyers, Key().id(id), buyer);
  for (const Id16& contact : contacts) state_.add_contact(id, contact);
  return Folded::quiet;
}

Folded Fold::phrase_set(In& in) {
  const std::string name = in.facts.name("name");
  const std::string language = in.facts.name_if("language");
  const bool removed = in.facts.flag_if("removed");
  const View text = in.facts.raw("text");
  in.facts.require(text.as_str().size() <= phrase_max && (removed || text.is_str()));
  if (!in.facts.ok()) return Folded::malformed;
  const Key key = Key().text(name).end().text(language);
  PhraseRecord phrase = state_.load<PhraseRecord>(table::phrases, key);
  if (take_latest(phrase.at, state_.place(in.event))) {
    phrase.text = text.as_str();
    phrase.removed = removed;
  }
  state_.save(table::phrases, key, phrase);
  return Folded::quiet;
}

Folded Fold::plugin_state(In& in) {
  const std::string name = in.facts.name("plugin");
  const std::string state = in.facts.name("state");
  const std::string reason = in.facts.name_if("reason", text_max);
  const View code = in.facts.raw("code");
  if (!in.facts.ok()) return Folded::malformed;
  PluginRecord plugin = state_.load<PluginRecord>(table::plugins, Key().text(name));
  if (take_latest(plugin.at, state_.place(in.event))) {
    plugin.state = state;
    plugin.reason = reason;
    plugin.code = code.is_int() ? std::to_string(code.as_int()) : std::string(code.as_str());
  }
  state_.save(table::plugins, Key().text(name), plugin);
  return Folded::quiet;
}

}  // namespace deskmate::desk

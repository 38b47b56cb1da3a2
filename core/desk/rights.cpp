// May this peer act for a chat? README.md has the rule and why two peers never both may.
#include <algorithm>

#include "core/desk/peers.hpp"

namespace deskmate::desk {
namespace {

Right answer(May may, std::string_view rule, std::vector<PeerId> peers = {}) {
  Right out;
  out.may = may;
  out.why = Value::map({{"rule", rule}});
  out.peers = std::move(peers);
  return out;
}

}  // namespace

bool closing_known(const Peers& peers, const ChatRecord& chat, const Sight& sight) {
  return !chat.closed_at.any() || peers.lacking(chat.closed_at, sight).empty();
}

std::vector<PeerId> lacking_word(const Peers& peers, const ChatRecord& chat, const Place& word,
                                 const Sight& sight) {
  auto lacking = peers.lacking(word, sight);
  return lacking.empty() ? peers.lacking(chat.opening, sight) : lacking;
}

namespace {

Right right_of(const State& state, const Policy& policy, const Peers& peers, const ChatRecord& chat,
               const Sight& sight) {
  if (!chat.open()) return answer(May::no, "closed");
  if (peers.alone()) return answer(May::yes, "alone");
  if (sight.skewed) return answer(May::no, "skewed");
  switch (peers.standing(sight.self)) {
    case PeerStanding::removed:
      return answer(May::no, "removed");
    case PeerStanding::here:
      break;
    default:
      return answer(May::no, "left");
  }
  if (peers.needs_hello(policy.self)) return answer(May::no, "left");
  if (chat.owner() == 0) return answer(May::no, "nobodys");
  const auto member = state.find<MemberRecord>(table::members, Key().u32(chat.owner()));
  const PeerId owner = member ? peers.peer_of(*member) : PeerId{};
  if (owner != sight.self) return answer(May::no, "others", {owner});

  const bool lapsed = chat.waiting.any() && chat.waiting_ms + policy.target_ms <= sight.now_ms &&
                      !peers.whole(sight);
  const bool dropped = peers.dropped_since(chat.opening);
  const auto right = [&](std::string_view rule) {
    if (lapsed) return answer(May::after_tail, "lapsed");
    return dropped ? answer(May::after_tail, "dropped") : answer(May::yes, rule);
  };
  const bool own = state.ref(chat.given_at()).log.peer == sight.self;
  auto lacking = lacking_word(peers, chat, chat.given_at(), sight);
  const bool ready = peers.ready(sight.self);
  if (ready && lacking.empty() && closing_known(peers, chat, sight)) return right("acked");
  if (ready && own && !chat.worded() && chat.claim_cut) return right("cut");
  if (own && chat.worded()) {
    const auto why = decode(chat.route_why);
    const std::string_view rule = why ? (*why)["rule"].as_str() : std::string_view();
    if (rule == "vanished") return answer(May::after_tail, "vanished");
    if (rule == "manual" || rule == "transferred") return answer(May::after_tail, "by_hand");
  }
  if (!ready) return answer(May::no, "unready", peers.unmet(sight.self));
  if (lacking.empty()) lacking = peers.lacking(chat.closed_at, sight);
  return answer(May::no, "unacked", std::move(lacking));
}

constexpr std::size_t answering_peers_max = 16;  // told of

// Whose replies in this visit are not known to have gone out, or not to.
std::vector<PeerId> answering_elsewhere(const State& state, const Id16& id, const ChatRecord& chat,
                                        const PeerId& self) {
  std::vector<PeerId> out;
  if (!(chat.opening < chat.under_way)) return out;
  state.each(table::under_way, Key().id(id), true, [&](std::string_view key, std::string_view) {
    const Place at = place_of(key.substr(sizeof(Id16)));
    if (at < chat.opening) return false;
    const PeerId peer = state.ref(at).log.peer;
    if (peer != self && std::find(out.begin(), out.end(), peer) == out.end()) out.push_back(peer);
    return out.size() < answering_peers_max;
  });
  return out;
}

}  // namespace

bool answered_elsewhere(const State& state, const Id16& reply) {
  const auto request = state.find<RequestRecord>(table::requests, Key().id(reply));
  if (!request || !request->at.any() || !request->chat || request->further) return false;
  const Key prefix = Key().id(*request->chat);
  Place answers;  // the latest message that its author had seen
  const Place seen =
      state.answers_upto(*request->chat, {}, request->at, request->seen_ms, seen_messages_max);
  state.scan(table::talk_in, Key().id(*request->chat).place(seen), true,
             [&](std::string_view key, std::string_view) {
               if (key.substr(0, prefix.str().size()) == prefix.str()) {
                 answers = place_of(key.substr(prefix.str().size()));
               }
               return false;
             });
  if (!answers.any()) return false;
  const PeerId self = state.ref(request->at).log.peer;
  bool found = false;
  const auto look = [&](const TableInfo& table, std::size_t most, const auto& counts) {
    state.each(table, prefix, true, [&](std::string_view key, std::string_view value) {
      const Place at = place_of(key.substr(prefix.str().size()));
      if (found || at < answers) return false;
      found = counts(at) && !(state.answers_upto(*request->chat, {}, at,
                                                 read_be(value.substr(8, 8)), most) < answers);
      return !found;
    });
  };
  look(table::talk_out, seen_messages_max,
       [&](const Place& at) { return state.ref(at).log.peer != self; });
  look(table::by_hand, by_hand_messages_max, [](const Place&) { return true; });
  return found;
}

Right may_act(const State& state, const Policy& policy, const Peers& peers, const Id16& id,
              const ChatRecord& chat, const Sight& sight) {
  Right right = right_of(state, policy, peers, chat, sight);
  if (right.may != May::yes || peers.alone()) return right;
  // Theirs may have gone out, whatever is known of it here.
  auto others = answering_elsewhere(state, id, chat, sight.self);
  if (!others.empty()) return answer(May::after_tail, "under_way", std::move(others));
  return right;
}

}  // namespace deskmate::desk

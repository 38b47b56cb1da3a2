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

Right may_act(const State& state, const Policy& policy, const Peers& peers, const ChatRecord& chat,
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
  const auto right = [&](std::string_view rule) {
    return lapsed ? answer(May::after_tail, "lapsed") : answer(May::yes, rule);
  };
  const bool own = state.ref(chat.given_at()).log.peer == sight.self;
  auto lacking = peers.lacking(chat.given_at(), sight);
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

}  // namespace deskmate::desk

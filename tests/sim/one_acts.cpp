#include <algorithm>

#include "core/desk/rendezvous.hpp"
#include "tests/sim/one.hpp"

namespace deskmate::sim {

void One::step() {
  if (number == 1) world.network.dial();
  if (!up()) return;
  replica->tick(now());
  if (world.now_ms % 1'000 == 0) {
    peer::Frontier frontier;
    for (const auto& tip : store.frontier()) frontier[tip.log] = tip.seq;
    replica->folded(frontier, desk->hash(), now());
  }
  drain();
  if (store.pending_own() != 0 || !replica->may_append(now())) return;
  if (stirred) agree();
  decide();
  if (store.pending_own() != 0 || (!stirred && world.now_ms % 3'000 != 0)) return;
  stirred = false;
  answer();
  outbox();
}

void One::agree() {
  for (const auto& change : desk->changes_waiting()) {
    if (std::find(change.waits_for.begin(), change.waits_for.end(), id_of(number)) ==
        change.waits_for.end()) {
      continue;
    }
    if (const auto agreed = desk->agree_to_change(change.change)) append(*agreed);
  }
}

void One::decide() {
  const auto deadline = desk->next_deadline_ms();
  const bool due = deadline && *deadline <= now().utc_ms;
  if (!look && !due && !desk->wants_decide()) return;
  if (look) desk->look_again();
  look = false;
  if (world.setting.mutant == Mutant::hash_presence) claim_by_presence();
  for (Proposal& proposal : desk->decide(sight())) {
    if (proposal.needs_tail && world.setting.mutant != Mutant::timer_alone) {
      // The buyer may have been answered meanwhile, by somebody out of sight.
      const auto row = desk->chat_row(*desk::id16(proposal.facts["chat"].as_bin()), now().utc_ms);
      std::optional<Answer> answered;
      for (const Asked& asked : world.asked) {
        if (row && desk::id(asked.chat) == row->id && !asked.answers.empty() &&
            start_ms + asked.at_ms >= row->waiting_since_ms) {
          answered = asked.answers.back();
        }
      }
      if (answered) {
        Proposal sent;
        sent.type = "message.sent";
        sent.facts = Value::map({{"shop", "mail"},
                                 {"thread", proposal.facts["chat"]},
                                 {"buyer", Value::bin(desk::bytes_of(*row->buyer))},
                                 {"message", Value::bin(desk::bytes_of(answered->request))},
                                 {"at", start_ms + answered->at_ms}});
        append(sent);
        continue;
      }
    }
    append(proposal);
  }
}

void One::claim_by_presence() {
  bool whole = true;
  std::vector<desk::Contender> present;
  for (int n = 1; n <= world.setting.peers; ++n) {
    const bool seen_now = n == number || replica->sees(id_of(n), now());
    whole = whole && seen_now;
    if (seen_now) {
      present.push_back(
          {static_cast<desk::MemberNo>(n),
           static_cast<std::uint32_t>(world.weights[static_cast<std::size_t>(n - 1)])});
    }
  }
  if (whole) return;
  for (const auto& row : desk->chats({.owner = 0}, now().utc_ms, 100)) {
    if (row.state == desk::ChatState::closed || !row.opening) continue;
    if (desk::rendezvous(row.id, present) != static_cast<desk::MemberNo>(number)) continue;
    Proposal claim;
    claim.type = "chat.assigned";
    const Id16 visit = storage::event_id(*row.opening);
    claim.facts = Value::map({{"chat", Value::bin(desk::bytes_of(row.id))},
                              {"visit", Value::bin(desk::bytes_of(visit))},
                              {"number", row.number == 0 ? 1u : row.number},
                              {"member", number},
                              {"claim", "cut"},
                              {"why", Value::map({{"rule", "cut"}, {"member", number}})}});
    append(claim);
  }
}

// The member at this peer answers whoever waits, if it may.
void One::answer() {
  const auto member = static_cast<desk::MemberNo>(number);
  std::set<Id16> under_way;
  for (const auto& request : desk->pending_requests("reply", "", 1'000)) {
    if (request.chat && request.home == id_of(number)) under_way.insert(*request.chat);
  }
  for (const auto& row : desk->chats({.owner = member}, now().utc_ms, 200)) {
    if (under_way.contains(row.id)) continue;
    if (row.waiting_since_ms == 0) {  // answered: closed after a while
      if (row.last_out_ms + 10'000 > now().utc_ms) continue;
      if (const auto closed = desk->close(row.id, member)) append(*closed);
      continue;
    }
    if (!desk->may_act(row.id, sight()).any()) continue;
    const auto reply = desk->reply(row.id, member, "An answer.");
    if (!reply) continue;
    append(*reply);
  }
}

void One::outbox() {
  for (const auto& request : desk->pending_requests("reply", "", 100)) {
    if (request.home != id_of(number) || !request.chat || sending.contains(request.id)) continue;
    const auto view = desk->chat(*request.chat, now().utc_ms, 50);
    if (!view || !view->chat.last_in) continue;
    const auto& item = store.logs[request.ref.log].items[request.ref.seq - 1];
    const auto header = storage::decode_header(item.record);
    const auto facts = decode(header->facts);
    const auto to = facts ? desk::id16((*facts)["to_message"].as_bin()) : std::nullopt;
    const auto index = to ? world.asked_of(*to) : std::nullopt;
    if (!index) continue;
    const auto outcome = [id = request.id](const char* type) {
      Proposal done;
      done.type = std::string("reply.") + type;
      done.facts = Value::map({{"request", Value::bin(desk::bytes_of(id))},
                               {"kind", "reply"},
                               {"attempt", 1},
                               {"message", Value::bin(desk::bytes_of(id))}});
      return done;
    };
    const auto& answers = world.asked[*index].answers;
    const bool ours = std::any_of(answers.begin(), answers.end(),
                                  [&](const Answer& one) { return one.request == request.id; });
    if (ours) {  // it had gone out before we were killed
      append(outcome("done"));
      continue;
    }
    const desk::Right right = desk->may_act(*request.chat, sight());
    if (!right.any()) {
      if (request.state == desk::RequestState::pending) {
        const auto dropped = outcome("failed");
        append(dropped);
      }
      continue;
    }
    const bool tail = right.may == desk::May::after_tail;
    if (tail && !answers.empty() && world.setting.mutant != Mutant::timer_alone) {
      append(outcome("failed"));  // somebody else has answered
      continue;
    }
    sending.insert(request.id);
    append(outcome("attempted"));
    const std::string why(right.why["rule"].as_str());
    const std::uint64_t read_ms = world.now_ms;
    world.at(world.now_ms + 40 + world.below(send_max_ms),
             [this, index, tail, why, read_ms, id = request.id, outcome] {
               if (!up() || !sending.contains(id)) return;
               world.deliver(number, *index, tail, read_ms, id, why);
               sending.erase(id);
               append(outcome("done"));
             });
  }
}

}  // namespace deskmate::sim

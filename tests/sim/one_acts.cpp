#include <algorithm>
#include <utility>

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
  if (store.pending_own() != 0) return;
  if (closing) return crash();  // all that it has written is on disk
  if (!may_append()) return;
  catch_up();
  greet();
  widen_cuts();
  erase();
  if (stirred) agree();
  decide();
  if (store.pending_own() != 0 || (!stirred && world.now_ms % 3'000 != 0)) return;
  stirred = false;
  answer();
  outbox();
}

// A peer that left, or was restored, says that it is back before it acts.
void One::greet() {
  if (!desk->needs_hello() || world.now_ms < first_hello_ms) return;
  if (const auto hello = desk->hello()) append(*hello);
}

// Destroys what was asked to be destroyed anywhere, and says so.
void One::erase() {
  if (!std::exchange(erasures_changed_, false)) return;
  for (const auto& wanted : desk->erasures_wanted(id_of(number))) {
    std::vector<Id16> keys;
    for (const auto& [id, key] : store.keys_here) {
      if (key.buyer == wanted.buyer && wanted.erasure) keys.push_back(id);
    }
    keys.insert(keys.end(), wanted.keys.begin(), wanted.keys.end());
    if (world.setting.mutant == Mutant::keeps_keys) {
      std::erase_if(keys, [&](const Id16& id) { return id != key_of(wanted.buyer); });
    }
    for (const Id16& key : keys) store.erase_key(key);
    if (wanted.erasure) ++erased_[wanted.buyer];  // from now on another key
    if (const auto forgotten = desk->forgotten(wanted.buyer, keys)) append(*forgotten);
  }
}

void One::agree() {
  for (const auto& change : desk->changes_waiting()) {
    if (std::find(change.waits_for.begin(), change.waits_for.end(), id_of(number)) ==
        change.waits_for.end()) {
      continue;
    }
    if (change.name == refused_by(number)) continue;
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
            start_ms + asked.answers.back().at_ms >= row->last_in_ms) {
          answered = asked.answers.back();
        }
      }
      if (answered) {
        append_sent(row->id, *row->buyer, *answered);
        continue;
      }
    }
    append(proposal);
  }
}

// An answer that stands in the thread, as the connector shows it.
void One::append_sent(const Id16& chat, const Id16& buyer, const Answer& answer) {
  world.found_in_thread.insert(answer.request);
  Proposal sent;
  sent.type = "message.sent";
  sent.facts = Value::map({{"shop", "mail"},
                           {"thread", Value::bin(desk::bytes_of(chat))},
                           {"buyer", Value::bin(desk::bytes_of(buyer))},
                           {"message", Value::bin(desk::bytes_of(answer.request))},
                           {"at", start_ms + answer.at_ms}});
  append(sent);
}

// What its connector finds once it may write: messages, and after a restore what this peer had
// answered and has forgotten.
void One::catch_up() {
  if (!std::exchange(catching_up_, false)) return;
  for (std::size_t i = 0; i < world.asked.size(); ++i) see(i);
  if (!std::exchange(restored_, false)) return;
  std::map<std::string, const Asked*> last;
  for (const Asked& asked : world.asked) last[asked.chat] = &asked;
  for (const auto& [chat, asked] : last) {
    for (const Answer& answer : asked->answers) {
      if (answer.peer == number) append_sent(desk::id(chat), desk::id(asked->buyer), answer);
    }
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
  std::set<Id16> elsewhere;  // who closes a chat looks whether its answer has gone out
  for (const auto& request : desk->pending_requests("reply", "", 1'000)) {
    if (request.chat) (request.home == id_of(number) ? under_way : elsewhere).insert(*request.chat);
  }
  for (const auto& row : desk->chats({.owner = member}, now().utc_ms, 200)) {
    if (under_way.contains(row.id)) continue;
    if (row.waiting_since_ms == 0) {  // answered: closed after a while
      if (row.last_out_ms + 10'000 > now().utc_ms || elsewhere.contains(row.id)) continue;
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
    const bool ours_to_do =
        request.home == id_of(number) || world.setting.mutant == Mutant::any_home;
    if (!ours_to_do || !request.chat || sending.contains(request.id)) continue;
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
    if (desk->answered_elsewhere(request.id)) {
      append(outcome("failed"));
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
      append(outcome("failed"));  // somebody else has answered, as the connector tells
      append_sent(*request.chat, *view->chat.buyer, answers.back());
      continue;
    }
    sending[request.id] = {*index, tail, world.now_ms, std::string(right.why["rule"].as_str())};
    append(outcome("attempted"));
    world.at(world.now_ms + 40 + world.below(send_max_ms), [this, id = request.id, outcome] {
      const auto one = sending.find(id);
      if (!up() || one == sending.end()) return;
      const Sending sent = one->second;
      sending.erase(one);
      world.deliver(number, sent.asked, sent.tail, sent.read_ms, id, sent.why);
      append(outcome("done"));
    });
  }
}

}  // namespace deskmate::sim

// Bodies that are behind their events: asked for the newest first, checked by the store against the
// hashes that the headers name, given to whoever asks.
#include <algorithm>
#include <utility>

#include "core/peer/replica_impl.hpp"

namespace deskmate::peer {

// --- asking -----------------------------------------------------------------------------------

void Replica::Impl::fetch_bodies(Now now) {
  for (auto& [id, link] : links_) {
    if (!link.greeted || link.closed || !link.bodies || now.steady_ms < link.bodies_from_ms) {
      continue;
    }
    const bool waits = std::any_of(link.batches.begin(), link.batches.end(),
                                   [](const auto& batch) { return batch.second.ticket == 0; });
    if (waits && now.steady_ms - link.run_ms >= stall_ms) {
      // It stands still: others are asked meanwhile.
      link.bodies_from_ms = now.steady_ms + slow_ms;
      const auto batches = std::exchange(link.batches, {});
      link.scans.clear();
      for (const auto& [number, batch] : batches) ask_others_for(batch);
      continue;
    }
    while (link.batches.size() < bodies_at_once && ask_bodies(link, now)) {
    }
  }
}

// False: there is nothing to ask this link for.
bool Replica::Impl::ask_bodies(Link& link, Now now) {
  for (const auto& [log, seq] : link.theirs) {
    if (!may_ask_bodies(log, now)) continue;
    auto asked = next_bodies(link, log, now);
    if (asked.empty()) continue;
    if (link.batches.empty()) link.run_ms = now.steady_ms;
    ask(link, log, std::move(asked));
    return true;
  }
  return false;
}

// Not while its headers are coming: the newest is to come first.
bool Replica::Impl::may_ask_bodies(const LogName& log, Now now) const {
  const auto incoming = incoming_.find(log);
  if (incoming == incoming_.end() || log == self_ || mine(log) == 0) return false;
  const bool moves = incoming->second.from && incoming->second.behind_ms &&
                     now.steady_ms - incoming->second.moved_ms < stall_ms;
  return !moves;
}

// What that link's peer is to be asked for next of a log.
std::vector<storage::Awaited> Replica::Impl::next_bodies(Link& link, const LogName& log, Now now) {
  Scan& scan = link.scans[log];
  if (scan.below == 0) {
    if (std::exchange(scan.declined, false)) {
      scan.wait_ms = std::clamp(scan.wait_ms * 2, body_again_ms, body_again_ms_max);
      if (!scan.again_ms) scan.again_ms = now.steady_ms + scan.wait_ms;
    }
    if (scan.again_ms && now.steady_ms >= *scan.again_ms) {
      scan.floor = 0;
      scan.again_ms.reset();
    }
    const std::uint64_t top = std::min(mine(log), link.theirs[log]);
    if (top <= scan.floor) return {};
    scan.top = top;
    scan.below = top + 1;
  }
  while (true) {
    auto found = store_.awaited(log, scan.floor, scan.below, bodies_asked_max);
    if (found.empty()) break;
    scan.below = found.back().seq;
    std::erase_if(found, [&](const storage::Awaited& one) { return is_asked(log, one.seq); });
    if (!found.empty()) return found;
  }
  scan.floor = scan.top;
  scan.below = 0;
  return {};
}

bool Replica::Impl::is_asked(const LogName& log, std::uint64_t seq) const {
  const auto in = [&](const Batch& batch) {
    return batch.log == log &&
           std::any_of(batch.asked.begin(), batch.asked.end(),
                       [&](const storage::Awaited& one) { return one.seq == seq; });
  };
  return std::any_of(links_.begin(), links_.end(), [&](const auto& link) {
    return std::any_of(link.second.batches.begin(), link.second.batches.end(),
                       [&](const auto& batch) { return in(batch.second); });
  });
}

void Replica::Impl::ask(Link& link, const LogName& log, std::vector<storage::Awaited> asked) {
  message::BodyWant want;
  want.number = next_number_++;
  want.log = {log.peer, log.incarnation};
  for (const storage::Awaited& one : asked) want.seqs.push_back(one.seq);
  link.batches[want.number] = {log, std::move(asked), {}, 0};
  send(link, want);
}

// What will not come from where it was asked for.
void Replica::Impl::ask_others_for(const Batch& batch) {
  for (auto& [id, link] : links_) {
    const auto scan = link.scans.find(batch.log);
    if (scan != link.scans.end()) scan->second.again_ms = 0;
  }
}

// A link that passed an event over, since it was asked for elsewhere, has not said anything of it.
void Replica::Impl::ask_those_left(const LogName& log, std::uint64_t seq) {
  const auto told = not_here_.find({log, seq});
  if (told == not_here_.end()) return;
  for (auto& [id, link] : links_) {
    const auto scan = link.scans.find(log);
    if (scan != link.scans.end() && !told->second.contains(link.remote)) scan->second.again_ms = 0;
  }
}

// --- taking -----------------------------------------------------------------------------------

void Replica::Impl::take_bodies(Link& link, std::uint64_t number, message::Run& m, Now) {
  const auto entry = link.batches.find(number);
  if (entry == link.batches.end() || entry->second.ticket != 0) return;  // given up meanwhile
  Batch& batch = entry->second;
  if (m.offset == 0 && std::max(m.total, m.size) > body_answer_max) {
    return close(link, Trouble::too_much, "more bodies than were asked for");
  }
  if (!add_piece(link, batch.answer, m)) return;
  if (batch.answer.bytes.size() < batch.answer.total) return;
  Blob blob = std::exchange(batch.answer, {});
  const auto encoded = whole_of(link, blob);
  if (!encoded) return;
  auto bodies = message::decode_bodies(*encoded);
  if (!bodies || bodies->empty() || bodies->size() > batch.asked.size()) {
    return close(link, Trouble::protocol, "what came are no bodies that were asked for");
  }
  // What did not fit into the answer.
  std::vector<storage::Awaited> rest(
      batch.asked.begin() + static_cast<std::ptrdiff_t>(bodies->size()), batch.asked.end());
  batch.asked.resize(bodies->size());
  storage::Bodies brought{batch.log, {}};
  std::set<Id16> needed;
  for (std::size_t i = 0; i < bodies->size(); ++i) {
    const storage::Awaited& one = batch.asked[i];
    std::string& body = (*bodies)[i];
    if (body.empty() && !nobody_has(batch.log, one.seq, link.remote)) {
      link.scans[batch.log].declined = true;
      ask_those_left(batch.log, one.seq);
      continue;
    }
    if (one.key_id && !body.empty()) needed.insert(*one.key_id);
    brought.items.push_back({one.seq, std::move(body)});
  }
  const LogName log = batch.log;
  if (brought.items.empty()) {
    link.batches.erase(entry);
  } else {
    std::erase_if(blob.keys,
                  [&](const storage::CarriedKey& key) { return !needed.contains(key.key_id); });
    batch.ticket = next_ticket_++;
    outputs_.push_back(out::Append{batch.ticket, {}, std::move(blob.keys), std::move(brought)});
  }
  if (!rest.empty()) ask(link, log, std::move(rest));
}

// Bodies do not go away, and their author has them: what every peer of the desk says not to have is
// lost. Until all have said so it is asked for now and then.
bool Replica::Impl::nobody_has(const LogName& log, std::uint64_t seq, const PeerId& told_by) {
  const std::pair key(log, seq);
  if (not_here_.size() >= not_here_kept_max && !not_here_.contains(key)) return false;
  std::set<PeerId>& who = not_here_[key];
  who.insert(told_by);
  return std::all_of(known_.begin(), known_.end(), [&](const auto& peer) {
    return peer.second.cuts || who.contains(peer.first);
  });
}

// False: it is not about bodies.
bool Replica::Impl::bodies_appended(std::uint64_t ticket, AppendOutcome& outcome, Now now) {
  if (tickets_.contains(ticket)) return false;
  for (auto& [id, link] : links_) {
    const auto entry =
        std::find_if(link.batches.begin(), link.batches.end(),
                     [&](const auto& batch) { return batch.second.ticket == ticket; });
    if (entry == link.batches.end()) continue;
    const Batch batch = std::move(entry->second);
    link.batches.erase(entry);
    if (outcome.kind == AppendOutcome::done) {
      for (const storage::Awaited& one : batch.asked) not_here_.erase({batch.log, one.seq});
    } else if (outcome.kind == AppendOutcome::retry) {
      // Of the disk the log's owner hears where stretches fail, too.
      link.scans[batch.log].again_ms = now.steady_ms + append_retry_ms;
      alarm(Trouble::disk, true, batch.log.peer, batch.log, mine(batch.log), outcome.detail);
    } else {
      close(link, Trouble::bad_signature, std::move(outcome.detail));
      sweep();
      ask_others_for(batch);
    }
    break;
  }
  fetch_bodies(now);
  pump();
  return true;
}

// --- giving -----------------------------------------------------------------------------------

void Replica::Impl::on(Link& link, message::BodyWant& m, Now) {
  if (link.body_wants.size() >= body_wants_max) {
    return close(link, Trouble::too_much, "too many bodies at once");
  }
  link.body_wants.push_back(std::move(m));
}

bool Replica::Impl::begin_answer(Link& link) {
  if (link.body_wants.empty()) return false;
  const message::BodyWant want = std::move(link.body_wants.front());
  link.body_wants.pop_front();
  auto found = store_.bodies(name_of(want.log), want.seqs, body_bytes_wanted);
  // What cannot be read now is not here: they ask again.
  if (found.empty() || found.size() > want.seqs.size()) found.resize(1);
  BodyAnswer& answer = link.body_answer.emplace(BodyAnswer{});
  answer.number = want.number;
  answer.encoded = message::encode(found);
  if (link.unpacks && answer.encoded.size() >= pack_from_bytes) {
    if (auto packed = message::pack(answer.encoded); !packed.empty()) {
      answer.size = answer.encoded.size();
      answer.encoded = std::move(packed);
    }
  }
  std::set<Id16> ids;
  for (const auto& one : found) {
    if (one.key_id && !one.body.empty()) ids.insert(*one.key_id);
  }
  if (!ids.empty()) answer.keys = store_.keys({ids.begin(), ids.end()});
  return true;
}

// One piece. False: there is none.
bool Replica::Impl::body_piece(Link& link) {
  if (!link.body_answer && !begin_answer(link)) return false;
  BodyAnswer& answer = *link.body_answer;
  message::Run run;
  run.number = answer.number;
  run.offset = answer.offset;
  run.total = answer.encoded.size();
  run.size = answer.size;
  run.bytes = answer.encoded.substr(answer.offset, piece_bytes_max);
  run.keys = std::exchange(answer.keys, {});
  answer.offset += run.bytes.size();
  if (answer.offset == answer.encoded.size()) link.body_answer.reset();
  send(link, run);
  return true;
}

}  // namespace deskmate::peer

// The owner's methods about the desk's peers: who they are, what both owners must agree to, who got
// what and why. README.md lists their parameters and answers.
#include <algorithm>

#include "core/daemon/errors.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/present.hpp"
#include "core/peer/peer_id.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::size_t peer_prefix_min = 4;  // characters

Value change_of(const desk::MemberChange& change) {
  Array agreed;
  for (const auto& peer : change.agreed) agreed.push_back(peer::to_text(peer));
  Array waits;
  for (const auto& peer : change.waits_for) waits.push_back(peer::to_text(peer));
  return Value::map({{"change", hex(change.change)},
                     {"member", change.member},
                     {"name", change.name},
                     {"weight", change.weight},
                     {"removed", change.removed},
                     {"peer", peer::to_text(change.peer)},
                     {"by", peer::to_text(change.by)},
                     {"asked_ms", change.asked_ms},
                     {"agreed", std::move(agreed)},
                     {"waits_for", std::move(waits)},
                     {"in_force", change.in_force},
                     {"in_force_ms", change.in_force_ms}});
}

void peers(Service& service, const Call&, Answer answer) {
  const auto& self = service.store.log().peer;
  const auto status = service.others() ? service.others()->status() : peer::Replica::Status();
  const desk::Sight sight = service.sight();
  Array list;
  for (const auto& view : service.desk.peers()) {
    Value row = Value::map({{"id", peer::to_text(view.id)},
                            {"name", view.name},
                            {"self", view.id == self},
                            {"standing", desk::to_string(view.standing)},
                            {"ready", view.ready},
                            {"book", view.holds_book},
                            {"since_ms", view.since_ms},
                            {"seen", view.id == self || sight.seen(view.id)},
                            {"linked", false}});
    for (const auto& link : status.links) {
      if (link.peer != view.id) continue;
      row["linked"] = true;
      row["rtt_ms"] = link.rtt_ms;
      row["skew_ms"] = link.skew_ms;
      row["missing"] = link.missing_events;
    }
    list.push_back(std::move(row));
  }
  Array alarms;
  if (service.others() != nullptr) {
    for (const auto& alarm : service.others()->alarms()) {
      alarms.push_back(Value::map({{"at_ms", alarm.at_ms},
                                   {"what", alarm.what},
                                   {"peer", peer::to_text(alarm.peer)},
                                   {"detail", alarm.detail},
                                   {"raised", alarm.raised}}));
    }
  }
  Array waiting;
  for (const auto& change : service.desk.changes_waiting()) waiting.push_back(change_of(change));
  Array frozen;
  for (const auto& log : status.frozen) frozen.push_back(peer::to_text(log.peer));
  answer.ok(Value::map({{"self", peer::to_text(self)},
                        {"peers", std::move(list)},
                        {"skewed", sight.skewed},
                        {"rolled_back", service.others() && service.others()->rolled_back()},
                        {"alarms", std::move(alarms)},
                        {"changes", std::move(waiting)},
                        {"frozen", std::move(frozen)},
                        {"state_hash", storage::hex(service.desk.hash())},
                        {"events", events_here(service)}}));
}

// One of the desk's peers by its name, its id, or the beginning of that.
Result<desk::PeerId> peer_of(Service& service, const Call& call) {
  const auto text = call.params["peer"].as_str();
  if (auto whole = peer::parse_peer_id(text)) return *whole;
  std::optional<desk::PeerId> found;
  bool several = false;
  for (const auto& view : service.desk.peers()) {
    const bool begins = text.size() >= peer_prefix_min && peer::to_text(view.id).starts_with(text);
    if (view.name != text && !begins) continue;
    several = several || found;
    found = view.id;
  }
  if (found && !several) return *found;
  return to_error(desk::Error{desk::Errc::no_such_peer, fix_utf8(text)},
                  language_of(service, call));
}

void agree(Service& service, const Call& call, Answer answer) {
  const auto text = call.params["change"].as_str();
  std::optional<desk::Id16> found;
  bool several = false;
  for (const auto& change : service.desk.changes_waiting()) {
    if (!text.empty() && !hex(change.change).starts_with(text) &&
        std::to_string(change.member) != text) {
      continue;
    }
    several = several || found;
    found = change.change;
  }
  if (!found || several) {
    return answer.fail(to_error(desk::Error{desk::Errc::no_such_change, fix_utf8(text)},
                                language_of(service, call)));
  }
  finish(service, call, service.desk.agree_to_change(*found), std::move(answer));
}

void gone(Service& service, const Call& call, Answer answer) {
  const auto peer = peer_of(service, call);
  if (!peer) return answer.fail(peer.error());
  finish(service, call, service.desk.declare_gone(*peer), std::move(answer));
}

// The cut is what is here of its logs now: what it wrote later is not taken.
void remove(Service& service, const Call& call, Answer answer) {
  const auto peer = peer_of(service, call);
  if (!peer) return answer.fail(peer.error());
  std::vector<desk::Desk::LogCut> cut;
  for (const auto& tip : service.store.frontier()) {
    if (tip.log.peer == *peer) cut.push_back({tip.log.incarnation, tip.seq});
  }
  finish(service, call, service.desk.remove_peer(*peer, cut), std::move(answer));
}

void unfreeze(Service& service, const Call& call, Answer answer) {
  const auto peer = peer_of(service, call);
  if (!peer) return answer.fail(peer.error());
  const auto frozen =
      service.others() ? service.others()->status().frozen : std::vector<storage::LogName>();
  const auto log = std::find_if(frozen.begin(), frozen.end(),
                                [&](const storage::LogName& one) { return one.peer == *peer; });
  if (log == frozen.end()) return answer.ok(Value::map());
  const auto kept = std::make_shared<Answer>(std::move(answer));
  service.others()->unfreeze(*log, [kept](const Result<void>& done) {
    if (!done) return kept->fail(done.error());
    kept->ok(Value::map());
  });
}

void pass_book(Service& service, const Call& call, Answer answer) {
  const auto peer = peer_of(service, call);
  if (!peer) return answer.fail(peer.error());
  finish(service, call, service.desk.pass_book(*peer), std::move(answer));
}

Value row_of(const desk::SplitRow& row) {
  Value given = Value::map();
  for (const auto& [rule, count] : row.given) given[rule] = count;
  return Value::map({{"member", row.member},
                     {"given", std::move(given)},
                     {"charged", row.charged},
                     {"total", row.total}});
}

Array rows_of(const std::vector<desk::SplitRow>& rows) {
  Array out;
  for (const auto& row : rows) out.push_back(row_of(row));
  return out;
}

// R6.
void split(Service& service, const Call& call, Answer answer) {
  const Span span = span_of(service, call);
  const auto view = service.desk.split(span.from_ms, span.to_ms, call.params["zone"].as_str());
  Array days;
  for (const auto& day : view.days) {
    Array debt;
    for (const auto& set : day.debt) {
      Array members;
      for (const auto& one : set) {
        members.push_back(Value::map({{"member", one.member},
                                      {"weight", one.weight},
                                      {"count", one.count},
                                      {"owed", one.owed},
                                      {"of", one.of}}));
      }
      debt.push_back(Value(std::move(members)));
    }
    Array changes;
    for (const auto& change : day.changes) changes.push_back(change_of(change));
    days.push_back(Value::map({{"date", day.date},
                               {"rows", rows_of(day.rows)},
                               {"debt", std::move(debt)},
                               {"changes", std::move(changes)}}));
  }
  Array waiting;
  for (const auto& change : view.waiting) waiting.push_back(change_of(change));
  answer.ok(Value::map({{"zone", view.zone},
                        {"days", std::move(days)},
                        {"rows", rows_of(view.rows)},
                        {"waiting", std::move(waiting)}}));
}

}  // namespace

void serve_peers(Service& service) {
  serve_owner(service, {
                           {"desk.peers", peers},
                           {"desk.agree", agree},
                           {"desk.peer_gone", gone},
                           {"desk.peer_remove", remove},
                           {"desk.pass_book", pass_book},
                           {"desk.split", split},
                           {"desk.peer_unfreeze", unfreeze},
                       });
}

}  // namespace deskmate::daemon

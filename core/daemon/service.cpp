#include "core/daemon/service.hpp"

#include <algorithm>
#include <utility>

#include "core/daemon/errors.hpp"
#include "core/daemon/messages.hpp"
#include "core/daemon/rule_runner.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::string_view outcome_suffixes[] = {".requested", ".attempted", ".done",
                                                 ".failed",    ".unknown",   ".resolved"};

bool concerns_requests(std::string_view type) {
  return std::any_of(std::begin(outcome_suffixes), std::end(outcome_suffixes),
                     [&](std::string_view suffix) { return type.ends_with(suffix); });
}

bool same(const desk::MemberSpec& spec, const desk::MemberView& view, const desk::Policy& policy) {
  return policy.limit_of(spec.role, spec.capacity) == view.limit && spec.name == view.name &&
         spec.role == view.role && spec.weight == view.weight && spec.zone == view.zone &&
         spec.schedule == view.schedule && spec.experts == view.experts;
}

}  // namespace

Service::Service(bus::Loop& loop_of, bus::Bus& bus_of, storage::Store& store_of, Pool& pool_of,
                 Plugins& plugins_of, ServiceOptions given, ServiceHooks hooks_of)
    : loop(loop_of),
      bus(bus_of),
      store(store_of),
      pool(pool_of),
      plugins(plugins_of),
      options(std::move(given)),
      hooks(std::move(hooks_of)),
      pseudonyms(store.pseudonym_key(), options.phone_prefix),
      bodies(store),
      tables(store),
      desk(tables, options.policy),
      journal(loop, store, tables, desk, options.wall_ms, journal_hooks()),
      source(loop, store, [this] { return journal.position(); }),
      hub(loop, source),
      outbox(loop, *this, options.outbox),
      rules(std::make_unique<RuleRunner>(*this)),
      money(*this),
      alive_(std::make_shared<bool>(true)) {}

Service::~Service() { *alive_ = false; }

Journal::Hooks Service::journal_hooks() {
  Journal::Hooks out;
  out.prepare = [this](const desk::Proposal& proposal) { return prepare_proposal(proposal); };
  out.on_event = [this](const storage::StoredEvent& event) {
    if (concerns_requests(event.header.type)) requests_changed_ = true;
    money.folded(event.header.type);
    if (others_ != nullptr) others_->folded(event.header.type);
    if (rules) rules->folded(event);
  };
  out.sight = [this] { return sight(); };
  out.may_append = [this] { return others_ == nullptr || others_->may_append(); };
  out.on_durable = [this] {
    if (others_ != nullptr) others_->own_durable();
  };
  out.take_over = [this](desk::Proposal proposal) {
    if (others_ != nullptr) others_->take_over(std::move(proposal));
  };
  out.on_folded = [this] {
    hub.notify();
    if (std::exchange(requests_changed_, false)) outbox.pump();
    money.pump();
  };
  out.on_error = [this](const Error& error) {
    if (hooks.log) {
      hooks.log("journal", {{"status", to_string(error.code)}, {"message", error.message}});
    }
  };
  return out;
}

Result<void> Service::open() {
  if (auto opened = journal.open(); !opened) return opened;
  started_ms = options.wall_ms();
  hub.serve(bus);
  serve_plugins(*this);
  serve_owners(*this);
  outbox.pump();
  money.pump();
  return {};
}

void Service::meet(OtherPeers* others) { others_ = others; }

desk::Sight Service::sight() const {
  if (others_ != nullptr) return others_->sight();
  desk::Sight alone;
  alone.self = store.log().peer;
  alone.now_ms = options.wall_ms();
  return alone;
}

void Service::set_policy(desk::Policy policy, OutboxTimes times) {
  options.policy = policy;
  desk.set_policy(std::move(policy));
  options.outbox = times;
  outbox.set_times(times);
  journal.decide();
}

void Service::set_members(const std::vector<desk::MemberSpec>& members,
                          const std::function<void()>& done) {
  // Called back when the last of those who hold it lets go.
  const std::shared_ptr<void> settled(nullptr, [this, alive = alive_, done](void*) {
    if (*alive && done) loop.post(done);
  });
  const auto propose = [this, settled](const desk::MemberSpec& spec) {
    const auto proposal = desk.set_member(spec);
    if (proposal.has_value()) {
      append(proposal.value(), [settled](const Result<std::vector<Outcome>>&) {});
    } else if (hooks.log) {
      hooks.log("member", {{"number", std::to_string(spec.number)},
                           {"message", desk::explain(proposal.error(), desk::Language::english)}});
    }
  };
  const auto now = desk.members(options.wall_ms());
  for (const auto& spec : members) {
    const auto found = std::find_if(now.begin(), now.end(), [&](const desk::MemberView& view) {
      return view.number == spec.number;
    });
    if (found == now.end() || !same(spec, *found, options.policy)) propose(spec);
  }
  if (members.empty()) return;  // set by hand, not in the configuration
  for (const auto& view : now) {
    const bool kept =
        std::any_of(members.begin(), members.end(),
                    [&](const desk::MemberSpec& spec) { return spec.number == view.number; });
    if (kept || view.peer != store.log().peer) continue;
    desk::MemberSpec gone;
    gone.number = view.number;
    gone.name = view.name;
    gone.role = view.role;
    gone.weight = view.weight;
    gone.zone = view.zone;
    gone.schedule = view.schedule;
    gone.experts = view.experts;
    gone.removed = true;
    propose(gone);
  }
}

void Service::plugin_changed(const host::Change& change) {
  Value event = Value::map({{"type", "plugin.state"},
                            {"facts", Value::map({{"plugin", change.instance},
                                                  {"state", change.state},
                                                  {"reason", fix_utf8(change.reason.en)},
                                                  {"code", change.code}})}});
  append(event, [](const Result<void>&) {});
  outbox.pump();
  rules->plugins_changed();
}

void Service::set_rule_times(RuleTimes times) {
  options.rules = std::move(times);
  rules->times_changed();
}

void Service::stop_actions(std::function<void()> done) {
  rules->stop();
  const auto finished = std::make_shared<bool>(false);
  auto finish = [alive = alive_, finished, done = std::move(done)] {
    if (!*alive || std::exchange(*finished, true)) return;
    done();
  };
  outbox.stop(finish);
  loop.call_at(loop.now_ms() + outbox_stop_ms, finish);
}

Result<Prepared> Service::prepare_proposal(const desk::Proposal& proposal) const {
  // R111: of an account that was closed everything stays, but nothing is sent there any more.
  // Another peer may have the connector that this one has not.
  const std::string_view shop = proposal.facts["shop"].as_str();
  if (proposal.request && !shop.empty() && desk.peers().empty() && !plugins.configured(shop)) {
    return Error{Status::unavailable, say(options.language, "desk.no_connector", {shop}),
                 proposal.type};
  }
  Prepared out;
  out.event.type = proposal.type;
  out.event.facts = encode(proposal.facts);
  out.event.request = proposal.request;
  out.event.buyer = proposal.buyer;
  Value body = proposal.body ? *proposal.body : Value::map();
  if (proposal.words) {
    const auto whole = bodies.whole(*proposal.words);
    if (whole && whole->awaited) {
      return Error{Status::unavailable, say(options.language, "desk.text_awaited"), proposal.type};
    }
    const Value told = whole ? whole->body : Value::map();
    for (const auto& [name, word] : told.as_map()) {
      if (name != "refs" && body[name].is_nil()) body[name] = word;
    }
  }
  // Whoever acts needs the external ids, which are only in the body of what is answered.
  for (const auto& source_event : {proposal.answers, proposal.subject}) {
    if (!source_event) continue;
    const auto whole = bodies.whole(*source_event);
    if (whole && whole->awaited) {
      return Error{Status::unavailable, say(options.language, "desk.text_awaited"), proposal.type};
    }
    const Value told = whole ? whole->body : Value::map();
    for (const auto& [name, id] : told["refs"].as_map()) body["refs"][name] = id;
    if (proposal.answers && body["subject"].is_nil() && !told["subject"].as_str().empty()) {
      body["subject"] = told["subject"];
    }
  }
  if (proposal.answers && proposal.facts["auto"].as_str() == "greeting")
    fill_greeting(proposal, body);
  if (body.size() > 0) out.event.body = encode(body);
  if (out.event.facts.size() > storage::facts_max || out.event.body.size() > storage::body_max) {
    return Error{Status::limit, "too large", proposal.type};
  }
  return out;
}

void Service::fill_greeting(const desk::Proposal& proposal, Value& body) const {
  desk::PhraseVariables variables;
  variables.buyer = bodies.of(*proposal.answers)["name"].as_str();
  const auto number = static_cast<desk::MemberNo>(proposal.facts["member"].as_uint());
  if (const auto member = desk.member(number, options.wall_ms())) {
    variables.agent = member->name + " (" + std::to_string(number) + ")";
  }
  variables.back = proposal.facts["back"].as_str();
  body["text"] = desk::expand_phrase(body["text"].as_str(), variables).text;
}

void Service::append(const desk::Proposal& proposal, Appended done) {
  append(desk::Proposals{proposal}, std::move(done));
}

void Service::append(const desk::Proposals& proposals, Appended done) {
  std::vector<Prepared> events;
  for (const desk::Proposal& proposal : proposals) {
    auto prepared = prepare_proposal(proposal);
    if (!prepared) {
      return loop.post([done = std::move(done), error = prepared.error()] { done(error); });
    }
    events.push_back(std::move(*prepared));
  }
  journal.append(std::move(events), std::nullopt, std::move(done));
}

void Service::append(const Value& event, std::function<void(Result<void>)> done) {
  const std::string bytes = encode(event);
  Document document;
  Result<Prepared> prepared = Error{Status::invalid, "no event", {}};
  if (auto parsed = document.parse(bytes); parsed) {
    prepared = prepare(document.root(), {}, pseudonyms);
  }
  if (!prepared) {
    return loop.post([done = std::move(done), error = prepared.error()] { done(error); });
  }
  std::vector<Prepared> events;
  events.push_back(std::move(*prepared));
  journal.append(std::move(events), std::nullopt,
                 [done = std::move(done)](const Result<std::vector<Outcome>>& result) {
                   done(result ? Result<void>() : Result<void>(result.error()));
                 });
}

// Shop by shop, so that what waits for one that is away does not hide what others can do.
std::vector<desk::RequestView> Service::pending(std::size_t limit) {
  std::vector<desk::RequestView> out;
  const auto& home = store.log().peer;
  for (const auto& instance : plugins.status()) {
    if (bus.find(instance.name) == nullptr) continue;
    for (auto& request : desk.pending_requests("", instance.name, limit)) {
      if (!request.home || *request.home == home) out.push_back(std::move(request));
    }
  }
  return out;
}

std::optional<Bodies::Whole> Service::event(const storage::LogKey& key) {
  return bodies.whole(key);
}

bool Service::connected(std::string_view shop, std::string_view kind) {
  return plugins.performs(shop, kind) && bus.find(shop) != nullptr;
}

// What was asked for here waits while it is another peer's to do; a person may drop it.
bool Service::may_do(const desk::RequestView& request) {
  const desk::Sight at = sight();
  if (is_money(request.kind) && desk.may_give(request.id, at) == desk::Give::wait) return false;
  if (others_ == nullptr || desk.peers().empty()) return true;
  if (at.skewed) return false;
  if (request.kind != "reply" || !request.chat) return true;
  if (answered_elsewhere(request)) return true;  // that it will not be sent
  const auto rule = desk.may_act(*request.chat, at).why["rule"].as_str();
  return rule != "others" && rule != "left" && rule != "removed";
}

bool Service::never(const desk::RequestView& request) {
  return is_money(request.kind) && desk.may_give(request.id, sight()) == desk::Give::never;
}

bool Service::answered_elsewhere(const desk::RequestView& request) {
  return others_ != nullptr && !desk.peers().empty() && request.kind == "reply" &&
         desk.answered_elsewhere(request.id);
}

// The owner whose right all have acknowledged is the only one. Whoever acts without all the others'
// word (cut off, or for one that has vanished) may not be, nor the owner while somebody is out of
// sight: its right lapses unseen.
std::string Service::claimer(const desk::RequestView& request) {
  if (others_ == nullptr || request.kind != "reply" || !request.chat) return {};
  const desk::Sight at = sight();
  const auto peers = desk.peers();
  if (peers.empty()) return {};
  const desk::Right right = desk.may_act(*request.chat, at);
  const bool whole = std::all_of(peers.begin(), peers.end(), [&](const desk::PeerView& peer) {
    return peer.standing != desk::PeerStanding::here || at.seen(peer.id);
  });
  if (whole && right.may != desk::May::after_tail && right.why["rule"].as_str() != "cut") return {};
  return std::string(desk::bytes_of(at.self));
}

Result<void> Service::call(std::string_view shop, std::string_view method, const Value& params,
                           std::uint32_t deadline_ms, std::function<void(Result<Value>)> reply) {
  const auto asked = bus.call(shop, method, params, deadline_ms,
                              [reply = std::move(reply)](const Result<std::string>& result) {
                                reply(result ? decode(*result) : Result<Value>(result.error()));
                              });
  return asked ? Result<void>() : Result<void>(asked.error());
}

void Service::note(std::string_view what, const desk::RequestView& request, std::string_view code) {
  if (!hooks.log) return;
  hooks.log("action", {{"what", std::string(what)},
                       {"request", storage::hex(request.id)},
                       {"kind", request.kind},
                       {"shop", request.shop},
                       {"code", std::string(code)}});
}

}  // namespace deskmate::daemon

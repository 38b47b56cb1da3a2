// The methods of owners: what the command line and later the console ask for. README.md lists their
// parameters and answers.
#include <algorithm>
#include <filesystem>
#include <set>

#include "core/daemon/draft_guard.hpp"
#include "core/daemon/errors.hpp"
#include "core/daemon/money_methods.hpp"
#include "core/daemon/order_words.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/owner_params.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/reply_keys.hpp"
#include "core/daemon/rule_methods.hpp"
#include "core/daemon/version.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::size_t ids_max = 256;           // rows asked for by id
constexpr std::size_t request_prefix_min = 4;  // digits

// Orders by number as written or id, or, where there is none, those with that address or telephone
// number: an owner types whichever the buyer gave.
std::vector<desk::OrderView> orders_with(Service& service, std::string_view text) {
  auto found = orders_of(service, text);
  for (const std::string_view kind : {"email:", "phone:"}) {
    if (!found.empty()) break;
    const std::string contact = std::string(kind) + std::string(text);
    found = service.desk.orders_by_contact(service.pseudonyms.of_contact(contact));
  }
  return found;
}

// --- asking -------------------------------------------------------------------------------------

void status(Service& service, const Call&, Answer answer) {
  const std::uint64_t now = service.options.wall_ms();
  const auto counts = service.desk.counts();
  std::uint64_t open = 0;
  std::uint64_t waiting = 0;
  std::uint64_t online = 0;
  const auto members = service.desk.members(now);
  for (const auto& member : members) {
    open += member.open;
    waiting += member.waiting;
    online += member.takes_chats ? 1u : 0u;
  }
  const std::uint64_t queued = service.desk.unassigned();
  const auto plugins = service.plugins.status();
  const auto running = std::count_if(plugins.begin(), plugins.end(), [](const auto& plugin) {
    return plugin.state == host::State::running;
  });
  const auto pending = service.desk.pending_requests("", "", rows_max);
  const auto unknown = service.desk.unknown_requests(rows_max);
  answer.ok(Value::map(
      {{"desk", service.options.name},
       {"version", version},
       {"language", name_of(service.options.language)},
       {"started_ms", service.started_ms},
       {"now_ms", now},
       {"log", Value::map({{"peer", storage::hex(service.store.log().peer)},
                           {"events", events_here(service)},
                           {"waiting", service.store.pending_events()}})},
       {"members", Value::map({{"all", members.size()}, {"taking_chats", online}})},
       {"chats", Value::map({{"open", open + queued}, {"waiting", waiting}, {"queued", queued}})},
       {"requests", Value::map({{"pending", pending.size()}, {"unknown", unknown.size()}})},
       {"plugins", Value::map({{"all", plugins.size()}, {"running", running}})},
       {"passphrase", service.options.passphrase_set()},
       {"events_malformed", counts.malformed},
       {"state_hash", storage::hex(service.desk.hash())}}));
}

void members(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  Array out;
  for (const auto& member : service.desk.members(service.options.wall_ms())) {
    out.push_back(present.member(member));
  }
  Value all = Value::map({{"members", std::move(out)}});
  if (const auto self = call.session->rights().member; self != 0) all["self"] = self;
  answer.ok(std::move(all));
}

void chats(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  const std::uint64_t now = service.options.wall_ms();
  const auto view = call.params["view"].as_str("open");
  std::vector<desk::ChatRow> rows;
  std::string next;
  if (const View ids = call.params["ids"]; ids.is_array()) {
    if (ids.size() > ids_max) {
      return answer.fail({Status::limit, "at most " + std::to_string(ids_max) + " ids", "ids"});
    }
    for (const View text : ids) {
      const auto id = id_from_hex(text.as_str());
      if (!id) return answer.fail({Status::invalid, "an id is 32 hex digits", "ids"});
      if (auto row = service.desk.chat_row(*id, now)) rows.push_back(std::move(*row));
    }
  } else if (view == "queue") {
    rows = service.desk.queue(now, limit_of(call));
  } else if (view == "last_word") {
    rows = service.desk.last_word(now, limit_of(call));
  } else if (view == "open" || view == "all") {
    desk::ChatFilter filter;
    filter.open = view == "open";
    filter.shop = call.params["shop"].as_str();
    if (call.params.contains("member")) filter.owner = member_of(call);
    auto page = service.desk.chat_page(filter, call.params["after"].as_bin(), now, limit_of(call));
    if (!page) return answer.fail({Status::invalid, "after is the next of a page", "after"});
    rows = std::move(page->rows);
    next = std::move(page->next);
  } else {
    return answer.fail({Status::invalid, "view is open, all, queue or last_word", "view"});
  }
  Array out;
  for (const auto& row : rows) out.push_back(present.chat_row(row));
  Value page = Value::map({{"chats", std::move(out)}});
  if (!next.empty()) page["next"] = Value::bin(std::string_view(next));
  answer.ok(std::move(page));
}

void chat(Service& service, const Call& call, Answer answer) {
  const auto id = chat_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto found = service.desk.chat(*id, service.options.wall_ms(), limit_of(call));
  if (!found) {
    return answer.fail(
        to_error(desk::Error{desk::Errc::no_such_chat, hex(*id)}, language_of(service, call)));
  }
  answer.ok(present_of(service, call).chat(*found));
}

void orders(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  desk::OrderFilter filter;
  filter.shop = call.params["shop"].as_str();
  if (call.params.contains("buyer")) filter.buyer = id_from_hex(call.params["buyer"].as_str());
  if (call.params.contains("after")) {
    filter.after = id_from_hex(call.params["after"].as_str());
    if (!filter.after || !service.desk.order(*filter.after)) {
      return answer.fail({Status::invalid, "after is the id of an order", "after"});
    }
  }
  Array out;
  for (const auto& order : service.desk.orders(filter, limit_of(call))) {
    out.push_back(present.order(order));
  }
  answer.ok(Value::map({{"orders", std::move(out)}}));
}

void order(Service& service, const Call& call, Answer answer) {
  const auto number = call.params["order"].as_str();
  const auto found = orders_with(service, number);
  if (found.empty()) {
    return answer.fail(to_error(desk::Error{desk::Errc::no_such_order, fix_utf8(number)},
                                language_of(service, call)));
  }
  const Present present = present_of(service, call);
  Array out;
  for (const auto& one : found) {
    Value shown = present.order(one);
    show_traces(service, present, shown);
    add_problems(service, one, language_of(service, call), shown);
    out.push_back(std::move(shown));
  }
  answer.ok(Value::map({{"orders", std::move(out)}}));
}

void requests(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  Array pending;
  Array unknown;
  for (const auto& one : service.desk.pending_requests("", "", limit_of(call))) {
    pending.push_back(present.request(one));
  }
  for (const auto& one : service.desk.unknown_requests(limit_of(call))) {
    unknown.push_back(present.request(one));
  }
  answer.ok(Value::map({{"pending", std::move(pending)}, {"unknown", std::move(unknown)}}));
}

// A request by its id, or by the beginning of one that is not finished and no other's.
Result<desk::Id16> request_of(Service& service, const Call& call) {
  const auto text = call.params["request"].as_str();
  if (const auto id = id_from_hex(text)) return *id;
  std::optional<desk::Id16> found;
  bool several = false;
  const auto look = [&](const std::vector<desk::RequestView>& requests_of) {
    for (const auto& one : requests_of) {
      if (!hex(one.id).starts_with(text)) continue;
      several = several || found;
      found = one.id;
    }
  };
  if (text.size() >= request_prefix_min) {
    look(service.desk.unknown_requests(rows_max));
    look(service.desk.pending_requests("", "", rows_max));
  }
  if (found && !several) return *found;
  return to_error(desk::Error{desk::Errc::no_such_request, fix_utf8(text)},
                  language_of(service, call));
}

void request(Service& service, const Call& call, Answer answer) {
  const auto id = request_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto found = service.desk.request(*id);
  if (!found) {
    return answer.fail(
        to_error(desk::Error{desk::Errc::no_such_request, hex(*id)}, language_of(service, call)));
  }
  answer.ok(present_of(service, call).request(*found));
}

void plugins(Service& service, const Call& call, Answer answer) {
  const Present present = present_of(service, call);
  Array out;
  for (const auto& plugin : service.plugins.status()) out.push_back(present.plugin(plugin));
  answer.ok(Value::map({{"plugins", std::move(out)}}));
}

void ledger(Service& service, const Call&, Answer answer) {
  Array out;
  for (const auto& shares : service.desk.ledger()) {
    Array group;
    for (const auto& share : shares) {
      group.push_back(
          Value::map({{"member", share.member}, {"weight", share.weight}, {"count", share.count}}));
    }
    out.push_back(Value(std::move(group)));
  }
  answer.ok(Value::map({{"ledger", std::move(out)}}));
}

// --- acting -------------------------------------------------------------------------------------

// What goes with a reply; its text is the reply's unless it has one of its own.
std::optional<desk::PromiseSpec> promise_of(Service& service, const Call& call,
                                            const desk::Id16& chat, desk::MemberNo member) {
  const View promise = call.params["promise"];
  if (promise.is_nil()) return std::nullopt;
  desk::PromiseSpec spec;
  spec.chat = chat;
  spec.member = member;
  spec.due_ms = time_in(service, promise, "due_ms", "in_minutes");
  spec.kind = promise["kind"].as_str(spec.kind);
  std::string_view text = call.params["text"].as_str();
  std::size_t size = std::min(text.size(), desk::promise_text_max);
  while (size < text.size() && size > 0 &&
         (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) {
    --size;
  }
  spec.text = promise["text"].as_str(text.substr(0, size));
  return spec;
}

// Who wants to answer another's chat all the same takes it (desk.claim).
void reply(Service& service, const std::shared_ptr<ReplyKeys>& keys, const Call& call,
           Answer answer) {
  const auto id = chat_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto language = language_of(service, call);
  const auto member = actor_on(service, call, *id);
  if (!member) return answer.fail(member.error());
  const std::string key = fix_utf8(call.params["key"].as_str());
  if (key.size() > reply_key_chars_max) {
    return answer.fail({Status::limit, "a key has at most 64 characters", "key"});
  }
  const auto kept = std::make_shared<Answer>(std::move(answer));
  ReplyKeys::Done done = [kept](const Result<Value>& result) {
    result ? kept->ok(*result) : kept->fail(result.error());
  };
  if (!key.empty()) {
    const std::string own = std::to_string(*member) + " " + hex(*id) + " " + key;
    if (!keys->begin(own, std::move(done))) return;
    done = [keys, own](const Result<Value>& result) { keys->finish(own, result); };
  }
  const auto row = service.desk.chat_row(*id, service.options.wall_ms());
  const auto files = files_of(service, row ? row->buyer : std::nullopt, call.params["files"]);
  if (!files) return done(files.error());
  const auto send = [&service, language, done, key, chat_id = *id, member = *member, files = *files,
                     promise = promise_of(service, call, *id, *member),
                     text = text_in(call, "text")](const std::vector<std::string>& passed) {
    auto proposal = service.desk.reply(chat_id, member, text, files);
    if (proposal.has_error()) return done(to_error(proposal.error(), language));
    if (!passed.empty()) proposal.value().facts["passed"] = Array(passed.begin(), passed.end());
    if (!key.empty()) {
      if (!proposal.value().body) proposal.value().body = Value::map();
      (*proposal.value().body)["key"] = key;
    }
    desk::Proposals events{std::move(proposal.value())};
    if (promise) {
      auto made = service.desk.promise(*promise, service.options.wall_ms());
      if (made.has_error()) return done(to_error(made.error(), language));
      events.push_back(std::move(made.value()));
    }
    service.append(events, [done](const Result<std::vector<Outcome>>& result) {
      if (!result) return done(result.error());
      Value said =
          Value::map({{"event", hex(result->front().id)}, {"arrival", result->front().arrival}});
      if (result->size() > 1) said["promise"] = hex(result->back().id);
      done(said);
    });
  };
  const DraftSpec spec{*id, text_in(call, "text"), words_of(service, call),
                       call.params["anyway"].as_bool()};
  when_may_answer(
      service, *id, language,
      [&service, spec, send, done] {
        look_at_draft(service, spec, [send, done](const DraftSeen& seen) {
          seen.refused ? done(*seen.refused) : send(seen.passed);
        });
      },
      [done](const Error& error) { done(error); });
}

void note(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat_id, auto member) {
    return service.desk.note(chat_id, member, call.params["text"].as_str());
  });
}

void draft(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat_id, auto member) {
    return service.desk.draft(chat_id, member, call.params["text"].as_str());
  });
}

void transfer(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat_id, auto member) {
    const View to = call.params["to"];
    desk::Target target = std::string(to.as_str());
    if (to.is_uint()) target = static_cast<desk::MemberNo>(to.as_uint());
    return service.desk.transfer(chat_id, member, target, call.params["note"].as_str());
  });
}

void flag(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer), [&](const auto& chat_id, auto member) {
    const auto topic = call.params["topic"].as_str();
    return topic == "supervisor" ? service.desk.call_supervisor(chat_id, member)
                                 : service.desk.flag(chat_id, member, topic);
  });
}

void claim(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer),
          [&](const auto& chat_id, auto member) { return service.desk.claim(chat_id, member); });
}

void close(Service& service, const Call& call, Answer answer) {
  on_chat(service, call, std::move(answer),
          [&](const auto& chat_id, auto member) { return service.desk.close(chat_id, member); });
}

void presence(Service& service, const Call& call, Answer answer) {
  // An owner says it of others, too.
  const bool of_other = call.session->rights().may_request("desk.plugin") && member_of(call) != 0;
  const auto member = of_other ? Result<desk::MemberNo>(member_of(call)) : actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto state = desk::presence_from(call.params["state"].as_str());
  if (!state) {
    return answer.fail(
        {Status::invalid, "state is online, back_soon, away, off or suspended", "state"});
  }
  finish(service, call,
         service.desk.set_presence(*member, *state, call.params["until_ms"].as_uint()),
         std::move(answer));
}

void action(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  desk::ActionSpec spec;
  spec.kind = call.params["kind"].as_str();
  spec.order = order->id;
  spec.member = *member;
  if (call.params.contains("amount")) spec.amount = call.params["amount"].as_int();
  spec.currency = call.params["currency"].as_str(spec.amount ? order->currency : "");
  spec.facts = call.params["facts"].is_map() ? call.params["facts"].to_value() : Value::map();
  spec.body = call.params["body"].is_map() ? call.params["body"].to_value() : Value::map();
  if (desk::gives_money(spec.kind)) {
    const auto purpose = purpose_in(service, call);
    if (!purpose) return answer.fail(purpose.error());
    spec.purpose = *purpose;
    spec.liable = call.params["liable"].as_str();
    spec.cause = call.params["cause"].as_str();
    return give(service, call, std::move(spec), std::move(answer));
  }
  finish(service, call, service.desk.action(spec, service.options.wall_ms()), std::move(answer));
}

void resolve(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto id = request_of(service, call);
  if (!id) return answer.fail(id.error());
  finish(service, call, service.desk.resolve(*id, call.params["as"].as_str(), *member),
         std::move(answer));
}

// Something between or about buyers.
void on_buyers(Service& service, const Call& call, Answer answer,
               const std::function<desk::Result<desk::Proposal>(desk::Id16, desk::Id16,
                                                                desk::MemberNo)>& propose,
               bool two) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto a = id_from_hex(call.params["buyer"].as_str());
  const auto b = two ? id_from_hex(call.params["other"].as_str()) : a;
  if (!a || !b) return answer.fail({Status::invalid, "a buyer is 32 hex digits", "buyer"});
  finish(service, call, propose(*a, *b, *member), std::move(answer));
}

void join(Service& service, const Call& call, Answer answer) {
  on_buyers(
      service, call, std::move(answer),
      [&](auto a, auto b, auto member) { return service.desk.join(a, b, member); }, true);
}

void separate(Service& service, const Call& call, Answer answer) {
  on_buyers(
      service, call, std::move(answer),
      [&](auto a, auto b, auto member) { return service.desk.separate(a, b, member); }, true);
}

void block(Service& service, const Call& call, Answer answer) {
  on_buyers(
      service, call, std::move(answer),
      [&](auto a, auto, auto member) {
        return service.desk.block(a, member, call.params["until_ms"].as_uint());
      },
      false);
}

void unblock(Service& service, const Call& call, Answer answer) {
  on_buyers(
      service, call, std::move(answer),
      [&](auto a, auto, auto member) { return service.desk.unblock(a, member); }, false);
}

void phrases(Service& service, const Call&, Answer answer) {
  Array out;
  for (const auto& phrase : service.desk.phrases()) {
    out.push_back(
        Value::map({{"name", phrase.name}, {"language", phrase.language}, {"text", phrase.text}}));
  }
  answer.ok(Value::map({{"phrases", std::move(out)}}));
}

// An empty text removes the phrase.
void phrase(Service& service, const Call& call, Answer answer) {
  const auto text = call.params["text"].as_str();
  finish(service, call,
         service.desk.set_phrase(call.params["name"].as_str(), call.params["language"].as_str(),
                                 text, text.empty()),
         std::move(answer));
}

void plugin(Service& service, const Call& call, Answer answer) {
  const auto what = call.params["do"].as_str();
  auto done = service.plugins.command(call.params["name"].as_str(), what);
  if (!done) return answer.fail(done.error());
  answer.ok(Value::map());
}

}  // namespace

void serve_owners(Service& service) {
  serve_owner(
      service,
      {
          {"desk.status", status},     {"desk.members", members},   {"desk.chats", chats},
          {"desk.chat", chat},         {"desk.orders", orders},     {"desk.order", order},
          {"desk.requests", requests}, {"desk.request", request},   {"desk.plugins", plugins},
          {"desk.ledger", ledger},     {"desk.note", note},         {"desk.draft", draft},
          {"desk.transfer", transfer}, {"desk.flag", flag},         {"desk.claim", claim},
          {"desk.close", close},       {"desk.presence", presence}, {"desk.action", action},
          {"desk.resolve", resolve},   {"desk.join", join},         {"desk.separate", separate},
          {"desk.block", block},       {"desk.unblock", unblock},   {"desk.plugin", plugin},
          {"desk.phrases", phrases},   {"desk.phrase", phrase},
      });
  const auto keys = std::make_shared<ReplyKeys>();
  serve_owner(service.bus, "desk.reply", [&service, keys](const Call& call, Answer answer) {
    reply(service, keys, call, std::move(answer));
  });
  serve_peers(service);
  serve_upkeep(service);
  serve_log(service);
  serve_numbers(service);
  serve_problems(service);
  serve_order_words(service);
  serve_shifts(service);
  serve_words(service);
  serve_cases(service);
  serve_money(service);
  serve_parcels(service);
}

}  // namespace deskmate::daemon

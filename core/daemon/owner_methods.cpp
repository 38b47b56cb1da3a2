// The methods of owners: what the command line and later the console ask for. README.md lists their
// parameters and answers.
#include <algorithm>
#include <filesystem>
#include <set>

#include "core/daemon/errors.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/reply_keys.hpp"
#include "core/daemon/version.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

constexpr std::size_t rows_default = 100;
constexpr std::size_t rows_max = 1'000;
constexpr std::size_t ids_max = 256;           // rows asked for by id
constexpr std::size_t request_prefix_min = 4;  // digits

std::size_t limit_of(const Call& call) {
  return std::min<std::size_t>(call.params["limit"].as_uint(rows_default), rows_max);
}

Present present_of(Service& service, const Call& call) {
  return {service.bodies, language_of(service, call)};
}

Language own_language(const Service& service, const Call& call) {
  return language_of(service, call) == desk::Language::chinese ? Language::zh : Language::en;
}

// The member that is named: who acts, of whom, or whose chats.
desk::MemberNo member_of(const Call& call) {
  return static_cast<desk::MemberNo>(
      std::min<std::uint64_t>(call.params["member"].as_uint(), 1u << 20));
}

// Who acts: the member whose browser it is, the member named, or the only one there is.
Result<desk::MemberNo> actor_of(Service& service, const Call& call) {
  const auto own = call.session->rights().member;
  const auto named = member_of(call);
  if (own != 0) {
    if (named == 0 || named == own) return own;
    return Error{Status::denied, say(own_language(service, call), "desk.not_your_number"),
                 "member"};
  }
  if (named != 0) return named;
  const auto members = service.desk.members(service.options.wall_ms());
  if (members.size() == 1) return members.front().number;
  return Error{Status::invalid, say(own_language(service, call), "desk.which_member"), "member"};
}

// Named by what they show as; by their ids where that is the same.
Error several(Service& service, const Call& call, const std::vector<desk::Id16>& chats) {
  std::set<desk::ChatNo> numbers;
  std::string names;
  std::string ids;
  const auto add = [](std::string& list, const std::string& one) {
    list += (list.empty() ? "" : ", ") + one;
  };
  for (const auto& id : chats) {
    const auto row = service.desk.chat_row(id, service.options.wall_ms());
    if (row && numbers.insert(row->number).second) add(names, std::to_string(row->number));
    add(ids, hex(id));
  }
  return to_error(desk::Error{desk::Errc::many_chats, numbers.size() < chats.size() ? ids : names},
                  language_of(service, call));
}

// A chat by its number or its id.
Result<desk::Id16> chat_of(Service& service, const Call& call) {
  const View chat = call.params["chat"];
  if (chat.is_str()) {
    if (const auto id = id_from_hex(chat.as_str())) return *id;
  } else if (chat.is_uint()) {
    const auto number = static_cast<desk::ChatNo>(std::min<std::uint64_t>(chat.as_uint(), ~0u));
    const auto chats = service.desk.chats_by_number(number);
    if (chats.size() == 1) return chats.front();
    if (!chats.empty()) return several(service, call, chats);
  }
  const std::string name = chat.is_str() ? fix_utf8(chat.as_str()) : std::to_string(chat.as_uint());
  return to_error(desk::Error{desk::Errc::no_such_chat, name}, language_of(service, call));
}

// Orders by number as written, or by id.
std::vector<desk::OrderView> orders_of(Service& service, std::string_view order) {
  if (const auto id = id_from_hex(order)) {
    if (auto found = service.desk.order(*id)) return {std::move(*found)};
  }
  return service.desk.orders_by_number(service.pseudonyms.of_desk("number", order));
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
  answer.ok(Value::map({{"members", std::move(out)}}));
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
  Array out;
  for (const auto& order : service.desk.orders(filter, limit_of(call))) {
    out.push_back(present.order(order));
  }
  answer.ok(Value::map({{"orders", std::move(out)}}));
}

void order(Service& service, const Call& call, Answer answer) {
  const auto number = call.params["order"].as_str();
  const auto found = orders_of(service, number);
  if (found.empty()) {
    return answer.fail(to_error(desk::Error{desk::Errc::no_such_order, fix_utf8(number)},
                                language_of(service, call)));
  }
  const Present present = present_of(service, call);
  Array out;
  for (const auto& one : found) out.push_back(present.order(one));
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

// Who acts on a chat: as actor_of says; from the command line, unless named, whose chat it is.
Result<desk::MemberNo> actor_on(Service& service, const Call& call, const desk::Id16& chat_id) {
  if (call.session->rights().member == 0 && member_of(call) == 0) {
    const auto row = service.desk.chat_row(chat_id, service.options.wall_ms());
    if (row && row->owner != 0) return row->owner;
  }
  return actor_of(service, call);
}

void on_chat(
    Service& service, const Call& call, Answer answer,
    const std::function<desk::Result<desk::Proposal>(const desk::Id16&, desk::MemberNo)>& propose) {
  const auto id = chat_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto member = actor_on(service, call, *id);
  if (!member) return answer.fail(member.error());
  finish(service, call, propose(*id, *member), std::move(answer));
}

// The files of a reply: {hash, name, type} each, as file.finish gave the hash for this chat.
Result<std::vector<desk::ReplyFile>> reply_files(Service& service, const desk::Id16& chat,
                                                 const View files) {
  std::vector<desk::ReplyFile> out;
  if (files.size() > desk::reply_files_max) {
    return Error{Status::limit, "at most " + std::to_string(desk::reply_files_max) + " files",
                 "files"};
  }
  const auto row = service.desk.chat_row(chat, service.options.wall_ms());
  for (const View file : files) {
    const auto hash = hash_from_hex(file["hash"].as_str());
    const auto size = hash && row && row->buyer
                          ? service.store.file_size(*row->buyer, *hash)
                          : storage::Error{storage::Errc::not_found, "there is no such file"};
    if (!size) return Error{Status::not_found, "this buyer has no such file", "files"};
    out.push_back({*hash, *size, fix_utf8(file["name"].as_str()), fix_utf8(file["type"].as_str())});
  }
  return out;
}

// In a desk of several peers only whoever the chat belongs to answers; where that is in doubt, the
// thread is read first. Who wants to all the same takes the chat (desk.claim).
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
  const auto files = reply_files(service, *id, call.params["files"]);
  if (!files) return done(files.error());
  const auto send = [&service, language, done, key, chat_id = *id, member = *member, files = *files,
                     text = std::string(call.params["text"].as_str())] {
    auto proposal = service.desk.reply(chat_id, member, text, files);
    if (proposal.has_error()) return done(to_error(proposal.error(), language));
    if (!key.empty()) {
      if (!proposal.value().body) proposal.value().body = Value::map();
      (*proposal.value().body)["key"] = key;
    }
    service.append(proposal.value(), [done](const Result<std::vector<Outcome>>& result) {
      if (!result) return done(result.error());
      done(Value::map({{"event", hex(result->front().id)}, {"arrival", result->front().arrival}}));
    });
  };
  if (service.desk.peers().empty()) return send();
  const desk::Right right = service.desk.may_act(*id, service.sight());
  if (right.may == desk::May::no) {
    return done(Error{Status::denied, desk::explain(right.why, language), "chat"});
  }
  if (right.may == desk::May::yes || service.others() == nullptr) return send();
  service.others()->read_tail(*id, [language, done, send](OtherPeers::Tail tail) {
    if (tail != OtherPeers::Tail::answered) return send();
    const Language mine = language == desk::Language::chinese ? Language::zh : Language::en;
    done(Error{Status::denied, say(mine, "reply.answered_elsewhere"), "chat"});
  });
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
  const auto number = call.params["order"].as_str();
  const auto found = orders_of(service, number);
  if (found.empty()) {
    return answer.fail(to_error(desk::Error{desk::Errc::no_such_order, fix_utf8(number)},
                                language_of(service, call)));
  }
  const auto shop = call.params["shop"].as_str();
  const auto fits = [&](const desk::OrderView& one) { return shop.empty() || one.shop == shop; };
  if (std::count_if(found.begin(), found.end(), fits) != 1) {
    return answer.fail({Status::invalid, "several shops have this order: name the shop", "shop"});
  }
  desk::ActionSpec spec;
  const auto& chosen = *std::find_if(found.begin(), found.end(), fits);
  spec.kind = call.params["kind"].as_str();
  spec.order = chosen.id;
  spec.member = *member;
  if (call.params.contains("amount")) spec.amount = call.params["amount"].as_int();
  spec.currency = call.params["currency"].as_str(spec.amount ? chosen.currency : "");
  spec.facts = call.params["facts"].is_map() ? call.params["facts"].to_value() : Value::map();
  spec.body = call.params["body"].is_map() ? call.params["body"].to_value() : Value::map();
  finish(service, call, service.desk.action(spec), std::move(answer));
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
  using Handler = void (*)(Service&, const Call&, Answer);
  constexpr std::pair<const char*, Handler> handlers[] = {
      {"desk.status", status},     {"desk.members", members},   {"desk.chats", chats},
      {"desk.chat", chat},         {"desk.orders", orders},     {"desk.order", order},
      {"desk.requests", requests}, {"desk.request", request},   {"desk.plugins", plugins},
      {"desk.ledger", ledger},     {"desk.note", note},         {"desk.draft", draft},
      {"desk.transfer", transfer}, {"desk.flag", flag},         {"desk.claim", claim},
      {"desk.close", close},       {"desk.presence", presence}, {"desk.action", action},
      {"desk.resolve", resolve},   {"desk.join", join},         {"desk.separate", separate},
      {"desk.block", block},       {"desk.unblock", unblock},   {"desk.plugin", plugin},
      {"desk.phrases", phrases},   {"desk.phrase", phrase},
  };
  for (const auto& [name, handler] : handlers) {
    serve_owner(service.bus, name, [&service, handler = handler](const Call& call, Answer answer) {
      handler(service, call, std::move(answer));
    });
  }
  const auto keys = std::make_shared<ReplyKeys>();
  serve_owner(service.bus, "desk.reply", [&service, keys](const Call& call, Answer answer) {
    reply(service, keys, call, std::move(answer));
  });
  serve_peers(service);
  serve_upkeep(service);
  serve_log(service);
  serve_numbers(service);
}

}  // namespace deskmate::daemon

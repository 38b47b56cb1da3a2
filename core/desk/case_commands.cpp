// Cases and calls: checked, and the events of it.
#include <algorithm>
#include <array>
#include <string>

#include "core/desk/commands.hpp"

namespace deskmate::desk {
namespace {

constexpr std::array<std::string_view, 4> states = {"open", "waiting", "settled", "dropped"};
constexpr std::array<std::string_view, 4> severities = {"", "low", "normal", "high"};
constexpr std::array<std::string_view, 5> parties = {"buyer", "shop", "courier", "platform",
                                                     "third"};

// Facts can never be erased: only words that are nobody's name go into them.
bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= name_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

Result<void> check_word(std::string_view word, std::string_view where) {
  if (is_word(word)) return {};
  return Error{Errc::bad_value, "a-z 0-9 _ -", std::string(where)};
}

Result<void> check_title(std::string_view title) {
  return title.empty() ? Result<void>()
                       : check_text(title, case_title_max, Errc::text_required, "title");
}

Result<void> check_text_if(std::string_view text) {
  return text.empty() ? Result<void>() : check_text(text, text_max, Errc::text_required);
}

Result<void> check_ahead(std::uint64_t ms, std::uint64_t now_ms) {
  if (ms == 0 || (ms > now_ms && ms - now_ms <= promise_ahead_max_ms)) return {};
  return Error{Errc::bad_time, {}, "deadline_ms"};
}

Result<void> check_past(std::uint64_t ms, std::uint64_t now_ms, std::uint64_t skew_ms) {
  if (ms <= now_ms + skew_ms) return {};
  return Error{Errc::bad_time, {}, "at_ms"};
}

bool is_currency(std::string_view text) {
  return text.size() == 3 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

void add_body(Proposal& event, std::string_view title, std::string_view text) {
  Value body = Value::map();
  if (!title.empty()) body["title"] = title;
  if (!text.empty()) body["text"] = text;
  if (body.size() > 0) event.body = std::move(body);
}

void add_id(Map& facts, const char* name, const std::optional<Id16>& id) {
  if (id) facts.add(name, Value::bin(*id));
}

}  // namespace

Result<CaseRecord> Commands::case_of(const Id16& id) const {
  auto found = state_.find<CaseRecord>(table::cases, Key().id(id));
  if (!found || !found->at.any()) return Error{Errc::no_such_case, {}, "case"};
  if (found->lines >= case_lines_max) {
    return Error{Errc::too_many, std::to_string(case_lines_max), "case"};
  }
  return std::move(*found);
}

// Whose key seals what is said of a case: the buyer's whom it was opened about, or the first's who
// was linked to it.
std::optional<Id16> Commands::buyer_of(const Id16& id, const CaseRecord& record) const {
  std::optional<Id16> buyer = record.buyer;
  if (buyer) return buyer;
  state_.each(table::case_links, Key().id(id), false,
              [&](std::string_view key, std::string_view value) {
                if (state_.decode<CaseLinkRecord>(value).removed) return true;
                const auto about = static_cast<About>(read_be(key.substr(sizeof(Id16), 1)));
                buyer = buyer_of(about, id_at(key, sizeof(Id16) + 1));
                return !buyer;
              });
  return buyer;
}

std::optional<Id16> Commands::buyer_of(About about, const Id16& id) const {
  switch (about) {
    case About::chat:
      return state_.load<ChatRecord>(table::chats, Key().id(id)).buyer;
    case About::buyer:
      return id;
    case About::order:
      return state_.load<OrderRecord>(table::orders, Key().id(id)).buyer;
    case About::parcel:
      break;
  }
  const auto parcel = state_.load<ParcelRecord>(table::parcels, Key().id(id));
  return parcel.order ? buyer_of(About::order, *parcel.order) : std::nullopt;
}

Result<Proposal> Commands::open_case(const CaseSpec& spec, std::uint64_t now_ms) const {
  if (const auto known = member_of(spec.member); !known) return known.error();
  if (const auto fits = check_word(spec.kind, "kind"); !fits) return fits.error();
  if (const auto fits = check_one_of(severities, spec.severity, "severity"); !fits) {
    return fits.error();
  }
  if (const auto fits = check_ahead(spec.deadline_ms, now_ms); !fits) return fits.error();
  if (const auto fits = check_title(spec.title); !fits) return fits.error();
  if (const auto fits = check_text_if(spec.text); !fits) return fits.error();
  const MemberNo assignee = spec.assignee.value_or(spec.member);
  if (assignee != 0) {
    if (const auto known = member_of(assignee); !known) return known.error();
  }
  std::string shop = spec.shop;
  auto buyer = spec.buyer;
  auto order = spec.order;
  const auto of = [&](const std::string& said, const std::optional<Id16>& theirs) {
    if (shop.empty()) shop = said;
    if (!buyer) buyer = theirs;
  };
  if (spec.chat) {
    const auto chat = chat_of(*spec.chat);
    if (!chat) return chat.error();
    const Key prefix = Key().u8(static_cast<std::uint8_t>(About::chat)).id(*spec.chat);
    if (count(table::cases_about, prefix, cases_of_chat_max) == cases_of_chat_max) {
      return Error{Errc::too_many, std::to_string(cases_of_chat_max), "chat"};
    }
    of(chat->shop, chat->buyer);
  }
  if (spec.parcel) {
    const auto parcel = state_.find<ParcelRecord>(table::parcels, Key().id(*spec.parcel));
    if (!parcel) return Error{Errc::bad_value, {}, "parcel"};
    if (!order) order = parcel->order;
    of(parcel->shop(), {});
  }
  if (order) {
    const auto found = state_.find<OrderRecord>(table::orders, Key().id(*order));
    if (!found) return Error{Errc::no_such_order, {}, "order"};
    of(found->shop, found->buyer);
  }
  if (!spec.chat && !buyer && !order && !spec.parcel && shop.empty()) {
    return Error{Errc::about_required, {}, "chat"};
  }
  if (!shop.empty() && !is_name(shop)) return Error{Errc::bad_value, {}, "shop"};
  Map facts{{"number", highest_case_number() + 1}, {"kind", spec.kind}, {"member", spec.member}};
  if (assignee != 0) facts.add("assignee", assignee);
  if (!shop.empty()) facts.add("shop", shop);
  add_id(facts, "chat", spec.chat);
  add_id(facts, "buyer", buyer);
  add_id(facts, "order", order);
  add_id(facts, "parcel", spec.parcel);
  if (!spec.severity.empty()) facts.add("severity", spec.severity);
  if (spec.deadline_ms != 0) facts.add("deadline", spec.deadline_ms);
  Proposal out = proposal("case.opened", std::move(facts));
  add_body(out, spec.title, spec.text);
  out.buyer = buyer;
  return out;
}

std::uint32_t Commands::highest_case_number() const {
  std::uint32_t number = 0;
  state_.each(table::case_numbers, {}, true, [&](std::string_view key, std::string_view) {
    number = static_cast<std::uint32_t>(read_be(key.substr(0, 4)));
    return false;
  });
  return number;
}

Result<Proposal> Commands::change_case(const CaseChange& change, std::uint64_t now_ms) const {
  const auto found = case_of(change.id);
  if (!found) return found.error();
  if (const auto known = member_of(change.member); !known) return known.error();
  Map facts{{"case", Value::bin(change.id)}, {"member", change.member}};
  const std::size_t head = facts.size();
  Result<void> fits;
  const auto add = [&](const char* name, const std::optional<std::string>& word,
                       const Result<void>& allowed) {
    if (!word || !fits) return;
    fits = allowed;
    facts.add(name, *word);
  };
  const auto word_of = [](const std::optional<std::string>& word) {
    return std::string_view(word ? std::string_view(*word) : std::string_view());
  };
  add("state", change.state, check_one_of(states, word_of(change.state), "state"));
  add("kind", change.kind, check_word(word_of(change.kind), "kind"));
  add("cause", change.cause, check_one_of(causes, word_of(change.cause), "cause"));
  add("severity", change.severity, check_one_of(severities, word_of(change.severity), "severity"));
  add("liable", change.liable, check_one_of(parties, word_of(change.liable), "liable"));
  const bool waits_no_more = change.waiting_for && change.waiting_for->empty();
  add("waiting_for", change.waiting_for,
      waits_no_more ? Result<void>() : check_word(word_of(change.waiting_for), "waiting_for"));
  if (!fits) return fits.error();
  if (change.assignee) {
    if (*change.assignee != 0) {
      if (const auto known = member_of(*change.assignee); !known) return known.error();
    }
    facts.add("assignee", *change.assignee);
  }
  if (change.deadline_ms) {
    fits = check_ahead(*change.deadline_ms, now_ms);
    if (!fits) return fits.error();
    facts.add("deadline", *change.deadline_ms);
  }
  if (change.amount) {
    if (*change.amount < 0) return Error{Errc::bad_value, {}, "amount"};
    if (!is_currency(change.currency)) return Error{Errc::bad_value, "ISO 4217", "currency"};
    facts.add("amount", *change.amount);
    facts.add("currency", change.currency);
  }
  if (change.wants) {
    if (change.wants->size() > evidence_max) {
      return Error{Errc::too_many, std::to_string(evidence_max), "wants"};
    }
    Array wants;
    for (const std::string& one : *change.wants) {
      fits = check_word(one, "wants");
      if (!fits) return fits.error();
      wants.emplace_back(one);
    }
    facts.add("wants", std::move(wants));
  }
  if (change.hardship) facts.add("hardship", *change.hardship);
  if (change.title) {
    fits = check_text(*change.title, case_title_max, Errc::text_required, "title");
    if (!fits) return fits.error();
    facts.add("titled", true);
  }
  if (facts.size() == head) return Error{Errc::bad_value, {}, "state"};
  // R83, R86: how it ended and who is liable is said with the reason.
  const bool needs_reason = change.liable || (change.state && is_over(*change.state));
  if (needs_reason || !change.text.empty()) {
    fits = check_text(change.text, text_max, Errc::text_required);
    if (!fits) return fits.error();
  }
  Proposal out = proposal("case.changed", std::move(facts));
  add_body(out, change.title.value_or(""), change.text);
  out.buyer = buyer_of(change.id, *found);
  return out;
}

Result<Proposal> Commands::say_in_case(const CaseStatement& said, std::uint64_t now_ms) const {
  const auto found = case_of(said.id);
  if (!found) return found.error();
  if (const auto known = member_of(said.member); !known) return known.error();
  if (const auto fits = check_one_of(parties, said.party, "party"); !fits) return fits.error();
  if (said.files.empty() || !said.text.empty()) {
    if (const auto fits = check_text(said.text, text_max, Errc::text_required); !fits) {
      return fits.error();
    }
  }
  if (const auto fit = check_files(said.files); !fit) return fit.error();
  if (!said.evidence.empty()) {
    if (const auto fits = check_word(said.evidence, "evidence"); !fits) return fits.error();
  }
  if (const auto fits = check_past(said.at_ms, now_ms, policy_.skew_ms); !fits) {
    return fits.error();
  }
  Map facts{{"case", Value::bin(said.id)}, {"member", said.member}, {"party", said.party}};
  if (said.at_ms != 0) facts.add("at", said.at_ms);
  if (!said.evidence.empty()) facts.add("evidence", said.evidence);
  if (!said.files.empty()) facts.add("files", said.files.size());
  Proposal out = proposal("case.said", std::move(facts));
  out.body = Value::map({{"text", said.text}});
  if (!said.files.empty()) (*out.body)["files"] = files_value(said.files);
  out.buyer = buyer_of(said.id, *found);
  return out;
}

Result<Proposal> Commands::link_case(const Id16& id, About about, const Id16& to, bool removed,
                                     MemberNo member) const {
  const auto found = case_of(id);
  if (!found) return found.error();
  if (const auto known = member_of(member); !known) return known.error();
  if (about == About::chat) {
    if (const auto chat = chat_of(to); !chat) return chat.error();
  }
  if (about == About::order && !state_.has(table::orders, Key().id(to))) {
    return Error{Errc::no_such_order, {}, "order"};
  }
  if (about == About::parcel && !state_.has(table::parcels, Key().id(to))) {
    return Error{Errc::bad_value, {}, "parcel"};
  }
  const auto link = state_.find<CaseLinkRecord>(
      table::case_links, Key().id(id).u8(static_cast<std::uint8_t>(about)).id(to));
  const bool linked = link && !link->removed;
  if (linked != removed) return Error{Errc::over, {}, std::string(to_string(about))};
  if (!removed && count(table::case_links, Key().id(id), case_links_max) == case_links_max) {
    return Error{Errc::too_many, std::to_string(case_links_max), std::string(to_string(about))};
  }
  Map facts{{"case", Value::bin(id)}, {"member", member}};
  facts.add(std::string(to_string(about)), Value::bin(to));
  if (removed) facts.add("removed", true);
  return proposal("case.linked", std::move(facts));
}

Result<Proposal> Commands::log_call(const CallSpec& call, std::uint64_t now_ms) const {
  if (const auto known = member_of(call.member); !known) return known.error();
  if (const auto fits = check_one_of(parties, call.party, "party"); !fits) return fits.error();
  if (call.seconds > call_seconds_max) {
    return Error{Errc::bad_value, std::to_string(call_seconds_max), "seconds"};
  }
  if (const auto fits = check_past(call.at_ms, now_ms, policy_.skew_ms); !fits) {
    return fits.error();
  }
  if (const auto fits = check_text_if(call.text); !fits) return fits.error();
  auto buyer = call.buyer;
  if (call.chat) {
    const auto chat = chat_of(*call.chat);
    if (!chat) return chat.error();
    buyer = chat->buyer;
  }
  if (call.about) {
    const auto found = case_of(*call.about);
    if (!found) return found.error();
    if (!buyer) buyer = buyer_of(*call.about, *found);
  }
  if (!call.chat && !call.about && !buyer) return Error{Errc::about_required, {}, "chat"};
  Map facts{{"member", call.member},
            {"direction", call.outgoing ? "out" : "in"},
            {"answered", call.answered},
            {"party", call.party},
            {"at", call.at_ms != 0 ? call.at_ms : now_ms}};
  if (call.seconds != 0) facts.add("seconds", call.seconds);
  add_id(facts, "chat", call.chat);
  add_id(facts, "buyer", buyer);
  add_id(facts, "case", call.about);
  Proposal out = proposal("call.logged", std::move(facts));
  add_body(out, {}, call.text);
  out.buyer = buyer;
  return out;
}

}  // namespace deskmate::desk

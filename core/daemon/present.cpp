#include "core/daemon/present.hpp"

#include "core/peer/peer_id.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t preview_bytes = 160;

// The beginning of a text, on one line, cut between characters.
std::string preview(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (space && (out.empty() || out.back() == ' ')) continue;
    const bool inside = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (out.size() >= preview_bytes && !inside) {
      out += "…";
      break;
    }
    out += space ? ' ' : c;
  }
  return out;
}

template <class Bytes>
std::optional<Bytes> bytes_from_hex(std::string_view text) {
  Bytes out{};
  if (text.size() != out.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a' + 10);
    } else {
      return std::nullopt;
    }
    out[i / 2] = static_cast<std::uint8_t>(static_cast<unsigned>(out[i / 2]) << 4 | digit);
  }
  return out;
}

}  // namespace

void set_text(Value& out, const char* key, std::string_view text) {
  if (!text.empty()) out[key] = text;
}

void set_time(Value& out, const char* key, std::uint64_t ms) {
  if (ms != 0) out[key] = ms;
}

std::string hex(const storage::Id16& id) { return storage::hex(id); }

std::optional<storage::Id16> id_from_hex(std::string_view text) {
  return bytes_from_hex<storage::Id16>(text);
}

std::optional<storage::Hash32> hash_from_hex(std::string_view text) {
  return bytes_from_hex<storage::Hash32>(text);
}

Value Present::member(const desk::MemberView& member) const {
  Value out = Value::map({{"number", member.number},
                          {"name", member.name},
                          {"role", member.role},
                          {"weight", member.weight},
                          {"zone", member.zone},
                          {"schedule", texts(member.schedule)},
                          {"experts", texts(member.experts)},
                          {"presence", desk::to_string(member.presence)},
                          {"on_shift", member.on_shift},
                          {"full", member.full},
                          {"open", member.open},
                          {"waiting", member.waiting},
                          {"limit", member.limit},
                          {"takes_chats", member.takes_chats}});
  set_time(out, "until_ms", member.until_ms);
  set_time(out, "cooling_until_ms", member.cooling_until_ms);
  set_time(out, "shift_ends_ms", member.shift_ends_ms);
  set_time(out, "overtime_until_ms", member.overtime_until_ms);
  set_time(out, "overtime_asked_ms", member.overtime_asked_ms);
  if (!member.overtime_answerers.empty()) {
    Value& answerers = out["overtime_answerers"] = Value::array();
    for (const desk::MemberNo number : member.overtime_answerers) answerers.push_back(number);
  }
  if (!member.listeners.empty()) out["listeners"] = listeners(member.listeners);
  if (member.listening) {
    Value& listening = out["listening"] = Value::map({{"until_ms", member.listening->until_ms}});
    if (member.listening->to != 0) listening["to"] = member.listening->to;
    set_id(listening, "chat_id", member.listening->chat);
  }
  return out;
}

Value Present::chat_row(const desk::ChatRow& chat) const {
  Value out = Value::map({{"chat", chat.number},
                          {"id", hex(chat.id)},
                          {"shop", chat.shop},
                          {"state", desk::to_string(chat.state)},
                          {"colour", desk::to_string(chat.colour)},
                          {"nudges", chat.nudges},
                          {"last_word_theirs", chat.last_word_theirs}});
  set_id(out, "buyer", chat.buyer);
  if (chat.owner != 0) out["member"] = chat.owner;
  set_text(out, "wants_role", chat.wants_role);
  set_text(out, "topic", chat.topic);
  if (chat.blocked) out["blocked"] = true;
  set_time(out, "waiting_since_ms", chat.waiting_since_ms);
  if (chat.answering) {
    out["answering"] = Value::map({{"member", chat.answering->member},
                                   {"peer", peer::to_text(chat.answering->peer)},
                                   {"since_ms", chat.answering->since_ms},
                                   {"request", hex(chat.answering->request)}});
  }
  set_time(out, "last_in_ms", chat.last_in_ms);
  set_time(out, "last_out_ms", chat.last_out_ms);
  set_time(out, "due_ms", chat.due_ms);
  if (chat.promise_overdue) out["promise_overdue"] = true;
  if (chat.promises_open != 0) out["promises_open"] = chat.promises_open;
  if (chat.questions_open != 0) out["questions_open"] = chat.questions_open;
  for (const desk::CaseNo number : chat.open_cases) out["open_cases"].push_back(number);
  if (chat.why.is_map()) {
    out["why"] = chat.why;
    out["why_text"] = desk::explain(chat.why, language_);
  }
  const Value last = bodies_.of(chat.last_in);
  set_text(out, "name", last["name"].as_str());
  set_text(out, "text", preview(last["text"].as_str()));
  const bool same = chat.first && chat.last_in && *chat.first == *chat.last_in;
  const Value first = same ? last : bodies_.of(chat.first);
  set_text(out, "subject", preview(first["subject"].as_str()));
  return out;
}

void Present::add_files(Value& out, const Value& body) {
  for (const Value& file : body["files"].as_array()) {
    const auto bytes = file["hash"].as_bin();
    storage::Hash32 hash{};
    if (bytes.size() != hash.size()) continue;
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    Value one = Value::map({{"hash", storage::hex(hash)}, {"size", file["size"].as_uint()}});
    set_text(one, "name", file["name"].as_str());
    set_text(one, "type", file["type"].as_str());
    out["attachments"].push_back(one);
  }
}

Value Present::event_text(const desk::Entry& entry) const {
  Value out = Value::map(
      {{"kind", desk::to_string(entry.kind)}, {"event", hex(entry.event)}, {"at_ms", entry.at_ms}});
  if (entry.member != 0) out["member"] = entry.member;
  if (entry.to != 0) out["to"] = entry.to;
  set_text(out, "to_role", entry.to_role);
  add_about(out, entry);
  if (entry.automatic) out["auto"] = true;
  if (entry.files != 0) out["files"] = entry.files;
  if (entry.outcome) out["outcome"] = desk::to_string(*entry.outcome);
  if (entry.why.is_map()) {
    out["why"] = entry.why;
    out["why_text"] = desk::explain(entry.why, language_);
    return out;
  }
  const auto whole = bodies_.whole(entry.ref);
  if (!whole) return out;
  if (whole->erased) out["erased"] = true;
  if (whole->awaited) out["awaited"] = true;
  set_text(out, "text", whole->body["text"].as_str(whole->body["note"].as_str()));
  set_text(out, "name", whole->body["name"].as_str());
  set_text(out, "subject", whole->body["subject"].as_str());
  set_text(out, "key", whole->body["key"].as_str());
  add_files(out, whole->body);
  return out;
}

Value Present::account(const desk::AccountView& account) const {
  Value out = Value::map({{"buyer", hex(account.buyer)}, {"joined", account.joined}});
  set_text(out, "shop", account.shop);
  const Value body = bodies_.of(account.seen);
  for (const char* key : {"name", "email", "phone"}) set_text(out, key, body[key].as_str());
  if (!body["address"].is_nil()) out["address"] = body["address"];
  set_text(out, "note", body["note"].as_str());
  return out;
}

Value Present::chat(const desk::ChatView& chat) const {
  Value out = chat_row(chat.chat);
  for (const auto& entry : chat.entries) out["entries"].push_back(event_text(entry));
  out["entries"].make_array();
  out["earlier"] = chat.earlier;
  if (chat.buyer) out["account"] = account(*chat.buyer);
  out["accounts"].make_array();
  for (const auto& other : chat.accounts) out["accounts"].push_back(account(other));
  out["history"].make_array();
  for (const auto& row : chat.history) out["history"].push_back(chat_row(row));
  out["orders"].make_array();
  for (const auto& found : chat.orders) out["orders"].push_back(order(found));
  out["unproved"] = chat.unproved;
  out["drafts"].make_array();
  for (const auto& draft : chat.drafts) {
    out["drafts"].push_back(Value::map({{"member", draft.member},
                                        {"at_ms", draft.at_ms},
                                        {"text", bodies_.of(draft.ref)["text"].as_str()}}));
  }
  out["promises"].make_array();
  for (const auto& one : chat.promises) out["promises"].push_back(promise(one));
  out["questions"].make_array();
  for (const auto& one : chat.questions) out["questions"].push_back(question(one));
  out["cases"].make_array();
  for (const auto& one : chat.cases) out["cases"].push_back(about_case(one));
  out["calls"].make_array();
  for (const auto& one : chat.calls) out["calls"].push_back(call(one));
  if (!chat.listeners.empty()) out["listeners"] = listeners(chat.listeners);
  if (chat.blocked_until_ms) out["blocked_until_ms"] = *chat.blocked_until_ms;
  return out;
}

Value Present::order(const desk::OrderView& order) const {
  Value out = Value::map({{"id", hex(order.id)},
                          {"shop", order.shop},
                          {"state", order.state},
                          {"payment", order.payment},
                          {"total", order.total},
                          {"paid", order.paid},
                          {"currency", order.currency},
                          {"placed_ms", order.placed_ms},
                          {"updated_ms", order.updated_ms},
                          {"link", desk::to_string(order.link)}});
  set_id(out, "buyer", order.buyer);
  out["lines"].make_array();
  for (const auto& line : order.lines) {
    out["lines"].push_back(Value::map({{"sku", line.sku},
                                       {"name", line.name},
                                       {"quantity", line.quantity},
                                       {"price", line.price}}));
  }
  out["parcels"].make_array();
  for (const auto& found : order.parcels) out["parcels"].push_back(parcel(found));
  out["requests"].make_array();
  for (const auto& found : order.requests) out["requests"].push_back(request(found));
  const Value body = bodies_.of(order.seen);
  const auto number = body["number"].as_str(body["refs"]["number"].as_str());
  set_text(out, "number", number);
  set_text(out, "name", body["name"].as_str());
  if (!body["address"].is_nil()) out["address"] = body["address"];
  return out;
}

Value Present::request(const desk::RequestView& request) const {
  Value out = Value::map({{"request", hex(request.id)},
                          {"kind", request.kind},
                          {"shop", request.shop},
                          {"state", desk::to_string(request.state)},
                          {"attempts", request.attempts},
                          {"made_ms", desk::stamp_ms(request.stamp)}});
  set_id(out, "chat", request.chat);
  set_id(out, "order", request.order);
  if (request.member != 0) out["member"] = request.member;
  set_time(out, "tried_ms", request.tried_ms);
  set_time(out, "after_ms", request.after_ms);
  set_text(out, "code", request.code);
  if (request.last) set_text(out, "detail", bodies_.of(*request.last)["text"].as_str());
  return out;
}

Value Present::plugin(const host::InstanceStatus& plugin) const {
  const char* language = language_ == desk::Language::chinese ? "zh" : "en";
  Value out =
      Value::map({{"name", plugin.name},
                  {"plugin", plugin.plugin},
                  {"version", plugin.version},
                  {"kind", plugin.kind},
                  {"title", plugin.title.in(language)},
                  {"isolation", plugin.isolation == host::Isolation::daemon ? "daemon" : "process"},
                  {"state", host::to_string(plugin.state)},
                  {"since_ms", plugin.since_ms},
                  {"crashes", plugin.crashes},
                  {"starts", plugin.starts},
                  {"actions", texts(plugin.actions)},
                  {"denied", texts(plugin.denied)}});
  set_text(out, "trouble", plugin.trouble.in(language));
  if (plugin.pid != 0) out["pid"] = plugin.pid;
  set_time(out, "next_start_ms", plugin.next_start_ms);
  if (plugin.last.cause != host::Cause::none) {
    out["cause"] = host::to_string(plugin.last.cause);
    out["reason"] = plugin.last.text().in(language);
    out["code"] = plugin.last.code;
  }
  return out;
}

}  // namespace deskmate::daemon

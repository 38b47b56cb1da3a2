#include "notify.hpp"

#include <algorithm>
#include <ctime>

namespace deskmate::notify {
namespace {

constexpr const char* state_key = "state";
constexpr const char* notices_key = "notices";
constexpr const char* answers_key = "answers";
constexpr const char* reader_name = "answers";
constexpr const char* key_prefix = "notice-";

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// The desk's ids are hex digits where people ask, and bins in events.
Id id_of(std::string_view hex) {
  if (hex.size() != 32) return {};
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return Id::from(bytes);
}

int minute_of_day(std::int64_t now_ms) {
  const auto seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  return local.tm_hour * 60 + local.tm_min;
}

// What another plugin says of an action.
Outcome outcome_of(const Value& result) {
  const auto outcome = result["outcome"].as_str();
  if (outcome == "done") return Outcome::done();
  if (outcome == "failed") {
    return Outcome::failed(std::string(result["code"].as_str()),
                           std::string(result["message"].as_str()), result["again"].as_bool(),
                           result["after_ms"].as_uint());
  }
  return Outcome::unknown(std::string(result["message"].as_str()));
}

// Waits for nothing: it was not the desk's or the channel's answer that was missing.
bool is_final(Status status) {
  return status == Status::denied || status == Status::invalid || status == Status::not_found ||
         status == Status::limit;
}

}  // namespace

Result<void> Notify::begin(Session& desk) {
  channel_ = desk.setting<std::string>("channel");
  to_ = lower(trimmed(desk.setting<std::string>("to")));
  if (!channel_.empty() && to_.empty()) {
    return Error{Status::invalid, "where to? the setting \"to\" is empty / 缺少通知地址（设置 to）",
                 "to"};
  }
  const auto quiet = parse_quiet(trimmed(desk.setting<std::string>("quiet")));
  if (!quiet) {
    return Error{Status::invalid, "quiet is like \"22:30-07:00\" / quiet 的格式如 \"22:30-07:00\"",
                 "quiet"};
  }
  quiet_ = *quiet;
  heartbeat_method_ = desk.setting<std::string>("heartbeat_method", "POST");
  if (heartbeat_method_ != "POST" && heartbeat_method_ != "GET") {
    return Error{Status::invalid, "heartbeat_method is POST or GET / 只能是 POST 或 GET",
                 "heartbeat_method"};
  }
  text_ = desk.setting<bool>("text", true);
  mute_ = desk.setting<bool>("mute", false);
  rules_.overdue_ms = desk.setting<std::uint64_t>("overdue_minutes", 15) * 60'000;
  rules_.gather_ms = desk.setting<std::uint64_t>("gather_s", 30) * 1'000;
  rules_.per_hour = desk.setting<std::size_t>("per_hour", 6);
  answer_ms_ = desk.setting<std::uint64_t>("answer_hours", 72) * hour_ms;
  every_ms_ = desk.setting<std::uint32_t>("check_s", 10) * 1'000;
  heartbeat_url_ = desk.setting<std::string>("heartbeat_url");
  heartbeat_ms_ = desk.setting<std::uint64_t>("heartbeat_s", 300) * 1'000;
  planner_.emplace(rules_);
  if (auto loaded = load(desk); !loaded) return loaded;
  // The reader's calls are the plugin thread's. From the start: an answer may come while this does
  // not run for the first time.
  host().post([this] {
    host().open_reader(reader_name, {"notice.answered"}, From::start,
                       [this](const Result<Value>& opened) {
                         if (!opened)
                           host().log(Level::error, "no reader: " + opened.error().message);
                       });
  });
  return {};
}

Result<void> Notify::load(Session& desk) {
  for (const auto& [key, ids] : {std::pair(notices_key, &notices_), {answers_key, &answers_}}) {
    const auto stored = desk.kv_get(key);
    if (!stored) return stored.error();
    ids->from_bytes(stored->value_or(""));
  }
  const auto stored = desk.kv_get(state_key);
  if (!stored) return stored.error();
  state_ = *stored ? State::from_bytes(**stored) : State();
  if (!state_) {
    return Error{Status::invalid, "what is stored is of a newer version / 保存的数据来自更新的版本",
                 "state"};
  }
  return {};
}

Result<void> Notify::save(Session& desk) { return desk.kv_put(state_key, state_->to_bytes()); }

std::uint32_t Notify::poll_every_ms(Session&) { return every_ms_; }

bool Notify::chinese(Session& desk) {
  if (!chinese_) {
    const auto status = desk.request("desk.status", Value::map());
    if (!status) return false;
    chinese_ = (*status)["language"].as_str().starts_with("zh");
  }
  return *chinese_;
}

bool Notify::silent(Session& desk) const {
  return mute_ || quiet_.holds(minute_of_day(desk.now_ms()));
}

// --- telling ------------------------------------------------------------------------------------

Result<void> Notify::poll(Session& desk) {
  heartbeat(desk);
  trouble(desk);
  if (channel_.empty()) return {};
  // Complains itself: after an error the next poll would be late, and with it the heartbeat.
  auto done = take_answers(desk);
  if (done) done = tell(desk);
  const std::string why = done ? "" : done.error().message;
  if (!why.empty() && why != complaint_) desk.log(Level::warn, why);
  complaint_ = why;
  return {};
}

Result<std::vector<Waiting>> Notify::waiting(Session& desk, std::uint32_t member, bool& whole) {
  std::vector<Waiting> out;
  const std::pair<const char*, bool> views[] = {{"open", true}, {"queue", false}};
  for (const auto& [view, mine] : views) {
    Value params = Value::map({{"view", view}, {"limit", rows_asked}});
    if (mine) params["member"] = member;
    const auto page = desk.request("desk.chats", params);
    if (!page) return page.error();
    const auto& rows = (*page)["chats"].as_array();
    whole = whole && rows.size() < rows_asked;
    for (const Value& row : rows) {
      const std::uint64_t since_ms = row["waiting_since_ms"].as_uint();
      const bool fits = mine ? row["member"].as_uint() == member : row["member"].as_uint() == 0;
      if (since_ms == 0 || !fits || row["blocked"].as_bool() || row["answering"].is_map()) continue;
      out.push_back({id_of(row["id"].as_str()), since_ms, mine});
    }
  }
  return out;
}

Result<void> Notify::tell(Session& desk) {
  // Decided on before, and perhaps not in the log yet: the same again is a duplicate.
  if (state_->pending) return ask_for_notice(desk);
  const auto found = desk.request("desk.members", Value::map());
  if (!found) return found.error();
  const auto own = static_cast<std::uint32_t>((*found)["self"].as_uint());
  Now now;
  now.ms = static_cast<std::uint64_t>(desk.now_ms());
  now.silent = silent(desk);
  bool known = false;
  for (const Value& member : (*found)["members"].as_array()) {
    if (member["number"].as_uint() != own) continue;
    known = true;
    const auto presence = member["presence"].as_str();
    now.away = presence == "away" || presence == "off" || !member["on_shift"].as_bool(true);
  }
  if (!known) {
    return Error{Status::invalid, "this plugin acts for no member (member = 1) / 未指定成员",
                 "member"};
  }
  const auto rows = waiting(desk, own, now.whole);
  if (!rows) return rows.error();
  const auto batch = planner_->plan(*state_, *rows, now);
  if (!batch) return {};
  state_->pending = batch;
  if (auto saved = save(desk); !saved) return saved;
  return ask_for_notice(desk);
}

Result<void> Notify::append(Session& desk, const std::string& name, Map facts, Map body) {
  NewEvent event("notice.requested");
  event.facts = std::move(facts);
  event.facts.set("shop", desk.instance());
  event.body = std::move(body);
  event.refs = {{"notice", name}};
  event.dedupe = "notice";
  const auto appended = desk.append(event);
  return appended ? Result<void>() : Result<void>(appended.error());
}

Result<void> Notify::ask_for_notice(Session& desk) {
  const Batch& batch = *state_->pending;
  Array chats;
  for (const Id& id : batch.chats) chats.push_back(id.to_value());
  auto asked = append(
      desk, batch.name,
      {{"chats", chats}, {"more", batch.more}, {"reason", batch.overdue ? "overdue" : "new"}});
  if (!asked) return asked;
  state_->pending.reset();
  return save(desk);
}

// --- sending ------------------------------------------------------------------------------------

// Nothing: nobody waits any more.
Result<std::optional<Words>> Notify::compose(Session& desk, const Action& action) {
  const bool zh = chinese(desk);
  if (const auto code = action.facts["refused"].as_str(); !code.empty()) {
    return std::optional(
        refusal_words(zh, code, action.body["reason"].as_str(), action.facts["number"].as_uint()));
  }
  const auto now = static_cast<std::uint64_t>(desk.now_ms());
  std::vector<ChatLine> lines;
  for (const Value& id : action.facts["chats"].as_array()) {
    const auto chat = desk.request(
        "desk.chat", Value::map({{"chat", Id::from(id.as_bin()).hex()}, {"limit", entries_asked}}));
    if (!chat) {
      if (is_final(chat.error().code)) continue;  // erased meanwhile
      return chat.error();
    }
    const std::uint64_t since_ms = (*chat)["waiting_since_ms"].as_uint();
    if (since_ms == 0) continue;
    ChatLine line;
    line.number = (*chat)["chat"].as_uint();
    line.shop = (*chat)["shop"].as_str();
    line.waiting_ms = now > since_ms ? now - since_ms : 0;
    std::vector<std::string> said;
    for (const Value& entry : (*chat)["entries"].as_array()) {
      const auto kind = entry["kind"].as_str();
      if (kind == "reply" || kind == "sent") {
        if (!entry["auto"].as_bool()) said.clear();
      } else if (kind == "received") {
        said.emplace_back(trimmed(entry["text"].as_str()));
      }
    }
    if (text_) {
      const std::size_t shown = std::min(said.size(), messages_per_chat_max);
      line.earlier = said.size() - shown;
      line.messages.assign(said.end() - static_cast<std::ptrdiff_t>(shown), said.end());
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) return std::optional<Words>();
  return std::optional(
      notice_words(zh, lines, action.facts["more"].as_uint(), answer_ms_ / hour_ms));
}

Outcome Notify::perform(Session& desk, const Action& action) {
  if (channel_.empty()) return Outcome::failed("off", "notices are off / 通知已关闭");
  const auto words = compose(desk, action);
  if (!words) {
    return Outcome::failed("desk", words.error().message, !is_final(words.error().code),
                           channel_retry_ms);
  }
  if (!*words) return Outcome::failed("answered", "nobody waits any more / 已无人等待");
  // Before it is sent: an answer may come at once.
  notices_.add(action.request, static_cast<std::uint64_t>(desk.now_ms()));
  if (auto put = desk.kv_put(notices_key, notices_.to_bytes()); !put) {
    return Outcome::failed("desk", put.error().message, true, channel_retry_ms);
  }
  const Value params = Value::map(
      {{"channel", channel_},
       {"request", action.request.to_value()},
       {"attempt", action.attempt},
       {"body",
        Value::map({{"to", to_}, {"subject", (*words)->subject}, {"text", (*words)->text}})}});
  const auto sent = desk.request("notice.perform", params, channel_ms);
  channel_trouble_en_.clear();
  channel_trouble_zh_.clear();
  if (!sent && sent.error().where == "channel") {  // it was not asked
    channel_trouble_en_ = "no plugin \"" + channel_ + "\" that sends notices runs";
    channel_trouble_zh_ = "没有正在运行且能发送通知的插件“" + channel_ + "”";
    return Outcome::failed("channel", sent.error().message, true, channel_retry_ms);
  }
  if (!sent) return sent.error();
  Outcome outcome = outcome_of(*sent);
  if (outcome.is_failed()) {
    const std::string why((*sent)["message"].as_str());
    channel_trouble_en_ = "the last notice was not sent: " + why;
    channel_trouble_zh_ = "上一条通知没有发出：" + why;
  }
  return outcome;
}

Found Notify::look_up(Session& desk, const Action& action) {
  const Value params = Value::map({{"channel", channel_},
                                   {"request", action.request.to_value()},
                                   {"attempt", action.attempt},
                                   {"since_ms", action.since_ms},
                                   {"body", Value::map({{"to", to_}})}});
  const auto found = desk.request("notice.look_up", params, channel_ms);
  if (!found) return Found::ask_later(found.error().message);
  const auto says = (*found)["found"].as_str();
  if (says == "yes") return Found::yes();
  if (says == "no") return Found::no();
  const std::string message((*found)["message"].as_str());
  return says == "later" ? Found::ask_later(message) : Found::cannot_tell(message);
}

// --- answers ------------------------------------------------------------------------------------

void Notify::on_events(const std::string&, std::span<const Event> events) {
  take(events);
  poll_soon();
}

void Notify::take(std::span<const Event> events) {
  const std::lock_guard lock(mutex_);
  for (const Event& event : events) {
    Answered one;
    one.arrival = event.arrival;
    const Value facts = decode(event.facts).value_or(Value());
    const Value body = event.body.empty() ? Value() : decode(event.body).value_or(Value());
    one.request = Id::from(facts["request"].as_bin());
    one.message = Id::from(facts["message"].as_bin());
    if (const auto chat = facts["chat"].as_bin(); !chat.empty()) one.chat = Id::from(chat);
    one.at_ms = facts["at"].as_uint();
    one.text = trimmed(body["text"].as_str());
    one.sender = lower(std::string(body["refs"]["sender"].as_str()));
    waiting_.push_back(std::move(one));
  }
}

Result<void> Notify::take_answers(Session& desk) {
  for (;;) {
    Answered one;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return {};
      one = waiting_.front();
    }
    if (auto done = answer(desk, one); !done) return done;  // again with the next poll
    host().post([this, arrival = one.arrival] { host().commit(reader_name, arrival); });
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
  }
}

// An error: to be tried again. Everything else is over.
Result<void> Notify::answer(Session& desk, const Answered& one) {
  const auto sent_ms = notices_.find(one.request);
  if (!sent_ms) return {};  // another peer's, or longer ago than is remembered
  if (answers_.find(one.message)) return {};
  // Whoever has seen the notice could name it; only its addressee is heard.
  if (one.sender != to_) {
    desk.log(Level::warn, "an answer to a notice came from another address and is left out");
    return {};
  }
  Result<void> done;
  if (*sent_ms + answer_ms_ < static_cast<std::uint64_t>(desk.now_ms())) {
    done = refuse(desk, one, "expired", "");
  } else if (!one.chat || one.text.empty()) {
    done = refuse(desk, one, "which", "");
  } else {
    done = reply(desk, one, *sent_ms);
  }
  if (!done) return done;
  answers_.add(one.message, one.at_ms);
  return desk.kv_put(answers_key, answers_.to_bytes());
}

Result<void> Notify::reply(Session& desk, const Answered& one, std::uint64_t notice_ms) {
  const std::string key = key_prefix + one.message.hex();
  const auto chat =
      desk.request("desk.chat", Value::map({{"chat", one.chat->hex()}, {"limit", entries_asked}}));
  if (!chat) {
    if (!is_final(chat.error().code)) return chat.error();
    return refuse(desk, one, "refused", chat.error().message);
  }
  for (const Value& entry : (*chat)["entries"].as_array()) {
    if (entry["kind"].as_str() != "reply") continue;
    if (entry["key"].as_str() == key) return {};  // sent, and this was ended before it knew
    const bool same = trimmed(entry["text"].as_str()) == one.text;
    const bool by_notice = entry["key"].as_str().starts_with(key_prefix);
    if (same && by_notice && entry["at_ms"].as_uint() >= notice_ms) {
      desk.log(Level::warn, "an answer to a notice says what an earlier one said: left out");
      return {};
    }
  }
  const auto sent = desk.request(
      "desk.reply", Value::map({{"chat", one.chat->hex()}, {"text", one.text}, {"key", key}}));
  if (sent) return {};
  if (!is_final(sent.error().code)) return sent.error();
  return refuse(desk, one, "refused", sent.error().message);
}

// Tells the member that an answer did not go out. Within the limit of notices: a machine that
// answers every notice must not go round and round.
Result<void> Notify::refuse(Session& desk, const Answered& one, const std::string& code,
                            const std::string& reason) {
  desk.log(Level::warn, "an answer to a notice was not sent: " + code);
  if (!may_send(*state_, rules_.per_hour, static_cast<std::uint64_t>(desk.now_ms()), true)) {
    return {};
  }
  if (auto saved = save(desk); !saved) return saved;
  Map facts{{"refused", code}};
  if (one.chat) {
    const auto chat =
        desk.request("desk.chat", Value::map({{"chat", one.chat->hex()}, {"limit", 1}}));
    facts.add("chats", Array{one.chat->to_value()});
    if (chat) facts.add("number", (*chat)["chat"].as_uint());
  }
  Map body;
  if (!reason.empty()) body.add("reason", reason);
  return append(desk, "refused " + one.message.hex(), std::move(facts), std::move(body));
}

// --- the heartbeat ------------------------------------------------------------------------------

std::string Notify::figures(Session& desk) {
  const auto status = desk.request("desk.status", Value::map());
  if (!status) return "status=trouble\n";
  const Value& at = *status;
  const auto number = [](const Value& value) { return std::to_string(value.as_uint()); };
  const bool well = at["plugins"]["running"].as_uint() == at["plugins"]["all"].as_uint() &&
                    at["requests"]["unknown"].as_uint() == 0;
  return std::string("status=") + (well ? "ok" : "trouble") +
         "\nchats_open=" + number(at["chats"]["open"]) +
         "\nchats_waiting=" + number(at["chats"]["waiting"]) +
         "\nchats_queued=" + number(at["chats"]["queued"]) +
         "\nactions_unknown=" + number(at["requests"]["unknown"]) +
         "\nplugins_running=" + number(at["plugins"]["running"]) + "/" +
         number(at["plugins"]["all"]) + "\n";
}

void Notify::heartbeat(Session& desk) {
  if (heartbeat_url_.empty() || desk.now_ms() < next_beat_ms_) return;
  next_beat_ms_ = desk.now_ms() + static_cast<std::int64_t>(heartbeat_ms_);
  HttpRequest request;
  request.method = heartbeat_method_;
  request.url = heartbeat_url_;
  request.timeout_ms = heartbeat_wait_ms;
  if (heartbeat_method_ == "POST") {
    request.headers = {{"content-type", "text/plain"}};
    request.body = figures(desk);
  }
  const auto answer = desk.http(request);
  std::string why;
  if (!answer) why = answer.error().message;
  if (answer && (answer->status < 200 || answer->status >= 300)) {
    why = "HTTP " + std::to_string(answer->status);
  }
  const bool was_well = beat_trouble_en_.empty();
  beat_trouble_en_ = why.empty() ? "" : "the heartbeat fails: " + why;
  beat_trouble_zh_ = why.empty() ? "" : "心跳失败：" + why;
  if (was_well && !why.empty()) desk.log(Level::warn, beat_trouble_en_);
  if (!was_well && why.empty()) desk.log(Level::info, "the heartbeat goes through again");
}

// What `deskmate plugins` shows.
void Notify::trouble(Session& desk) {
  const auto join = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + "; " + b;
  };
  const std::string en = join(beat_trouble_en_, channel_trouble_en_);
  if (en == told_trouble_) return;
  const std::string zh = join(beat_trouble_zh_, channel_trouble_zh_);
  if (desk.request("plugin.trouble", Value::map({{"en", en}, {"zh", zh}}))) told_trouble_ = en;
}

}  // namespace deskmate::notify

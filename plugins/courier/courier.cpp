#include "plugins/courier/courier.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "deskmate/parcel.hpp"

namespace deskmate::courier {
namespace {

const std::string reader_name = "parcels";
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t pushed_factor = 12;  // parcels that are pushed are asked about so much rarer
constexpr std::uint32_t look_every_min_ms = 100;
constexpr std::uint32_t look_every_max_ms = 5'000;
constexpr std::int64_t quiet_ms = 500;  // without events: the log has been read

std::string look_key(const Id& id) { return "looks/" + id.hex().substr(0, 2); }

Value decoded(std::string_view bytes) {
  if (bytes.empty()) return {};
  auto value = decode(bytes);
  return value ? std::move(*value) : Value();
}

}  // namespace

// --- what the log says --------------------------------------------------------------------------

Result<void> Courier::begin(Session& desk) {
  if (follower_) return {};
  auto carriers = Carriers::from(names(), desk.setting<std::vector<std::string>>("carriers"));
  if (!carriers) {
    trouble(desk, carriers.error().message, "设置 carriers 有误：" + carriers.error().message);
    return carriers.error();
  }
  Times times;
  times.poll_ms = desk.setting<std::int64_t>("poll_s", times.poll_ms / 1'000) * 1'000;
  times.follow_ms = desk.setting<std::int64_t>("follow_days", 60) * 24 * hour_ms;
  times.settle_ms = desk.setting<std::int64_t>("settle_hours", 24) * hour_ms;
  gap_ms_ = minute_ms / std::max<std::int64_t>(1, desk.setting<std::int64_t>("per_minute", 60));
  follower_.emplace(
      desk.instance(),
      [carriers = std::move(*carriers)](std::string_view name) { return carriers.code_of(name); },
      times);
  host().post([this] {
    host().open_reader(reader_name, {"order.seen", "parcel.seen", "buyer.erased"}, From::start,
                       [this](const Result<Value>& opened) {
                         if (opened) return;
                         host().log(Level::error,
                                    "the log cannot be read: " + opened.error().message);
                       });
  });
  return {};
}

void Courier::on_events(const std::string&, std::span<const Event> events) {
  {
    const std::lock_guard lock(mutex_);
    for (const Event& event : events) {
      waiting_.push_back({event.arrival, event.at_ms(), std::string(event.type),
                          decoded(event.facts), decoded(event.body)});
    }
  }
  poll_soon();
}

Result<void> Courier::take_events(Session& desk) {
  std::deque<Seen> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(waiting_);
  }
  for (const Seen& seen : events) {
    Parcel* fresh = follower_->take(seen);
    if (fresh == nullptr) continue;
    if (auto recalled = recall(desk, *fresh); !recalled) return recalled;
  }
  const std::int64_t now_ms = desk.now_ms();
  if (quiet_since_ms_ == 0 || !events.empty()) quiet_since_ms_ = now_ms;
  // Until then it does not know what it has told itself before it was started.
  caught_up_ = caught_up_ || now_ms - quiet_since_ms_ >= quiet_ms;
  if (!events.empty()) {
    host().post([this, count = static_cast<std::uint32_t>(events.size())] {
      host().grant(reader_name, count);
    });
  }
  if (follower_->left_out() != left_out_) {
    left_out_ = follower_->left_out();
    const std::string most = std::to_string(followed_max);
    trouble(desk, "more than " + most + " parcels are under way: the latest are not followed",
            "在途包裹超过 " + most + " 个，之后的未跟踪");
  }
  return {};
}

void Courier::commit(std::uint64_t arrival) {
  if (arrival <= committed_) return;
  committed_ = arrival;
  host().post([this, arrival] { host().commit(reader_name, arrival); });
}

// --- when a parcel was looked at last: small, and nothing of a buyer's ---------------------------

Result<Courier::Looks*> Courier::looks_of(Session& desk, const Id& id) {
  const std::uint8_t piece = id.bytes[0];
  if (const auto known = looks_.find(piece); known != looks_.end()) return &known->second;
  const auto bytes = desk.kv_get(look_key(id));
  if (!bytes) return bytes.error();
  Looks looks;
  if (*bytes) {
    // A list of [parcel, when, registered].
    for (const Value& one : decoded(**bytes).as_array()) {
      looks[Id::from(one[0].as_bin())] = {one[1].as_int(), one[2].as_bool()};
    }
  }
  return &(looks_[piece] = std::move(looks));
}

Result<void> Courier::store(Session& desk, const Id& id) {
  Array list;
  for (const auto& [parcel, look] : looks_[id.bytes[0]]) {
    list.push_back(Value::array({parcel.to_value(), look.at_ms, look.registered}));
  }
  return desk.kv_put(look_key(id), encode(Value(std::move(list))));
}

Result<void> Courier::recall(Session& desk, Parcel& parcel) {
  const auto looks = looks_of(desk, parcel.id);
  if (!looks) return looks.error();
  const auto found = (*looks)->find(parcel.id);
  if (found == (*looks)->end()) return {};
  parcel.registered = found->second.registered;
  follower_->looked(parcel, true, found->second.at_ms);
  return {};
}

Result<void> Courier::note(Session& desk, const Parcel& parcel) {
  const auto looks = looks_of(desk, parcel.id);
  if (!looks) return looks.error();
  (**looks)[parcel.id] = {parcel.looked_ms, parcel.registered};
  return store(desk, parcel.id);
}

Result<void> Courier::forget(Session& desk, const Id& id) {
  const auto looks = looks_of(desk, id);
  if (!looks) return looks.error();
  if ((*looks)->erase(id) == 0) return {};
  return store(desk, id);
}

// --- asking -------------------------------------------------------------------------------------

std::uint32_t Courier::poll_every_ms(Session& desk) {
  const auto poll_ms = desk.setting<std::int64_t>("poll_s", 60) * 1'000 / 4;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(poll_ms, look_every_min_ms, look_every_max_ms));
}

Result<void> Courier::poll(Session& desk) {
  if (auto taken = take_events(desk); !taken) return taken;
  Result<void> asked = {};
  if (caught_up_ && desk.now_ms() >= paused_ms_) asked = ask_round(desk);
  commit(follower_->done_upto());
  return asked;
}

Result<void> Courier::ask_round(Session& desk) {
  const std::int64_t until_ms = desk.now_ms() + round_ms;
  while (!desk.stopping() && desk.now_ms() < until_ms) {
    std::vector<Parcel*> batch = follower_->due(desk.now_ms(), batch_max());
    if (batch.empty()) return {};
    std::erase_if(batch, [&](Parcel* parcel) { return is_finished(desk, *parcel); });
    if (batch.empty()) continue;
    if (auto done = ask_batch(desk, batch); !done) return done;
  }
  poll_soon();
  return {};
}

// Has it ended, or been followed for too long? Then it is forgotten.
bool Courier::is_finished(Session& desk, Parcel& parcel) {
  if (const auto trace = follower_->given_up(parcel, desk.now_ms())) {
    if (!tell(desk, parcel, *trace)) return false;  // said at the next look
  }
  const Id id = parcel.id;
  if (!follower_->finish(parcel, desk.now_ms())) return false;
  (void)forget(desk, id);  // a note too many does no harm
  return true;
}

Result<void> Courier::ask_batch(Session& desk, const std::vector<Parcel*>& batch) {
  for (Parcel* parcel : batch) {
    if (auto pushed = push_it(desk, *parcel); !pushed) return pushed;
  }
  const auto answers = ask(desk, batch);
  const std::int64_t now_ms = desk.now_ms();
  if (!answers) {
    const Error& error = answers.error();
    if (error.code == Status::denied) {
      pause(desk, denied_pause_ms);
      trouble(desk, "the courier refuses the key: " + error.message,
              "快递接口拒绝了密钥：" + error.message);
    } else if (error.code == Status::unavailable || error.code == Status::deadline) {
      pause(desk, away_pause_ms);
    } else if (error.code != Status::limit && error.code != Status::cancelled) {
      // It may be these parcels: the others have their turn.
      for (Parcel* parcel : batch) follower_->looked(*parcel, false, now_ms);
    }
    return error;
  }
  trouble(desk, {}, {});
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Parcel& parcel = *batch[i];
    const bool found = i < answers->size() && (*answers)[i];
    if (found) {
      if (auto told = tell(desk, parcel, *(*answers)[i]); !told) return told;
    } else if (i < answers->size() && (*answers)[i].error().code != Status::not_found) {
      desk.log(Level::warn, "parcel " + parcel.id.hex() + ": " + (*answers)[i].error().message);
    }
    follower_->looked(parcel, found, now_ms);
    if (parcel.registered) {
      follower_->set_due(parcel, now_ms + (parcel.due_ms - now_ms) * pushed_factor);
    }
    if (is_finished(desk, parcel)) continue;
    if (auto noted = note(desk, parcel); !noted) return noted;
  }
  return {};
}

Result<void> Courier::push_it(Session& desk, Parcel& parcel) {
  if (parcel.registered) return {};
  const auto pushed = register_parcel(desk, parcel);
  if (pushed) {
    parcel.registered = *pushed;
    return {};
  }
  // It is asked about all the same; what is wrong with the key is told by that.
  if (pushed.error().code == Status::limit) return pushed.error();
  desk.log(Level::warn, "parcel " + parcel.id.hex() + " is not pushed: " + pushed.error().message);
  return {};
}

Result<void> Courier::tell(Session& desk, Parcel& parcel, const Trace& trace) {
  const std::vector<NewEvent> events = follower_->news(parcel, trace, desk.now_ms());
  if (events.empty()) return {};
  if (auto appended = desk.append(events); !appended) return appended.error();
  follower_->told(parcel, events);
  return {};
}

// --- webhooks -----------------------------------------------------------------------------------

WebResponse Courier::web(Session& desk, const WebRequest& request) {
  if (!follower_ || !request.hook) return WebResponse::text(404, "there is nothing here\n");
  if (auto taken = take_events(desk); !taken || !caught_up_) {
    WebResponse later = WebResponse::text(503, "not now\n");
    later.headers.set("retry-after", "2");
    return later;
  }
  return hook(desk, request);
}

Result<void> Courier::heard(Session& desk, std::string_view number, const Trace& trace) {
  for (Parcel* parcel : follower_->by_number(number)) {
    if (auto told = tell(desk, *parcel, trace); !told) return told;
    if (!parcel::is_over(parcel->status)) continue;
    // It is looked at once more when it has settled.
    follower_->looked(*parcel, true, desk.now_ms());
  }
  return {};
}

// --- HTTP ---------------------------------------------------------------------------------------

std::string Courier::url(Session& desk, std::string_view path) {
  std::string base = desk.setting<std::string>("url");
  while (base.ends_with('/')) base.pop_back();
  return base + std::string(path);
}

Result<Courier::Fetched> Courier::fetch_any(Session& desk, HttpRequest request) {
  if (const std::int64_t wait_ms = next_ms_ - desk.now_ms(); wait_ms > 0) {
    if (!desk.sleep_ms(static_cast<std::uint64_t>(wait_ms))) {
      return Error{Status::cancelled, "the connector is stopping", {}};
    }
  }
  next_ms_ = desk.now_ms() + gap_ms_;
  request.timeout_ms = http_timeout_ms;
  request.headers.set("accept", "application/json");
  const auto response = desk.http(request);
  if (!response) return response.error();
  const std::string status = "HTTP " + std::to_string(response->status);
  if (response->status == 401 || response->status == 403) {
    return Error{Status::denied, "it answers " + status, "key"};
  }
  if (response->status == 429) {
    const std::string_view after = response->headers["retry-after"].as_str();
    std::int64_t seconds = 0;
    const auto read = std::from_chars(after.data(), after.data() + after.size(), seconds);
    const bool said = read.ec == std::errc() && seconds > 0;
    return too_many(desk, said ? std::min(seconds, pause_max_ms / 1'000) * 1'000 : limit_pause_ms);
  }
  if (response->status >= 500) return Error{Status::unavailable, "it answers " + status, {}};
  auto body = parse_json(response->body);
  if (!body) {
    if (response->status < 400) return body.error();
    body = Value();
  }
  return Fetched{response->status, std::move(*body)};
}

Result<Value> Courier::fetch(Session& desk, HttpRequest request) {
  auto fetched = fetch_any(desk, std::move(request));
  if (!fetched) return fetched.error();
  const std::string status = "it answers HTTP " + std::to_string(fetched->status);
  if (fetched->status == 404) return Error{Status::not_found, status, {}};
  if (fetched->status >= 400) return Error{Status::invalid, status, {}};
  return std::move(fetched->body);
}

Error Courier::too_many(Session& desk, std::int64_t pause_ms) {
  pause(desk, pause_ms);
  return {Status::limit, "the courier asks for fewer queries", "rate"};
}

void Courier::pause(Session& desk, std::int64_t pause_ms) {
  paused_ms_ = std::max(paused_ms_, desk.now_ms() + std::min(pause_ms, pause_max_ms));
}

void Courier::trouble(Session& desk, const std::string& en, const std::string& zh) {
  if (en == trouble_) return;
  trouble_ = en;
  (void)desk.request("plugin.trouble", Value::map({{"en", en}, {"zh", zh}}));
}

}  // namespace deskmate::courier

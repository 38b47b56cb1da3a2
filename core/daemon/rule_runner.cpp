#include "core/daemon/rule_runner.hpp"

#include <algorithm>

#include "core/bus/session.hpp"
#include "core/daemon/rule_subjects.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {

static_assert((rule_batches_max + 1) * rule_batch_bytes_max <
              bus::SessionLimits().queued_bytes_slow);

namespace {

using desk::ProblemAbout;

// What an event is news of: an order or a product, or a parcel, of which only the desk knows the
// order when it is a courier that tells of it.
struct News {
  std::optional<ProblemAbout> about;
  std::optional<desk::Id16> parcel;
};

News news_of(const storage::StoredEvent& event) {
  const std::string_view type = event.header.type;
  const bool parcel = type == "parcel.seen";
  const bool order = type == "order.seen";
  const bool product = type == "product.seen" || type == "stock.counted";
  News out;
  Document facts;
  if ((!order && !parcel && !product) || !facts.parse(event.header.facts)) return out;
  ProblemAbout about;
  if (product) {
    about.shop = facts.root()["shop"].as_str();
    about.sku = facts.root()["sku"].as_str();
    if (!about.shop.empty() && !about.sku.empty()) out.about = about;
    return out;
  }
  about.order = desk::id16(facts.root()["order"].as_bin());
  if (about.order) {
    out.about = about;
  } else if (parcel) {
    out.parcel = desk::id16(facts.root()["parcel"].as_bin());
  }
  return out;
}

}  // namespace

struct RuleRunner::Batch {
  std::vector<ProblemAbout> abouts;
  std::vector<std::string> subjects;
  std::size_t bytes = 0;
  bool of_sweep = false;
  std::string answer;  // of rules.judge
};

// One plugin's work.
struct RuleRunner::Lane {
  std::string name;
  std::string version;
  std::deque<ProblemAbout> queue;
  std::set<ProblemAbout> queued;
  std::map<ProblemAbout, std::uint32_t> tries;  // of what failed
  std::deque<std::shared_ptr<Batch>> answers;   // to be recorded
  std::size_t asked = 0;
  std::size_t batch_max = rule_batch_max;
  std::uint32_t failures_in_a_row = 0;
  std::uint64_t wait_until_ms = 0;  // of the loop
  bool posted = false, recording = false;
  rules::Judges judges = rules::Judges::orders;
  bool sweeps() const { return judges == rules::Judges::orders; }

  bool sweeping = false, orders_done = false, all_asked = false;
  desk::Id16 swept{};
  std::string swept_shop, swept_sku;
  std::uint64_t sweep_begun_ms = 0;  // of the loop
  std::uint64_t next_sweep_ms = 0;   // of the loop; 0: none is due
  std::uint64_t sweep_begun_judged = 0;
  bus::Loop::TimerId timer = 0;

  std::uint64_t judged = 0, found = 0, cleared = 0, failures = 0, left_out = 0;
  std::uint64_t sweep_ended_ms = 0, sweep_took_ms = 0, sweep_judged = 0;

  void push(const ProblemAbout& about) {
    if (queued.insert(about).second) queue.push_back(about);
  }
};

RuleRunner::RuleRunner(Service& service)
    : service_(service), alive_(std::make_shared<bool>(true)) {}

RuleRunner::~RuleRunner() {
  *alive_ = false;
  for (const auto& [name, lane] : lanes_) service_.loop.cancel(lane->timer);
}

bool RuleRunner::is_home() const {
  const auto holder = service_.desk.book_holder();
  return service_.desk.peers().empty() || (holder && *holder == service_.store.log().peer);
}

std::vector<std::string> RuleRunner::running() const {
  std::vector<std::string> out;
  for (const auto& plugin : service_.plugins.status()) {
    if (plugin.kind == "rules" && service_.bus.find(plugin.name) != nullptr) {
      out.push_back(plugin.name);
    }
  }
  return out;
}

bool RuleRunner::ready(const Lane& lane) const {
  return !stopping_ && service_.bus.find(lane.name) != nullptr &&
         service_.loop.now_ms() >= lane.wait_until_ms;
}

void RuleRunner::folded(const storage::StoredEvent& event) {
  if (lanes_.empty() || event.again) return;  // what is missed now the first sweep finds
  const std::string_view type = event.header.type;
  if (type.starts_with("peer.") || type.starts_with("book.")) look_at_home();
  const News news = news_of(event);
  if (news.about) want(*news.about);
  if (!news.parcel) return;
  service_.loop.post([this, alive = alive_, id = *news.parcel] {  // it is folded by then
    if (!*alive || stopping_) return;
    const auto found = service_.desk.parcel(id);
    if (found && found->parcel.order) want({.order = found->parcel.order});
  });
}

// Whoever becomes the home judges everything: nobody knows what the one before has left.
void RuleRunner::look_at_home() {
  service_.loop.post([this, alive = alive_] {
    if (!*alive || stopping_) return;
    const bool became = is_home() && !was_home_;
    was_home_ = is_home();
    for (const auto& [name, lane] : lanes_) {
      if (became && lane->sweeps()) lane->next_sweep_ms = service_.loop.now_ms() + rule_settle_ms;
      arm(lane);
    }
  });
}

void RuleRunner::want(const ProblemAbout& about) {
  for (const auto& [name, lane] : lanes_) {
    if (!lane->sweeps()) continue;
    lane->tries.erase(about);
    if (lane->queue.size() < rule_queue_max) {
      lane->push(about);
    } else {
      lane->next_sweep_ms = service_.loop.now_ms();
    }
    pump(lane);
  }
}

void RuleRunner::plugins_changed() {
  std::set<std::string> known;
  for (const auto& plugin : service_.plugins.status()) {
    if (plugin.kind != "rules") continue;
    known.insert(plugin.name);
    if (!lanes_.contains(plugin.name)) {
      auto lane = std::make_shared<Lane>();
      lane->name = plugin.name;
      lanes_.emplace(plugin.name, lane);
      lane->next_sweep_ms = service_.loop.now_ms() + rule_settle_ms;
    }
  }
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    if (known.contains(at->first)) {
      at->second->wait_until_ms = 0;
      arm(at->second);
      pump((at++)->second);
    } else {
      service_.loop.cancel(at->second->timer);
      at = lanes_.erase(at);
    }
  }
}

void RuleRunner::rules_changed(std::string_view instance, rules::Judges judges) {
  auto found = lanes_.find(instance);
  if (found == lanes_.end()) {
    plugins_changed();
    found = lanes_.find(instance);
    if (found == lanes_.end()) return;
  }
  Lane& lane = *found->second;
  lane.wait_until_ms = 0;
  lane.tries.clear();
  lane.sweeping = false;  // what it has judged it judged by the old ones
  lane.judges = judges;
  lane.next_sweep_ms = lane.sweeps() ? service_.loop.now_ms() + rule_settle_ms : 0;
  if (!lane.sweeps()) {
    lane.queue.clear();
    lane.queued.clear();
  }
  arm(found->second);
}

std::vector<std::string> RuleRunner::judges_of(rules::Judges what) const {
  std::vector<std::string> out;
  for (const auto& [name, lane] : lanes_) {
    if (lane->judges == what && service_.bus.find(name) != nullptr) out.push_back(name);
  }
  return out;
}

void RuleRunner::times_changed() {
  for (const auto& [name, lane] : lanes_) {
    if (!lane->sweeps()) continue;
    lane->next_sweep_ms =
        std::min(lane->next_sweep_ms, service_.loop.now_ms() + service_.options.rules.sweep_ms);
    arm(lane);
  }
}

void RuleRunner::stop() {
  stopping_ = true;
  for (const auto& [name, lane] : lanes_) service_.loop.cancel(lane->timer);
}

bool RuleRunner::sweep() {
  bool any = false;
  if (!is_home()) return false;
  for (const auto& [name, lane] : lanes_) {
    if (!lane->sweeps() || service_.bus.find(name) == nullptr) continue;
    any = true;
    begin_sweep(*lane);
    pump(lane);
  }
  return any;
}

// The timer for the next sweep, or the end of a wait.
void RuleRunner::arm(const LanePtr& lane) {
  service_.loop.cancel(lane->timer);
  lane->timer = 0;
  const std::uint64_t now = service_.loop.now_ms();
  std::uint64_t at = lane->next_sweep_ms;
  if (lane->wait_until_ms > now)
    at = at == 0 ? lane->wait_until_ms : std::min(at, lane->wait_until_ms);
  if (at == 0 || stopping_) return;
  lane->timer = service_.loop.call_at(std::max(at, now + 1), [this, alive = alive_, lane] {
    if (!*alive) return;
    lane->timer = 0;
    pump(lane);
  });
}

void RuleRunner::pump(const LanePtr& lane) {
  if (lane->posted || stopping_) return;
  lane->posted = true;
  service_.loop.post([this, alive = alive_, lane] {
    if (!*alive) return;
    lane->posted = false;
    turn(lane);
  });
}

// One batch at most; then others have their turn.
void RuleRunner::turn(const LanePtr& lane) {
  const std::uint64_t now = service_.loop.now_ms();
  if (!ready(*lane) || !is_home()) {
    was_home_ = is_home();
    if (lane->next_sweep_ms != 0 && lane->next_sweep_ms <= now) {
      lane->next_sweep_ms = now + service_.options.rules.sweep_ms;
    }
    if (lane->queue.size() > rule_batch_max && !is_home()) {  // the home judges them
      lane->queue.clear();
      lane->queued.clear();
    }
    return arm(lane);
  }
  if (lane->next_sweep_ms != 0 && lane->next_sweep_ms <= now) begin_sweep(*lane);
  const std::size_t under_way = lane->asked + lane->answers.size();
  const std::size_t most = lane->batch_max < rule_batch_max ? 1 : rule_batches_max;
  if (under_way >= most) return;
  const auto batch = gather(*lane);
  if (!batch->abouts.empty()) ask(lane, batch);
  const bool more = !lane->queue.empty() || (lane->sweeping && !lane->all_asked);
  if (more && (under_way + 1 < most || batch->abouts.empty())) pump(lane);
  if (more) return;
  const bool idle = lane->asked == 0 && lane->answers.empty() && !lane->recording;
  if (lane->sweeping && idle) end_sweep(*lane);
  arm(lane);
}

std::shared_ptr<RuleRunner::Batch> RuleRunner::gather(Lane& lane) {
  auto batch = std::make_shared<Batch>();
  // Some may be over or unknown: they cost a look, too.
  for (std::size_t looks = 0;
       looks < lane.batch_max && !lane.queue.empty() && batch->bytes < rule_batch_bytes_max;
       ++looks) {
    const ProblemAbout about = lane.queue.front();
    lane.queue.pop_front();
    lane.queued.erase(about);
    add(lane, *batch, about);
  }
  if (batch->abouts.empty() && lane.queue.empty() && lane.sweeping && !lane.all_asked) {
    batch->of_sweep = true;
    add_swept(lane, *batch);
  }
  return batch;
}

bool RuleRunner::add(Lane& lane, Batch& batch, const ProblemAbout& about) {
  std::optional<std::string> subject;
  if (about.order) {
    const std::uint64_t now = service_.options.wall_ms();
    const auto context =
        service_.desk.problems().context(*about.order, now - std::min(now, rule_over_ms));
    if (context) subject = pack_subject(service_.desk, service_.bodies, *context);
  } else if (const auto product = service_.desk.problems().product(about.shop, about.sku)) {
    subject = pack_subject(*product);
  }
  if (!subject) return false;
  if (const auto tried = lane.tries.find(about);
      tried != lane.tries.end() && tried->second >= rule_tries_max) {
    return false;
  }
  batch.bytes += subject->size();
  batch.abouts.push_back(about);
  batch.subjects.push_back(std::move(*subject));
  return true;
}

void RuleRunner::add_swept(Lane& lane, Batch& batch) {
  if (!lane.orders_done) {
    const auto ids = service_.desk.problems().orders_after(lane.swept, lane.batch_max);
    for (const desk::Id16& id : ids) {
      if (batch.bytes >= rule_batch_bytes_max) return;
      lane.swept = id;
      add(lane, batch, {.order = id});
    }
    lane.orders_done = ids.empty();
    return;
  }
  const auto products =
      service_.desk.problems().products_after(lane.swept_shop, lane.swept_sku, lane.batch_max);
  for (const auto& product : products) {
    lane.swept_shop = product.shop;
    lane.swept_sku = product.sku;
    add(lane, batch, {.shop = product.shop, .sku = product.sku});
  }
  lane.all_asked = products.empty();
}

void RuleRunner::begin_sweep(Lane& lane) {
  lane.sweeping = true;
  lane.orders_done = lane.all_asked = false;
  lane.swept = {};
  lane.swept_shop.clear();
  lane.swept_sku.clear();
  lane.sweep_begun_ms = service_.loop.now_ms();
  lane.sweep_begun_judged = lane.judged;
  lane.next_sweep_ms = lane.sweep_begun_ms + service_.options.rules.sweep_ms;
}

void RuleRunner::end_sweep(Lane& lane) {
  lane.sweeping = false;
  lane.sweep_ended_ms = service_.options.wall_ms();
  lane.sweep_took_ms = service_.loop.now_ms() - lane.sweep_begun_ms;
  lane.sweep_judged = lane.judged - lane.sweep_begun_judged;
  if (!service_.hooks.log) return;
  service_.hooks.log("rules", {{"plugin", lane.name},
                               {"swept", std::to_string(lane.sweep_judged)},
                               {"ms", std::to_string(lane.sweep_took_ms)}});
}

void RuleRunner::ask(const LanePtr& lane, const std::shared_ptr<Batch>& batch) {
  Array subjects;
  subjects.reserve(batch->subjects.size());
  for (std::string& subject : batch->subjects) subjects.emplace_back(Bytes(std::move(subject)));
  batch->subjects.clear();
  Map params{{"now_ms", service_.options.wall_ms()}};
  params.add("subjects", std::move(subjects));
  ++lane->asked;
  const auto asked =
      service_.bus.call(lane->name, "rules.judge", Value(std::move(params)), rule_deadline_ms,
                        [this, alive = alive_, lane, batch](const Result<std::string>& result) {
                          if (!*alive) return;
                          --lane->asked;
                          answered(lane, batch, result);
                        });
  if (asked) return;
  --lane->asked;
  failed(lane, batch, asked.error());
}

void RuleRunner::answered(const LanePtr& lane, const std::shared_ptr<Batch>& batch,
                          const Result<std::string>& result) {
  if (stopping_) return;
  if (!result) return failed(lane, batch, result.error());
  Document answer;
  const bool whole =
      answer.parse(*result) && answer.root()["findings"].size() == batch->abouts.size();
  if (!whole) {
    return failed(lane, batch, {Status::internal, "not what rules.judge answers", "findings"});
  }
  lane->failures_in_a_row = 0;
  lane->batch_max = std::min(rule_batch_max, lane->batch_max * 2);
  batch->answer = *result;
  lane->answers.push_back(batch);
  record(lane);
}

// Nothing is lost: what failed is asked again, one by one, after a while.
void RuleRunner::failed(const LanePtr& lane, const std::shared_ptr<Batch>& batch,
                        const Error& error) {
  if (stopping_) return;
  ++lane->failures;
  const bool gone = error.code == Status::unavailable;  // and none of its doing
  for (const ProblemAbout& about : batch->abouts) {
    if (!gone && batch->abouts.size() == 1 && ++lane->tries[about] >= rule_tries_max) {
      ++lane->left_out;
      continue;
    }
    lane->push(about);
  }
  if (lane->tries.size() > rule_queue_max) lane->tries.clear();
  lane->batch_max = 1;
  const std::uint32_t doublings = std::min(lane->failures_in_a_row++, 10u);
  const std::uint64_t wait = std::min(rule_retry_longest_ms, rule_retry_first_ms << doublings);
  lane->wait_until_ms = service_.loop.now_ms() + wait;
  if (service_.hooks.log) {
    service_.hooks.log("rules", {{"plugin", lane->name},
                                 {"failed", std::string(to_string(error.code))},
                                 {"orders", std::to_string(batch->abouts.size())}});
  }
  arm(lane);
}

// One answer after the other: what is compared is on disk and folded.
void RuleRunner::record(const LanePtr& lane) {
  if (lane->recording || lane->answers.empty()) return pump(lane);
  const auto batch = lane->answers.front();
  lane->answers.pop_front();
  Document answer;
  if (!answer.parse(batch->answer)) return pump(lane);
  const std::string version(answer.root()["version"].as_str());
  lane->version = version;
  const auto& problems = service_.desk.problems();
  const std::uint64_t now = service_.options.wall_ms();
  desk::Proposals proposals;
  std::size_t index = 0;
  for (const View found : answer.root()["findings"]) {
    const ProblemAbout& about = batch->abouts[index++];
    ++lane->judged;
    std::set<std::string> kinds;
    for (const View one : found) {
      const auto finding = finding_of(one, lane->name, version);
      if (finding.kind.empty() || !kinds.insert(finding.kind).second) continue;
      if (auto made = problems.found(about, finding, now)) {
        proposals.push_back(std::move(*made));
        ++lane->found;
      }
    }
    for (const auto& known : problems.of(about)) {
      if (known.finding.plugin != lane->name || kinds.contains(known.finding.kind)) continue;
      if (auto made = problems.cleared(about, known.finding.kind, lane->name, version)) {
        proposals.push_back(std::move(*made));
        ++lane->cleared;
      }
    }
  }
  if (proposals.empty()) return record(lane);
  lane->recording = true;
  service_.append(proposals,
                  [this, alive = alive_, lane, batch](const Result<std::vector<Outcome>>& result) {
                    if (!*alive) return;
                    lane->recording = false;
                    if (!result)
                      return failed(lane, batch, {Status::unavailable, result.error().message, {}});
                    record(lane);
                  });
}

std::vector<RuleRunner::LaneView> RuleRunner::lanes() const {
  std::vector<LaneView> out;
  const std::uint64_t now = service_.loop.now_ms();
  const std::uint64_t wall = service_.options.wall_ms();
  for (const auto& [name, lane] : lanes_) {
    const std::uint64_t in =
        lane->next_sweep_ms > now ? lane->next_sweep_ms - now : std::uint64_t{0};
    out.push_back({name, lane->version, lane->queue.size(), lane->sweeping, lane->judges,
                   lane->judged, lane->found, lane->cleared, lane->failures, lane->left_out,
                   lane->sweep_ended_ms, lane->sweep_took_ms, lane->sweep_judged, wall + in});
  }
  return out;
}

}  // namespace deskmate::daemon

#include "plugins/courier/follow.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "deskmate/parcel.hpp"

namespace deskmate::courier {
namespace {

// FNV-1a; only to know a station again.
class Hash {
 public:
  Hash& add(std::string_view bytes) {
    for (const char c : bytes) {
      value_ = (value_ ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    }
    value_ = (value_ ^ 0xffU) * 1'099'511'628'211ULL;
    return *this;
  }
  Hash& add(std::int64_t number) { return add(std::to_string(number)); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 14'695'981'039'346'656'037ULL;
};

std::uint64_t name_of(const events::ParcelStation& station) {
  return Hash()
      .add(station.at)
      .add(station.nth)
      .add(station.code)
      .add(station.grams.value_or(0))
      .value();
}

template <class Names, class Key>
void erase_one(Names& names, const Key& key, const Id& id) {
  const auto [first, last] = names.equal_range(key);
  const auto found = std::find_if(first, last, [&](const auto& one) { return one.second == id; });
  if (found != last) names.erase(found);
}

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  text.resize(end);
  return text;
}

}  // namespace

Parcel* Follower::take(const Seen& seen) {
  latest_ = std::max(latest_, seen.arrival);
  if (seen.type == "order.seen") {
    take_order(seen);
    return nullptr;
  }
  if (seen.type == "buyer.erased") {
    forget_buyer(Id::from(seen.facts["buyer"].as_bin()));
    return nullptr;
  }
  return seen.type == "parcel.seen" ? take_parcel(seen) : nullptr;
}

void Follower::take_order(const Seen& seen) {
  const Id id = Id::from(seen.facts["order"].as_bin());
  if (id.empty()) return;
  OrderNote note{seen.arrival, destination_of(seen.body["address"])};
  const auto [first, last] = of_order_.equal_range(id);
  for (auto at = first; at != last; ++at) parcels_.at(at->second).destination = note.destination;
  if (const auto known = orders_.find(id); known != orders_.end()) {
    order_age_.erase(known->second.arrival);
  }
  order_age_[seen.arrival] = id;
  orders_[id] = std::move(note);
  if (orders_.size() > orders_kept_max) {
    orders_.erase(order_age_.begin()->second);
    order_age_.erase(order_age_.begin());
  }
}

void Follower::take_own(const events::ParcelSeen& word) {
  const auto found = parcels_.find(word.parcel);
  if (found == parcels_.end()) return;
  Parcel& parcel = found->second;
  for (const auto& station : word.stations) parcel.stations.insert(name_of(station));
  if (!word.status.empty() && word.at >= parcel.told_ms) {
    parcel.status = word.status;
    parcel.told_ms = word.at;
  }
  parcel.eta_ms = word.eta.value_or(parcel.eta_ms);
}

Parcel* Follower::take_parcel(const Seen& seen) {
  const auto word = events::read<events::ParcelSeen>(seen.facts, seen.body);
  if (!word || word->parcel.empty()) return nullptr;
  if (!word->of.empty()) {
    if (word->shop == instance_) take_own(*word);
    return nullptr;
  }
  const auto carrier = serves_(word->carrier);
  const auto found = parcels_.find(word->parcel);
  // Without a number: not sent yet, another carrier's now, or its buyer was erased.
  if (!carrier || word->tracking.empty() || word->tracking.size() > code_bytes_max) {
    if (found != parcels_.end()) forget(word->parcel);
    return nullptr;
  }
  if (found != parcels_.end()) {
    Parcel& parcel = found->second;
    if (parcel.number != word->tracking) {
      erase_one(numbers_, parcel.number, parcel.id);
      parcel.number = word->tracking;
      parcel.registered = false;
      numbers_.emplace(parcel.number, parcel.id);
    }
    parcel.carrier = *carrier;
    return nullptr;
  }
  if (parcel::is_over(word->status) || finished_.count(word->parcel) != 0) return nullptr;
  if (parcels_.size() >= followed_max) {
    ++left_out_;
    return nullptr;
  }
  Parcel parcel;
  parcel.id = word->parcel;
  parcel.order = word->order;
  parcel.buyer = word->buyer;
  parcel.shop = word->shop;
  parcel.number = word->tracking;
  parcel.carrier = *carrier;
  parcel.held = seen.arrival;
  parcel.since_ms = seen.at_ms;
  if (const auto order = orders_.find(word->order); order != orders_.end()) {
    parcel.destination = order->second.destination;
    parcel.held = std::min(parcel.held, order->second.arrival);
  }
  held_.insert(parcel.held);
  numbers_.emplace(parcel.number, parcel.id);
  if (!parcel.order.empty()) of_order_.emplace(parcel.order, parcel.id);
  queue_.emplace(parcel.due_ms, parcel.id);
  return &parcels_.emplace(parcel.id, std::move(parcel)).first->second;
}

void Follower::forget(const Id& id) {
  const auto found = parcels_.find(id);
  if (found == parcels_.end()) return;
  const Parcel& parcel = found->second;
  held_.erase(held_.find(parcel.held));
  queue_.erase({parcel.due_ms, id});
  erase_one(numbers_, parcel.number, id);
  erase_one(of_order_, parcel.order, id);
  parcels_.erase(found);
}

// An erased buyer's parcels are nobody's to ask about.
void Follower::forget_buyer(const Id& buyer) {
  std::vector<Id> theirs;
  for (const auto& [id, parcel] : parcels_) {
    if (parcel.buyer == buyer && !buyer.empty()) theirs.push_back(id);
  }
  for (const Id& id : theirs) forget(id);
}

std::vector<Parcel*> Follower::due(std::int64_t now_ms, std::size_t most) {
  std::vector<Parcel*> out;
  for (const auto& [due_ms, id] : queue_) {
    if (due_ms > now_ms || out.size() == most) break;
    out.push_back(&parcels_.at(id));
  }
  return out;
}

void Follower::set_due(Parcel& parcel, std::int64_t due_ms) {
  queue_.erase({parcel.due_ms, parcel.id});
  parcel.due_ms = due_ms;
  queue_.emplace(parcel.due_ms, parcel.id);
}

void Follower::looked(Parcel& parcel, bool found, std::int64_t now_ms) {
  parcel.looked_ms = now_ms;
  parcel.failures = found ? 0 : std::min(parcel.failures + 1, 16u);
  std::int64_t wait_ms = times_.poll_ms;
  if (parcel::is_over(parcel.status)) wait_ms = std::max(wait_ms, times_.settle_ms);
  for (std::uint32_t i = 1; i < parcel.failures && wait_ms < wait_max_ms; ++i) wait_ms *= 2;
  set_due(parcel, now_ms + std::min(wait_ms, std::max(wait_max_ms, times_.poll_ms)));
}

std::vector<NewEvent> Follower::news(const Parcel& parcel, Trace trace, std::int64_t now_ms) const {
  put_in_order(trace);
  if (trace.at_ms == 0) trace.at_ms = now_ms;
  events::ParcelSeen word;
  word.shop = instance_;
  word.of = parcel.shop;
  word.parcel = parcel.id;
  word.order = parcel.order;
  word.buyer = parcel.buyer;
  word.status = trace.status;
  word.raw_code = cut(trace.code, code_bytes_max);
  word.carrier = cut(trace.carrier.empty() ? parcel.carrier : trace.carrier, code_bytes_max);
  word.at = trace.at_ms;
  if (trace.eta_ms > 0) word.eta = trace.eta_ms;
  word.origin = cut(trace.origin, code_bytes_max);
  word.destination = parcel.destination.region;
  word.tracking = parcel.number;
  word.raw_text = cut(trace.text, text_bytes_max);

  const bool changed =
      (!word.status.empty() && word.status != parcel.status && word.at >= parcel.told_ms) ||
      word.eta.value_or(parcel.eta_ms) != parcel.eta_ms;
  std::vector<NewEvent> out;
  const auto close = [&] {
    NewEvent event = events::to_event(word);
    Hash name;
    name.add(word.status).add(word.at).add(word.eta.value_or(0));
    for (const auto& station : word.stations) {
      name.add(static_cast<std::int64_t>(name_of(station) >> 1));
    }
    event.refs = {{"word", parcel.id.hex() + "@" + std::to_string(name.value())}};
    event.desk_refs = {{"tracking", parcel.number}};
    event.dedupe = "word";
    out.push_back(std::move(event));
    word.stations.clear();
    word.station_words.clear();
  };
  std::map<std::pair<std::int64_t, std::string>, std::uint32_t> same;
  for (const Station& station : trace.stations) {
    events::ParcelStation one;
    one.at = station.at_ms;
    one.code = cut(station.code, code_bytes_max);
    one.nth = same[{one.at, one.code}]++;
    one.status = station.status;
    if (station.grams > 0) one.grams = station.grams;
    one.here = is_in(parcel.destination, station.place, station.text);
    if (parcel.stations.count(name_of(one)) != 0) continue;
    word.stations.push_back(std::move(one));
    word.station_words.push_back(
        {cut(station.place, text_bytes_max), cut(station.text, text_bytes_max), {}});
    if (word.stations.size() == stations_per_event) close();
  }
  if (!word.stations.empty() || (changed && out.empty())) close();
  return out;
}

void Follower::told(Parcel& parcel, const std::vector<NewEvent>& events) {
  for (const NewEvent& event : events) {
    auto word = events::read<events::ParcelSeen>(Value(event.facts), Value(event.body));
    if (word && word->parcel == parcel.id) take_own(*word);
  }
}

std::optional<Trace> Follower::given_up(const Parcel& parcel, std::int64_t now_ms) const {
  if (parcel::is_over(parcel.status) || now_ms - parcel.since_ms < times_.follow_ms) {
    return std::nullopt;
  }
  Trace trace;
  trace.status = "expired";
  trace.code = "given_up";
  trace.at_ms = now_ms;
  return trace;
}

bool Follower::finish(Parcel& parcel, std::int64_t now_ms) {
  if (!parcel::is_over(parcel.status)) return false;
  const bool settled = parcel.status == "expired" || now_ms - parcel.told_ms >= times_.settle_ms;
  if (!settled) return false;
  const Id id = parcel.id;
  forget(id);
  if (finished_age_.size() < finished_kept_max) {
    finished_age_.push_back(id);
  } else {
    finished_.erase(std::exchange(finished_age_[finished_next_], id));
    finished_next_ = (finished_next_ + 1) % finished_kept_max;
  }
  finished_.insert(id);
  return true;
}

std::vector<Parcel*> Follower::by_number(std::string_view number) {
  std::vector<Parcel*> out;
  const auto [first, last] = numbers_.equal_range(number);
  for (auto at = first; at != last; ++at) out.push_back(&parcels_.at(at->second));
  return out;
}

std::uint64_t Follower::done_upto() const { return held_.empty() ? latest_ : *held_.begin() - 1; }

}  // namespace deskmate::courier

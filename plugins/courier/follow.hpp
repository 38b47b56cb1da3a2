// The parcels that a courier's plugin follows, out of what shops say and what the plugin has said
// itself. The list is as durable as the log: after a restart the reader begins again at
// done_upto(), before the first event of any parcel that is still followed, so nothing of a buyer's
// stands outside of sealed bodies. Pure: time comes in. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "deskmate/event.hpp"
#include "deskmate/events.hpp"
#include "plugins/courier/place.hpp"
#include "plugins/courier/trace.hpp"

namespace deskmate::courier {

// Named limits.
inline constexpr std::size_t followed_max = 100'000;      // parcels at a time
inline constexpr std::size_t orders_kept_max = 20'000;    // whose parcels may still come
inline constexpr std::size_t finished_kept_max = 50'000;  // not followed again when a shop repeats
inline constexpr std::size_t stations_per_event = 100;
inline constexpr std::int64_t wait_max_ms = 24LL * 3'600'000;  // between looks that find nothing

struct Times {
  std::int64_t poll_ms = 2LL * 3'600'000;          // between two looks at one parcel
  std::int64_t follow_ms = 60LL * 24 * 3'600'000;  // then it is given up
  std::int64_t settle_ms = 24LL * 3'600'000;       // after its end it is looked at once more
};

// As a reader got it.
struct Seen {
  std::uint64_t arrival = 0;
  std::int64_t at_ms = 0;
  std::string type;
  Value facts;
  Value body;
};

struct Parcel {
  Id id, order, buyer;
  std::string shop;
  std::string number;   // on the parcel
  std::string carrier;  // the courier's code for it
  Destination destination;
  std::uint64_t held = 0;     // the first event that it is known from
  std::int64_t since_ms = 0;  // when that was
  // What was told of it so far.
  std::string status;
  std::int64_t told_ms = 0, eta_ms = 0;
  std::set<std::uint64_t> stations;
  // Kept by the connector.
  std::int64_t looked_ms = 0, due_ms = 0;
  std::uint32_t failures = 0;  // looks in a row that found nothing
  bool registered = false;     // the courier was asked to push it
};

class Follower {
 public:
  using Serves = std::function<std::optional<std::string>(std::string_view carrier)>;
  // instance: the plugin's own, whose words it knows again.
  Follower(std::string instance, Serves serves, Times times)
      : instance_(std::move(instance)), serves_(std::move(serves)), times_(times) {}

  // Takes an event of the log: order.seen, parcel.seen, buyer.erased. The parcel if it is followed
  // anew.
  Parcel* take(const Seen& seen);

  // Those to be looked at now, the longest due first.
  std::vector<Parcel*> due(std::int64_t now_ms, std::size_t most);
  // After a look, or a push: when to look again.
  void looked(Parcel& parcel, bool found, std::int64_t now_ms);
  // Whether a push tells of it, so that looks may be rare.
  void set_due(Parcel& parcel, std::int64_t due_ms);

  // What is new in a trace, as events; none: all was told. What is told counts once told() was
  // called, that is once it is on disk.
  std::vector<NewEvent> news(const Parcel& parcel, Trace trace, std::int64_t now_ms) const;
  void told(Parcel& parcel, const std::vector<NewEvent>& events);

  // Beyond follow_ms: the word that ends it; else nothing.
  std::optional<Trace> given_up(const Parcel& parcel, std::int64_t now_ms) const;
  // Forgets it, if it has ended and nothing more is to come.
  bool finish(Parcel& parcel, std::int64_t now_ms);

  std::vector<Parcel*> by_number(std::string_view number);
  std::size_t size() const { return parcels_.size(); }
  std::size_t left_out() const { return left_out_; }  // beyond followed_max
  // How far the log need not be read again.
  std::uint64_t done_upto() const;

 private:
  struct OrderNote {
    std::uint64_t arrival = 0;
    Destination destination;
  };
  void take_order(const Seen& seen);
  Parcel* take_parcel(const Seen& seen);
  void take_own(const events::ParcelSeen& word);
  void forget(const Id& id);
  void forget_buyer(const Id& buyer);

  std::string instance_;
  Serves serves_;
  Times times_;
  std::map<Id, Parcel> parcels_;
  std::multimap<std::string, Id, std::less<>> numbers_;
  std::multimap<Id, Id> of_order_;
  std::set<std::pair<std::int64_t, Id>> queue_;  // by due_ms
  std::multiset<std::uint64_t> held_;
  std::map<Id, OrderNote> orders_;
  std::map<std::uint64_t, Id> order_age_;
  std::set<Id> finished_;
  std::vector<Id> finished_age_;  // a ring
  std::size_t finished_next_ = 0;
  std::uint64_t latest_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace deskmate::courier

// What all courier plugins do alike: which parcels they follow, when they ask, what they tell the
// desk, when they stop. A plugin adds its courier's protocol:
//
//   class Sf : public courier::Courier {
//     std::span<const CarrierName> names() const override;            // whose parcels
//     Result<Answers> ask(Session& desk, Parcels parcels) override;   // one query, for each a
//     trace WebResponse hook(Session& desk, const WebRequest& request) override;  // where it
//     pushes
//   };
//
// Settings of all of them: poll_s, per_minute, follow_days, settle_hours, carriers.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "deskmate/plugin.hpp"
#include "plugins/courier/carriers.hpp"
#include "plugins/courier/follow.hpp"
#include "plugins/courier/json.hpp"
#include "plugins/courier/trace.hpp"

namespace deskmate::courier {

// Named limits and times.
inline constexpr std::int64_t round_ms = 5'000;          // of one poll; then others have their turn
inline constexpr std::int64_t limit_pause_ms = 60'000;   // where the courier does not say how long
inline constexpr std::int64_t pause_max_ms = 3'600'000;  // however long it says
inline constexpr std::int64_t denied_pause_ms = 600'000;  // after a wrong key
inline constexpr std::int64_t away_pause_ms = 30'000;     // after no answer
inline constexpr std::uint32_t http_timeout_ms = 20'000;
inline constexpr std::size_t looks_kept = 256;  // pieces of the note when what was looked at

class Courier : public Connector {
 public:
  Result<void> begin(Session& desk) final;
  Result<void> poll(Session& desk) final;
  WebResponse web(Session& desk, const WebRequest& request) final;
  std::uint32_t poll_every_ms(Session& desk) final;
  void on_events(const std::string& reader, std::span<const Event> events) final;

 protected:
  using Parcels = std::span<Parcel* const>;
  // For each parcel that was asked about: its trace, or why there is none. not_found: the courier
  // does not know it yet.
  using Answers = std::vector<Result<Trace>>;

  // The carriers that it knows by name.
  virtual std::span<const CarrierName> names() const = 0;
  // How many parcels one query may ask about.
  virtual std::size_t batch_max() const { return 1; }
  // One query. An error is of all of them: denied (the key is wrong), limit (too many queries),
  // anything else (not now). [worker]
  virtual Result<Answers> ask(Session& desk, Parcels parcels) = 0;
  // Asks the courier to push what happens to a parcel; once for each parcel. The default does not.
  // true: it will, and needs to be asked only rarely. [worker]
  virtual Result<bool> register_parcel(Session&, const Parcel&) { return false; }
  // A webhook; check its signature before anything else. [worker]
  virtual WebResponse hook(Session&, const WebRequest&) {
    return WebResponse::text(404, "there is no webhook here\n");
  }

  // What a webhook told of a parcel: stored if it is followed and something is new. [worker]
  Result<void> heard(Session& desk, std::string_view number, const Trace& trace);

  // An HTTP exchange at the courier's pace. The answer's JSON; errors: denied (401, 403), limit
  // (429; all queries pause for Retry-After), not_found (404), invalid (other 4xx), unavailable.
  Result<Value> fetch(Session& desk, HttpRequest request);
  // The same, whatever the status but 401, 403, 429 and 5xx.
  struct Fetched {
    int status = 0;
    Value body;
  };
  Result<Fetched> fetch_any(Session& desk, HttpRequest request);
  // The courier asks for fewer queries, in words of its own.
  Error too_many(Session& desk, std::int64_t pause_ms = limit_pause_ms);

  // The setting `url` with a path behind it.
  static std::string url(Session& desk, std::string_view path);

 private:
  struct Looked {
    std::int64_t at_ms = 0;
    bool registered = false;
  };
  using Looks = std::map<Id, Looked>;

  Result<void> take_events(Session& desk);
  Result<void> recall(Session& desk, Parcel& parcel);
  Result<void> note(Session& desk, const Parcel& parcel);
  Result<void> forget(Session& desk, const Id& id);
  Result<Looks*> looks_of(Session& desk, const Id& id);
  Result<void> store(Session& desk, const Id& id);
  Result<void> ask_round(Session& desk);
  Result<void> ask_batch(Session& desk, const std::vector<Parcel*>& batch);
  Result<void> push_it(Session& desk, Parcel& parcel);
  Result<void> tell(Session& desk, Parcel& parcel, const Trace& trace);
  bool is_finished(Session& desk, Parcel& parcel);
  void pause(Session& desk, std::int64_t pause_ms);
  void trouble(Session& desk, const std::string& en, const std::string& zh);
  void commit(std::uint64_t arrival);

  std::optional<Follower> follower_;
  std::map<std::uint8_t, Looks> looks_;
  std::int64_t gap_ms_ = 0, next_ms_ = 0, paused_ms_ = 0;
  std::uint64_t committed_ = 0;
  std::int64_t quiet_since_ms_ = 0;
  bool caught_up_ = false;  // with what the log had when it was started
  std::string trouble_;
  std::size_t left_out_ = 0;

  std::mutex mutex_;
  std::deque<Seen> waiting_;  // at most the reader's window; guarded by mutex_
};

}  // namespace deskmate::courier

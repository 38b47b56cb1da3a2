// 17TRACK: one interface to some thousand couriers, by query and by push. README.md says where each
// fact is from.
#pragma once

#include <string>
#include <string_view>

#include "plugins/courier/courier.hpp"

namespace deskmate::seventeen_track {

// A push's sign: lower hex of SHA-256 over body, "/" and key.
std::string push_sign(std::string_view body, std::string_view key);

// A status, and a sub-status where it has one, in our words.
std::string_view status_of(std::string_view status, std::string_view sub_status);

// Of an accepted parcel, and of a push's data: {number, track_info}.
courier::Trace read_trace(const Value& data);

class SeventeenTrack : public courier::Courier {
 protected:
  std::span<const courier::CarrierName> names() const override { return {}; }
  std::size_t batch_max() const override { return 40; }
  Result<Answers> ask(Session& desk, Parcels parcels) override;
  WebResponse hook(Session& desk, const WebRequest& request) override;

 private:
  Result<Value> call(Session& desk, std::string_view method, const Value& params);
};

}  // namespace deskmate::seventeen_track

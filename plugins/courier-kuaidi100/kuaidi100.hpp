// Kuaidi100 (快递100): one interface to the couriers of China. Queries (/poll/query.do) and, where
// a callback address is set, pushes. README.md says where each fact is from.
#pragma once

#include <string>
#include <string_view>

#include "plugins/courier/courier.hpp"

namespace deskmate::kuaidi100 {

// A query's sign: upper hex of MD5 over param, key and customer as they are; a push's: over param
// and salt.
std::string query_sign(std::string_view param, std::string_view key, std::string_view customer);
std::string push_sign(std::string_view param, std::string_view salt);

// A state or sub-state in our words.
std::string_view status_of(std::string_view state);

// The trace in a query's answer or in a push's lastResult. Errors: denied (key, signature or
// credit), limit, not_found (no result yet), invalid (it names what).
Result<courier::Trace> read_trace(const Value& answer);

// A push: {status, lastResult}.
struct Push {
  std::string number;
  courier::Trace trace;
};
Result<Push> read_push(std::string_view param);

class Kuaidi100 : public courier::Courier {
 protected:
  std::span<const courier::CarrierName> names() const override;
  Result<Answers> ask(Session& desk, Parcels parcels) override;
  Result<bool> register_parcel(Session& desk, const courier::Parcel& parcel) override;
  WebResponse hook(Session& desk, const WebRequest& request) override;
};

}  // namespace deskmate::kuaidi100

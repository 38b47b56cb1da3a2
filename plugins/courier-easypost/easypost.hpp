// EasyPost: trackers of some hundred couriers, by query and by webhook. README.md says where each
// fact is from.
#pragma once

#include <string>
#include <string_view>

#include "plugins/courier/courier.hpp"

namespace deskmate::easypost {

// The header X-Hmac-Signature of a webhook: "hmac-sha256-hex=…" of the body, keyed by the secret in
// NFKD. Empty where the secret is no UTF-8.
std::string webhook_sign(std::string_view body, const std::string& secret);

// A status in our words; detail tells a parcel on its way back from one that came back, and the
// like.
std::string_view status_of(std::string_view status, std::string_view detail);

courier::Trace read_tracker(const Value& tracker);

class EasyPost : public courier::Courier {
 protected:
  std::span<const courier::CarrierName> names() const override;
  Result<Answers> ask(Session& desk, Parcels parcels) override;
  WebResponse hook(Session& desk, const WebRequest& request) override;

 private:
  Result<Fetched> call(Session& desk, const char* method, const std::string& path,
                       const Value& params);
};

}  // namespace deskmate::easypost

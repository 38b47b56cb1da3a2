// SF Express (顺丰): routes of its own parcels, by its open platform (丰桥). README.md says where
// each fact is from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugins/courier/courier.hpp"

namespace deskmate::sf {

// base64(MD5(URLEncode(msgData + timestamp + checkWord))), as Java encodes.
std::string digest(std::string_view msg_data, std::string_view timestamp,
                   std::string_view check_word);

// An operation code in our words; empty: it tells nothing about the status.
std::string_view status_of(std::string_view op_code);

// The routes in an answer of EXP_RECE_SEARCH_ROUTES, by the parcel's number. Errors: denied
// (digest, partner or permission), limit, unavailable, invalid; not those of single parcels.
struct Route {
  std::string number;
  courier::Trace trace;
};
Result<std::vector<Route>> read_routes(const Value& answer);

class Sf : public courier::Courier {
 protected:
  std::span<const courier::CarrierName> names() const override;
  Result<Answers> ask(Session& desk, Parcels parcels) override;
};

}  // namespace deskmate::sf

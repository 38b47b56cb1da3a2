#include "plugins/courier-shipengine/shipengine.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::shipengine {
namespace {

using courier::CarrierName;
using courier::text_in;

constexpr std::array names_known = {
    CarrierName{"usps", "stamps_com"},
    CarrierName{"ups", "ups"},
    CarrierName{"fedex", "fedex"},
    CarrierName{"dhl express", "dhl_express"},
    CarrierName{"dhl", "dhl_express"},
    CarrierName{"royal mail", "royal_mail"},
    CarrierName{"canada post", "canada_post"},
    CarrierName{"australia post", "australia_post"},
    CarrierName{"ontrac", "ontrac"},
};

struct StatusName {
  std::string_view code, status;
};
constexpr std::array statuses = {
    StatusName{"AC", "info_received"},  StatusName{"IT", "in_transit"},
    StatusName{"DE", "delivered"},      StatusName{"EX", "exception"},
    StatusName{"AT", "attempt_failed"}, StatusName{"SP", "available_for_pickup"},
    StatusName{"UN", "unknown"},
};

constexpr std::string_view not_known_yet = "NY";

std::string place_of(const Value& event) {
  std::string out;
  for (const char* key : {"city_locality", "state_province", "country_code"}) {
    const std::string part = text_in(event[key], courier::code_bytes_max);
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  }
  return out;
}

}  // namespace

std::string_view status_of(std::string_view code) {
  const auto* const found = std::find_if(statuses.begin(), statuses.end(),
                                         [&](const StatusName& one) { return one.code == code; });
  return found == statuses.end() ? "unknown" : found->status;
}

courier::Trace read_tracking(const Value& answer) {
  courier::Trace trace;
  trace.code = text_in(answer["status_code"], courier::code_bytes_max);
  if (!trace.code.empty() && trace.code != not_known_yet) trace.status = status_of(trace.code);
  trace.text = text_in(answer["carrier_status_description"], courier::text_bytes_max);
  trace.eta_ms = courier::time_ms(answer["estimated_delivery_date"].as_str());
  for (const Value& one : answer["events"].as_array()) {
    courier::Station station;
    station.at_ms = courier::time_ms(one["occurred_at"].as_str());
    station.code = text_in(one["event_code"], courier::code_bytes_max);
    const std::string said = text_in(one["status_code"], courier::code_bytes_max);
    if (!said.empty() && status_of(said) != "unknown") station.status = status_of(said);
    station.place = place_of(one);
    station.text = text_in(one["description"], courier::text_bytes_max);
    trace.stations.push_back(std::move(station));
  }
  return trace;
}

std::span<const CarrierName> ShipEngine::names() const { return names_known; }

Result<courier::Courier::Answers> ShipEngine::ask(Session& desk, Parcels parcels) {
  const auto key = desk.secret("key");
  if (!key) return key.error();
  const courier::Parcel& parcel = *parcels.front();
  HttpRequest request;
  request.url = url(desk, "/v1/tracking?carrier_code=" + courier::java_url_encode(parcel.carrier) +
                              "&tracking_number=" + courier::java_url_encode(parcel.number));
  request.headers.set("api-key", *key);
  const auto answer = fetch_any(desk, std::move(request));
  if (!answer) return answer.error();
  Answers answers;
  if (answer->status >= 400) {
    const std::string text = "ShipEngine says HTTP " + std::to_string(answer->status) + ": " +
                             text_in(answer->body["errors"][0]["message"], courier::text_bytes_max);
    answers.emplace_back(
        Error{answer->status == 404 ? Status::not_found : Status::invalid, text, {}});
    return answers;
  }
  courier::Trace trace = read_tracking(answer->body);
  if (trace.status.empty() && trace.stations.empty()) {
    answers.emplace_back(Error{Status::not_found, "nothing is known of it yet", {}});
  } else {
    trace.carrier = parcel.carrier;
    answers.emplace_back(std::move(trace));
  }
  return answers;
}

}  // namespace deskmate::shipengine

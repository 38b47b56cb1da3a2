#include "plugins/courier-sf/sf.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::sf {
namespace {

using courier::CarrierName;
using courier::text_in;

constexpr std::array names_known = {CarrierName{"顺丰", "sf"}, CarrierName{"sf", "sf"},
                                    CarrierName{"s.f.", "sf"}, CarrierName{"shunfeng", "sf"}};

struct CodeName {
  std::string_view code, status;
};
constexpr std::array codes = {
    CodeName{"50", "picked_up"},
    CodeName{"51", "picked_up"},
    CodeName{"54", "picked_up"},
    CodeName{"30", "in_transit"},
    CodeName{"31", "in_transit"},
    CodeName{"36", "in_transit"},
    CodeName{"44", "out_for_delivery"},
    CodeName{"204", "out_for_delivery"},
    CodeName{"125", "available_for_pickup"},
    CodeName{"33", "attempt_failed"},
    CodeName{"70", "attempt_failed"},
    CodeName{"80", "delivered"},
    CodeName{"8000", "delivered"},
    CodeName{"99", "returning"},
    CodeName{"648", "returning"},
    CodeName{"517", "returning"},
};

// What the platform's result code means; A1000 is the transport only.
Error refusal(std::string_view code, const std::string& message) {
  const std::string text = "SF says " + std::string(code) + ": " + message;
  constexpr std::array<std::string_view, 5> key = {"A1003", "A1004", "A1006", "A1009", "A1010"};
  if (std::find(key.begin(), key.end(), code) != key.end()) return {Status::denied, text, "key"};
  if (code == "A1005") return {Status::limit, text, {}};
  if (code == "A1007" || code == "A1099") return {Status::unavailable, text, {}};
  return {Status::invalid, text, {}};
}

courier::Trace trace_of(const Value& routes) {
  courier::Trace trace;
  trace.carrier = "sf";
  std::int64_t latest_ms = 0;
  for (const Value& one : routes.as_array()) {
    courier::Station station;
    station.at_ms = courier::time_ms(one["acceptTime"].as_str(), courier::china_minutes);
    station.code = text_in(one["opCode"], courier::code_bytes_max);
    station.status = status_of(station.code);
    station.place = text_in(one["acceptAddress"], courier::text_bytes_max);
    station.text = text_in(one["remark"], courier::text_bytes_max);
    // What says nothing about the status leaves it as it was.
    if (!station.status.empty() && station.at_ms >= latest_ms) {
      latest_ms = station.at_ms;
      trace.status = station.status;
      trace.code = station.code;
      trace.at_ms = station.at_ms;
    }
    trace.stations.push_back(std::move(station));
  }
  if (trace.status.empty() && !trace.stations.empty()) trace.status = "in_transit";
  return trace;
}

}  // namespace

std::string digest(std::string_view msg_data, std::string_view timestamp,
                   std::string_view check_word) {
  return courier::base64(courier::md5(courier::java_url_encode(
      std::string(msg_data) + std::string(timestamp) + std::string(check_word))));
}

std::string_view status_of(std::string_view op_code) {
  const auto* const found = std::find_if(codes.begin(), codes.end(),
                                         [&](const CodeName& one) { return one.code == op_code; });
  return found == codes.end() ? std::string_view() : found->status;
}

Result<std::vector<Route>> read_routes(const Value& answer) {
  const std::string code = text_in(answer["apiResultCode"], courier::code_bytes_max);
  if (code != "A1000") {
    return refusal(code, text_in(answer["apiErrorMsg"], courier::text_bytes_max));
  }
  const auto data = courier::parse_json(answer["apiResultData"].as_str());
  if (!data) return data.error();
  if (!(*data)["success"].as_bool() || (*data)["errorCode"].as_str() != "S0000") {
    return refusal(text_in((*data)["errorCode"], courier::code_bytes_max),
                   text_in((*data)["errorMsg"], courier::text_bytes_max));
  }
  std::vector<Route> out;
  for (const Value& one : (*data)["msgData"]["routeResps"].as_array()) {
    out.push_back({text_in(one["mailNo"], courier::code_bytes_max), trace_of(one["routes"])});
  }
  return out;
}

std::span<const CarrierName> Sf::names() const { return names_known; }

Result<courier::Courier::Answers> Sf::ask(Session& desk, Parcels parcels) {
  const auto partner = desk.secret("partner_id");
  if (!partner) return partner.error();
  const auto check_word = desk.secret("check_word");
  if (!check_word) return check_word.error();
  // One at a time: the end of the telephone number belongs to one parcel.
  const courier::Parcel& parcel = *parcels.front();
  const std::string data =
      courier::to_json(Value::map({{"language", "zh-CN"},
                                   {"trackingType", "1"},
                                   {"trackingNumber", Value::array({parcel.number})},
                                   {"methodType", "1"},
                                   {"checkPhoneNo", parcel.destination.phone_end}}));
  const std::string timestamp = std::to_string(desk.now_ms());
  HttpRequest request;
  request.method = "POST";
  request.url = url(desk, "/std/service");
  request.headers.set("content-type", "application/x-www-form-urlencoded");
  request.body = courier::write_form({{"partnerID", *partner},
                                      {"requestID", parcel.id.hex()},
                                      {"serviceCode", "EXP_RECE_SEARCH_ROUTES"},
                                      {"timestamp", timestamp},
                                      {"msgDigest", digest(data, timestamp, *check_word)},
                                      {"msgData", data}});
  const auto body = fetch(desk, std::move(request));
  if (!body) return body.error();
  auto routes = read_routes(*body);
  if (!routes && routes.error().code == Status::limit) return too_many(desk);
  if (!routes && routes.error().code != Status::invalid) return routes.error();
  Answers answers;
  if (!routes) {
    answers.emplace_back(routes.error());
    return answers;
  }
  for (Route& route : *routes) {
    if (route.number != parcel.number || route.trace.stations.empty()) continue;
    answers.emplace_back(std::move(route.trace));
    return answers;
  }
  answers.emplace_back(Error{Status::not_found, "nothing is known of it yet", {}});
  return answers;
}

}  // namespace deskmate::sf

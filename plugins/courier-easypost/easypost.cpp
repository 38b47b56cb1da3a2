#include "plugins/courier-easypost/easypost.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "plugins/courier-easypost/nfkd.hpp"
#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::easypost {
namespace {

using courier::CarrierName;
using courier::text_in;
using courier::Trace;

constexpr double ounce_grams = 28.349523125;
constexpr double ounces_max = 1'000'000;

constexpr std::array names_known = {
    CarrierName{"usps", "USPS"},
    CarrierName{"ups", "UPS"},
    CarrierName{"fedex", "FedEx"},
    CarrierName{"dhl express", "DHLExpress"},
    CarrierName{"dhl", "DHLExpress"},
    CarrierName{"royal mail", "RoyalMail"},
    CarrierName{"canada post", "CanadaPost"},
    CarrierName{"australia post", "AustraliaPost"},
    CarrierName{"evri", "Evri"},
    CarrierName{"dpd", "DPDUK"},
    CarrierName{"gls", "GLS"},
    CarrierName{"ontrac", "OnTrac"},
    CarrierName{"lasership", "LaserShipV2"},
};

struct StatusName {
  std::string_view name, status;
};
constexpr std::array statuses = {
    StatusName{"pre_transit", "info_received"},
    StatusName{"in_transit", "in_transit"},
    StatusName{"out_for_delivery", "out_for_delivery"},
    StatusName{"available_for_pickup", "available_for_pickup"},
    StatusName{"delivered", "delivered"},
    StatusName{"return_to_sender", "returning"},
    StatusName{"failure", "exception"},
    StatusName{"error", "exception"},
    StatusName{"cancelled", "cancelled"},
};
// Details that say more than the status.
constexpr std::array details = {
    StatusName{"received_at_origin_facility", "picked_up"},
    StatusName{"picked_up", "picked_up"},
    StatusName{"returned", "returned"},
    StatusName{"lost", "lost"},
    StatusName{"damaged", "damaged"},
    StatusName{"delivery_attempted", "attempt_failed"},
};

template <class Table>
std::string_view look_up(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const StatusName& one) { return one.name == name; });
  return found == table.end() ? std::string_view() : found->status;
}

std::string place_of(const Value& location) {
  std::string out;
  for (const char* key : {"city", "state", "country"}) {
    const std::string part = text_in(location[key], courier::code_bytes_max);
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  }
  return out;
}

Error refusal(int status, const Value& body) {
  const std::string text = "EasyPost says HTTP " + std::to_string(status) + ": " +
                           text_in(body["error"]["message"], courier::text_bytes_max);
  return {status == 404 ? Status::not_found : Status::invalid, text, {}};
}

}  // namespace

std::string webhook_sign(std::string_view body, const std::string& secret) {
  const auto key = nfkd(secret);
  if (!key) return {};
  return "hmac-sha256-hex=" + courier::hex(courier::hmac_sha256(*key, body));
}

std::string_view status_of(std::string_view status, std::string_view detail) {
  const std::string_view finer = look_up(details, detail);
  if (!finer.empty()) return finer;
  const std::string_view plain = look_up(statuses, status);
  return plain.empty() ? "unknown" : plain;
}

Trace read_tracker(const Value& tracker) {
  Trace trace;
  const std::string status = text_in(tracker["status"], courier::code_bytes_max);
  const std::string detail = text_in(tracker["status_detail"], courier::code_bytes_max);
  // "unknown" is said before anything was scanned.
  if (!status.empty() && status != "unknown") trace.status = status_of(status, detail);
  trace.code = detail.empty() || detail == "unknown" ? status : status + "/" + detail;
  trace.carrier = text_in(tracker["carrier"], courier::code_bytes_max);
  trace.eta_ms = courier::time_ms(tracker["est_delivery_date"].as_str());
  for (const Value& one : tracker["tracking_details"].as_array()) {
    courier::Station station;
    station.at_ms = courier::time_ms(one["datetime"].as_str());
    const std::string said = text_in(one["status"], courier::code_bytes_max);
    const std::string finer = text_in(one["status_detail"], courier::code_bytes_max);
    station.code = finer.empty() || finer == "unknown" ? said : said + "/" + finer;
    if (!said.empty() && said != "unknown") station.status = status_of(said, finer);
    station.place = place_of(one["tracking_location"]);
    station.text = text_in(one["message"], courier::text_bytes_max);
    trace.stations.push_back(std::move(station));
  }
  // One weight for all of the way, as the carrier measured it: where it got the parcel.
  const double ounces = tracker["weight"].as_double();
  if (ounces > 0 && ounces < ounces_max) {
    put_in_order(trace);
    for (courier::Station& station : trace.stations) {
      if (station.status == "info_received" || station.status.empty()) continue;
      station.grams = std::lround(ounces * ounce_grams);
      break;
    }
  }
  return trace;
}

std::span<const CarrierName> EasyPost::names() const { return names_known; }

Result<courier::Courier::Fetched> EasyPost::call(Session& desk, const char* method,
                                                 const std::string& path, const Value& params) {
  const auto key = desk.secret("key");
  if (!key) return key.error();
  HttpRequest request;
  request.method = method;
  request.url = url(desk, path);
  request.headers.set("authorization", "Basic " + courier::base64(*key + ":"));
  if (!params.is_nil()) {
    request.headers.set("content-type", "application/json");
    request.body = courier::to_json(params);
  }
  return fetch_any(desk, std::move(request));
}

Result<courier::Courier::Answers> EasyPost::ask(Session& desk, Parcels parcels) {
  const courier::Parcel& parcel = *parcels.front();
  std::string query = "/v2/trackers?tracking_code=" + courier::java_url_encode(parcel.number);
  if (!parcel.carrier.empty()) query += "&carrier=" + courier::java_url_encode(parcel.carrier);
  auto found = call(desk, "GET", query, {});
  if (!found) return found.error();
  Answers answers;
  Value tracker = found->body["trackers"][0];
  if (found->status < 400 && tracker.is_nil()) {
    Value wanted = Value::map({{"tracking_code", parcel.number}});
    if (!parcel.carrier.empty()) wanted["carrier"] = parcel.carrier;
    found = call(desk, "POST", "/v2/trackers", Value::map({{"tracker", std::move(wanted)}}));
    if (!found) return found.error();
    tracker = found->body;
  }
  if (found->status >= 400) {
    answers.emplace_back(refusal(found->status, found->body));
    return answers;
  }
  Trace trace = read_tracker(tracker);
  if (trace.status.empty() && trace.stations.empty()) {
    answers.emplace_back(Error{Status::not_found, "nothing is known of it yet", {}});
  } else {
    answers.emplace_back(std::move(trace));
  }
  return answers;
}

WebResponse EasyPost::hook(Session& desk, const WebRequest& request) {
  const auto secret = desk.secret("webhook_secret");
  if (!secret || secret->empty()) {
    return WebResponse::text(404, "webhooks are not set up: secret webhook_secret\n");
  }
  if (request.method != "POST") return WebResponse::text(405, "POST only\n");
  const std::string sign = webhook_sign(request.body, *secret);
  if (sign.empty() || !courier::same(request.header("x-hmac-signature"), sign)) {
    desk.log(Level::warn, "a webhook with a wrong signature was refused");
    return WebResponse::text(403, "the signature is wrong\n");
  }
  const auto body = courier::parse_json(request.body);
  if (!body) return WebResponse::text(400, body.error().message + "\n");
  const Value& tracker = (*body)["result"];
  if (tracker["object"].as_str() == "Tracker") {
    const std::string number = text_in(tracker["tracking_code"], courier::code_bytes_max);
    if (auto told = heard(desk, number, read_tracker(tracker)); !told) {
      return WebResponse::text(503, "not now\n");
    }
  }
  return WebResponse::text(200, "ok\n");
}

}  // namespace deskmate::easypost

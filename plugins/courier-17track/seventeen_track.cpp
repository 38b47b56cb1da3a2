#include "plugins/courier-17track/seventeen_track.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::seventeen_track {
namespace {

using courier::text_in;
using courier::Trace;

constexpr std::int64_t not_registered = -18019902;

struct StatusName {
  std::string_view name, status;
};
// Sub-statuses that say more than the status before the "_".
constexpr std::array sub_statuses = {
    StatusName{"InTransit_PickedUp", "picked_up"},
    StatusName{"InTransit_CustomsProcessing", "customs_hold"},
    StatusName{"InTransit_CustomsRequiringInformation", "customs_hold"},
    StatusName{"Exception_Returning", "returning"},
    StatusName{"Exception_Returned", "returned"},
    StatusName{"Exception_Lost", "lost"},
    StatusName{"Exception_Damage", "damaged"},
    StatusName{"Exception_Cancel", "cancelled"},
};
constexpr std::array statuses = {
    StatusName{"InfoReceived", "info_received"},
    StatusName{"InTransit", "in_transit"},
    StatusName{"OutForDelivery", "out_for_delivery"},
    StatusName{"AvailableForPickup", "available_for_pickup"},
    StatusName{"DeliveryFailure", "attempt_failed"},
    StatusName{"Delivered", "delivered"},
    StatusName{"Exception", "exception"},
    StatusName{"Expired", "expired"},
};

template <class Table>
std::string_view look_up(const Table& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const StatusName& one) { return one.name == name; });
  return found == table.end() ? std::string_view() : found->status;
}

Value named(const courier::Parcel& parcel) {
  Value one = Value::map({{"number", parcel.number}});
  std::int64_t carrier = 0;
  const auto read = std::from_chars(parcel.carrier.data(),
                                    parcel.carrier.data() + parcel.carrier.size(), carrier);
  if (read.ec == std::errc() && carrier > 0) one["carrier"] = carrier;
  return one;
}

}  // namespace

std::string push_sign(std::string_view body, std::string_view key) {
  return courier::hex(courier::sha256(std::string(body) + "/" + std::string(key)));
}

std::string_view status_of(std::string_view status, std::string_view sub_status) {
  const std::string_view finer = look_up(sub_statuses, sub_status);
  if (!finer.empty()) return finer;
  const std::string_view plain = look_up(statuses, status);
  return plain.empty() ? "unknown" : plain;
}

Trace read_trace(const Value& data) {
  const Value& info = data["track_info"];
  const Value& latest = info["latest_status"];
  Trace trace;
  const std::string status = text_in(latest["status"], courier::code_bytes_max);
  const std::string finer = text_in(latest["sub_status"], courier::code_bytes_max);
  if (!status.empty() && status != "NotFound") trace.status = status_of(status, finer);
  trace.code = finer.empty() ? status : finer;
  const Value& expected = info["time_metrics"]["estimated_delivery_date"];
  trace.eta_ms = courier::time_ms(expected["to"].as_str(expected["from"].as_str()));
  for (const Value& one : info["tracking"]["providers"].as_array()) {
    if (trace.carrier.empty()) {
      trace.carrier = text_in(one["provider"]["name"], courier::code_bytes_max);
    }
    for (const Value& event : one["events"].as_array()) {
      courier::Station station;
      station.at_ms = courier::time_ms(event["time_utc"].as_str(event["time_iso"].as_str()));
      station.code = text_in(event["sub_status"], courier::code_bytes_max);
      if (station.code.empty()) station.code = text_in(event["stage"], courier::code_bytes_max);
      const std::string_view code = station.code;
      if (!code.empty()) {
        const std::string_view said = status_of(code.substr(0, code.find('_')), code);
        if (said != "unknown") station.status = said;
      }
      station.place = text_in(event["location"], courier::text_bytes_max);
      station.text = text_in(event["description"], courier::text_bytes_max);
      trace.stations.push_back(std::move(station));
    }
  }
  return trace;
}

Result<Value> SeventeenTrack::call(Session& desk, std::string_view method, const Value& params) {
  const auto key = desk.secret("key");
  if (!key) return key.error();
  HttpRequest request;
  request.method = "POST";
  request.url = url(desk, "/track/v2.2/" + std::string(method));
  request.headers.set("content-type", "application/json");
  request.headers.set("17token", *key);
  request.body = courier::to_json(params);
  auto body = fetch(desk, std::move(request));
  if (!body) return body.error();
  const std::int64_t code = (*body)["code"].as_int(-1);
  if (code != 0) {
    std::string why = text_in((*body)["data"]["errors"][0]["message"], courier::text_bytes_max);
    return Error{Status::invalid, "17TRACK says " + std::to_string(code) + ": " + why, {}};
  }
  return (*body)["data"];
}

Result<courier::Courier::Answers> SeventeenTrack::ask(Session& desk, Parcels parcels) {
  Array list;
  for (const courier::Parcel* parcel : parcels) list.push_back(named(*parcel));
  const auto data = call(desk, "gettrackinfo", Value(std::move(list)));
  if (!data) return data.error();
  std::map<std::string, Trace> traces;
  for (const Value& one : (*data)["accepted"].as_array()) {
    traces.emplace(text_in(one["number"], courier::code_bytes_max), read_trace(one));
  }
  std::map<std::string, Error> refused;
  for (const Value& one : (*data)["rejected"].as_array()) {
    const Value& error = one["error"];
    const bool unknown = error["code"].as_int() == not_registered;
    refused.emplace(text_in(one["number"], courier::code_bytes_max),
                    Error{unknown ? Status::not_found : Status::invalid,
                          "17TRACK says " + text_in(error["code"], courier::code_bytes_max) + ": " +
                              text_in(error["message"], courier::text_bytes_max),
                          unknown ? "register" : ""});
  }
  Answers answers;
  Array fresh;
  for (const courier::Parcel* parcel : parcels) {
    const auto found = traces.find(parcel->number);
    const auto why = refused.find(parcel->number);
    if (found != traces.end() &&
        !(found->second.status.empty() && found->second.stations.empty())) {
      answers.emplace_back(found->second);
    } else if (found == traces.end() && why != refused.end()) {
      if (why->second.where == "register") fresh.push_back(named(*parcel));
      answers.emplace_back(why->second);
    } else {
      answers.emplace_back(Error{Status::not_found, "nothing is known of it yet", {}});
    }
  }
  if (!fresh.empty()) {
    const auto registered = call(desk, "register", Value(std::move(fresh)));
    if (!registered) return registered.error();
  }
  return answers;
}

WebResponse SeventeenTrack::hook(Session& desk, const WebRequest& request) {
  if (request.method != "POST") return WebResponse::text(405, "POST only\n");
  const auto key = desk.secret("key");
  if (!key) return WebResponse::text(503, "not now\n");
  if (!courier::same(request.header("sign"), push_sign(request.body, *key))) {
    desk.log(Level::warn, "a push with a wrong signature was refused");
    return WebResponse::text(403, "the signature is wrong\n");
  }
  const auto body = courier::parse_json(request.body);
  if (!body) return WebResponse::text(400, body.error().message + "\n");
  // "TRACKING_STOPPED" brings nothing new: the parcel is asked about as before.
  if ((*body)["event"].as_str() == "TRACKING_UPDATED") {
    const Value& data = (*body)["data"];
    const std::string number = text_in(data["number"], courier::code_bytes_max);
    if (auto told = heard(desk, number, read_trace(data)); !told) {
      return WebResponse::text(503, "not now\n");
    }
  }
  return WebResponse::text(200, "ok\n");
}

}  // namespace deskmate::seventeen_track

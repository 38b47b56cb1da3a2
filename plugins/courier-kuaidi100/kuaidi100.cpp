#include "plugins/courier-kuaidi100/kuaidi100.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"

namespace deskmate::kuaidi100 {
namespace {

using courier::CarrierName;
using courier::Form;
using courier::text_in;
using courier::Trace;

constexpr std::array names_known = {
    CarrierName{"顺丰", "shunfeng"},
    CarrierName{"sf", "shunfeng"},
    CarrierName{"韵达", "yunda"},
    CarrierName{"yunda", "yunda"},
    CarrierName{"圆通", "yuantong"},
    CarrierName{"yto", "yuantong"},
    CarrierName{"申通", "shentong"},
    CarrierName{"sto", "shentong"},
    CarrierName{"中通", "zhongtong"},
    CarrierName{"zto", "zhongtong"},
    CarrierName{"极兔", "jtexpress"},
    CarrierName{"j&t", "jtexpress"},
    CarrierName{"京东", "jd"},
    CarrierName{"德邦", "debangkuaidi"},
    CarrierName{"deppon", "debangkuaidi"},
    CarrierName{"邮政", "youzhengguonei"},
    CarrierName{"china post", "youzhengguonei"},
    CarrierName{"ems", "ems"},
    CarrierName{"百世", "huitongkuaidi"},
};

// Couriers that show a trace only to whoever knows the end of the telephone number.
constexpr std::array<std::string_view, 3> wants_phone = {"shunfeng", "shunfengkuaiyun",
                                                         "zhongtong"};

struct StatusName {
  std::string_view state, status;
};
constexpr std::array statuses = {
    StatusName{"101", "info_received"},  StatusName{"102", "info_received"},
    StatusName{"1", "picked_up"},        StatusName{"103", "picked_up"},
    StatusName{"0", "in_transit"},       StatusName{"1001", "in_transit"},
    StatusName{"1002", "in_transit"},    StatusName{"1003", "in_transit"},
    StatusName{"7", "in_transit"},       StatusName{"12", "in_transit"},
    StatusName{"8", "customs_hold"},     StatusName{"10", "customs_hold"},
    StatusName{"11", "customs_hold"},    StatusName{"13", "customs_hold"},
    StatusName{"5", "out_for_delivery"}, StatusName{"501", "available_for_pickup"},
    StatusName{"204", "attempt_failed"}, StatusName{"206", "attempt_failed"},
    StatusName{"3", "delivered"},        StatusName{"6", "returning"},
    StatusName{"4", "returned"},         StatusName{"209", "damaged"},
    StatusName{"210", "cancelled"},      StatusName{"2", "exception"},
    StatusName{"201", "exception"},      StatusName{"202", "exception"},
    StatusName{"203", "exception"},      StatusName{"205", "exception"},
    StatusName{"207", "exception"},      StatusName{"208", "exception"},
    StatusName{"14", "exception"},
};

constexpr std::string_view pushed = R"({"result":true,"returnCode":"200","message":"成功"})";
constexpr std::string_view push_refused =
    R"({"result":false,"returnCode":"500","message":"the signature is wrong"})";

// What a failure's return code means.
Error refusal(std::string_view code, const std::string& message) {
  const std::string text = "Kuaidi100 says " + std::string(code) + ": " + message;
  if (code == "500" || code == "") return {Status::not_found, text, {}};
  if (code == "503" || code == "601" || code == "600" || code == "401" || code == "403") {
    return {Status::denied, text, "key"};
  }
  if (code == "502") return {Status::unavailable, text, {}};
  if (code == "429") return {Status::limit, text, {}};
  return {Status::invalid, text, {}};
}

Value param_of(const courier::Parcel& parcel) {
  const bool phone =
      std::find(wants_phone.begin(), wants_phone.end(), parcel.carrier) != wants_phone.end();
  return Value::map({{"com", parcel.carrier},
                     {"num", parcel.number},
                     {"phone", phone ? parcel.destination.phone_end : std::string()},
                     {"from", ""},
                     {"to", ""},
                     {"resultv2", "4"},
                     {"show", "0"},
                     {"order", "desc"}});
}

HttpRequest post(std::string url, const Form& form) {
  HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.headers.set("content-type", "application/x-www-form-urlencoded");
  request.body = courier::write_form(form);
  return request;
}

}  // namespace

std::string query_sign(std::string_view param, std::string_view key, std::string_view customer) {
  return courier::upper(
      courier::hex(courier::md5(std::string(param) + std::string(key) + std::string(customer))));
}

std::string push_sign(std::string_view param, std::string_view salt) {
  return courier::upper(courier::hex(courier::md5(std::string(param) + std::string(salt))));
}

std::string_view status_of(std::string_view state) {
  const auto* const found = std::find_if(statuses.begin(), statuses.end(),
                                         [&](const StatusName& one) { return one.state == state; });
  return found == statuses.end() ? "unknown" : found->status;
}

Result<Trace> read_trace(const Value& answer) {
  if (!answer.is_map()) return Error{Status::internal, "the answer is no object", "kuaidi100"};
  if (answer["result"].is_bool() && !answer["result"].as_bool()) {
    return refusal(text_in(answer["returnCode"], courier::code_bytes_max),
                   text_in(answer["message"], courier::text_bytes_max));
  }
  if (!answer["data"].is_array()) {
    return Error{Status::internal, "the answer has no list of stations", "data"};
  }
  Trace trace;
  trace.code = text_in(answer["state"], courier::code_bytes_max);
  if (!trace.code.empty()) trace.status = status_of(trace.code);
  trace.carrier = text_in(answer["com"], courier::code_bytes_max);
  trace.eta_ms = courier::time_ms(answer["arrivalTime"].as_str(), courier::china_minutes);
  for (const Value& one : answer["data"].as_array()) {
    courier::Station station;
    const std::string_view when = one["ftime"].as_str(one["time"].as_str());
    station.at_ms = courier::time_ms(when, courier::china_minutes);
    station.code = text_in(one["statusCode"], courier::code_bytes_max);
    if (!station.code.empty()) station.status = status_of(station.code);
    station.place = text_in(one["areaName"], courier::text_bytes_max);
    station.text = text_in(one["context"], courier::text_bytes_max);
    trace.stations.push_back(std::move(station));
  }
  // Before it was handed over Kuaidi100 has a state but no station.
  if (trace.stations.empty() && trace.status != "info_received") {
    return Error{Status::not_found, "nothing is known of it yet", {}};
  }
  return trace;
}

Result<Push> read_push(std::string_view param) {
  const auto body = courier::parse_json(param);
  if (!body) return body.error();
  const Value& last = (*body)["lastResult"];
  Push push;
  push.number = text_in(last["nu"], courier::code_bytes_max);
  if (push.number.empty()) return Error{Status::invalid, "the push names no parcel", "nu"};
  auto trace = read_trace(last);
  const bool given_up = (*body)["status"].as_str() == "abort";
  if (!trace && !given_up) return trace.error();
  if (trace) push.trace = std::move(*trace);
  if (given_up) {
    push.trace.status = "expired";
    push.trace.code = "abort";
    push.trace.text = text_in((*body)["message"], courier::text_bytes_max);
  }
  return push;
}

std::span<const CarrierName> Kuaidi100::names() const { return names_known; }

Result<courier::Courier::Answers> Kuaidi100::ask(Session& desk, Parcels parcels) {
  const auto customer = desk.secret("customer");
  if (!customer) return customer.error();
  const auto key = desk.secret("key");
  if (!key) return key.error();
  Answers answers;
  for (const courier::Parcel* parcel : parcels) {
    const std::string param = courier::to_json(param_of(*parcel));
    const Form form = {
        {"customer", *customer}, {"sign", query_sign(param, *key, *customer)}, {"param", param}};
    auto body = fetch(desk, post(url(desk, "/poll/query.do"), form));
    if (!body) return body.error();
    auto trace = read_trace(*body);
    if (!trace && trace.error().code == Status::denied) return trace.error();
    if (!trace && trace.error().code == Status::unavailable) return trace.error();
    if (!trace && trace.error().code == Status::limit) return too_many(desk);
    answers.push_back(std::move(trace));
  }
  return answers;
}

Result<bool> Kuaidi100::register_parcel(Session& desk, const courier::Parcel& parcel) {
  const auto callback = desk.setting<std::string>("callback_url");
  if (callback.empty()) return false;
  const auto key = desk.secret("key");
  if (!key) return key.error();
  const auto salt = desk.secret("salt");
  if (!salt) return salt.error();
  const Value asked = param_of(parcel);
  const Value param = Value::map({{"company", parcel.carrier},
                                  {"number", parcel.number},
                                  {"key", *key},
                                  {"parameters", Value::map({{"callbackurl", callback},
                                                             {"salt", *salt},
                                                             {"phone", asked["phone"]},
                                                             {"resultv2", "4"}})}});
  const Form form = {{"schema", "json"}, {"param", courier::to_json(param)}};
  const auto body = fetch(desk, post(url(desk, "/poll"), form));
  if (!body) return body.error();
  constexpr std::string_view known_already = "501";
  const std::string code = text_in((*body)["returnCode"], courier::code_bytes_max);
  if ((*body)["result"].as_bool() || code == known_already) return true;
  return refusal(code, text_in((*body)["message"], courier::text_bytes_max));
}

WebResponse Kuaidi100::hook(Session& desk, const WebRequest& request) {
  const auto salt = desk.secret("salt");
  if (!salt || salt->empty()) return WebResponse::text(404, "pushes are not set up: secret salt\n");
  if (request.method != "POST") return WebResponse::text(405, "POST only\n");
  const auto form = courier::read_form(request.body);
  if (!form) return WebResponse::text(400, "the form cannot be read\n");
  const std::string_view param = courier::field(*form, "param");
  const std::string sign = courier::upper(std::string(courier::field(*form, "sign")));
  if (!courier::same(sign, push_sign(param, *salt))) {
    desk.log(Level::warn, "a push with a wrong signature was refused");
    return WebResponse::json(403, std::string(push_refused));
  }
  const auto push = read_push(param);
  if (!push) {
    desk.log(Level::warn, "a push cannot be read: " + push.error().message);
    return WebResponse::text(400, push.error().message + "\n");
  }
  if (auto told = heard(desk, push->number, push->trace); !told) {
    return WebResponse::text(503, "not now\n");
  }
  return WebResponse::json(200, std::string(pushed));
}

}  // namespace deskmate::kuaidi100

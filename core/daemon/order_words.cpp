#include "core/daemon/order_words.hpp"

#include <algorithm>

#include "core/daemon/errors.hpp"
#include "core/daemon/owner_params.hpp"
#include "core/daemon/problem_words.hpp"
#include "core/daemon/quiet.hpp"
#include "core/desk/problems.hpp"

namespace deskmate::daemon {
namespace {

// An address as one line: as it was typed, or its parts in their order; the name stands before it.
std::string address_line(const Value& address, std::string_view name, Language language) {
  std::string out(name);
  const char* between = language == Language::zh ? "，" : ", ";
  const auto add = [&](std::string_view part) {
    if (!part.empty() && part != name) out.append(out.empty() ? "" : between).append(part);
  };
  add(address.as_str());
  for (const auto& [key, part] : address.as_map()) {
    if (key != "country_code" && key != "name") add(part.as_str());
  }
  return out;
}

void order_words(Service& service, const bus::Call& call, bus::Answer answer) {
  const auto order = one_order_of(service, call);
  if (!order) return answer.fail(order.error());
  const Language language = buyer_language(service, *order);
  const std::string text = confirmation_words(service, *order, language);
  if (text.empty()) {
    return answer.fail(
        {Status::unavailable, say(words_of(service, call), "desk.text_awaited"), "order"});
  }
  Value out = Value::map({{"text", text}, {"for", name_of(language)}});
  if (const auto chat = service.desk.problems().chat_with(order->id)) {
    const auto row = service.desk.chat_row(*chat, service.options.wall_ms());
    if (row) out["chat"] = row->number;
  }
  answer.ok(std::move(out));
}

}  // namespace

Language buyer_language(const Service& service, const desk::OrderView& order) {
  const Value body = service.bodies.of(order.seen);
  const std::string place = encode(body["address"]);
  const bool chinese = looks_chinese(body["name"].as_str()) || looks_chinese(place);
  return chinese ? Language::zh : Language::en;
}

std::string confirmation_words(const Service& service, const desk::OrderView& order,
                               Language language) {
  const Value body = service.bodies.of(order.seen);
  const std::string_view number = body["number"].as_str();
  if (number.empty()) return {};
  std::string out = say(language, "confirm.head", {number});
  for (const auto& line : order.lines) {
    out += "\n" + say(language, "confirm.line",
                      {std::to_string(line.quantity), line.name.empty() ? line.sku : line.name});
  }
  const auto add = [&](const char* key, const std::string& what) {
    if (!what.empty()) out += "\n" + say(language, key, {what});
  };
  add("confirm.to", address_line(body["address"], body["name"].as_str(), language));
  const auto carrier = std::find_if(order.parcels.begin(), order.parcels.end(),
                                    [](const auto& parcel) { return !parcel.carrier.empty(); });
  if (carrier != order.parcels.end()) add("confirm.courier", carrier->carrier);
  const RuleTimes& times = service.options.rules;
  if (order.ship_by_ms != 0) add("confirm.leaves", local_time_of(times, order.ship_by_ms));
  if (order.promised_ms != 0) add("confirm.arrives", local_time_of(times, order.promised_ms));
  return out + "\n" + say(language, "confirm.ask");
}

void serve_order_words(Service& service) {
  serve_owner(service, {{"desk.order_words", order_words}});
}

}  // namespace deskmate::daemon

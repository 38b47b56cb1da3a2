// Parcels, their traces, and what couriers make of them.
#include "core/daemon/errors.hpp"
#include "core/daemon/owner_params.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

// A parcel by its id, or by the number on it where only one has it.
Result<desk::Id16> parcel_of(Service& service, const Call& call) {
  const auto text = call.params["parcel"].as_str();
  if (const auto id = id_from_hex(text)) return *id;
  const auto found =
      text.empty() ? std::vector<desk::Id16>()
                   : service.desk.parcels_by_tracking(service.pseudonyms.of_desk("tracking", text));
  if (found.size() == 1) return found.front();
  std::string ids;
  for (const auto& id : found) ids += (ids.empty() ? "" : ", ") + hex(id);
  return refused(service, call, desk::Errc::bad_value, found.empty() ? fix_utf8(text) : ids,
                 "parcel");
}

void parcels(Service& service, const Call& call, Answer answer) {
  using Which = desk::ParcelFilter::Which;
  desk::ParcelFilter filter;
  const auto view = call.params["view"].as_str("under_way");
  if (view == "stuck") {
    filter.which = Which::stuck;
  } else if (view == "overdue") {
    filter.which = Which::overdue;
  } else if (view == "trouble") {
    filter.which = Which::trouble;
  } else if (view == "all") {
    filter.which = Which::all;
  } else if (view != "under_way") {
    return answer.fail(refused(service, call, desk::Errc::bad_value,
                               "under_way, stuck, overdue, trouble, all", "view"));
  }
  filter.shop = call.params["shop"].as_str();
  filter.carrier = call.params["carrier"].as_str();
  filter.still_since_ms = call.params["still_since_ms"].as_uint();
  const Present present = present_of(service, call);
  answer_page(service, call, std::move(answer), "parcels",
              service.desk.parcels(filter, call.params["after"].as_bin(), service.options.wall_ms(),
                                   limit_of(call)),
              [&](const desk::ParcelView& one) { return present.parcel(one); });
}

void parcel(Service& service, const Call& call, Answer answer) {
  const auto id = parcel_of(service, call);
  if (!id) return answer.fail(id.error());
  const auto found = service.desk.parcel(*id);
  if (!found) {
    return answer.fail(refused(service, call, desk::Errc::bad_value, hex(*id), "parcel"));
  }
  answer.ok(present_of(service, call).parcel_detail(*found));
}

void say_of_parcel(Service& service, const Call& call, Answer answer) {
  const auto member = actor_of(service, call);
  if (!member) return answer.fail(member.error());
  const auto id = parcel_of(service, call);
  if (!id) return answer.fail(id.error());
  desk::ParcelWord word;
  word.parcel = *id;
  word.member = *member;
  word.status = call.params["status"].as_str();
  word.at_ms = call.params["at_ms"].as_uint();
  word.grams = call.params["grams"].as_uint();
  word.place = call.params["place"].as_str();
  word.text = call.params["text"].as_str();
  finish(service, call, service.desk.say_of_parcel(word, service.options.wall_ms()),
         std::move(answer));
}

void couriers(Service& service, const Call& call, Answer answer) {
  const Span span = span_of(service, call);
  const auto view = service.desk.couriers(span.from_ms, span.to_ms, call.params["zone"].as_str());
  Array rows;
  for (const auto& row : view.rows) {
    Value one = Value::map({{"month", row.month},
                            {"carrier", row.carrier},
                            {"sent", row.sent},
                            {"delivered", row.delivered},
                            {"failed", row.failed},
                            {"lost", row.lost},
                            {"damaged", row.damaged},
                            {"returned", row.returned},
                            {"expired", row.expired},
                            {"attempts", row.attempts},
                            {"above", row.above}});
    set_text(one, "origin", row.origin);
    set_text(one, "destination", row.destination);
    rows.push_back(std::move(one));
  }
  answer.ok(Value::map({{"zone", view.zone},
                        {"from_ms", view.from_ms},
                        {"to_ms", view.to_ms},
                        {"couriers", std::move(rows)},
                        {"left_out", view.left_out}}));
}

}  // namespace

void show_traces(Service& service, const Present& present, Value& order) {
  Array traces;
  for (const Value& one : order["parcels"].as_array()) {
    const auto id = id_from_hex(one["id"].as_str());
    const auto found = id ? service.desk.parcel(*id) : std::nullopt;
    traces.push_back(found ? present.parcel_detail(*found) : one);
  }
  order["parcels"] = std::move(traces);
}

void serve_parcels(Service& service) {
  serve_owner(service, {
                           {"desk.parcels", parcels},
                           {"desk.parcel", parcel},
                           {"desk.parcel_say", say_of_parcel},
                           {"desk.couriers", couriers},
                       });
}

}  // namespace deskmate::daemon

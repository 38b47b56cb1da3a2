// Parcels: what their shops say of them, and what couriers do.
#include <algorithm>
#include <tuple>

#include "core/desk/fold.hpp"
#include "core/desk/parcel_records.hpp"

namespace deskmate::desk {
namespace {

struct Station {
  std::uint64_t at_ms = 0;
  std::uint32_t nth = 0;
  std::string code;
  StationRecord record;
};

std::uint32_t bit_of(std::string_view status) {
  const auto number = parcel::number_of(status);
  return number ? 1u << *number : 0u;
}

// It has been handed over: until then it cannot stand still.
bool has_moved(std::string_view status) {
  return !status.empty() && status != "pending" && status != "info_received" &&
         status != "unknown" && status != "cancelled";
}

std::vector<Station> stations_of(Facts& facts, const Place& at, MemberNo member) {
  std::vector<Station> out;
  const View list = facts.raw("stations");
  facts.require((list.is_nil() || list.is_array()) && list.size() <= parcel_stations_max);
  if (!facts.ok()) return out;
  for (const View item : list) {
    Facts fields(item);
    Station one;
    one.at_ms = fields.uint("at");
    one.nth = fields.u32_if("nth");
    one.code = fields.name_if("code", sku_max);
    one.record.at = at;
    one.record.index = static_cast<std::uint32_t>(out.size());
    one.record.status = fields.name_if("status");
    one.record.grams = fields.uint_if("grams", parcel_grams_max);
    one.record.here = fields.flag_if("here");
    one.record.member = member;
    facts.require(fields.ok() && one.at_ms != 0);
    out.push_back(std::move(one));
  }
  return out;
}

void take_first_ms(std::uint64_t& first_ms, std::uint64_t ms) {
  if (ms != 0 && (first_ms == 0 || ms < first_ms)) first_ms = ms;
}

}  // namespace

Folded Fold::parcel_seen(In& in) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("parcel");
  ParcelWordRecord word;
  const std::string of = facts.name_if("of");
  // What a member wrote down is no instance's word.
  const MemberNo member = facts.u32_if("member");
  word.teller = member != 0 ? facts.name_if("shop") : facts.name("shop");
  word.status = facts.name_if("status");
  word.code = facts.name_if("raw_code", sku_max);
  word.carrier = facts.name_if("carrier", sku_max);
  word.at.ms = facts.uint_if("at");
  const auto order = facts.id_if("order");
  const auto tracking = facts.id_if("tracking");
  const std::uint64_t eta_ms = facts.uint_if("eta");
  const std::string origin = facts.name_if("origin");
  const std::string destination = facts.name_if("destination");
  const bool by_courier = !of.empty();
  facts.require(by_courier || member == 0);
  if (!facts.ok()) return Folded::malformed;
  const Place at = state_.place(in.event);
  const std::vector<Station> stations = stations_of(facts, at, member);
  if (!facts.ok()) return Folded::malformed;

  for (const Station& station : stations) {
    const Key key = Key().id(id).u64(station.at_ms).u32(station.nth).text(station.code);
    const auto known = state_.find<StationRecord>(table::stations, key);
    if (!known || known->at < at) state_.save(table::stations, key, station.record);
  }
  state_.edit<ParcelRecord>(table::parcels, id, [&](ParcelRecord& parcel) {
    for (const Station& station : stations) {
      take_first_ms(parcel.first_ms, has_moved(station.record.status) ? station.at_ms : 0);
      // A weight that somebody asked for is no movement.
      if (member == 0 || !station.record.status.empty()) {
        parcel.moved_ms = std::max(parcel.moved_ms, station.at_ms);
      }
      if (station.record.here) parcel.here_ms = std::max(parcel.here_ms, station.at_ms);
      parcel.ever |= bit_of(station.record.status);
    }
    parcel.ever |= bit_of(word.status);
    if (has_moved(word.status)) take_first_ms(parcel.first_ms, word.at.ms);
    if (tracking) parcel.tracking.say(*tracking, at);
    if (!by_courier) {
      if (parcel.said.at.take(word.at.ms, at)) {
        word.at = parcel.said.at;
        parcel.said = word;
        parcel.order = order;
      }
      return;
    }
    parcel.of.say(of, at);
    if (!origin.empty()) parcel.origin.say(origin, at);
    if (!destination.empty()) parcel.destination.say(destination, at);
    if (eta_ms != 0 && parcel.eta_at.take(word.at.ms, at)) parcel.eta_ms = eta_ms;
    if (!word.status.empty() && parcel.told.at.take(word.at.ms, at)) {
      word.at = parcel.told.at;
      parcel.told = word;
    }
  });
  return Folded::quiet;
}

}  // namespace deskmate::desk

// Parcels and their traces as maps.
#include "core/daemon/present.hpp"

namespace deskmate::daemon {

Value Present::parcel(const desk::ParcelView& parcel) const {
  Value out = Value::map({{"id", hex(parcel.id)},
                          {"shop", parcel.shop},
                          {"status", parcel.status},
                          {"carrier", parcel.carrier},
                          {"at_ms", parcel.at_ms},
                          {"under_way", parcel.under_way}});
  set_id(out, "order", parcel.order);
  set_text(out, "raw_code", parcel.raw_code);
  set_text(out, "courier", parcel.courier);
  set_time(out, "sent_ms", parcel.sent_ms);
  set_time(out, "moved_ms", parcel.moved_ms);
  set_time(out, "eta_ms", parcel.eta_ms);
  set_time(out, "stuck_ms", parcel.stuck_ms);
  set_text(out, "origin", parcel.origin);
  set_text(out, "destination", parcel.destination);
  if (parcel.trouble) out["trouble"] = true;
  if (parcel.here) out["here"] = true;
  const Value said = bodies_.of(parcel.seen);
  const Value told = bodies_.of(parcel.told);
  set_text(out, "tracking", said["tracking"].as_str(told["tracking"].as_str()));
  set_text(out, "raw_text", told["raw_text"].as_str(said["raw_text"].as_str()));
  return out;
}

Value Present::parcel_detail(const desk::ParcelDetail& detail) const {
  Value out = parcel(detail.parcel);
  Array stations;
  for (const desk::StationView& station : detail.stations) {
    Value row = Value::map({{"at_ms", station.at_ms}, {"status", station.status}});
    set_text(row, "code", station.code);
    if (station.grams != 0) row["grams"] = station.grams;
    if (station.here) row["here"] = true;
    if (station.member != 0) row["member"] = station.member;
    const Value body = bodies_.of(station.ref);
    const Value& words = body["stations"][station.index];
    set_text(row, "place", words["place"].as_str());
    set_text(row, "text", words["text"].as_str());
    stations.push_back(std::move(row));
  }
  out["stations"] = std::move(stations);
  if (detail.earlier) out["earlier"] = true;
  if (detail.first_grams != 0) {
    out["first_grams"] = detail.first_grams;
    out["last_grams"] = detail.last_grams;
  }
  return out;
}

}  // namespace deskmate::daemon

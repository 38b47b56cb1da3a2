// Parcels as owners see them: one with its trace, those that want looking at, what couriers make of
// them.
#include <algorithm>
#include <map>
#include <tuple>

#include "core/desk/dates.hpp"
#include "core/desk/pages.hpp"
#include "core/desk/queries.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

constexpr std::size_t stations_shown_max = 500;          // of one parcel
constexpr std::size_t couriers_parcels_max = 200'000;  // looked at for figures
constexpr std::size_t same_number_max = 100;             // parcels with one number
constexpr std::size_t month_size = 7;                    // "2027-01"

bool ever(const ParcelRecord& parcel, std::string_view status) {
  return (parcel.ever >> parcel::number_of(status).value() & 1u) != 0;
}

Listing listing_of(ParcelFilter::Which which) {
  constexpr std::size_t rest = 8 + sizeof(Id16);
  switch (which) {
    case ParcelFilter::Which::overdue:
      return {table::parcels_due, {}, rest, false};
    case ParcelFilter::Which::all:
      return {table::parcels_sent, {}, rest, true};
    case ParcelFilter::Which::under_way:
    case ParcelFilter::Which::stuck:
    case ParcelFilter::Which::trouble:
      break;
  }
  return {table::parcels_still, {}, rest, false};
}

void count(CourierFigures& row, const ParcelRecord& parcel) {
  ++row.sent;
  const bool lost = ever(parcel, "lost") && parcel.word().status != "delivered";
  const bool damaged = ever(parcel, "damaged");
  const bool returned = ever(parcel, "returned") || ever(parcel, "returning");
  const bool expired = parcel.word().status == "expired";
  row.delivered += parcel.word().status == "delivered" ? 1 : 0;
  row.lost += lost ? 1 : 0;
  row.damaged += damaged ? 1 : 0;
  row.returned += returned ? 1 : 0;
  row.expired += expired ? 1 : 0;
  row.failed += lost || damaged || returned || expired ? 1 : 0;
  row.attempts += ever(parcel, "attempt_failed") ? 1 : 0;
}

const std::string& carrier_of(const ParcelRecord& parcel) {
  return parcel.said.carrier.empty() ? parcel.told.carrier : parcel.said.carrier;
}

}  // namespace

ParcelView parcel_view(const State& state, const Policy& policy, const Id16& id,
                       const ParcelRecord& record) {
  const ParcelWordRecord& word = record.word();
  ParcelView out;
  out.id = id;
  out.shop = record.shop();
  out.order = record.order;
  out.status = word.status;
  out.raw_code = word.code;
  out.carrier = carrier_of(record);
  out.at_ms = word.at.ms;
  out.courier = record.told.teller;
  out.sent_ms = record.first_ms;
  out.moved_ms = record.moved_ms;
  out.eta_ms = record.eta_ms;
  out.under_way = record.under_way();
  if (out.under_way && record.first_ms != 0) {
    out.stuck_ms = record.still_since_ms() + policy.parcel_stuck_ms;
  }
  out.trouble = parcel::is_trouble(word.status);
  out.here = record.here_ms != 0 && record.here_ms == record.moved_ms;
  out.origin = record.origin.value;
  out.destination = record.destination.value;
  if (record.said.at.at.any()) out.seen = state.ref(record.said.at.at);
  if (record.told.at.at.any()) out.told = state.ref(record.told.at.at);
  return out;
}

std::optional<ParcelDetail> Queries::parcel(const Id16& id) const {
  const auto record = state_.find<ParcelRecord>(table::parcels, Key().id(id));
  if (!record) return std::nullopt;
  ParcelDetail out;
  out.parcel = parcel_view(state_, policy_, id, *record);
  state_.each(
      table::stations, Key().id(id), true, [&](std::string_view key, std::string_view value) {
        if (out.stations.size() == stations_shown_max) {
          out.earlier = true;
          return false;
        }
        const auto station = state_.decode<StationRecord>(value);
        const std::string_view name = key.substr(sizeof(Id16));
        out.stations.push_back(
            {read_be(name.substr(0, 8)), station.status, std::string(name.substr(station_key_size)),
             station.grams, station.here, station.member, state_.ref(station.at), station.index});
        return true;
      });
  std::reverse(out.stations.begin(), out.stations.end());
  for (const StationView& station : out.stations) {
    if (station.grams == 0) continue;
    if (out.first_grams == 0) out.first_grams = station.grams;
    out.last_grams = station.grams;
  }
  return out;
}

std::vector<Id16> Queries::parcels_by_tracking(const Id16& tracking) const {
  std::vector<Id16> out;
  state_.each(table::parcel_numbers, Key().id(tracking), false,
              [&](std::string_view key, std::string_view) {
                out.push_back(id_at(key, sizeof(Id16)));
                return out.size() < same_number_max;
              });
  return out;
}

std::optional<Page<ParcelView>> Queries::parcels(const ParcelFilter& filter, std::string_view after,
                                                 std::uint64_t now_ms, std::size_t limit) const {
  using Which = ParcelFilter::Which;
  std::uint64_t until_ms = INT64_MAX;
  if (filter.which == Which::overdue) until_ms = now_ms == 0 ? 0 : now_ms - 1;
  if (filter.which == Which::stuck) until_ms = now_ms - std::min(now_ms, policy_.parcel_stuck_ms);
  if (filter.still_since_ms != 0 && filter.which != Which::overdue && filter.which != Which::all) {
    until_ms = filter.still_since_ms;
  }
  return turn_page<ParcelView>(
      state_, listing_of(filter.which), after, limit,
      [&](std::string_view at, std::optional<ParcelView>& row) {
        if (read_be(at.substr(0, 8)) > until_ms) return false;
        const Id16 id = id_at(at, 8);
        const auto record = state_.find<ParcelRecord>(table::parcels, Key().id(id));
        if (!record) return true;
        ParcelView view = parcel_view(state_, policy_, id, *record);
        const bool wanted = (filter.shop.empty() || view.shop == filter.shop) &&
                            (filter.carrier.empty() || view.carrier == filter.carrier) &&
                            (filter.which != Which::trouble || view.trouble);
        if (wanted) row = std::move(view);
        return true;
      });
}

CouriersView Queries::couriers(std::uint64_t from_ms, std::uint64_t to_ms,
                               std::string_view zone) const {
  CouriersView out;
  out.zone = zone;
  out.from_ms = from_ms;
  out.to_ms = to_ms;
  using Name = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Name, CourierFigures> rows;
  std::size_t seen = 0;
  state_.scan(table::parcels_sent, Key().u64(to_ms).str(), true,
              [&](std::string_view key, std::string_view) {
                const std::uint64_t sent_ms = read_be(key.substr(0, 8));
                if (sent_ms >= to_ms) return true;
                if (sent_ms < from_ms) return false;
                if (seen++ == couriers_parcels_max) {
                  out.left_out = true;
                  return false;
                }
                const auto parcel =
                    state_.find<ParcelRecord>(table::parcels, Key().id(id_at(key, 8)));
                if (!parcel) return true;
                const std::string date = date_text(local_hour(policy_, zone, sent_ms).day);
                count(rows[{date.substr(0, month_size), carrier_of(*parcel), parcel->origin.value,
                            parcel->destination.value}],
                      *parcel);
                return true;
              });
  for (auto& [name, row] : rows) {
    std::tie(row.month, row.carrier, row.origin, row.destination) = name;
    row.above =
        row.failed != 0 && row.failed * 1'000'000 >= policy_.courier_failures_ppm * row.sent;
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace deskmate::desk

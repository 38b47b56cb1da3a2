// What a member heard at the courier's own desk: checked, and the event of it.
#include <algorithm>

#include "core/desk/commands.hpp"
#include "core/desk/router.hpp"

namespace deskmate::desk {
namespace {

constexpr std::string_view by_hand = "by_hand";  // the code of such stations

}  // namespace

Result<Proposal> Commands::say_of_parcel(const ParcelWord& word, std::uint64_t now_ms) const {
  if (const auto known = member_of(word.member); !known) return known.error();
  const auto parcel = state_.find<ParcelRecord>(table::parcels, Key().id(word.parcel));
  if (!parcel) return Error{Errc::bad_value, {}, "parcel"};
  if (!word.status.empty() && !parcel::number_of(word.status)) {
    return Error{Errc::bad_value, word.status, "status"};
  }
  if (word.grams > parcel_grams_max) {
    return Error{Errc::bad_value, std::to_string(parcel_grams_max), "grams"};
  }
  if (word.at_ms > now_ms + policy_.skew_ms) return Error{Errc::bad_time, {}, "at_ms"};
  if (word.status.empty() && word.grams == 0 && word.text.empty()) {
    return Error{Errc::text_required, {}, "text"};
  }
  for (const std::string* text : {&word.place, &word.text}) {
    if (text->empty()) continue;
    if (const auto fits = check_text(*text, parcel_text_max, Errc::text_required); !fits) {
      return fits.error();
    }
  }
  const std::uint64_t at_ms = word.at_ms != 0 ? word.at_ms : now_ms;
  std::uint32_t nth = 0;
  while (state_.has(table::stations, Key().id(word.parcel).u64(at_ms).u32(nth).text(by_hand))) {
    ++nth;
  }
  Map station{{"at", at_ms}, {"nth", nth}, {"code", by_hand}};
  if (!word.status.empty()) station.add("status", word.status);
  if (word.grams != 0) station.add("grams", word.grams);
  Map facts{{"of", parcel->shop()},
            {"parcel", Value::bin(word.parcel)},
            {"member", word.member},
            {"at", at_ms},
            {"stations", Value::array({Value(std::move(station))})}};
  if (!word.status.empty()) facts.add("status", word.status);
  Proposal out = proposal("parcel.seen", std::move(facts));
  Map words;
  if (!word.place.empty()) words.add("place", word.place);
  if (!word.text.empty()) words.add("text", word.text);
  out.body = Value::map({{"stations", Value::array({Value(std::move(words))})}});
  if (!word.text.empty()) (*out.body)["raw_text"] = word.text;
  if (parcel->order) {
    out.buyer = state_.load<OrderRecord>(table::orders, Key().id(*parcel->order)).buyer;
  }
  return out;
}

}  // namespace deskmate::desk

// parcels, parcel, parcel-say, couriers; a trace below its order
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/orders.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::size_t place_columns = 60;
constexpr std::uint64_t month_ms = 31 * day_ms;

struct ParcelWords {
  std::string parcel, shop, carrier, status, place, zone;
  std::vector<std::string> text;
  bool stuck = false, overdue = false, trouble = false, all = false;
  std::uint64_t limit = 100, grams = 0, months = 2;
};

// The status in words; one that this version does not know as it is.
std::string status_of(const Context& context, const Value& row) {
  const std::string key = "parcel." + std::string(row["status"].as_str());
  for (const Message& one : messages()) {
    if (one.key == key) return context.say(key);
  }
  return printable(row["status"].as_str());
}

std::string lane_of(const Value& row) {
  const auto from = printable(row["origin"].as_str());
  const auto to = printable(row["destination"].as_str());
  return from.empty() && to.empty() ? "" : from + " → " + to;
}

void parcels(Context& context, const ParcelWords& words) {
  Value params = Value::map({{"limit", words.limit}});
  params["view"] = words.all       ? "all"
                   : words.stuck   ? "stuck"
                   : words.overdue ? "overdue"
                   : words.trouble ? "trouble"
                                   : "under_way";
  if (!words.shop.empty()) params["shop"] = words.shop;
  if (!words.carrier.empty()) params["carrier"] = words.carrier;
  const auto answer = context.list("desk.parcels", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.parcel"), context.say("column.shop"),
               context.say("column.carrier"), context.say("column.state"),
               context.say("column.moved"), context.say("column.eta"), context.say("column.text")});
  for (const Value& one : (*answer)["parcels"].as_array()) {
    const auto moved = one["moved_ms"].as_uint(one["at_ms"].as_uint());
    const auto eta = one["eta_ms"].as_uint();
    table.add({printable(one["tracking"].as_str(one["id"].as_str())),
               printable(one["shop"].as_str()), printable(one["carrier"].as_str()),
               status_of(context, one), when(moved), eta == 0 ? "" : when(eta),
               shorten(printable(one["raw_text"].as_str()), place_columns)});
  }
  if (table.empty()) {
    context.streams.out << context.say("parcels.none") << '\n';
  } else {
    table.print(context.streams.out);
  }
}

void couriers(Context& context, const ParcelWords& words) {
  const auto status = context.ask("desk.status", Value::map());
  if (!status) return;
  const std::uint64_t now = (*status)["now_ms"].as_uint();
  const std::uint64_t span = words.months * month_ms;
  Value params = Value::map({{"from_ms", now - std::min(now, span)}, {"to_ms", now}});
  if (!words.zone.empty()) params["zone"] = words.zone;
  const auto answer = context.list("desk.couriers", std::move(params));
  if (!answer || context.as_json(*answer)) return;
  Table table({context.say("column.sent_month"), context.say("column.carrier"),
               context.say("column.lane"), context.say("column.sent"),
               context.say("column.delivered"), context.say("column.failed"),
               context.say("column.per_mille"), context.say("column.what")});
  for (const Value& one : (*answer)["couriers"].as_array()) {
    const auto sent = one["sent"].as_uint();
    const auto failed = one["failed"].as_uint();
    const auto tenths = sent == 0 ? 0 : failed * 10'000 / sent;
    std::string what;
    for (const char* kind : {"lost", "damaged", "returned", "expired"}) {
      if (one[kind].as_uint() == 0) continue;
      what += (what.empty() ? "" : ", ") + context.say(std::string("parcel.") + kind) + " " +
              std::to_string(one[kind].as_uint());
    }
    table.add({printable(one["month"].as_str()), printable(one["carrier"].as_str()), lane_of(one),
               std::to_string(sent), std::to_string(one["delivered"].as_uint()),
               std::to_string(failed),
               std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
                   (one["above"].as_bool() ? " !" : ""),
               what});
  }
  if (table.empty()) {
    context.streams.out << context.say("couriers.none") << '\n';
  } else {
    table.print(context.streams.out);
  }
}

}  // namespace

void show_parcel(Context& context, const Value& parcel) {
  auto& out = context.streams.out;
  out << "    "
      << context.say("order.parcel",
                     {printable(parcel["carrier"].as_str()), printable(parcel["tracking"].as_str()),
                      status_of(context, parcel)});
  if (!lane_of(parcel).empty()) out << ", " << lane_of(parcel);
  if (parcel["here"].as_bool()) out << ", " << context.say("parcel.here");
  if (const auto eta = parcel["eta_ms"].as_uint(); eta != 0 && parcel["under_way"].as_bool()) {
    out << ", " << context.say("parcel.eta", {when(eta)});
  }
  out << '\n';
  for (const Value& station : parcel["stations"].as_array()) {
    std::string text = printable(station["place"].as_str());
    const std::string said = printable(station["text"].as_str());
    if (!said.empty() && said.find(text) != std::string::npos) text.clear();
    if (!text.empty() && !said.empty()) text += ": ";
    text += said;
    if (text.empty()) text = status_of(context, station);
    out << "      " << when(station["at_ms"].as_uint()) << "  " << text;
    if (const auto grams = station["grams"].as_uint(); grams != 0) out << "  " << grams << " g";
    if (const auto member = station["member"].as_uint(); member != 0) {
      out << "  " << context.say("parcel.by_hand", {std::to_string(member)});
    }
    out << '\n';
  }
}

void add_parcel_commands(CLI::App& app, Context& context) {
  auto listed = std::make_shared<ParcelWords>();
  auto* list = app.add_subcommand("parcels", help(context, "help.parcels"));
  list->add_flag("--stuck", listed->stuck, help(context, "help.parcels.stuck"));
  list->add_flag("--overdue", listed->overdue, help(context, "help.parcels.overdue"));
  list->add_flag("--trouble", listed->trouble, help(context, "help.parcels.trouble"));
  list->add_flag("--all", listed->all, help(context, "help.parcels.all"));
  list->add_option("--shop", listed->shop, help(context, "help.chats.shop"))->type_name("NAME");
  list->add_option("--carrier", listed->carrier, help(context, "help.parcels.carrier"))
      ->type_name("NAME");
  list->add_option("--limit", listed->limit, help(context, "help.limit"))->type_name("N");
  list->callback([&context, listed] { parcels(context, *listed); });

  auto one = std::make_shared<ParcelWords>();
  auto* shown = app.add_subcommand("parcel", help(context, "help.parcel"));
  shown->add_option("PARCEL", one->parcel, help(context, "help.param.parcel"))->required();
  shown->callback([&context, one] {
    const auto answer = context.list("desk.parcel", Value::map({{"parcel", one->parcel}}));
    if (answer && !context.as_json(*answer)) show_parcel(context, *answer);
  });

  auto said = std::make_shared<ParcelWords>();
  auto* say = app.add_subcommand("parcel-say", help(context, "help.parcel-say"));
  say->add_option("PARCEL", said->parcel, help(context, "help.param.parcel"))->required();
  say->add_option("TEXT", said->text, help(context, "help.param.text"));
  say->add_option("--grams", said->grams, help(context, "help.parcel.grams"))->type_name("N");
  say->add_option("--status", said->status, help(context, "help.parcel.status"))
      ->type_name("STATUS");
  say->add_option("--place", said->place, help(context, "help.parcel.place"))->type_name("TEXT");
  say->callback([&context, said] {
    Value params = Value::map({{"parcel", said->parcel}, {"grams", said->grams}});
    if (!said->status.empty()) params["status"] = said->status;
    if (!said->place.empty()) params["place"] = said->place;
    if (!said->text.empty()) params["text"] = text_of(context, said->text);
    act(context, "desk.parcel_say", std::move(params), "cli.done");
  });

  auto figures = std::make_shared<ParcelWords>();
  auto* rates = app.add_subcommand("couriers", help(context, "help.couriers"));
  rates->add_option("--months", figures->months, help(context, "help.couriers.months"))
      ->type_name("N")
      ->check(CLI::Range(1, 120));
  rates->add_option("--zone", figures->zone, help(context, "help.zone"));
  rates->callback([&context, figures] { couriers(context, *figures); });
}

}  // namespace deskmate::daemon::cli

// Any bytes as what couriers answer and push: nothing crashes; what a trace becomes is within the
// desk's limits, in the desk's words, and told once; what no key has signed is refused.
#include <algorithm>

#include "deskmate/parcel.hpp"
#include "deskmate/testing/bench.hpp"
#include "plugins/courier-17track/seventeen_track.hpp"
#include "plugins/courier-easypost/easypost.hpp"
#include "plugins/courier-kuaidi100/kuaidi100.hpp"
#include "plugins/courier-sf/sf.hpp"
#include "plugins/courier-shipengine/shipengine.hpp"
#include "plugins/courier/digest.hpp"
#include "plugins/courier/times.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::courier;

namespace {

// A promise of the code under test.
void check(bool holds, const char* what) {
  if (!holds) std::fprintf(stderr, "%s\n", what);
  fuzz::check(holds);
}

constexpr std::int64_t now_ms = 1'800'000'000'000;

Id id(std::uint8_t last) {
  Id out;
  out.bytes.back() = last;
  return out;
}

// An answer as a courier might give it, its fields filled with the input's.
Value some_value(FuzzedDataProvider& input, int depth) {
  static const char* const words[] = {"data",
                                      "result",
                                      "state",
                                      "status",
                                      "statusCode",
                                      "ftime",
                                      "time",
                                      "context",
                                      "areaName",
                                      "lastResult",
                                      "nu",
                                      "apiResultCode",
                                      "A1000",
                                      "apiResultData",
                                      "msgData",
                                      "routeResps",
                                      "mailNo",
                                      "routes",
                                      "opCode",
                                      "acceptTime",
                                      "track_info",
                                      "latest_status",
                                      "sub_status",
                                      "tracking",
                                      "providers",
                                      "events",
                                      "time_utc",
                                      "tracking_details",
                                      "datetime",
                                      "weight",
                                      "status_code",
                                      "occurred_at",
                                      "2027-01-15 16:00:00",
                                      "2027-01-15T08:00:00Z",
                                      "3",
                                      "80",
                                      "Delivered",
                                      "delivered",
                                      "DE",
                                      "abort",
                                      "estimated_delivery_date",
                                      "est_delivery_date"};
  switch (input.ConsumeIntegralInRange(0, 6)) {
    case 0:
      return input.ConsumeIntegral<std::int64_t>();
    case 1:
      return input.ConsumeFloatingPoint<double>();
    case 2:
      return input.ConsumeBool();
    case 3:
      return input.PickValueInArray(words);
    case 4: {
      Array list;
      for (int i = input.ConsumeIntegralInRange(0, 3); i > 0 && depth < 6; --i) {
        list.push_back(some_value(input, depth + 1));
      }
      return list;
    }
    case 5:
      return fix_utf8(input.ConsumeRandomLengthString(40));
    default: {
      Map map;
      for (int i = input.ConsumeIntegralInRange(0, 5); i > 0 && depth < 6; --i) {
        map.set(input.PickValueInArray(words), some_value(input, depth + 1));
      }
      return map;
    }
  }
}

// What every event has to keep to.
void check_events(const std::vector<NewEvent>& events) {
  for (const NewEvent& event : events) {
    check(encode(Value(event.facts)).size() <= 64 * 1024, "the facts fit");
    check(encode(Value(event.body)).size() <= 512 * 1024, "the body fits");
    const auto status = event.facts["status"].as_str();
    check(status.empty() || parcel::number_of(status).has_value(), "the status is one of ours");
    check(event.facts["stations"].size() == event.body["stations"].size(), "words for each");
    for (const Value& station : event.facts["stations"].as_array()) {
      check(station["at"].as_int() > 0, "a station has a time");
      check(station["code"].as_str().size() <= code_bytes_max, "its code is short");
      check(!station.as_map().contains("text") && !station.as_map().contains("place"),
            "no words in facts");
    }
    check(!event.refs["word"].as_str().empty(), "it is known again");
  }
}

void follow(const Trace& trace, FuzzedDataProvider& input) {
  Follower follower(
      "courier", [](std::string_view) { return std::string("x"); }, Times{});
  Seen seen{1, now_ms, "parcel.seen",
            Value::map({{"shop", "shop"},
                        {"parcel", id(1).to_value()},
                        {"buyer", id(2).to_value()},
                        {"status", "in_transit"}}),
            Value::map({{"tracking", "N1"}})};
  courier::Parcel* const parcel = follower.take(seen);
  check(parcel != nullptr, "it is followed");
  const auto events = follower.news(*parcel, trace, now_ms);
  check_events(events);
  follower.told(*parcel, events);
  check(follower.news(*parcel, trace, now_ms).empty(), "the same is told once");
  follower.looked(*parcel, input.ConsumeBool(), now_ms);
  follower.finish(*parcel, now_ms + input.ConsumeIntegralInRange<std::int64_t>(0, 1LL << 33));
  check(follower.done_upto() <= 1, "the cursor");
}

template <class Plugin>
void push(const WebRequest& request, const char* secret, bool signed_well) {
  testing::FakeHost host("courier");
  host.set_secret(secret, "secret");
  testing::Bench<Plugin> bench(host);
  check(bench.begin().has_value(), "it begins");
  check(bench.poll().has_value(), "it reads the log");
  host.advance(1'000);
  check(bench.poll().has_value(), "it has read the log");
  const WebResponse response = bench.web(request);
  check(signed_well || response.status == 403, "what no key has signed is refused");
  check(host.events().empty(), "nobody's parcel is told of");
}

void pushes(FuzzedDataProvider& input) {
  WebRequest request;
  request.method = "POST";
  request.path = "/push";
  request.hook = true;
  const bool good = input.ConsumeBool();
  const int which = input.ConsumeIntegralInRange(0, 2);
  const std::string body =
      input.ConsumeBool() ? to_json(some_value(input, 0)) : fuzz::rest_of(input);
  request.body = body;
  if (which == 0) {
    const std::string sign = good ? kuaidi100::push_sign(body, "secret") : "0";
    request.body = write_form({{"sign", sign}, {"param", body}});
    push<kuaidi100::Kuaidi100>(request, "salt", good);
  } else if (which == 1) {
    if (good) request.headers.set("sign", seventeen_track::push_sign(body, "secret"));
    push<seventeen_track::SeventeenTrack>(request, "key", good);
  } else {
    if (good) request.headers.set("x-hmac-signature", easypost::webhook_sign(body, "secret"));
    push<easypost::EasyPost>(request, "webhook_secret", good);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const int what = input.ConsumeIntegralInRange(0, 3);
  if (what == 0) {
    pushes(input);
    return 0;
  }
  if (what == 1) {
    const std::string text = fuzz::rest_of(input);
    (void)read_form(text);
    (void)time_ms(text);
    (void)parse_json(text);
    (void)kuaidi100::read_push(text);
    check(destination_of(Value(fix_utf8(text))).region.size() <= 64, "no more than a province");
    return 0;
  }
  const Value answer = some_value(input, 0);
  (void)parse_json(to_json(answer));
  const auto kuaidi = kuaidi100::read_trace(answer);
  if (kuaidi) follow(*kuaidi, input);
  if (const auto routes = sf::read_routes(answer)) {
    for (const sf::Route& route : *routes) follow(route.trace, input);
  }
  follow(seventeen_track::read_trace(answer), input);
  follow(easypost::read_tracker(answer), input);
  follow(shipengine::read_tracking(answer), input);
  return 0;
}

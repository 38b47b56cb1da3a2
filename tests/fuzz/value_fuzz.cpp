// Any bytes as what the desk answers a plugin: values, documents, each type of event, and an action
// to be done. What is accepted is written and read again unchanged, both ways of reading agree.
#include <deskmate/connector.hpp>
#include <deskmate/event.hpp>
#include <deskmate/events.hpp>
#include <deskmate/value.hpp>

#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using fuzz::check;

namespace {

// A struct that could be read is written, and read again as the same.
template <class E>
void both_ways(const Value& facts, const Value& body, std::string_view type = {}) {
  const auto event = events::read<E>(facts, body, type);
  if (!event) return;
  const NewEvent made = events::to_event(*event);
  const auto again = events::read<E>(Value(made.facts), Value(made.body), made.type);
  check(again.has_value());
  const NewEvent twice = events::to_event(*again);
  // As bytes: a number that is none (NaN) is not equal to itself.
  check(encode(Value(twice.facts)) == encode(Value(made.facts)));
  check(encode(Value(twice.body)) == encode(Value(made.body)) && twice.type == made.type);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::view_of(data, size);
  Limits few;
  few.depth_max = 4;
  few.items_max = 8;
  const auto value = decode(bytes);
  if (decode(bytes, few)) check(value.has_value());
  Document document;
  const auto parsed = document.parse(bytes);
  check(parsed.has_value() == value.has_value());
  if (!value) {
    check(document.root().is_nil() && !value.error().message.empty());
    return 0;
  }
  const std::string written = encode(*value);
  check(encode(document.root()) == written);
  const auto again = decode(written);
  check(again.has_value() && encode(*again) == written);

  const Value& facts = (*value)["facts"];
  const Value& body = (*value)["body"];
  both_ways<events::MessageReceived>(facts, body);
  both_ways<events::MessageSent>(facts, body);
  both_ways<events::BuyerSeen>(facts, body);
  both_ways<events::OrderSeen>(facts, body);
  both_ways<events::ParcelSeen>(facts, body);
  both_ways<events::ProductSeen>(facts, body);
  const Action action = Action::from(*value);
  check(is_utf8(action.text()) && is_utf8(action.kind) && action.ref("order").size() <= size);
  return 0;
}

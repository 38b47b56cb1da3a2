// Any bytes as an event that a plugin appends, and as a buyer's words: mentions are within their
// limits, pseudonyms do not depend on how something is written, and what an event keeps open holds
// no external id.
#include "core/daemon/intake.hpp"

#include "core/daemon/mentions.hpp"
#include "core/daemon/pseudonym.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate;
using namespace deskmate::daemon;
using fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Pseudonyms pseudonyms(storage::Id32{7}, "+86");
  const std::string_view bytes = fuzz::view_of(data, size);

  const auto mentions = find_mentions(bytes);
  check(mentions.size() <= mentions_max);
  for (const Mention& mention : mentions) {
    check(!mention.text.empty() && mention.text.size() <= size + 1);
    if (mention.kind == Mention::Kind::number) {
      check(mention.text.size() >= mention_number_min && mention.text.size() <= mention_number_max);
    }
    if (mention.kind == Mention::Kind::email) check(mention.text.find('@') != std::string::npos);
  }
  const std::string normal = normalise(bytes);
  check(normalise(normal) == normal);
  check(pseudonyms.of_desk("number", bytes) == pseudonyms.of_desk("number", normal));
  check(to_half_width(to_half_width(bytes)) == to_half_width(bytes));
  const std::string phone = normalise_phone(bytes, "+86");
  if (!phone.empty()) {
    check(phone[0] == '+' && normalise_phone(phone, "+1") == phone);
    check(pseudonyms.of_contact("phone:" + phone) ==
          pseudonyms.of_contact("phone:" + std::string(bytes)));
  }

  Document document;
  if (!document.parse(bytes)) return 0;
  const auto prepared = prepare(document.root(), "mail", pseudonyms);
  if (!prepared) {
    check(!prepared.error().message.empty());
    return 0;
  }
  const auto facts = decode(prepared->event.facts);
  check(facts.has_value() && facts->is_map() && (*facts)["shop"].as_str() == "mail");
  check(prepared->event.facts.size() <= storage::facts_max);
  check(prepared->event.body.size() <= storage::body_max);
  check(prepared->event.type.size() <= storage::type_max);
  if (!prepared->event.body.empty()) check(decode(prepared->event.body).has_value());
  Document again;
  check(again.parse(prepared->event.facts).has_value());
  if (!prepared->seen_key.empty()) {
    check(seen_key_of(prepared->event.type, again.root()) == prepared->seen_key);
  }
  return 0;
}

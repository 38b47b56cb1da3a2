// Pseudonyms: what stands in open facts instead of an external id, an e-mail address or a telephone
// number. Keyed by the desk, so that nobody without the desk's key can try out ids.
#pragma once

#include <string>
#include <string_view>

#include "storage/event.hpp"

namespace deskmate::daemon {

// Turns external ids into pseudonyms: BLAKE2b-128, keyed, over kind, scope and id, each preceded by
// its length, so that no two triples share an input. Copyable; any thread.
class Pseudonyms {
 public:
  // phone_prefix: the country code of telephone numbers written without one ("+86").
  Pseudonyms(const storage::Id32& key, std::string phone_prefix);

  // An id within one shop ("order", "thread", "buyer" …), taken as it is.
  storage::Id16 of_shop(std::string_view kind, std::string_view shop, std::string_view id) const;

  // An id that means the same in the whole desk ("number"): letter case and surrounding spaces do
  // not count.
  storage::Id16 of_desk(std::string_view kind, std::string_view id) const;

  // "email:a@b.org" or "phone:+86 138…", normalised; another kind is taken as of_desk does.
  storage::Id16 of_contact(std::string_view contact) const;

 private:
  storage::Id16 hash(std::string_view kind, std::string_view scope, std::string_view id) const;

  storage::Id32 key_;
  std::string phone_prefix_;
};

// Full-width forms (U+FF01…U+FF5E, U+3000) as ASCII, as Chinese keyboards write them.
std::string to_half_width(std::string_view text);

// ASCII letters in lower case, full-width forms as ASCII, no surrounding spaces.
std::string normalise(std::string_view text);

// Digits with a leading plus and country code; empty where text is no telephone number.
std::string normalise_phone(std::string_view text, std::string_view phone_prefix);

}  // namespace deskmate::daemon

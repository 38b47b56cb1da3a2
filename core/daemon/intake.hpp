// What becomes of a new event before it is stored: it is checked, external ids give way to
// pseudonyms, and what the buyer's words mention is noted. Pure; any thread.
#pragma once

#include <deskmate/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/daemon/pseudonym.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon {

// Named limits.
inline constexpr std::size_t refs_max = 16;          // of one event, of both sorts together
inline constexpr std::size_t ref_name_max = 32;      // bytes
inline constexpr std::size_t ref_bytes_max = 1'024;  // of one external id
inline constexpr std::size_t contacts_max = 16;      // of one event
inline constexpr std::size_t events_per_append_max = 1'024;

// An event ready for the store, all but its stamp.
struct Prepared {
  storage::NewEvent event;
  std::string seen_key;  // by which the same item is recognised; empty: never a duplicate
};

// Of the facts of a stored event: its seen_key, or empty.
std::string seen_key_of(std::string_view type, View facts);
std::string seen_key_of(std::string_view type, std::string_view facts);

// Prepares events of frames.md's form. instance: whose plugin appends them; facts.shop has to be it
// and is filled in where it is missing. Empty: the desk itself, which may name any shop.
// Errors: invalid, limit, denied; the message names the field and never holds its value.
Result<Prepared> prepare(View event, std::string_view instance, const Pseudonyms& pseudonyms);

// Is it a request for something to be done? "reply.requested"
bool is_request(std::string_view type);

}  // namespace deskmate::daemon

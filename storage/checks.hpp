// What the log refuses before anything is queued: names and sizes out of their limits. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "storage/error.hpp"
#include "storage/store.hpp"

namespace deskmate::storage {

// `what` must have 1 to `most` bytes, and has not.
Error too_long(const char* what, std::size_t most);

// A new event's type, facts, body and home. Errc::invalid names what is wrong with it.
Result<void> check_event(const NewEvent& event);

// The name of a reader with a cursor.
Result<void> check_reader(std::string_view reader);

// table or owner ‖ 0 ‖ key, as long as LMDB takes them.
Result<std::string> two_part_key(std::string_view first, std::string_view second);

}  // namespace deskmate::storage

// Used by the writer: encoding a header into a buffer that is there already.
#pragma once

#include <string>

#include "storage/event.hpp"

namespace deskmate::storage {

// Whether the fields agree with the flags and keep the limits. Errc::invalid, or Errc::newer for a
// version or flag that this one does not know.
Result<void> check_header(const HeaderView& header);

// Appends the record's bytes. The header must pass check_header.
void append_header(std::string& out, const HeaderView& header);

}  // namespace deskmate::storage

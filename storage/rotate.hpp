// A new wrapping key in the place of the old one.
#pragma once

#include "storage/database.hpp"
#include "storage/identity.hpp"

namespace deskmate::storage {

// Wraps by the next wrapping key what the old one still wraps, and puts it in force. Nothing to do
// where none was begun. What was cut short is gone on with.
Result<void> finish_rotation(const std::string& folder, Database& database, Secrets& secrets);

}  // namespace deskmate::storage

// Where the passphrase of the secrets comes from: --passphrase-file, systemd's credential
// `passphrase`, or the terminal.
#pragma once

#include <optional>
#include <string>

#include "core/daemon/cli/cli.hpp"
#include "storage/store.hpp"

namespace deskmate::daemon::cli {

// What opens the configured folder, with the passphrase where one is set. Nothing, and a message:
// it is needed and cannot be asked for.
std::optional<storage::Options> store_options(Context& context, const Config& config);

// A passphrase out of a file, a pipe or a descriptor (/dev/fd/3); its last line end is not part of
// it. Nothing, and a message: it cannot be read, or others can.
std::optional<std::string> passphrase_from(Context& context, const std::string& file);

// Asked for on the terminal without showing it; twice where it is new. Nothing: there is no
// terminal, or the two differ (with a message).
std::optional<std::string> ask_passphrase(Context& context, bool is_new);

}  // namespace deskmate::daemon::cli

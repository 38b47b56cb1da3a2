// What the commands that give something away have in common.
#pragma once

#include <string>

#include "core/daemon/cli/cli.hpp"

namespace deskmate::daemon::cli {

// What it is given for, and who answers for it.
struct Giving {
  std::string purpose, liable, cause;
};
void add_giving(CLI::App& command, const Context& context, Giving& giving);

// What became of an action that gives something away: queued, or it waits for approval.
void say_given(Context& context, const Value& answer);

}  // namespace deskmate::daemon::cli

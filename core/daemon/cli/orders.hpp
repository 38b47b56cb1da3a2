// An order as text, in a chat and by itself.
#pragma once

#include <deskmate/value.hpp>

#include "core/daemon/cli/cli.hpp"

namespace deskmate::daemon::cli {

void show_order(Context& context, const Value& order);
// What is wrong with it and what to do, its place in the warehouse's queue, what was promised.
void show_problems(Context& context, const Value& order);
void show_parcel(Context& context, const Value& parcel);  // parcel_commands.cpp

}  // namespace deskmate::daemon::cli

// The types of events. (Typed structs follow.)
#pragma once

#include "deskmate/event.hpp"

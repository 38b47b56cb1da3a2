// Keeps exceptions, which are bugs, on this side of the ABI.
#pragma once

#include <exception>
#include <string>

#include "deskmate/host.hpp"

namespace deskmate::detail {

// Runs what; false: an exception left it, which has been logged.
template <class What>
bool guard(const Host& host, const char* where, const What& what) noexcept {
  std::string message = "a fault in ";
  try {
    what();
    return true;
  } catch (const std::exception& fault) {
    message.append(where).append(": ").append(fault.what());
  } catch (...) {
    message.append(where);
  }
  host.log(Level::error, message);
  return false;
}

}  // namespace deskmate::detail

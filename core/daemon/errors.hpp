// Errors of the store and of the desk as those that travel in frames.
#pragma once

#include <deskmate/result.hpp>

#include "core/desk/types.hpp"
#include "storage/error.hpp"

namespace deskmate::daemon {

inline Status to_status(storage::Errc code) {
  switch (code) {
    case storage::Errc::invalid:
      return Status::invalid;
    case storage::Errc::not_found:
      return Status::not_found;
    case storage::Errc::limit:
      return Status::limit;
    case storage::Errc::full:  // again, once there is room
    case storage::Errc::in_use:
    case storage::Errc::awaited:
      return Status::unavailable;
    case storage::Errc::newer:
    case storage::Errc::unsupported:
    case storage::Errc::damaged:
    case storage::Errc::io:
    case storage::Errc::gap:
    case storage::Errc::forged:
    case storage::Errc::mismatch:
    case storage::Errc::forked:
    case storage::Errc::rolled_back:
    case storage::Errc::cut:
      return Status::internal;
  }
  return Status::internal;
}

inline Error to_error(const storage::Error& error) {
  return {to_status(error.code), error.message, {}};
}

inline Error to_error(const desk::Error& error, desk::Language language) {
  using desk::Errc;
  const bool missing = error.code == Errc::no_such_chat || error.code == Errc::no_such_member ||
                       error.code == Errc::no_such_role || error.code == Errc::no_such_order ||
                       error.code == Errc::no_such_buyer || error.code == Errc::no_such_request ||
                       error.code == Errc::no_such_promise ||
                       error.code == Errc::no_such_question || error.code == Errc::no_such_case ||
                       error.code == Errc::no_such_problem;
  const Status status = missing                           ? Status::not_found
                        : error.code == Errc::not_allowed ? Status::denied
                                                          : Status::invalid;
  return {status, desk::explain(error, language), error.where};
}

}  // namespace deskmate::daemon

// Errors of storage/ as values: what can be expected is returned, bugs are thrown.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace deskmate::storage {

enum class Errc {
  invalid,      // malformed argument or bytes
  not_found,    // no such event, key, file
  in_use,       // another daemon holds the folder
  newer,        // written by a newer version
  unsupported,  // network filesystem, wrong permissions, wrong architecture
  damaged,      // bytes that cannot be what was written
  full,         // no room on the disk; reading goes on
  limit,        // a named limit was reached
  io,           // the disk or the system failed
  gap,          // a stretch or piece that does not go on where we are
  forged,       // not signed by the peer whose it is
  mismatch,     // signed, but of other events than those beside it
  forked,       // one log, two histories, both signed by its peer
  rolled_back,  // others have more of this peer's own log than its disk
  cut,          // beyond what is taken of a removed peer
  awaited,      // a body that has not come yet
};

// code is for programs; message says what, where and what to do, for the owner.
struct Error {
  Errc code = Errc::io;
  std::string message;
};

template <class T>
using Result = boost::system::result<T, Error>;

// How boost::system::result throws when value() is called on an error: always a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw std::logic_error(error.message);
}

}  // namespace deskmate::storage

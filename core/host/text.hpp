// Sentences for the owner and mistakes with their place, and results that say every mistake.
#pragma once

#include <deskmate/text.hpp>

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace deskmate {

// How boost::system::result throws when value() is called on an error: always a bug of the caller.
[[noreturn]] inline void throw_exception_from_error(const Faults& faults,
                                                    const boost::source_location&) {
  throw std::logic_error(faults.in("en"));
}

}  // namespace deskmate

namespace deskmate::host {

using deskmate::Fault;
using deskmate::Faults;
using deskmate::Text;

template <class T>
using Checked = boost::system::result<T, Faults>;

// ASCII letters only, as names of hosts and headers have them.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace deskmate::host

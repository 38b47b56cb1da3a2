// What a courier says of one parcel, however it says it. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::courier {

inline constexpr std::size_t code_bytes_max = 64;
inline constexpr std::size_t text_bytes_max = 1'000;
inline constexpr std::size_t stations_max = 500;  // of one answer; the latest

struct Station {
  std::int64_t at_ms = 0;
  std::string status;  // deskmate/parcel.hpp; empty: it does not tell
  std::string code;    // as the courier says
  std::string place, text;
  std::int64_t grams = 0;  // 0: not weighed
};

struct Trace {
  std::string status;  // empty: it has nothing to say yet
  std::string code, text;
  std::int64_t at_ms = 0;  // since when; 0: since its latest station
  std::string carrier;     // as the courier calls it
  std::int64_t eta_ms = 0;
  std::string origin;             // empty: its first station's place
  std::vector<Station> stations;  // in any order
};

// In order of time, each once, and what the trace leaves out: since when it has its status, and
// where it comes from.
void put_in_order(Trace& trace);

}  // namespace deskmate::courier

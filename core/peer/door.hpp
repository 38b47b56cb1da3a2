// How many strangers may stand at the door, and how often they may come: who has connected and not
// yet proved a key that we know. Pure: the time is passed in. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace deskmate::peer {

// Named limits.
inline constexpr std::size_t strangers_max = 64;         // at once
inline constexpr std::size_t strangers_per_source = 16;  // of these, from one source
inline constexpr std::uint64_t source_burst = 32;        // connections at once from one source
inline constexpr std::uint64_t source_every_ms = 250;    // and then one each
inline constexpr std::size_t sources_max = 4'096;        // that are remembered

class Door {
 public:
  // Whether one more from this source may come in now; it counts then until left().
  bool enter(const std::string& source, std::uint64_t now_ms);
  void left(const std::string& source);
  std::size_t inside() const { return inside_; }
  std::size_t sources() const { return sources_.size(); }
  // Whether the longest-waiting stranger should make room before the next enter().
  bool crowded() const { return inside_ >= strangers_max; }

 private:
  struct Source {
    std::size_t inside = 0;
    std::uint64_t spent = 0;  // of the burst
    std::uint64_t since_ms = 0;
  };
  void forget(std::uint64_t now_ms);

  std::map<std::string, Source> sources_;
  std::size_t inside_ = 0;
};

}  // namespace deskmate::peer

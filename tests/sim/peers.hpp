// The whole desk of two to five peers in one thread, from one seed: real desks and replicas over
// logs in memory that lose what was not synced, links that break, stand still or pass one way only,
// clocks that are off, and a marketplace that all peers' connectors look into.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace deskmate::sim {

// Broken on purpose; each must be found out.
enum class Mutant {
  none,
  no_wait,        // an assignment takes effect without the view's acknowledgements
  timer_alone,    // taken over after a time, whatever stands in the thread
  hash_presence,  // in a cut, drawn among those who are seen
  acks_ahead,     // acknowledgements count without the acknowledger's log
  own_word,       // a change of weights is in force without the others' word
  narrow_cut,     // who holds more of a removed peer's log than the cut keeps it to itself
  no_hello,       // restored from a backup, and acts at once
  any_home,       // acts on requests whose home is elsewhere
  keeps_keys,     // destroys only the keys of an erased buyer that it made itself
};
inline constexpr int mutants = 9;
const char* to_string(Mutant mutant);

struct Setting {
  std::uint64_t seed = 1;
  int peers = 2;
  bool calm = false;   // nothing breaks
  bool claim = false;  // the channel lets one answer win
  Mutant mutant = Mutant::none;
  bool trace = false;  // keep all lines
};

struct Outcome {
  std::string failure;             // empty: every property held
  std::vector<std::string> trace;  // the latest lines, or all
  int messages = 0;
  int doubles = 0;   // answers of two owners to one message, in the vanished case
  int cut = 0;       // assigned in a cut
  int vanished = 0;  // taken over
  int crossed = 0;   // by an answer that was later found in the thread, its record being lost
  int freezes = 0;   // waited for longer than twice the reply target, somebody being present
  // What a person's word stands against: answers of two where one was declared gone, removed or
  // had its disk copied while it was alive.
  int overridden = 0;
  int weighed = 0;   // changes of weights or members that came into force
  int refused = 0;   // that did not
  int removals = 0;  // of peers
  int goodbyes = 0;
  int restores = 0;
  int forks = 0;     // of a log
  int erasures = 0;  // of buyers
  int unknown = 0;   // events of a newer version
  // After the last heal: round trips of the slowest link until all have what any had, less the
  // time of the disks; none: there was nothing to catch up on, or a clock was off.
  std::vector<double> round_trips;
  double deviation = 0;                 // the greatest from the exact share, at the end
  std::vector<std::uint64_t> waits_ms;  // from a message to its answer
};

Outcome play(const Setting& setting);

}  // namespace deskmate::sim

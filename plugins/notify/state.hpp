// What the plugin remembers, in the instance's own store: which chats it has told of, its notices
// and the answers that went out. No buyer data and no text: ids and times. Values only; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <deskmate/plugin.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::notify {

// Named limits.
inline constexpr std::size_t told_max = 1'500;        // chats; of more, the longest waiting stay
inline constexpr std::size_t notices_kept_max = 512;  // that can be answered
inline constexpr std::size_t answers_kept_max = 512;  // that are known to have gone out

// A notice that was decided on and may not be in the log yet.
struct Batch {
  std::string name;  // the same again is the same notice
  std::vector<Id> chats;
  std::uint64_t more = 0;  // chats beside these
  bool overdue = false;
};

struct Told {
  std::uint64_t waiting_since_ms = 0;
  bool overdue = false;
};

struct State {
  std::map<Id, Told> told;
  std::deque<std::uint64_t> sent_ms;  // of the last hour
  std::optional<Batch> pending;

  std::string to_bytes() const;
  // Nothing where it is of a newer version.
  static std::optional<State> from_bytes(std::string_view bytes);
};

// Ids with a time each, the oldest first; so many and no more.
class Ids {
 public:
  explicit Ids(std::size_t max) : max_(max) {}
  void add(const Id& id, std::uint64_t at_ms);
  std::optional<std::uint64_t> find(const Id& id) const;
  std::size_t size() const { return ids_.size(); }
  std::string to_bytes() const;
  void from_bytes(std::string_view bytes);

 private:
  std::size_t max_;
  std::deque<std::pair<Id, std::uint64_t>> ids_;
};

}  // namespace deskmate::notify

// Tells a member who is away of chats that wait, through the channel of another plugin; sends what
// the member answers there as the member's reply; and lets somebody outside know that the desk is
// up. See README.md.
#pragma once

#include <cstdint>
#include <deque>
#include <deskmate/plugin.hpp>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plan.hpp"
#include "state.hpp"
#include "words.hpp"

namespace deskmate::notify {

// Named limits and times.
inline constexpr std::uint32_t rows_asked = 500;         // chats looked at, of each sort
inline constexpr std::uint32_t entries_asked = 50;       // of a chat
inline constexpr std::size_t answers_waiting_max = 256;  // = the reader's credit
inline constexpr std::uint32_t channel_ms = 100'000;     // for a channel to send a notice
inline constexpr std::uint64_t channel_retry_ms = 30'000;
inline constexpr std::uint32_t heartbeat_wait_ms = 10'000;

class Notify : public Connector {
 public:
  Result<void> begin(Session& desk) override;
  Result<void> poll(Session& desk) override;
  Outcome perform(Session& desk, const Action& action) override;
  Found look_up(Session& desk, const Action& action) override;
  std::uint32_t poll_every_ms(Session& desk) override;
  void on_events(const std::string& reader, std::span<const Event> events) override;
  // The same without waking the worker, for tests on one thread.
  void take(std::span<const Event> events);

 private:
  // A member's answer to a notice, as the channel brought it.
  struct Answered {
    std::uint64_t arrival = 0;
    Id request;
    Id message;
    std::optional<Id> chat;
    std::string text;
    std::string sender;
    std::uint64_t at_ms = 0;
  };

  Result<void> load(Session& desk);
  Result<void> tell(Session& desk);
  Result<void> ask_for_notice(Session& desk);
  Result<void> append(Session& desk, const std::string& name, Map facts, Map body = {});
  Result<std::vector<Waiting>> waiting(Session& desk, std::uint32_t member, bool& whole);
  Result<void> take_answers(Session& desk);
  Result<void> answer(Session& desk, const Answered& one);
  Result<void> reply(Session& desk, const Answered& one, std::uint64_t notice_ms);
  Result<void> refuse(Session& desk, const Answered& one, const std::string& code,
                      const std::string& reason);
  Result<void> save(Session& desk);
  Result<std::optional<Words>> compose(Session& desk, const Action& action);
  void heartbeat(Session& desk);
  std::string figures(Session& desk);
  void trouble(Session& desk);
  bool chinese(Session& desk);
  bool silent(Session& desk) const;

  std::string channel_;
  std::string to_;
  bool text_ = true;
  bool mute_ = false;
  Quiet quiet_;
  Rules rules_;
  std::uint64_t answer_ms_ = 0;
  std::uint32_t every_ms_ = 0;
  std::string heartbeat_url_;
  std::string heartbeat_method_;
  std::uint64_t heartbeat_ms_ = 0;

  std::optional<Planner> planner_;
  std::optional<State> state_;
  Ids notices_{notices_kept_max};
  Ids answers_{answers_kept_max};
  std::optional<bool> chinese_;
  std::int64_t next_beat_ms_ = 0;
  std::string beat_trouble_en_, beat_trouble_zh_;
  std::string channel_trouble_en_, channel_trouble_zh_;
  std::string told_trouble_;
  std::string complaint_;  // of the last poll

  std::mutex mutex_;
  std::deque<Answered> waiting_;  // guarded by mutex_
};

}  // namespace deskmate::notify

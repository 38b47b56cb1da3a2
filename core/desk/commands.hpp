// Checks what an owner wants done and makes the event of it. Desk's commands are these. Internal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/desk/desk.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

class Commands {
 public:
  explicit Commands(const State& state) : state_(state) {}

  Result<Proposal> reply(const Id16& chat, MemberNo member, std::string_view text) const;
  // note, draft: type chat.noted, chat.drafted.
  Result<Proposal> written(std::string_view type, const Id16& chat, MemberNo member,
                           std::string_view text) const;
  Result<Proposal> transfer(const Id16& chat, MemberNo from, const Target& to,
                            std::string_view note) const;
  Result<Proposal> flag(const Id16& chat, MemberNo member, std::string_view topic) const;
  Result<Proposal> claim(const Id16& chat, MemberNo member) const;
  Result<Proposal> close(const Id16& chat, MemberNo member) const;
  Result<Proposal> set_presence(MemberNo member, Presence state, std::uint64_t until_ms) const;
  Result<Proposal> set_member(const MemberSpec& member) const;
  Result<Proposal> set_phrase(std::string_view name, std::string_view language,
                              std::string_view text, bool removed) const;
  Result<Proposal> set_joined(const Id16& a, const Id16& b, MemberNo member, bool joined) const;
  Result<Proposal> set_blocked(const Id16& buyer, MemberNo member, bool blocked,
                               std::uint64_t until_ms) const;
  Result<Proposal> action(const ActionSpec& action) const;
  Result<Proposal> resolve(const Id16& request, std::string_view as, MemberNo member) const;

 private:
  Result<ChatRecord> chat_of(const Id16& id) const;
  Result<ChatRecord> open_chat(const Id16& id) const;
  Result<MemberRecord> member_of(MemberNo number) const;

  const State& state_;
};

}  // namespace deskmate::desk

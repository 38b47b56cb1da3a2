// What the tables hold of what members said to each other and promised. As in records.hpp every
// field is a register, first or latest. Internal.
#pragma once

#include "core/desk/records.hpp"

namespace deskmate::desk {

enum class PromiseState : std::uint8_t { open, kept, dropped };

struct PromiseRecord {  // by promise, which is the event; its end may be there before it
  Place at;
  Id16 chat{};
  std::uint32_t member = 0;
  std::uint64_t due_ms = 0;
  std::string kind;
  Latest<std::uint8_t> end;  // a PromiseState
  template <class A>
  void fields(A& a) {
    a(at, chat, member, due_ms, kind, end);
  }
  bool open() const { return at.any() && !end.any(); }
};

struct QuestionRecord {  // by question, which is the event; an answer may be there before it
  Place at;
  Id16 chat{};
  std::uint32_t from = 0, to = 0;
  std::string to_role;    // instead of to
  bool answered = false;  // grows
  template <class A>
  void fields(A& a) {
    a(at, chat, from, to, to_role, answered);
  }
  bool open() const { return at.any() && !answered; }
};

struct ListeningRecord {  // by member who listens: to a member, or to a chat
  Place at;               // latest
  std::uint32_t to = 0;
  std::optional<Id16> chat;
  std::uint64_t until_ms = 0;
  template <class A>
  void fields(A& a) {
    a(at, to, chat, until_ms);
  }
};

}  // namespace deskmate::desk

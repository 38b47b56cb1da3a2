// What the tables hold of problems that rules found. As in records.hpp every field is a register.
// Internal.
#pragma once

#include "core/desk/records.hpp"

namespace deskmate::desk {

struct FoundRecord {
  std::string plugin, rule, version, code;
  std::string params;  // msgpack
  std::string severity, currency;
  std::uint64_t since_ms = 0;
  std::optional<std::int64_t> amount;
  std::vector<std::string> fixes;
  template <class A>
  void fields(A& a) {
    a(plugin, rule, version, code, params, severity, currency, since_ms, amount, fixes);
  }
};

struct SettledRecord {
  std::uint32_t member = 0;
  std::string how;
  std::uint64_t mark = 0;
  template <class A>
  void fields(A& a) {
    a(member, how, mark);
  }
};

struct ToldRecord {
  std::uint32_t member = 0;
  std::optional<Id16> chat;
  template <class A>
  void fields(A& a) {
    a(member, chat);
  }
};

struct ProblemRecord {  // by what it is about and its kind; any of its events may come first
  Latest<FoundRecord> found;
  Place cleared_at;  // latest
  Latest<SettledRecord> settled;
  Latest<ToldRecord> told;
  template <class A>
  void fields(A& a) {
    a(found, cleared_at, settled, told);
  }
  // Somebody's word holds for what they saw: for this reason, with these figures, since that time.
  std::uint64_t mark() const {
    std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
    const auto add = [&](std::string_view bytes) {
      for (const char byte : bytes) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
      }
    };
    add(found.value.code);
    add(std::string_view("\0", 1));
    add(found.value.params);
    add(std::to_string(found.value.since_ms));
    return hash >> 1;  // as facts hold it
  }
  bool stands() const { return found.any() && cleared_at < found.at; }
  bool is_settled() const { return settled.any() && settled.value.mark == mark(); }
  bool open() const { return stands() && !is_settled(); }
};

}  // namespace deskmate::desk

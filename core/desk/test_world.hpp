// A desk in memory with a clock, for tests: events are told in a line, and what the router proposes
// is folded at once.
#pragma once

#include <sodium.h>

#include <cstdint>
#include <deskmate/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/desk/desk.hpp"

namespace deskmate::desk {

// The pseudonym of a name.
inline Id16 id(std::string_view name) {
  Id16 out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(name.data()),
                     name.size(), nullptr, 0);
  return out;
}
inline Value bin(std::string_view name) { return Value::bin(id(name)); }
inline Value bins(const std::vector<std::string>& names) {
  Array out;
  for (const auto& name : names) out.push_back(bin(name));
  return out;
}

inline storage::LogName log_name(std::uint8_t peer, std::uint64_t incarnation = 1) {
  storage::LogName log;
  log.desk.fill(7);
  log.peer.fill(peer);
  log.incarnation = incarnation;
  return log;
}

// An event that owns its bytes.
struct TestEvent {
  storage::LogKey key;
  Id16 event{};
  std::uint64_t stamp = 0;
  std::string type;
  std::string facts;
  bool request = false;

  EventView view() const { return {key, event, stamp, type, 1, facts, request, key.log.peer}; }
};

inline TestEvent make_event(const storage::LogKey& key, std::uint64_t stamp, std::string type,
                            const Value& facts, bool request = false) {
  const std::string name = std::to_string(key.log.peer[0]) + "/" +
                           std::to_string(key.log.incarnation) + "/" + std::to_string(key.seq);
  return {key, id(name), stamp, std::move(type), encode(facts), request};
}

inline MemberSpec spec_of(MemberNo number, std::uint32_t weight, std::string name,
                          std::string role = "presale") {
  MemberSpec spec;
  spec.number = number;
  spec.name = std::move(name);
  spec.role = std::move(role);
  spec.weight = weight;
  return spec;
}

class World {
 public:
  explicit World(Policy policy = {}) : desk(tables, with_self(std::move(policy))) {}

  // Folds one event at now; returns its id.
  Id16 add(std::string type, Value facts, bool request = false) {
    const storage::LogKey key{desk.policy().self, ++seq_};
    last = make_event(key, now_ms << 16 | (seq_ & 0xffff), std::move(type), facts, request);
    desk.fold(last.view());
    return last.event;
  }
  Id16 add(const Proposal& proposal) {
    return add(proposal.type, proposal.facts, proposal.request);
  }

  Id16 receive(const std::string& chat, const std::string& buyer, Map more = {}) {
    Map facts{{"shop", "mail"},
              {"thread", bin(chat)},
              {"buyer", bin(buyer)},
              {"message", bin("message " + std::to_string(++messages_))},
              {"at", now_ms}};
    for (const auto& [key, value] : more) facts.set(key, value);
    return add("message.received", facts);
  }
  void reply(const std::string& chat, MemberNo member) {
    add(desk.reply(id(chat), member, "An answer.").value());
  }
  void close(const std::string& chat, MemberNo member) {
    add(desk.close(id(chat), member).value());
  }
  void member(MemberNo number, std::uint32_t weight, std::string role = "presale") {
    member(spec_of(number, weight, "Member " + std::to_string(number), std::move(role)));
  }
  void member(const MemberSpec& spec) { add(desk.set_member(spec).value()); }
  void presence(MemberNo number, Presence state, std::uint64_t until_ms = 0) {
    add(desk.set_presence(number, state, until_ms).value());
  }

  // Decides until there is nothing left, folding what is proposed; returns all of it.
  Proposals decide() {
    Proposals all;
    do {
      for (Proposal& proposal : desk.decide(now_ms)) {
        add(proposal);
        all.push_back(std::move(proposal));
      }
    } while (desk.wants_decide());
    return all;
  }

  ChatRow row(const std::string& chat) { return desk.chat_row(id(chat), now_ms).value(); }
  ChatView view(const std::string& chat) { return desk.chat(id(chat), now_ms, 100).value(); }
  MemberNo owner(const std::string& chat) {
    const ChatRow chat_row = row(chat);
    return chat_row.state == ChatState::assigned ? chat_row.owner : 0;
  }
  std::string why(const std::string& chat) { return explain(row(chat).why, Language::english); }

  MemoryTables tables;
  Desk desk;
  std::uint64_t now_ms = 1'800'000'000'000;  // 2027-01-15 08:00 UTC, a Friday
  TestEvent last;

 private:
  static Policy with_self(Policy policy) {
    policy.self = log_name(1);
    return policy;
  }
  std::uint64_t seq_ = 0;
  std::uint64_t messages_ = 0;
};

}  // namespace deskmate::desk

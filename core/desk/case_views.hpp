// What the queries about cases and calls return, and what the commands about them take. As in
// views.hpp: plain structs with ids and the places of events, whose bodies have the texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/desk/types.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

enum class CaseLine { opened, changed, said, linked, call };
std::string_view to_string(CaseLine kind);

// What a case is about.
enum class About : std::uint8_t { chat, buyer, order, parcel };
std::string_view to_string(About about);

struct CaseLineView {
  CaseLine kind = CaseLine::opened;
  EventRef ref;  // its body has the text
  Id16 event{};
  std::uint64_t at_ms = 0;    // when it was said, as somebody told
  std::uint64_t made_ms = 0;  // when that was written down
  MemberNo member = 0;
  std::string party, evidence;  // of said
  std::uint32_t files = 0;
  Value what;  // of changed and linked: a map of what is so from then on
  std::optional<CallView> call;
};

struct CaseDetail {
  CaseView row;
  std::vector<CaseLineView> lines;  // oldest first; the latest `limit` before `before`
  std::string before;               // the page of lines before ends here; empty: there is none
  std::vector<ChatLabel> chats;
  std::vector<Id16> buyers, orders, parcels;
};

struct CaseFilter {
  enum class Which { open, over, all };
  Which which = Which::open;
  std::string state, kind, cause;               // empty: any
  std::optional<MemberNo> assignee = {};        // 0: nobody's
  std::optional<Id16> chat, buyer, order = {};  // at most one; a buyer's joined accounts, too
  bool overdue = false;  // open ones whose deadline has passed, the longest first
};

struct CallFilter {
  std::optional<Id16> chat, buyer, about = {};  // at most one
  std::optional<MemberNo> member = {};
};

// R8: somebody asked and was not answered in time.
struct MissedView {
  ChatLabel chat;
  std::string shop;
  MemberNo member = 0;  // whose the chat was; 0: nobody's
  EventRef asked;       // its body has the text
  std::uint64_t asked_ms = 0;
  std::uint64_t waited_ms = 0;  // until it was answered, closed, or now
  enum class Outcome { answered, closed, waiting } outcome = Outcome::waiting;
  bool ordered = false;  // the buyer placed an order soon after
  bool lost = false;     // none came of it, and none was under way
};
std::string_view to_string(MissedView::Outcome outcome);

struct MissedFilter {
  std::uint64_t from_ms = 0, to_ms = 0;
  std::string shop = {};                // empty: any
  std::optional<MemberNo> member = {};  // 0: nobody's
};

// --- what commands take ---

struct CaseSpec {
  MemberNo member = 0;
  std::string kind;
  std::optional<Id16> chat, buyer, order, parcel = {};
  std::string shop = {};  // where none of the above says it
  std::string title = {}, text = {}, severity = {};
  std::uint64_t deadline_ms = 0;
  std::optional<MemberNo> assignee = {};  // none: who opens it
};

// What is there is changed.
struct CaseChange {
  Id16 id{};
  MemberNo member = 0;
  std::optional<std::string> state, kind, cause, severity, waiting_for, liable, title = {};
  std::optional<MemberNo> assignee = {};
  std::optional<std::uint64_t> deadline_ms = {};  // 0: none
  std::optional<std::int64_t> amount = {};        // minor units
  std::string currency = {};
  std::optional<std::vector<std::string>> wants = {};
  std::optional<bool> hardship = {};
  std::string text = {};  // why
};

struct CaseStatement {
  Id16 id{};
  MemberNo member = 0;  // who writes it down
  std::string party, text, evidence = {};
  std::vector<ReplyFile> files = {};
  std::uint64_t at_ms = 0;  // 0: now
};

struct CallSpec {
  MemberNo member = 0;
  std::optional<Id16> chat, buyer, about = {};  // one at least; about: a case
  bool outgoing = false;
  bool answered = false;
  std::string party = "buyer";
  std::uint64_t seconds = 0;
  std::uint64_t at_ms = 0;  // 0: now
  std::string text = {};
};

}  // namespace deskmate::desk

#include "core/daemon/access.hpp"

#include <array>

namespace deskmate::daemon {
namespace {

constexpr std::array see{
    "desk.status",      "desk.members",        "desk.chats",         "desk.chat",
    "desk.orders",      "desk.order",          "desk.requests",      "desk.request",
    "desk.plugins",     "desk.ledger",         "desk.split",         "desk.peers",
    "desk.phrases",     "reader.open",         "reader.close",       "desk.numbers",
    "desk.promises",    "desk.cases",          "desk.case",          "desk.case_file",
    "desk.calls",       "desk.missed",         "desk.questions",     "desk.problems",
    "desk.ship_queue",  "desk.rules",          "desk.rules_explain", "desk.offers",
    "desk.offer",       "desk.offer_standard", "desk.approvals",     "desk.authority",
    "desk.money",       "desk.parcels",        "desk.parcel",        "desk.couriers",
    "desk.order_words", "desk.case_advice",
};
constexpr std::array act{
    "desk.reply",
    "desk.note",
    "desk.draft",
    "desk.transfer",
    "desk.flag",
    "desk.claim",
    "desk.close",
    "desk.presence",
    "desk.action",
    "desk.resolve",
    "desk.join",
    "desk.separate",
    "desk.block",
    "desk.unblock",
    "desk.phrase",
    "file.create",
    "file.write",
    "file.finish",
    "desk.promise",
    "desk.promise_kept",
    "desk.promise_dropped",
    "desk.ask",
    "desk.answer",
    "desk.listen",
    "desk.case_open",
    "desk.case_change",
    "desk.case_say",
    "desk.case_link",
    "desk.call",
    "desk.problem_settle",
    "desk.problem_write",
    "desk.contact",
    "desk.stock_count",
    "desk.overtime",
    "desk.handover",
    "desk.overtime_answer",
    "desk.offer_propose",
    "desk.offer_read_back",
    "desk.offer_confirm",
    "desk.offer_end",
    "desk.offer_carry_out",
    "desk.approve",
    "desk.refuse",
    "desk.allowance_move",
    "desk.payment",
    "desk.refund_book",
    "desk.parcel_say",
};

}  // namespace

std::string_view to_string(Access access) {
  switch (access) {
    case Access::viewer:
      return "viewer";
    case Access::agent:
      return "agent";
    case Access::owner:
      break;
  }
  return "owner";
}

std::optional<Access> access_from(std::string_view text) {
  for (const Access access : {Access::viewer, Access::agent, Access::owner}) {
    if (to_string(access) == text) return access;
  }
  return std::nullopt;
}

bus::Rights rights_of(Access access, desk::MemberNo member) {
  bus::Rights rights;
  rights.member = member;
  rights.read = {"*"};
  rights.bodies = true;
  if (access == Access::owner) {
    rights.methods = {"desk.*",      "reader.open", "reader.close",
                      "file.create", "file.write",  "file.finish"};
    return rights;
  }
  rights.methods.assign(see.begin(), see.end());
  if (access == Access::agent) rights.methods.insert(rights.methods.end(), act.begin(), act.end());
  return rights;
}

}  // namespace deskmate::daemon

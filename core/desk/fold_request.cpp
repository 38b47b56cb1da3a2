#include <algorithm>

#include "core/desk/fold.hpp"
#include "core/desk/money_views.hpp"

namespace deskmate::desk {
namespace {

constexpr std::string_view reply_kind = "reply";

}  // namespace

Folded Fold::requested(In& in, std::string_view kind) {
  Facts& facts = in.facts;
  RequestRecord request;
  request.kind = kind;
  request.shop = facts.name("shop");
  request.chat = facts.id_if("chat");
  request.order = facts.id_if("order");
  request.member = facts.u32_if("member");
  request.amount = facts.int_if("amount");
  const auto buyer = facts.id_if("buyer");
  const std::string automatic = facts.name_if("auto");
  request.automatic = !automatic.empty();
  request.further = facts.flag_if("further");
  request.seen_ms = facts.uint_if("seen");
  const bool is_reply = kind == reply_kind;
  facts.require(!is_reply || request.chat.has_value());
  const auto offer = facts.id_if("offer");
  if (!facts.ok()) return Folded::malformed;
  PayoutRecord payout;
  const bool gives = gives_money(kind);
  if (gives && !read_payout(facts, kind, payout)) return Folded::malformed;

  const Place at = state_.place(in.event);
  state_.edit_request(in.event.id, [&](RequestRecord& record) {
    record.at = at;
    record.kind = request.kind;
    record.shop = request.shop;
    record.home = in.event.home;
    record.chat = request.chat;
    record.order = request.order;
    record.member = request.member;
    record.amount = request.amount;
    record.automatic = request.automatic;
    record.further = request.further;
    record.seen_ms = request.seen_ms;
  });
  if (gives) {
    payout.at = at;
    payout.at_ms = stamp_ms(in.event.stamp);
    save_payout(in.event.id, payout);
  }
  if (!is_reply) return Folded::quiet;
  if (offer) read_back(*offer, in.event.id, at);

  EntryRecord line;
  line.kind = static_cast<std::uint8_t>(EntryKind::reply);
  line.event = in.event.id;
  line.at_ms = stamp_ms(in.event.stamp);
  line.member = request.member;
  line.automatic = request.automatic;
  state_.save(table::entries, Key().id(*request.chat).place(at), line);
  if (request.member != 0 && !request.automatic) {
    const Key key = Key().id(*request.chat).u32(request.member);
    DraftRecord draft = state_.load<DraftRecord>(table::drafts, key);
    take_latest(draft.replied_at, at);
    state_.save(table::drafts, key, draft);
  }
  state_.edit_chat(*request.chat, [&](ChatRecord& chat) {
    if (buyer && take_first(chat.origin_at, at)) {
      chat.shop = request.shop;
      chat.buyer = buyer;
    }
    if (request.automatic) {
      if (automatic == "greeting") take_latest(chat.greeted_at, at);
    } else if (request.member != 0 && take_latest(chat.served_at, at)) {
      chat.served_by = request.member;
    }
  });
  follow_reply(in.event.id);
  return Folded::quiet;
}

// A reply is an answer to the buyer once it has gone out, or a person is asked whether it has.
// Until then it is under way: who was to send it may be switched off, or cut off.
void Fold::follow_reply(const Id16& id) {
  const RequestRecord& request = state_.request(id);
  if (!request.at.any() || request.kind != reply_kind || !request.chat || request.automatic) return;
  const bool sent = request.is_done() || request.is_unknown();
  const bool under_way = !sent && !request.is_over();
  if (sent == state_.is_talk_out(*request.chat, request.at) &&
      under_way == state_.is_under_way(*request.chat, request.at)) {
    return;
  }
  if (sent) {
    state_.add_talk_out(*request.chat, request.at, request.seen_ms);
  } else if (under_way) {
    state_.add_under_way(*request.chat, request.at, request.seen_ms);
  } else {
    state_.drop_talk(*request.chat, request.at);
  }
  state_.edit_chat(*request.chat, [](ChatRecord&) {});
}

Folded Fold::outcome(In& in, std::string_view kind, std::string_view what) {
  Facts& facts = in.facts;
  const Id16 id = facts.id("request");
  facts.require(facts.name("kind") == kind);
  const std::uint32_t attempt = facts.u32_if("attempt");
  const View code = facts.raw("code");
  const bool again = facts.flag_if("again");
  const std::uint64_t after_ms = facts.uint_if("after_ms");
  const auto message = facts.id_if("message");
  Step step = Step::none;
  if (what == "attempted") {
    step = Step::attempted;
  } else if (what == "failed") {
    step = again ? Step::failed_again : Step::failed;
  } else if (what == "unknown") {
    step = Step::unknown;
  } else if (what == "resolved") {
    const std::string as = facts.name("as");
    if (as == "done") step = Step::resolved_done;
    if (as == "again") step = Step::resolved_again;
    if (as == "dropped") step = Step::dropped;
    facts.require(step != Step::none);
  }
  if (!facts.ok()) return Folded::malformed;

  const Place at = state_.place(in.event);
  state_.edit_request(id, [&](RequestRecord& record) {
    record.attempts = std::max(record.attempts, attempt);
    if (step == Step::attempted) {
      record.tried_ms = std::max(record.tried_ms, stamp_ms(in.event.stamp));
    }
    if (step == Step::none) {  // done
      if (take_first(record.done_at, at)) record.message = message;
    } else if (take_latest(record.step_at, at)) {
      record.step = static_cast<std::uint8_t>(step);
      record.code = code.is_int() ? std::to_string(code.as_int()) : std::string(code.as_str());
      record.after_ms = after_ms;
    }
  });
  follow_reply(id);
  if (step == Step::none && kind == reply_kind && message) {
    // The connector will meet it again among what was sent: it is ours.
    const Key key = Key().id(*message);
    MessageRecord record = state_.load<MessageRecord>(table::messages, key);
    if (!record.ours) {
      record.ours = true;
      show_message(*message, record, true);
      state_.save(table::messages, key, record);
      if (record.at.any()) state_.edit_chat(record.chat, [](ChatRecord&) {});
    }
  }
  return Folded::quiet;
}

}  // namespace deskmate::desk

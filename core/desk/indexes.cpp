// The index entries that follow from each record.
#include <algorithm>
#include <map>

#include "core/desk/money.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {
namespace {

void add(IndexEntries& entries, const TableInfo& table, const Key& key, std::string value = {}) {
  entries.emplace_back(std::pair(table.name, key.str()), std::move(value));
}

}  // namespace

IndexEntries index_of(const Id16& id, const ChatRecord& chat) {
  IndexEntries out;
  if (chat.number != 0) add(out, table::chat_numbers, Key().u32(chat.number).id(id));
  for (const std::uint32_t number : chat.numbers) {
    if (number != chat.number) add(out, table::chat_numbers, Key().u32(number).id(id));
  }
  if (chat.buyer) {
    add(out, table::buyer_chats, Key().id(*chat.buyer).place(chat.latest()).id(id));
    if (chat.served_at.any()) {
      add(out, table::served, Key().id(*chat.buyer).place(chat.served_at).id(id),
          Key().u32(chat.served_by).str());
    }
  }
  if (chat.latest().any()) add(out, table::recent, Key().place(chat.latest()).id(id));
  if (chat.last_word_theirs()) add(out, table::last_word, Key().place(chat.last_in).id(id));
  if (!chat.open()) return out;

  add(out, table::open, Key().u32(chat.owner()).id(id));
  if (chat.waiting.any()) add(out, table::waiting, Key().u64(chat.waiting_ms).id(id));
  const auto todo = [&](Todo kind, std::uint64_t order) {
    add(out, table::todo, Key().u8(static_cast<std::uint8_t>(kind)).u64(order).id(id),
        Key().u32(chat.nudges).u32(chat.number).str());
  };
  if (chat.fresh()) {
    todo(Todo::fresh, chat.opening.stamp);
  } else if (chat.queued()) {
    todo(chat.parked ? Todo::parked : Todo::queued,
         chat.waiting.any() ? chat.waiting_ms : chat.opening_ms);
  } else if (chat.flagged()) {
    todo(Todo::flagged, chat.flag_at.stamp);
  }
  const bool quiet = chat.greeted_at < chat.opening && chat.last_out < chat.opening;
  if (quiet && (chat.claim_at.any() || (chat.queued() && !chat.parked))) {
    todo(Todo::greet, chat.opening.stamp);
  }
  return out;
}

IndexEntries index_of(const Id16& id, const RequestRecord& request) {
  IndexEntries out;
  if (!request.at.any()) return out;  // outcomes of a request that has not come yet
  if (request.order) {
    add(out, table::order_requests, Key().id(*request.order).place(request.at).id(id));
  }
  if (!request.is_over()) {
    add(out, table::unfinished, Key().u8(request.is_unknown() ? 1 : 0).place(request.at).id(id));
  }
  return out;
}

IndexEntries index_of(const Id16& id, const OrderRecord& order) {
  IndexEntries out;
  if (!order.at.any()) return out;
  if (order.number) add(out, table::order_numbers, Key().id(*order.number).id(id));
  if (order.buyer)
    add(out, table::buyer_orders, Key().id(*order.buyer).u64(order.placed_ms).id(id));
  for (const Id16& contact : order.contacts) {
    add(out, table::contact_orders, Key().id(contact).id(id));
  }
  add(out, table::recent_orders, Key().u64(order.placed_ms).id(id));
  if (!order.waits_to_ship()) return out;
  add(out, table::to_ship, Key().text(order.shop).end().u64(order.turn_ms()).id(id));
  std::map<std::string_view, std::uint64_t> wanted;  // the same twice is one entry
  for (const LineRecord& line : order.lines) {
    if (!line.sku.empty() && line.quantity > 0) {
      wanted[line.sku] += static_cast<std::uint64_t>(line.quantity);
    }
  }
  for (const auto& [sku, quantity] : wanted) {
    add(out, table::sku_waiting,
        Key().text(order.shop).end().text(sku).end().u64(order.turn_ms()).id(id),
        Key().u64(quantity).str());
  }
  return out;
}

IndexEntries index_of(const Id16& id, const ParcelRecord& parcel) {
  IndexEntries out;
  if (parcel.order) add(out, table::order_parcels, Key().id(*parcel.order).id(id));
  if (parcel.tracking.any()) {
    add(out, table::parcel_numbers, Key().id(parcel.tracking.value).id(id));
  }
  if (parcel.first_ms != 0) add(out, table::parcels_sent, Key().u64(parcel.first_ms).id(id));
  if (!parcel.under_way()) return out;
  // Before it moves it is its sender who is late.
  if (parcel.first_ms != 0) {
    add(out, table::parcels_still, Key().u64(parcel.still_since_ms()).id(id));
  }
  if (parcel.eta_ms != 0) add(out, table::parcels_due, Key().u64(parcel.eta_ms).id(id));
  return out;
}

IndexEntries index_of(const Id16& id, const PromiseRecord& promise) {
  IndexEntries out;
  if (!promise.open()) return out;
  add(out, table::promises_due, Key().u64(promise.due_ms).id(id));
  add(out, table::member_promises, Key().u32(promise.member).u64(promise.due_ms).id(id));
  add(out, table::chat_promises, Key().id(promise.chat).u64(promise.due_ms).id(id));
  return out;
}

IndexEntries index_of(const Id16& id, const QuestionRecord& question) {
  IndexEntries out;
  if (!question.open()) return out;
  add(out, table::questions_open, Key().place(question.at).id(id));
  add(out, table::chat_questions, Key().id(question.chat).place(question.at).id(id));
  return out;
}

IndexEntries index_of(const Id16& id, const CaseRecord& record) {
  IndexEntries out;
  if (!record.at.any()) return out;  // changes of a case that has not come yet
  if (record.number != 0) add(out, table::case_numbers, Key().u32(record.number).id(id));
  for (const std::uint8_t which :
       {record.open() ? std::uint8_t{0} : std::uint8_t{1}, std::uint8_t{2}}) {
    add(out, table::cases_recent, Key().u8(which).place(record.at).id(id));
  }
  if (!record.open()) return out;
  add(out, table::member_cases, Key().u32(record.assignee.value).place(record.at).id(id));
  if (record.deadline_ms.value != 0) {
    add(out, table::cases_due, Key().u64(record.deadline_ms.value).id(id));
  }
  return out;
}

IndexEntries index_of(std::string_view key, const ProblemRecord& problem) {
  IndexEntries out;
  if (!problem.open()) return out;
  add(out, table::problems_open, Key().u64(problem.found.value.since_ms).text(key));
  if (problem.told.any()) {
    add(out, table::problems_told, Key().u64(stamp_ms(problem.told.at.stamp)).text(key));
  }
  return out;
}

IndexEntries index_of(const Id16& id, const CallRecord& call) {
  IndexEntries out;
  if (!call.at.any()) return out;
  add(out, table::calls_about, Key().u8(0).u64(call.at_ms).id(id));
  std::uint8_t kind = 0;
  for (const auto& about : {call.chat, call.buyer, call.about}) {
    ++kind;
    if (about) add(out, table::calls_about, Key().u8(kind).id(*about).u64(call.at_ms).id(id));
  }
  return out;
}

IndexEntries index_of(const Id16& id, const OfferRecord& offer) {
  IndexEntries out;
  if (!offer.at.any()) return out;  // what was said of an offer that has not come yet
  for (const std::uint8_t which :
       {offer.open() ? std::uint8_t{0} : std::uint8_t{1}, std::uint8_t{2}}) {
    add(out, table::offers_recent, Key().u8(which).place(offer.at).id(id));
  }
  if (offer.waits_for_approval()) add(out, table::offers_approval, Key().place(offer.at).id(id));
  if (offer.ready()) add(out, table::offers_ready, Key().id(id));
  if (offer.chat) add(out, table::chat_offers, Key().id(*offer.chat).place(offer.at).id(id));
  if (offer.order) add(out, table::order_offers, Key().id(*offer.order).place(offer.at).id(id));
  return out;
}

IndexEntries index_of(const Id16& id, const PayoutRecord& payout) {
  IndexEntries out;
  if (!payout.at.any()) return out;
  if (payout.count != 0) {
    const auto purpose = static_cast<Purpose>(payout.purpose);
    const Purse purse{purpose, payout.member, payout.period,
                      purpose == Purpose::gift ? payout.currency : std::string()};
    add(out, table::charges, purse_key(purse).place(payout.at).id(id));
  }
  if (payout.order) add(out, table::order_payouts, Key().id(*payout.order).id(id));
  add(out, table::payouts_time, Key().u64(payout.at_ms).id(id));
  return out;
}

IndexEntries index_of(const Id16& id, const OutsideRecord& refund) {
  IndexEntries out;
  if (!refund.at.any()) return out;
  if (refund.order) add(out, table::order_outside, Key().id(*refund.order).id(id));
  const bool booked = refund.booked_at.any() && refund.member != 0;
  if (booked) {
    add(out, table::outside_booked, Key().u32(refund.member).u32(refund.period).id(id));
  }
  add(out, table::outside_time, Key().u8(booked ? 1 : 0).u64(refund.at_ms).id(id));
  return out;
}

}  // namespace deskmate::desk

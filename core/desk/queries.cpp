#include "core/desk/queries.hpp"

#include <algorithm>
#include <set>

#include "core/desk/peers.hpp"
#include "core/desk/roster.hpp"
#include "core/desk/trade.hpp"

namespace deskmate::desk {
namespace {

MemberView view_of(const State& state, const Standing& one) {
  MemberView out;
  out.number = one.number;
  out.name = one.record.name;
  out.role = one.record.role;
  out.weight = one.record.weight;
  out.zone = one.record.zone;
  out.schedule = one.record.schedule;
  out.experts = one.record.experts;
  out.removed = one.record.removed;
  out.presence = one.presence();
  out.until_ms = one.until_ms;
  out.on_shift = one.on_shift;
  out.shift_ends_ms = one.shift_ends_ms;
  out.overtime_until_ms = one.overtime_until_ms;
  out.overtime_asked_ms = one.overtime_asked_ms;
  if (one.overtime_asked_ms != 0) out.overtime_answerers = overtime_answerers(state, one.number);
  out.full = one.full();
  out.cooling_until_ms = one.cooling_until_ms;
  out.open = one.open;
  out.waiting = one.waiting;
  out.limit = one.limit;
  if (one.record.peer) out.peer = *one.record.peer;
  out.connected = one.reachable;
  out.takes_chats = one.available();
  return out;
}

}  // namespace

std::vector<MemberView> Queries::members(std::uint64_t now_ms) const {
  std::vector<MemberView> out;
  for (const Standing& one : roster(state_, policy_, now_ms)) {
    if (!one.record.removed) out.push_back(view_of(state_, one));
  }
  add_listeners(out, now_ms);
  return out;
}

std::optional<MemberView> Queries::member(MemberNo number, std::uint64_t now_ms) const {
  auto record = state_.find<MemberRecord>(table::members, Key().u32(number));
  if (!record || !record->known()) return std::nullopt;
  const Peers peers(state_);
  const bool reachable = peers.alone() || peers.ready(peers.peer_of(*record));
  Standing one = standing(state_, policy_, number, std::move(*record), now_ms);
  one.reachable = reachable;
  return view_of(state_, one);
}

AnsweringView Queries::answering(const Id16& id, const ChatRecord& chat) const {
  AnsweringView out;
  const auto line = state_.load<EntryRecord>(table::entries, Key().id(id).place(chat.under_way));
  out.member = line.member;
  out.peer = state_.ref(chat.under_way).log.peer;
  out.since_ms = stamp_ms(chat.under_way.stamp);
  out.request = line.event;
  return out;
}

// Nobody need look after it: it answers all that the buyer has said, who is to send it is there,
// and it has not taken longer than a buyer may wait.
bool Queries::goes_well(const ChatRecord& chat, const AnsweringView& reply,
                        std::uint64_t now_ms) const {
  if (chat.under_way_upto < chat.last_in) return false;
  if (now_ms >= reply.since_ms + policy_.target_ms) return false;
  const Peers peers(state_);
  return peers.alone() || peers.here(reply.peer);
}

ChatRow Queries::row(const Id16& id, const ChatRecord& chat, std::uint64_t now_ms) const {
  ChatRow out;
  out.id = id;
  out.number = number_of(id, chat);
  out.shop = chat.shop;
  out.buyer = chat.buyer;
  out.owner = chat.open() ? chat.owner() : chat.served_by;
  if (chat.open()) {
    out.state = chat.owner() != 0 ? ChatState::assigned
                : chat.queued()   ? ChatState::queued
                                  : ChatState::fresh;
    if (chat.wants_role()) out.wants_role = chat.route_role;
    if (chat.flagged()) out.topic = chat.topic;
  }
  if (chat.buyer) {
    out.blocked = state_.blocked_until(state_.group(*chat.buyer), now_ms).has_value();
  }
  if (chat.being_answered()) out.answering = answering(id, chat);
  if (chat.open() && chat.waiting.any() &&
      !(out.answering && goes_well(chat, *out.answering, now_ms))) {
    out.waiting_since_ms = chat.waiting_ms;
    const std::uint64_t waited_ms = now_ms - std::min(now_ms, chat.waiting_ms);
    out.colour = waited_ms >= policy_.reply_warning_ms ? ReplyColour::red
                 : waited_ms >= policy_.first_reply_ms ? ReplyColour::amber
                                                       : ReplyColour::green;
    out.nudges = chat.nudges;
  }
  out.last_in_ms = chat.last_in_ms;
  out.last_out_ms = chat.last_out_ms;
  out.last_word_theirs = chat.last_word_theirs();
  const auto ref_if = [this](const Place& place) -> std::optional<EventRef> {
    if (!place.any()) return std::nullopt;
    return state_.ref(place);
  };
  out.opening = ref_if(chat.opening);
  out.last_in = ref_if(chat.last_in);
  out.first = ref_if(chat.first_in);
  out.why = decode_value(chat.queued_at < chat.given_at() ? chat.given_why() : chat.queued_why);
  // Most chats have none, which is quickly told.
  if (state_.has(table::words, Key().id(id))) {
    add_words(out, now_ms);
    add_cases(out);
  }
  return out;
}

std::optional<ChatRow> Queries::row(const Id16& id, std::uint64_t now_ms) const {
  const auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
  if (!chat) return std::nullopt;
  return row(id, *chat, now_ms);
}

std::vector<ChatRow> Queries::chats(const ChatFilter& filter, std::uint64_t now_ms,
                                    std::size_t limit) const {
  return chat_page(filter, {}, now_ms, limit)->rows;
}

std::optional<ChatPage> Queries::chat_page(const ChatFilter& filter, std::string_view after,
                                           std::uint64_t now_ms, std::size_t limit) const {
  constexpr std::size_t key_size = place_size + sizeof(Id16);  // of `recent`, and of a page's end
  if (!after.empty() && after.size() != key_size) return std::nullopt;
  struct Found {
    std::string key;
    Id16 id{};
    ChatRecord chat;
  };
  std::vector<Found> found;
  const auto take = [&](const Id16& id, std::string key) {
    auto chat = state_.find<ChatRecord>(table::chats, Key().id(id));
    if (!chat || (!filter.shop.empty() && chat->shop != filter.shop)) return;
    const MemberNo owner = chat->open() ? chat->owner() : chat->served_by;
    if (filter.owner && owner != *filter.owner) return;
    if (key.empty()) key = Key().place(chat->latest()).id(id).str();
    if (after.empty() || key < after) found.push_back({std::move(key), id, std::move(*chat)});
  };
  if (filter.open) {
    state_.each(
        table::open, filter.owner ? Key().u32(*filter.owner) : Key(), false,
        [&](std::string_view key, std::string_view) { return take(id_at(key, 4), {}), true; });
    std::sort(found.begin(), found.end(),
              [](const Found& a, const Found& b) { return a.key > b.key; });
  } else {
    state_.scan(table::recent, after.empty() ? Key().last() : Key().text(after), true,
                [&](std::string_view key, std::string_view) {
                  take(id_at(key, place_size), std::string(key));
                  return found.size() <= limit;
                });
  }
  ChatPage out;
  if (found.size() > limit) {
    found.resize(limit);
    if (limit != 0) out.next = found.back().key;
  }
  for (const Found& one : found) out.rows.push_back(row(one.id, one.chat, now_ms));
  std::stable_sort(out.rows.begin(), out.rows.end(), [](const ChatRow& a, const ChatRow& b) {
    return std::max(a.last_in_ms, a.last_out_ms) > std::max(b.last_in_ms, b.last_out_ms);
  });
  return out;
}

std::vector<ChatRow> Queries::queue(std::uint64_t now_ms, std::size_t limit) const {
  // Since when they wait, further messages counted; or since a promise was due.
  const auto score = [this](const ChatRow& chat) {
    const std::uint64_t raised_ms = chat.nudges * policy_.nudge_ms;
    std::uint64_t since_ms = chat.waiting_since_ms - std::min(chat.waiting_since_ms, raised_ms);
    if (chat.promise_overdue && (chat.waiting_since_ms == 0 || chat.due_ms < since_ms)) {
      since_ms = chat.due_ms;
    }
    return std::pair(since_ms, chat.number);
  };
  std::vector<ChatRow> out;
  std::set<Id16> promised;
  state_.each(table::promises_due, {}, false, [&](std::string_view key, std::string_view) {
    if (read_be(key.substr(0, 8)) > now_ms) return false;
    const auto promise = state_.find<PromiseRecord>(table::promises, Key().id(id_at(key, 8)));
    if (promise && promised.insert(promise->chat).second) {
      if (auto chat = row(promise->chat, now_ms); chat && !chat->blocked) {
        out.push_back(std::move(*chat));
      }
    }
    return out.size() < limit;
  });
  // Whoever waits more than all possible nudges less than the last one that fits cannot overtake
  // it.
  std::size_t waiting = 0;
  std::optional<std::uint64_t> enough_ms;
  state_.each(table::waiting, {}, false, [&](std::string_view key, std::string_view) {
    const std::uint64_t since_ms = read_be(key.substr(0, 8));
    if (enough_ms && since_ms > *enough_ms) return false;
    const Id16 id = id_at(key, 8);
    if (promised.count(id) != 0) return limit != 0;
    if (auto chat = row(id, now_ms); chat && !chat->blocked && chat->waiting_since_ms != 0) {
      out.push_back(std::move(*chat));
      if (++waiting == limit) enough_ms = since_ms + nudges_max * policy_.nudge_ms;
    }
    return limit != 0;
  });
  std::stable_sort(out.begin(), out.end(),
                   [&](const ChatRow& a, const ChatRow& b) { return score(a) < score(b); });
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<ChatRow> Queries::last_word(std::uint64_t now_ms, std::size_t limit) const {
  std::vector<ChatRow> out;
  state_.each(table::last_word, {}, true, [&](std::string_view key, std::string_view) {
    if (auto chat = row(id_at(key, place_size), now_ms); chat && !chat->blocked) {
      out.push_back(std::move(*chat));
    }
    return out.size() < limit;
  });
  return out;
}

// What was given the number, by whichever peer.
std::vector<Id16> Queries::numbered(const TableInfo& table, std::uint32_t number,
                                    std::size_t limit) const {
  std::vector<Id16> out;
  state_.each(table, Key().u32(number), false, [&](std::string_view key, std::string_view) {
    out.push_back(id_at(key, 4));
    return out.size() < limit;
  });
  return out;
}

// Among those of one number. By the id alone: whatever else is heard of later, it stays.
std::uint32_t twin_place(const Id16& id) { return 1 + id.back() % chat_twins_max; }

std::uint32_t Queries::shown_number(const TableInfo& table, const Id16& id,
                                    std::uint32_t number) const {
  if (number == 0 || numbered(table, number, 2).size() < 2) return number;
  return number + twin_place(id) * chat_twin_step;
}

ChatNo Queries::number_of(const Id16& id, const ChatRecord& chat) const {
  return shown_number(table::chat_numbers, id, chat.number);
}

std::vector<Id16> Queries::by_shown_number(const TableInfo& table, std::uint32_t number) const {
  auto found = numbered(table, number % chat_twin_step, chat_twins_max);
  if (const std::uint32_t place = number / chat_twin_step; place != 0) {
    std::erase_if(found, [&](const Id16& id) { return twin_place(id) != place; });
  }
  return found;
}

std::vector<Id16> Queries::chats_by_number(ChatNo number) const {
  return by_shown_number(table::chat_numbers, number);
}

Entry Queries::entry(const Place& place, const EntryRecord& record) const {
  Entry out;
  out.kind = static_cast<EntryKind>(record.kind);
  out.ref = state_.ref(place);
  out.event = record.event;
  out.at_ms = record.at_ms;
  out.member = record.member;
  out.to = record.to;
  out.to_role = record.to_role;
  out.topic = record.topic;
  out.automatic = record.automatic;
  out.files = record.files;
  out.why = decode_value(record.why);
  out.about = record.about;
  if (out.kind == EntryKind::promised && record.about) {
    out.due_ms = state_.load<PromiseRecord>(table::promises, Key().id(*record.about)).due_ms;
  }
  if (out.kind == EntryKind::call) out.call = call(record.event);
  if (out.kind == EntryKind::about_case && record.about) {
    const auto about = state_.load<CaseRecord>(table::cases, Key().id(*record.about));
    out.case_number = shown_number(table::case_numbers, *record.about, about.number);
    out.topic = about.kind.value;
  }
  if (out.kind == EntryKind::reply) {
    if (const auto sent = request(record.event)) out.outcome = sent->state;
  }
  return out;
}

AccountView Queries::account(const Id16& buyer, bool joined) const {
  AccountView out;
  out.buyer = buyer;
  out.joined = joined;
  const auto record = state_.find<BuyerRecord>(table::buyers, Key().id(buyer));
  if (record && record->seen_at.any()) {
    out.shop = record->shop;
    out.seen = state_.ref(record->seen_at);
  }
  return out;
}

// Who else the buyer is, and what they wrote elsewhere.
void Queries::people(ChatView& view, const std::vector<Id16>& accounts,
                     std::uint64_t now_ms) const {
  view.buyer = account(accounts.front(), true);
  std::vector<Id16> known = accounts;
  for (std::size_t i = 1; i < accounts.size(); ++i) {
    view.accounts.push_back(account(accounts[i], true));
  }
  // Accounts that share an address or a number, unless somebody has said that they are not the
  // same.
  for (const Id16& mine : accounts) {
    state_.each(table::contacts, Key().id(mine), false,
                [&](std::string_view key, std::string_view) {
                  const Id16 contact = id_at(key, sizeof(Id16));
                  state_.each(table::contact_buyers, Key().id(contact), false,
                              [&](std::string_view other_key, std::string_view) {
                                const Id16 other = id_at(other_key, sizeof(Id16));
                                if (std::find(known.begin(), known.end(), other) != known.end())
                                  return true;
                                const auto said = state_.find<JoinRecord>(
                                    table::joins,
                                    Key().id(std::min(mine, other)).id(std::max(mine, other)));
                                if (said && !said->joined) return true;
                                known.push_back(other);
                                view.accounts.push_back(account(other, false));
                                return known.size() < accounts_shown_max;
                              });
                  return known.size() < accounts_shown_max;
                });
  }
  for (const Id16& one : known) {
    std::size_t seen = 0;
    state_.each(table::buyer_chats, Key().id(one), true,
                [&](std::string_view key, std::string_view) {
                  const Id16 id = id_at(key, sizeof(Id16) + place_size);
                  if (id == view.chat.id) return true;
                  if (auto chat = row(id, now_ms)) view.history.push_back(std::move(*chat));
                  return ++seen < history_max;
                });
  }
  std::stable_sort(view.history.begin(), view.history.end(), [](const auto& a, const auto& b) {
    return std::max(a.last_in_ms, a.last_out_ms) > std::max(b.last_in_ms, b.last_out_ms);
  });
  if (view.history.size() > history_max) view.history.resize(history_max);
}

std::optional<ChatView> Queries::chat(const Id16& id, std::uint64_t now_ms,
                                      std::size_t limit) const {
  const auto chat = row(id, now_ms);
  if (!chat) return std::nullopt;
  ChatView out;
  out.chat = *chat;
  state_.each(table::entries, Key().id(id), true,
              [&](std::string_view key, std::string_view value) {
                if (out.entries.size() == limit) {
                  out.earlier = true;
                  return false;
                }
                const auto record = state_.decode<EntryRecord>(value);
                out.entries.push_back(entry(place_of(key.substr(sizeof(Id16))), record));
                return true;
              });
  std::reverse(out.entries.begin(), out.entries.end());
  state_.each(table::drafts, Key().id(id), false,
              [&](std::string_view key, std::string_view value) {
                const auto draft = state_.decode<DraftRecord>(value);
                if (draft.at.any() && !draft.empty && draft.replied_at < draft.at) {
                  out.drafts.push_back({static_cast<MemberNo>(read_be(key.substr(sizeof(Id16)))),
                                        state_.ref(draft.at), stamp_ms(draft.at.stamp)});
                }
                return true;
              });
  out.promises = promises({.chat = id}, {}, now_ms, promises_open_max)->rows;
  out.questions = questions({.chat = id}, {}, questions_open_max)->rows;
  out.listeners = listeners(out.chat, now_ms);
  if (!chat->buyer) {
    out.cases = chat_cases(id, {}, {}, now_ms);
    return out;
  }
  const auto accounts = state_.group(*chat->buyer);
  out.blocked_until_ms = state_.blocked_until(accounts, now_ms);
  people(out, accounts, now_ms);
  ChatOrders orders = chat_orders(state_, policy_, id, accounts);
  out.orders = std::move(orders.orders);
  out.unproved = orders.unproved;
  out.cases = chat_cases(id, accounts, out.orders, now_ms);
  out.calls = buyer_calls(accounts);
  return out;
}

std::vector<OrderView> Queries::orders(const OrderFilter& filter, std::size_t limit) const {
  std::vector<OrderView> out;
  const auto take = [&](const Id16& id, OrderLink link) {
    const auto order = state_.find<OrderRecord>(table::orders, Key().id(id));
    if (order && (filter.shop.empty() || order->shop == filter.shop)) {
      out.push_back(order_view(state_, policy_, id, *order, link));
    }
    return out.size() < limit;
  };
  if (!filter.buyer) {
    std::string from = Key().last().str();
    if (filter.after) {
      const auto before = state_.find<OrderRecord>(table::orders, Key().id(*filter.after));
      if (!before) return out;
      from = Key().u64(before->placed_ms).id(*filter.after).str();
    }
    state_.scan(table::recent_orders, from, true, [&](std::string_view key, std::string_view) {
      return key >= from || take(id_at(key, 8), OrderLink::own);
    });
    return out;
  }
  std::vector<std::pair<std::uint64_t, Id16>> found;
  const auto accounts = state_.group(*filter.buyer);
  for (const Id16& account : accounts) {
    std::size_t seen = 0;
    state_.each(
        table::buyer_orders, Key().id(account), true, [&](std::string_view key, std::string_view) {
          found.emplace_back(read_be(key.substr(sizeof(Id16), 8)), id_at(key, sizeof(Id16) + 8));
          return ++seen < chat_orders_max;
        });
  }
  std::sort(found.rbegin(), found.rend());
  for (const auto& [placed_ms, id] : found) {
    if (!take(id, OrderLink::own)) break;
  }
  for (OrderView& order : out) {
    if (order.buyer != filter.buyer) order.link = OrderLink::joined;
  }
  return out;
}

std::optional<OrderView> Queries::order(const Id16& id) const {
  const auto order = state_.find<OrderRecord>(table::orders, Key().id(id));
  if (!order) return std::nullopt;
  return order_view(state_, policy_, id, *order, OrderLink::own);
}

std::vector<OrderView> Queries::orders_under(const TableInfo& table, const Id16& id) const {
  std::vector<OrderView> out;
  state_.each(table, Key().id(id), false, [&](std::string_view key, std::string_view) {
    if (auto found = order(id_at(key, sizeof(Id16)))) out.push_back(std::move(*found));
    return out.size() < chat_orders_max;
  });
  return out;
}

std::vector<OrderView> Queries::orders_by_number(const Id16& number) const {
  return orders_under(table::order_numbers, number);
}

std::vector<OrderView> Queries::orders_by_contact(const Id16& contact) const {
  return orders_under(table::contact_orders, contact);
}

std::vector<ProductView> Queries::products(std::string_view shop, std::size_t limit) const {
  std::vector<ProductView> out;
  const Key prefix = shop.empty() ? Key() : Key().text(shop).end();
  state_.each(table::products, prefix, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<ProductRecord>(value);
    const std::size_t end = key.find('\0');
    ProductView view;
    view.shop = key.substr(0, end);
    view.sku = key.substr(end + 1);
    view.name = record.name;
    view.stock = record.stock;
    view.allocated = record.allocated;
    view.warehouse = record.in_warehouse();
    view.price = record.price;
    view.currency = record.currency;
    view.options = decode_value(record.options);
    view.seen_ms = stamp_ms(record.at.stamp);
    view.seen = state_.ref(record.at);
    out.push_back(std::move(view));
    return out.size() < limit;
  });
  return out;
}

std::vector<RequestView> Queries::requests(bool unknown, std::string_view kind,
                                           std::string_view shop, std::size_t limit) const {
  std::vector<RequestView> out;
  state_.each(table::unfinished, Key().u8(unknown ? 1 : 0), false,
              [&](std::string_view key, std::string_view) {
                auto found = request(id_at(key, 1 + place_size));
                if (found && (kind.empty() || found->kind == kind) &&
                    (shop.empty() || found->shop == shop)) {
                  out.push_back(std::move(*found));
                }
                return out.size() < limit;
              });
  return out;
}

std::optional<RequestView> Queries::request(const Id16& id) const {
  const auto record = state_.find<RequestRecord>(table::requests, Key().id(id));
  if (!record || !record->at.any()) return std::nullopt;
  return request_view(state_, policy_, id, *record);
}

std::vector<PhraseView> Queries::phrases() const {
  std::vector<PhraseView> out;
  state_.each(table::phrases, {}, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<PhraseRecord>(value);
    const std::size_t end = key.find('\0');
    if (!record.removed) {
      out.push_back(
          {std::string(key.substr(0, end)), std::string(key.substr(end + 1)), record.text});
    }
    return true;
  });
  return out;
}

std::vector<PluginView> Queries::plugins() const {
  std::vector<PluginView> out;
  state_.each(table::plugins, {}, false, [&](std::string_view key, std::string_view value) {
    const auto record = state_.decode<PluginRecord>(value);
    out.push_back(
        {std::string(key), record.state, record.reason, record.code, stamp_ms(record.at.stamp)});
    return true;
  });
  return out;
}

std::vector<LedgerView> Queries::ledger() const {
  std::vector<LedgerView> out;
  state_.each(table::ledger, {}, false, [&](std::string_view, std::string_view value) {
    const auto record = state_.decode<LedgerRecord>(value);
    LedgerView view;
    for (const LedgerShare& share : record.shares) {
      view.push_back({share.member, share.weight, share.count});
    }
    out.push_back(std::move(view));
    return true;
  });
  return out;
}

}  // namespace deskmate::desk

#include "core/desk/trade.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace deskmate::desk {
namespace {

constexpr std::size_t order_parcels_max = 50;    // shown of one order
constexpr std::size_t order_requests_max = 100;  // shown of one order
constexpr std::size_t account_set_max = 1'000;   // contacts or mentions looked at of one account

std::set<Id16> set_of(const State& state, const TableInfo& table,
                      const std::vector<Id16>& accounts) {
  std::set<Id16> out;
  for (const Id16& account : accounts) {
    std::size_t seen = 0;
    state.each(table, Key().id(account), false, [&](std::string_view key, std::string_view) {
      out.insert(id_at(key, sizeof(Id16)));
      return ++seen < account_set_max;
    });
  }
  return out;
}

bool any_in(const std::vector<Id16>& ids, const std::set<Id16>& set) {
  return std::any_of(ids.begin(), ids.end(), [&](const Id16& id) { return set.count(id) != 0; });
}

// The orders of these accounts, by account and by contact, each with the closest link.
std::map<Id16, OrderLink> orders_of(const State& state, const std::vector<Id16>& accounts,
                                    const std::set<Id16>& contacts) {
  std::map<Id16, OrderLink> out;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    std::size_t seen = 0;
    state.each(table::buyer_orders, Key().id(accounts[i]), true,
               [&](std::string_view key, std::string_view) {
                 out.emplace(id_at(key, sizeof(Id16) + 8),
                             i == 0 ? OrderLink::own : OrderLink::joined);
                 return ++seen < chat_orders_max;
               });
  }
  for (const Id16& contact : contacts) {
    std::size_t seen = 0;
    state.each(table::contact_orders, Key().id(contact), false,
               [&](std::string_view key, std::string_view) {
                 out.emplace(id_at(key, sizeof(Id16)), OrderLink::contact);
                 return ++seen < chat_orders_max;
               });
  }
  return out;
}

}  // namespace

RequestView request_view(const State& state, const Policy& policy, const Id16& id,
                         const RequestRecord& record) {
  RequestView out;
  out.id = id;
  out.ref = state.ref(record.at);
  out.stamp = record.at.stamp;
  out.kind = record.kind;
  out.shop = record.shop;
  out.home = record.home;
  out.chat = record.chat;
  out.order = record.order;
  out.member = record.member;
  out.attempts = record.attempts;
  out.tried_ms = record.tried_ms;
  out.message = record.message;
  if (record.is_done()) {
    out.state = RequestState::done;
    out.last = state.ref(record.done_at.any() ? record.done_at : record.step_at);
    return out;
  }
  if (record.step_at.any()) out.last = state.ref(record.step_at);
  out.code = record.code;
  switch (record.last()) {
    case Step::none:
      out.state = RequestState::pending;
      break;
    case Step::attempted:
      out.state = RequestState::attempted;
      break;
    case Step::failed:
      out.state = RequestState::failed;
      break;
    case Step::failed_again:
      out.state = RequestState::again;
      out.after_ms = record.after_ms;
      break;
    case Step::resolved_again:
      out.state = RequestState::again;
      break;
    case Step::unknown:
      out.state = RequestState::unknown;
      break;
    case Step::resolved_done:
      out.state = RequestState::done;
      break;
    case Step::dropped:
      out.state = RequestState::dropped;
      break;
  }
  // Restored from a backup: what an older incarnation of this peer left open, it may have tried
  // after the backup was made.
  if (out.state == RequestState::pending || out.state == RequestState::again) {
    const EventRef latest = out.last.value_or(out.ref);
    if (latest.log.peer == policy.self.peer && latest.log.incarnation != policy.self.incarnation) {
      out.state = RequestState::attempted;
      out.assumed = true;
    }
  }
  return out;
}

OrderView order_row(const State& state, const Id16& id, const OrderRecord& record, OrderLink link) {
  OrderView out;
  out.id = id;
  out.shop = record.shop;
  out.number = record.number;
  out.buyer = record.buyer;
  out.state = record.state;
  out.payment = record.payment;
  out.total = record.total;
  out.paid = record.paid;
  out.currency = record.currency;
  out.placed_ms = record.placed_ms;
  out.updated_ms = record.updated_ms;
  out.paid_ms = record.paid_ms;
  out.ship_by_ms = record.ship_by_ms;
  out.promised_ms = record.promised_ms;
  out.shipping = record.shipping;
  for (const LineRecord& line : record.lines) {
    out.lines.push_back(
        {line.sku, line.name, line.quantity, line.price, line.custom, line.measures});
  }
  out.link = link;
  out.seen = state.ref(record.at);
  return out;
}

OrderView order_view(const State& state, const Policy& policy, const Id16& id,
                     const OrderRecord& record, OrderLink link) {
  OrderView out = order_row(state, id, record, link);
  state.each(table::order_parcels, Key().id(id), false,
             [&](std::string_view key, std::string_view) {
               const Id16 parcel_id = id_at(key, sizeof(Id16));
               const auto parcel = state.find<ParcelRecord>(table::parcels, Key().id(parcel_id));
               if (parcel) {
                 out.parcels.push_back(parcel_view(state, policy, parcel_id, *parcel));
               }
               return out.parcels.size() < order_parcels_max;
             });
  state.each(
      table::order_requests, Key().id(id), false, [&](std::string_view key, std::string_view) {
        const Id16 request_id = id_at(key, sizeof(Id16) + place_size);
        const auto request = state.find<RequestRecord>(table::requests, Key().id(request_id));
        if (request) {
          out.requests.push_back(request_view(state, policy, request_id, *request));
        }
        return out.requests.size() < order_requests_max;
      });
  return out;
}

ChatOrders chat_orders(const State& state, const Policy& policy, const Id16& chat,
                       const std::vector<Id16>& accounts) {
  ChatOrders out;
  const std::set<Id16> contacts = set_of(state, table::contacts, accounts);
  std::map<Id16, OrderLink> found = orders_of(state, accounts, contacts);

  const std::set<Id16> quotes = set_of(state, table::quotes, {chat});
  std::set<Id16> named = set_of(state, table::mentions, accounts);
  named.insert(contacts.begin(), contacts.end());
  for (const Id16& quote : quotes) {
    bool proved = false;
    bool exists = false;
    state.each(table::order_numbers, Key().id(quote), false,
               [&](std::string_view key, std::string_view) {
                 const Id16 id = id_at(key, sizeof(Id16));
                 exists = true;
                 const auto order = state.find<OrderRecord>(table::orders, Key().id(id));
                 if (found.count(id) != 0) {
                   proved = true;
                 } else if (order && any_in(order->contacts, named)) {
                   proved = true;
                   found.emplace(id, OrderLink::quoted);
                 }
                 return true;
               });
    if (exists && !proved) ++out.unproved;
  }

  for (const auto& [id, link] : found) {
    if (const auto order = state.find<OrderRecord>(table::orders, Key().id(id))) {
      out.orders.push_back(order_view(state, policy, id, *order, link));
    }
  }
  std::stable_sort(out.orders.begin(), out.orders.end(),
                   [](const auto& a, const auto& b) { return a.placed_ms > b.placed_ms; });
  if (out.orders.size() > chat_orders_max) out.orders.resize(chat_orders_max);
  return out;
}

bool is_over_order(std::string_view state) {
  static constexpr std::array<std::string_view, 5> over = {"delivered", "completed", "cancelled",
                                                           "refunded", "closed"};
  return std::find(over.begin(), over.end(), state) != over.end();
}

std::string_view stage_of(const State& state, const std::vector<Id16>& accounts) {
  const auto found = orders_of(state, accounts, set_of(state, table::contacts, accounts));
  if (found.empty()) return "presale";
  for (const auto& [id, link] : found) {
    const auto order = state.find<OrderRecord>(table::orders, Key().id(id));
    if (order && !is_over_order(order->state)) return "insale";
  }
  return "aftersale";
}

bool ordered_between(const State& state, const std::vector<Id16>& accounts, std::uint64_t from_ms,
                     std::uint64_t to_ms) {
  const auto found = orders_of(state, accounts, set_of(state, table::contacts, accounts));
  return std::any_of(found.begin(), found.end(), [&](const auto& one) {
    const auto order = state.find<OrderRecord>(table::orders, Key().id(one.first));
    return order && order->placed_ms >= from_ms && order->placed_ms < to_ms;
  });
}

}  // namespace deskmate::desk

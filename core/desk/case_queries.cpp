// Cases and calls.
#include <algorithm>
#include <set>

#include "core/desk/pages.hpp"
#include "core/desk/queries.hpp"

namespace deskmate::desk {
namespace {

constexpr std::size_t recent_rest = place_size + sizeof(Id16);  // of a case's place in the lists
constexpr std::size_t timed_rest = 8 + sizeof(Id16);

std::string recent_key(const CaseView& row, const CaseRecord& record) {
  return Key().place(record.at).id(row.id).str();
}

bool fits(const CaseFilter& filter, const CaseRecord& record) {
  const std::string_view state = record.state.any() ? record.state.value : case_open;
  const bool which = filter.which == CaseFilter::Which::all ||
                     record.open() == (filter.which == CaseFilter::Which::open);
  return which && (filter.state.empty() || state == filter.state) &&
         (filter.kind.empty() || record.kind.value == filter.kind) &&
         (filter.cause.empty() || record.cause.value == filter.cause) &&
         (!filter.assignee || record.assignee.value == *filter.assignee);
}

}  // namespace

CaseView Queries::case_view(const Id16& id, const CaseRecord& record, std::uint64_t now_ms) const {
  CaseView out;
  out.id = id;
  out.number = shown_number(table::case_numbers, id, record.number);
  out.kind = record.kind.value;
  out.state = record.state.any() ? record.state.value : std::string(case_open);
  out.cause = record.cause.value;
  out.severity = record.severity.value;
  out.waiting_for = record.waiting_for.value;
  out.liable = record.liable.value;
  out.member = record.member;
  out.assignee = record.assignee.value;
  out.shop = record.shop;
  if (record.chat) out.chat = label(*record.chat);
  out.buyer = record.buyer;
  out.order = record.order;
  out.parcel = record.parcel;
  out.opened_ms = stamp_ms(record.at.stamp);
  out.changed_ms = stamp_ms(record.changed_at.stamp);
  out.deadline_ms = record.deadline_ms.value;
  out.overdue = record.open() && out.deadline_ms != 0 && out.deadline_ms <= now_ms;
  out.amount = record.sum.value.amount;
  out.currency = record.sum.value.currency;
  out.wants = record.wants.value;
  out.given = record.given;
  out.hardship = record.hardship.value;
  out.lines = record.lines;
  out.opened = state_.ref(record.at);
  out.titled = state_.ref(record.titled_at);
  return out;
}

std::vector<Id16> Queries::cases_about(About about, const Id16& id) const {
  std::vector<Id16> out;
  const Key prefix = Key().u8(static_cast<std::uint8_t>(about)).id(id);
  state_.each(table::cases_about, prefix, false, [&](std::string_view key, std::string_view) {
    out.push_back(id_at(key, 1 + sizeof(Id16)));
    return out.size() < cases_about_max;
  });
  return out;
}

// Those about something: few enough to be sorted.
std::optional<Page<CaseView>> Queries::cases_of(const std::set<Id16>& ids, const CaseFilter& filter,
                                                std::string_view after, std::uint64_t now_ms,
                                                std::size_t limit) const {
  if (!after.empty() && after.size() != recent_rest) return std::nullopt;
  std::vector<std::pair<std::string, CaseView>> found;
  for (const Id16& id : ids) {
    const auto record = state_.find<CaseRecord>(table::cases, Key().id(id));
    if (!record || !record->at.any() || !fits(filter, *record)) continue;
    CaseView row = case_view(id, *record, now_ms);
    std::string key = recent_key(row, *record);
    if (filter.overdue && !row.overdue) continue;
    if (after.empty() || key < after) found.emplace_back(std::move(key), std::move(row));
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  Page<CaseView> out;
  if (found.size() > limit) {
    found.resize(limit);
    if (limit != 0) out.next = found.back().first;
  }
  for (auto& [key, row] : found) out.rows.push_back(std::move(row));
  return out;
}

std::optional<Page<CaseView>> Queries::cases(const CaseFilter& filter, std::string_view after,
                                             std::uint64_t now_ms, std::size_t limit) const {
  if (filter.chat || filter.buyer || filter.order) {
    std::set<Id16> ids;
    const auto add = [&](About about, const Id16& id) {
      const auto more = cases_about(about, id);
      ids.insert(more.begin(), more.end());
    };
    if (filter.chat) {
      add(About::chat, *filter.chat);
    } else if (filter.order) {
      add(About::order, *filter.order);
    } else {
      for (const Id16& account : state_.group(*filter.buyer)) add(About::buyer, account);
    }
    return cases_of(ids, filter, after, now_ms, limit);
  }
  const bool open = filter.which == CaseFilter::Which::open;
  Listing list{table::cases_recent, Key().u8(static_cast<std::uint8_t>(filter.which)).str(),
               recent_rest, true};
  std::size_t id_offset = place_size;
  const Listing by_deadline{table::cases_due, {}, timed_rest, false};
  const Listing by_assignee{table::member_cases, Key().u32(filter.assignee.value_or(0)).str(),
                            recent_rest, true};
  const bool due = filter.overdue;
  if (due) id_offset = 8;
  return turn_page<CaseView>(state_,
                             due                       ? by_deadline
                             : open && filter.assignee ? by_assignee
                                                       : list,
                             after, limit, [&](std::string_view at, std::optional<CaseView>& row) {
                               if (due && read_be(at.substr(0, 8)) > now_ms) return false;
                               const Id16 id = id_at(at, id_offset);
                               const auto record =
                                   state_.find<CaseRecord>(table::cases, Key().id(id));
                               if (record && fits(filter, *record))
                                 row = case_view(id, *record, now_ms);
                               return true;
                             });
}

std::vector<Id16> Queries::cases_by_number(CaseNo number) const {
  return by_shown_number(table::case_numbers, number);
}

std::optional<CaseView> Queries::case_row(const Id16& id, std::uint64_t now_ms) const {
  const auto record = state_.find<CaseRecord>(table::cases, Key().id(id));
  if (!record || !record->at.any()) return std::nullopt;
  return case_view(id, *record, now_ms);
}

CaseLineView Queries::case_line(const Place& place, const CaseLineRecord& record) const {
  CaseLineView out;
  out.kind = static_cast<CaseLine>(record.kind);
  out.ref = state_.ref(place);
  out.event = record.event;
  out.made_ms = stamp_ms(place.stamp);
  out.at_ms = record.at_ms != 0 ? record.at_ms : out.made_ms;
  out.member = record.member;
  out.party = record.party;
  out.evidence = record.evidence;
  out.files = record.files;
  out.what = decode_value(record.what);
  if (out.kind == CaseLine::call) out.call = call(record.event);
  return out;
}

std::optional<CaseDetail> Queries::case_detail(const Id16& id, std::string_view before,
                                               std::uint64_t now_ms, std::size_t limit) const {
  const auto row = case_row(id, now_ms);
  if (!row) return std::nullopt;
  CaseDetail out;
  out.row = *row;
  const auto page = turn_page<CaseLineView>(
      state_, {table::case_lines, Key().id(id).str(), place_size, true}, before, limit,
      [&](std::string_view at, std::optional<CaseLineView>& line) {
        const Place place = place_of(at);
        line = case_line(place,
                         state_.load<CaseLineRecord>(table::case_lines, Key().id(id).place(place)));
        return true;
      });
  if (!page) return std::nullopt;
  out.lines.assign(page->rows.rbegin(), page->rows.rend());
  out.before = page->next;
  state_.each(table::case_links, Key().id(id), false,
              [&](std::string_view key, std::string_view value) {
                if (state_.decode<CaseLinkRecord>(value).removed) return true;
                const Id16 to = id_at(key, sizeof(Id16) + 1);
                switch (static_cast<About>(read_be(key.substr(sizeof(Id16), 1)))) {
                  case About::chat:
                    out.chats.push_back(label(to));
                    break;
                  case About::buyer:
                    out.buyers.push_back(to);
                    break;
                  case About::order:
                    out.orders.push_back(to);
                    break;
                  case About::parcel:
                    out.parcels.push_back(to);
                    break;
                }
                return true;
              });
  return out;
}

// The numbers of the open cases of a chat.
void Queries::add_cases(ChatRow& row) const {
  for (const Id16& id : cases_about(About::chat, row.id)) {
    const auto record = state_.find<CaseRecord>(table::cases, Key().id(id));
    if (record && record->at.any() && record->open()) {
      row.open_cases.push_back(shown_number(table::case_numbers, id, record->number));
    }
  }
}

// Those of the chat, of the buyer's accounts and of the orders that are shown.
std::vector<CaseView> Queries::chat_cases(const Id16& chat, const std::vector<Id16>& accounts,
                                          const std::vector<OrderView>& orders,
                                          std::uint64_t now_ms) const {
  std::set<Id16> ids;
  const auto add = [&](About about, const Id16& id) {
    const auto more = cases_about(about, id);
    ids.insert(more.begin(), more.end());
  };
  add(About::chat, chat);
  for (const Id16& account : accounts) add(About::buyer, account);
  for (const OrderView& order : orders) add(About::order, order.id);
  CaseFilter filter;
  filter.which = CaseFilter::Which::all;
  return cases_of(ids, filter, {}, now_ms, chat_cases_max).value().rows;
}

std::optional<CallView> Queries::call(const Id16& id) const {
  const auto record = state_.find<CallRecord>(table::calls, Key().id(id));
  if (!record) return std::nullopt;
  CallView out;
  out.id = id;
  out.ref = state_.ref(record->at);
  out.outgoing = record->outgoing;
  out.answered = record->answered;
  out.party = record->party;
  out.seconds = record->seconds;
  out.at_ms = record->at_ms;
  out.member = record->member;
  if (record->chat) out.chat = label(*record->chat);
  out.buyer = record->buyer;
  out.about = record->about;
  if (record->about) {
    const auto about = state_.find<CaseRecord>(table::cases, Key().id(*record->about));
    if (about) {
      out.case_number = shown_number(table::case_numbers, *record->about, about->number);
    }
  }
  return out;
}

std::optional<Page<CallView>> Queries::calls(const CallFilter& filter, std::string_view after,
                                             std::size_t limit) const {
  const std::string prefix = filter.chat    ? Key().u8(1).id(*filter.chat).str()
                             : filter.buyer ? Key().u8(2).id(*filter.buyer).str()
                             : filter.about ? Key().u8(3).id(*filter.about).str()
                                            : Key().u8(0).str();
  return turn_page<CallView>(state_, {table::calls_about, prefix, timed_rest, true}, after, limit,
                             [&](std::string_view at, std::optional<CallView>& row) {
                               row = call(id_at(at, 8));
                               if (row && filter.member && row->member != *filter.member)
                                 row.reset();
                               return true;
                             });
}

std::vector<CallView> Queries::buyer_calls(const std::vector<Id16>& accounts) const {
  std::vector<CallView> out;
  for (const Id16& account : accounts) {
    CallFilter filter;
    filter.buyer = account;
    auto page = calls(filter, {}, chat_calls_max).value();
    out.insert(out.end(), page.rows.begin(), page.rows.end());
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const CallView& a, const CallView& b) { return a.at_ms > b.at_ms; });
  if (out.size() > chat_calls_max) out.resize(chat_calls_max);
  return out;
}

}  // namespace deskmate::desk

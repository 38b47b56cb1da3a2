// Reads the state into views. Desk's queries are these; see desk.hpp for what each is. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "core/desk/desk.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/state.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

inline constexpr std::size_t history_max = 200;  // chats of one buyer in a chat's history
inline constexpr std::size_t accounts_shown_max = 64;
inline constexpr std::size_t cases_about_max = 1'000;  // looked at, of one thing
inline constexpr std::size_t chat_cases_max = 50;
inline constexpr std::size_t chat_calls_max = 20;
inline constexpr std::size_t numbers_chats_max = 20'000;     // looked at for figures
inline constexpr std::size_t numbers_entries_max = 100'000;  // of these, about
inline constexpr std::uint64_t numbers_span_max_ms = 366ull * 24 * 3'600'000;

class Queries {
 public:
  Queries(const State& state, const Policy& policy) : state_(state), policy_(policy) {}

  std::vector<MemberView> members(std::uint64_t now_ms) const;
  std::optional<MemberView> member(MemberNo number, std::uint64_t now_ms) const;

  std::vector<ChatRow> chats(const ChatFilter& filter, std::uint64_t now_ms,
                             std::size_t limit) const;
  std::optional<ChatPage> chat_page(const ChatFilter& filter, std::string_view after,
                                    std::uint64_t now_ms, std::size_t limit) const;
  std::vector<ChatRow> queue(std::uint64_t now_ms, std::size_t limit) const;
  std::vector<ChatRow> last_word(std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ChatView> chat(const Id16& id, std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ChatRow> row(const Id16& id, std::uint64_t now_ms) const;
  std::vector<Id16> chats_by_number(ChatNo number) const;

  // word_queries.cpp
  std::optional<Page<PromiseView>> promises(const PromiseFilter& filter, std::string_view after,
                                            std::uint64_t now_ms, std::size_t limit) const;
  std::optional<Page<QuestionView>> questions(const QuestionFilter& filter, std::string_view after,
                                              std::size_t limit) const;

  // case_queries.cpp
  std::optional<Page<CaseView>> cases(const CaseFilter& filter, std::string_view after,
                                      std::uint64_t now_ms, std::size_t limit) const;
  std::optional<CaseView> case_row(const Id16& id, std::uint64_t now_ms) const;
  std::optional<CaseDetail> case_detail(const Id16& id, std::string_view before,
                                        std::uint64_t now_ms, std::size_t limit) const;
  std::vector<Id16> cases_by_number(CaseNo number) const;
  std::optional<Page<CallView>> calls(const CallFilter& filter, std::string_view after,
                                      std::size_t limit) const;
  // missed.cpp
  std::optional<Page<MissedView>> missed(const MissedFilter& filter, std::string_view after,
                                         std::uint64_t now_ms, std::size_t limit) const;

  std::vector<OrderView> orders(const OrderFilter& filter, std::size_t limit) const;
  std::optional<OrderView> order(const Id16& id) const;
  std::vector<OrderView> orders_by_number(const Id16& number) const;
  std::vector<OrderView> orders_by_contact(const Id16& contact) const;
  // parcels.cpp
  std::optional<Page<ParcelView>> parcels(const ParcelFilter& filter, std::string_view after,
                                          std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ParcelDetail> parcel(const Id16& id) const;
  std::vector<Id16> parcels_by_tracking(const Id16& tracking) const;
  CouriersView couriers(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;

  std::vector<ProductView> products(std::string_view shop, std::size_t limit) const;

  std::vector<RequestView> requests(bool unknown, std::string_view kind, std::string_view shop,
                                    std::size_t limit) const;
  std::optional<RequestView> request(const Id16& id) const;

  std::vector<PhraseView> phrases() const;
  std::vector<PluginView> plugins() const;
  std::vector<LedgerView> ledger() const;

  // numbers.cpp
  NumbersView numbers(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;

  // peer_queries.cpp, split.cpp
  std::vector<PeerView> peers() const;
  std::optional<PeerId> book_holder() const;
  bool needs_hello() const;
  std::vector<MemberChange> changes_waiting() const;
  std::vector<ErasureView> erasures_wanted(const PeerId& peer) const;
  SplitView split(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;

 private:
  struct Listener {
    MemberNo member = 0;
    MemberNo to = 0;
    std::optional<Id16> chat;
    std::uint64_t until_ms = 0;
  };
  ChatLabel label(const Id16& chat) const;
  PromiseView promise(const Id16& id, const PromiseRecord& promise, std::uint64_t now_ms) const;
  void add_words(ChatRow& row, std::uint64_t now_ms) const;
  std::vector<Listener> listening(std::uint64_t now_ms) const;
  void add_listeners(std::vector<MemberView>& members, std::uint64_t now_ms) const;
  std::vector<ListenerView> listeners(const ChatRow& chat, std::uint64_t now_ms) const;
  CaseView case_view(const Id16& id, const CaseRecord& record, std::uint64_t now_ms) const;
  CaseLineView case_line(const Place& place, const CaseLineRecord& record) const;
  std::vector<Id16> cases_about(About about, const Id16& id) const;
  std::optional<Page<CaseView>> cases_of(const std::set<Id16>& ids, const CaseFilter& filter,
                                         std::string_view after, std::uint64_t now_ms,
                                         std::size_t limit) const;
  void add_cases(ChatRow& row) const;
  std::vector<CaseView> chat_cases(const Id16& chat, const std::vector<Id16>& accounts,
                                   const std::vector<OrderView>& orders,
                                   std::uint64_t now_ms) const;
  std::optional<CallView> call(const Id16& id) const;
  std::vector<CallView> buyer_calls(const std::vector<Id16>& accounts) const;
  // Of chats, and of cases: what has the number in its index.
  std::vector<Id16> numbered(const TableInfo& table, std::uint32_t number, std::size_t limit) const;
  std::uint32_t shown_number(const TableInfo& table, const Id16& id, std::uint32_t number) const;
  std::vector<Id16> by_shown_number(const TableInfo& table, std::uint32_t number) const;
  std::vector<OrderView> orders_under(const TableInfo& table, const Id16& id) const;
  ChatNo number_of(const Id16& id, const ChatRecord& chat) const;
  ChatRow row(const Id16& id, const ChatRecord& chat, std::uint64_t now_ms) const;
  AnsweringView answering(const Id16& id, const ChatRecord& chat) const;
  bool goes_well(const ChatRecord& chat, const AnsweringView& reply, std::uint64_t now_ms) const;
  Entry entry(const Place& place, const EntryRecord& record) const;
  void people(ChatView& view, const std::vector<Id16>& accounts, std::uint64_t now_ms) const;
  AccountView account(const Id16& buyer, bool joined) const;

  const State& state_;
  const Policy& policy_;
};

}  // namespace deskmate::desk

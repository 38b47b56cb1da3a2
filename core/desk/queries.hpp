// Reads the state into views. Desk's queries are these; see desk.hpp for what each is. Internal.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/desk/desk.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/state.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

inline constexpr std::size_t history_max = 200;  // chats of one buyer in a chat's history
inline constexpr std::size_t accounts_shown_max = 64;
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

  std::vector<OrderView> orders(const OrderFilter& filter, std::size_t limit) const;
  std::optional<OrderView> order(const Id16& id) const;
  std::vector<OrderView> orders_by_number(const Id16& number) const;
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
  std::vector<Id16> numbered(ChatNo number, std::size_t limit) const;
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

// Checks what an owner wants done and makes the event of it. Desk's commands are these. Internal.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/desk/desk.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

bool is_blank(std::string_view text);
bool is_name(std::string_view text);
Result<void> check_text(std::string_view text, std::size_t max, Errc missing,
                        std::string_view where = "text");
// One of the words; the error lists them.
Result<void> check_one_of(std::span<const std::string_view> words, std::string_view word,
                          std::string_view where);
// What went wrong in the shop, of a case or an offer (R28).
inline constexpr std::array<std::string_view, 8> causes = {
    "", "purchasing", "warehouse", "packing", "courier", "listing", "buyer", "none"};
Result<void> check_files(const std::vector<ReplyFile>& files);
Array files_value(const std::vector<ReplyFile>& files);

class Commands {
 public:
  // The policy says which peer this is; it must outlive the commands.
  Commands(const State& state, const Policy& policy) : state_(state), policy_(policy) {}

  Result<Proposal> reply(const Id16& chat, MemberNo member, std::string_view text,
                         const std::vector<ReplyFile>& files) const;
  // note, draft: type chat.noted, chat.drafted.
  Result<Proposal> written(std::string_view type, const Id16& chat, MemberNo member,
                           std::string_view text) const;
  Result<Proposal> transfer(const Id16& chat, MemberNo from, const Target& to,
                            std::string_view note) const;
  Result<Proposal> flag(const Id16& chat, MemberNo member, std::string_view topic) const;
  Result<Proposal> claim(const Id16& chat, MemberNo member) const;
  Result<Proposal> close(const Id16& chat, MemberNo member) const;
  Result<Proposal> set_presence(MemberNo member, Presence state, std::uint64_t until_ms) const;
  Result<Proposal> ask_overtime(MemberNo member, std::uint64_t until_ms,
                                std::uint64_t now_ms) const;
  Result<Proposal> answer_overtime(MemberNo member, MemberNo by, bool approved,
                                   std::uint64_t now_ms) const;
  Result<Proposals> hand_over(MemberNo member, std::string_view note, std::uint64_t now_ms) const;
  Result<Proposal> set_member(const MemberSpec& member) const;
  Result<Proposal> set_phrase(std::string_view name, std::string_view language,
                              std::string_view text, bool removed) const;
  Result<Proposal> set_joined(const Id16& a, const Id16& b, MemberNo member, bool joined) const;
  Result<Proposal> set_blocked(const Id16& buyer, MemberNo member, bool blocked,
                               std::uint64_t until_ms) const;
  Result<Proposal> action(const ActionSpec& action, std::uint64_t now_ms) const;
  Result<Proposal> resolve(const Id16& request, std::string_view as, MemberNo member) const;

  // word_commands.cpp. No reason: it was kept.
  Result<Proposal> promise(const PromiseSpec& promise, std::uint64_t now_ms) const;
  Result<Proposal> end_promise(const Id16& promise, MemberNo member,
                               std::optional<std::string_view> reason) const;
  Result<Proposal> ask_colleague(const Id16& chat, MemberNo from, const Target& to,
                                 std::string_view text) const;
  Result<Proposal> answer_colleague(const Id16& question, MemberNo member,
                                    std::string_view text) const;
  Result<Proposal> listen(MemberNo member, const Heard& to, std::uint64_t until_ms,
                          std::uint64_t now_ms, bool is_owner) const;

  // case_commands.cpp
  Result<Proposal> open_case(const CaseSpec& spec, std::uint64_t now_ms) const;
  Result<Proposal> change_case(const CaseChange& change, std::uint64_t now_ms) const;
  Result<Proposal> say_in_case(const CaseStatement& said, std::uint64_t now_ms) const;
  Result<Proposal> link_case(const Id16& id, About about, const Id16& to, bool removed,
                             MemberNo member) const;
  Result<Proposal> log_call(const CallSpec& call, std::uint64_t now_ms) const;
  // parcel_commands.cpp
  Result<Proposal> say_of_parcel(const ParcelWord& word, std::uint64_t now_ms) const;
  std::optional<Id16> buyer_of(const Id16& id, const CaseRecord& record) const;

  // offer_commands.cpp
  Result<Proposal> propose_offer(const OfferSpec& spec, std::uint64_t now_ms) const;
  Result<Proposal> read_back(const Id16& id, MemberNo member, std::string_view text) const;
  Result<Proposal> confirm_offer(const Id16& id, MemberNo member, std::string_view text) const;
  Result<Proposal> end_offer(const Id16& id, MemberNo member, std::string_view how,
                             std::string_view text) const;
  Result<Proposal> answer_offer(const Id16& id, MemberNo by, bool approved,
                                std::string_view reason) const;
  Result<Proposals> carry_out(const Id16& id, MemberNo by, std::uint64_t now_ms) const;
  std::vector<Proposals> carry_out_ready(std::uint64_t now_ms) const;
  Result<Proposal> move_allowance(const Purse& purse, const PeerId& to, std::int64_t count,
                                  MemberNo by) const;
  Result<Proposal> set_limit(const LimitView& limit, bool removed, MemberNo by) const;
  Result<Proposal> record_payment(const PaidByHand& paid, std::uint64_t now_ms) const;
  Result<Proposal> book_refund(const Id16& refund, MemberNo member, MemberNo by) const;
  Proposals book_refunds() const;

  // Peers, agreements and erasures (peer_commands.cpp).
  Result<Proposal> add_peer(const PeerId& peer, std::string_view name) const;
  Result<Proposal> agree_to_join(const PeerId& inviter) const;
  Result<Proposal> hello() const;
  Result<Proposal> goodbye(const Sight& sight, std::optional<PeerId> to) const;
  Result<Proposal> pass_book(const PeerId& to) const;
  Result<Proposal> declare_gone(const PeerId& peer) const;
  Result<Proposal> remove_peer(const PeerId& peer, const std::vector<Desk::LogCut>& cut) const;
  Result<Proposal> agree_to_change(const Id16& change) const;
  Result<Proposal> erase_buyer(const Id16& buyer) const;
  Result<Proposal> forgotten(const Id16& buyer, const std::vector<Id16>& keys) const;

 private:
  const PeerId& self() const { return policy_.self.peer; }
  std::vector<PeerId> other_owners() const;
  static Value peers_value(const std::vector<PeerId>& peers);
  void ask_the_others(Map& facts, const MemberSpec& member) const;
  Result<ChatRecord> chat_of(const Id16& id) const;
  Result<ChatRecord> open_chat(const Id16& id) const;
  Result<MemberRecord> member_of(MemberNo number) const;
  Result<CaseRecord> case_of(const Id16& id) const;
  std::optional<Id16> buyer_of(About about, const Id16& id) const;
  std::uint32_t highest_case_number() const;
  Result<OfferRecord> offer_of(const Id16& id) const;
  Result<OfferRecord> open_offer(const Id16& id) const;
  Result<std::int64_t> check_steps(const Id16& order_id, const OrderRecord& order,
                                   const std::vector<StepRecord>& steps) const;
  Result<Proposal> give(const ActionSpec& action, const OrderRecord& order,
                        std::uint64_t now_ms) const;
  static Purpose purpose_on(const OrderRecord& order, Purpose said);
  static Map offer_facts(const OfferRecord& offer);
  Result<void> check_role(std::string_view role) const;
  // As many as begin with the prefix, at most max.
  std::size_t count(const TableInfo& table, std::string_view prefix, std::size_t max) const;

  const State& state_;
  const Policy& policy_;
};

}  // namespace deskmate::desk

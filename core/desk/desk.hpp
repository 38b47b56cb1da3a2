// The desk: a pure fold of events to the present state, the router that proposes assignments, the
// checks of owners' commands, and the queries. No clock, network, file, thread or randomness: time
// comes in as stamps and as `now`.
//
//   MemoryTables tables;
//   Desk desk(tables, Policy{});
//   desk.fold(event);                            // once per event of any log, in any order
//   if (desk.wants_decide()) for (auto& p : desk.decide(now_ms)) append(p);   // then fold those
//   auto reply = desk.reply(chat, member, "Hello");   // a proposal, or why not
//
// One thread at a time; everything returned is a copy. Facts of a known type that cannot be read
// are counted and ignored. Nothing here throws but for bugs and what Tables throws.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/desk/case_views.hpp"
#include "core/desk/explain.hpp"
#include "core/desk/money_views.hpp"
#include "core/desk/peer_views.hpp"
#include "core/desk/phrases.hpp"
#include "core/desk/policy.hpp"
#include "core/desk/sight.hpp"
#include "core/desk/tables.hpp"
#include "core/desk/types.hpp"
#include "core/desk/views.hpp"

namespace deskmate::desk {

struct MemberSpec {
  MemberNo number = 0;
  std::string name;
  std::string role;  // one of roles()
  std::uint32_t weight = 0;
  std::string zone;                   // IANA; empty: UTC
  std::vector<std::string> schedule;  // "06:00-24:00", "mon-fri 09:00-18:00"; none: always
  std::uint32_t capacity = 0;         // 0: as of the role
  std::vector<std::string> experts;   // topics
  bool removed = false;
  std::optional<PeerId> peer = {};  // where they work; none: as it was, at first this peer
};

struct ChatFilter {
  std::optional<MemberNo> owner = {};  // 0: nobody's
  bool open = true;                    // only open ones; otherwise the latest of all
  std::string shop = {};               // empty: any
};

struct PromiseSpec {
  Id16 chat{};
  MemberNo member = 0;
  std::uint64_t due_ms = 0;
  std::string kind = "answer";  // gift, other
  std::string text;
};

struct PromiseFilter {
  std::optional<MemberNo> member = {};  // whose word it was
  std::optional<Id16> chat = {};
  bool overdue = false;  // due by now only
};

struct QuestionFilter {
  std::optional<MemberNo> to = {};  // and their role
  std::optional<MemberNo> from = {};
  std::optional<Id16> chat = {};
};

struct OrderFilter {
  std::string shop = {};           // empty: any
  std::optional<Id16> buyer = {};  // and joined accounts
  std::optional<Id16> after = {};  // without a buyer: those placed before this one; unknown: none
};

// What an owner asks to be done to an order; more facts (lines, carrier …) and the body's text and
// tracking go along unread.
struct ActionSpec {
  std::string kind;  // "refund"
  Id16 order{};
  MemberNo member = 0;
  std::optional<std::int64_t> amount;  // of refund and coupon; minor units
  std::string currency;
  Value facts;  // a map
  Value body;   // a map
  // Of what gives something away (gives_money).
  Purpose purpose = Purpose::settlement;
  std::string liable, cause;
};

class Problems;  // problems.hpp

using Target = std::variant<MemberNo, std::string>;  // a member, or a role
using Heard = std::variant<MemberNo, Id16>;          // a member, or a chat

class Desk {
 public:
  // Takes up the state in the tables, empty or not. The tables must outlive the desk.
  Desk(Tables& tables, Policy policy);
  ~Desk();
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  // --- the fold ---------------------------------------------------------------------------------
  // Same events, same state and hash, whatever their order; folding one twice changes nothing but
  // counts(). A constant number of table operations per event.
  void fold(const EventView& event);
  // Many of them: what they change may stay in memory until settle(). Ask nothing of the desk and
  // of its tables between.
  void fold_on(const EventView& event);
  void settle();
  StateHash hash() const;
  // The hash computed anew from the tables, for `verify`. Reads everything.
  StateHash full_hash() const;
  Counts counts() const;
  void set_policy(Policy policy);
  const Policy& policy() const;

  // --- the router (the book) --------------------------------------------------------------------
  // What to append now: chat.assigned, chat.queued, reply.requested for greetings. Accounts for its
  // own proposals within the call. Call again only once these are folded (or were given up).
  // With other peers: only the book's holder assigns, and only while it sees the whole view;
  // otherwise this proposes what the rules of the cut and of the vanished let this peer take, and
  // peer.met and peer.ready. Call it whenever what Sight says has changed, too (look_again).
  Proposals decide(const Sight& sight);
  Proposals decide(std::uint64_t now_ms);  // of a peer that sees nobody
  // Has anything happened since the last decide() that may need a decision?
  bool wants_decide() const;
  // What Sight says has changed: an acknowledgement, a peer seen or unseen, the clocks.
  void look_again();
  // When decide() should be called next though nothing happens (a schedule's boundary, the end of a
  // presence, a cool-down or a block); nothing: never. Computed by decide().
  std::optional<std::uint64_t> next_deadline_ms() const;
  // May this peer answer the chat as its owner now? Ask before every reply, also before one that is
  // tried again. Constant cost.
  Right may_act(const Id16& chat, const Sight& sight) const;
  // Has what a reply answers been answered elsewhere meanwhile, and its writer did not know? Then
  // it is not to be sent.
  bool answered_elsewhere(const Id16& reply) const;

  // --- commands: a valid proposal, or why not ----------------------------------------------------
  // With files the text may be empty.
  Result<Proposal> reply(const Id16& chat, MemberNo member, std::string_view text,
                         const std::vector<ReplyFile>& files = {}) const;
  Result<Proposal> note(const Id16& chat, MemberNo member, std::string_view text) const;
  Result<Proposal> draft(const Id16& chat, MemberNo member, std::string_view text) const;
  Result<Proposal> transfer(const Id16& chat, MemberNo from, const Target& to,
                            std::string_view note) const;
  // R12's one key: to an expert for "supervisor", that is whoever has at least that role.
  Result<Proposal> call_supervisor(const Id16& chat, MemberNo member) const;
  Result<Proposal> flag(const Id16& chat, MemberNo member, std::string_view topic) const;
  Result<Proposal> claim(const Id16& chat, MemberNo member) const;
  Result<Proposal> close(const Id16& chat, MemberNo member) const;
  Result<Proposal> set_presence(MemberNo member, Presence state, std::uint64_t until_ms = 0) const;
  // R14. Overtime until then, answered by a supervisor; where there is none by any other member,
  // and by oneself if alone.
  Result<Proposal> ask_overtime(MemberNo member, std::uint64_t until_ms,
                                std::uint64_t now_ms) const;
  Result<Proposal> answer_overtime(MemberNo member, MemberNo by, bool approved,
                                   std::uint64_t now_ms) const;
  // The end of the shift: off until the next one, and the open chats are given as new ones are, by
  // weight. To be appended together.
  Result<Proposals> hand_over(MemberNo member, std::string_view note, std::uint64_t now_ms) const;
  Result<Proposal> set_member(const MemberSpec& member) const;
  Result<Proposal> set_phrase(std::string_view name, std::string_view language,
                              std::string_view text, bool removed = false) const;
  Result<Proposal> join(const Id16& a, const Id16& b, MemberNo member) const;
  Result<Proposal> separate(const Id16& a, const Id16& b, MemberNo member) const;
  Result<Proposal> block(const Id16& buyer, MemberNo member, std::uint64_t until_ms = 0) const;
  Result<Proposal> unblock(const Id16& buyer, MemberNo member) const;
  // Of what gives something away beyond the member's authority: an offer that waits for approval
  // (offer.proposed).
  Result<Proposal> action(const ActionSpec& action, std::uint64_t now_ms) const;
  // as: "done", "again" or "dropped".
  Result<Proposal> resolve(const Id16& request, std::string_view as, MemberNo member) const;

  // R22: due after now. A later reply does not keep it: somebody says so.
  Result<Proposal> promise(const PromiseSpec& promise, std::uint64_t now_ms) const;
  Result<Proposal> promise_kept(const Id16& promise, MemberNo member) const;
  Result<Proposal> promise_dropped(const Id16& promise, MemberNo member,
                                   std::string_view reason) const;
  // R41. The first answer ends a question.
  Result<Proposal> ask_colleague(const Id16& chat, MemberNo from, const Target& to,
                                 std::string_view text) const;
  Result<Proposal> answer_colleague(const Id16& question, MemberNo member,
                                    std::string_view text) const;
  // R26: for supervisors, and whoever is_owner. until_ms: at most listening_max_ms ahead; up to
  // now: not any more.
  Result<Proposal> listen(MemberNo member, const Heard& to, std::uint64_t until_ms,
                          std::uint64_t now_ms, bool is_owner) const;

  // R47, R86, R90, R102: cases, and calls as they were. now_ms: deadlines are ahead, calls are not.
  Result<Proposal> open_case(const CaseSpec& spec, std::uint64_t now_ms) const;
  Result<Proposal> change_case(const CaseChange& change, std::uint64_t now_ms) const;
  Result<Proposal> say_in_case(const CaseStatement& said, std::uint64_t now_ms) const;
  Result<Proposal> link_case(const Id16& id, About about, const Id16& to, bool removed,
                             MemberNo member) const;
  Result<Proposal> log_call(const CallSpec& call, std::uint64_t now_ms) const;
  // R95: what the courier's own desk said of a parcel: a weight, where it is, what became of it.
  Result<Proposal> say_of_parcel(const ParcelWord& word, std::uint64_t now_ms) const;
  // Whose key seals what is said of a case.
  std::optional<Id16> buyer_of_case(const Id16& id) const;

  // R50–R52, R80–R83, R105, R123: offers and money (README.md, "Money"). Between a proposal and its
  // being folded no other of these may be asked for: the allowance would be spent twice.
  Result<Proposal> propose_offer(const OfferSpec& spec, std::uint64_t now_ms) const;
  // In the offer's chat a reply; of an offer without a chat that it was said.
  Result<Proposal> read_back(const Id16& offer, MemberNo member, std::string_view text) const;
  // By the buyer's message since then, or by what they said elsewhere.
  Result<Proposal> confirm_offer(const Id16& offer, MemberNo member, std::string_view text) const;
  // how: declined, withdrawn
  Result<Proposal> end_offer(const Id16& offer, MemberNo member, std::string_view how,
                             std::string_view text) const;
  Result<Proposal> answer_offer(const Id16& offer, MemberNo by, bool approved,
                                std::string_view reason) const;
  // What there is to carry out here now; each to be appended together. Ask after folding.
  std::vector<Proposals> carry_out_ready(std::uint64_t now_ms) const;
  // The same of one whose home was restored, by somebody who has looked at the shop.
  Result<Proposals> carry_out(const Id16& offer, MemberNo by, std::uint64_t now_ms) const;
  // Hands a part of what this peer may spend to another; taken from here at once. by: 0: the desk.
  Result<Proposal> move_allowance(const Purse& purse, const PeerId& to, std::int64_t count,
                                  MemberNo by) const;
  Result<Proposal> set_limit(const LimitView& limit, bool removed, MemberNo by) const;
  Result<Proposal> record_payment(const PaidByHand& paid, std::uint64_t now_ms) const;
  Result<Proposal> book_refund(const Id16& refund, MemberNo member, MemberNo by) const;
  Proposals book_refunds() const;  // made in the shop's admin, as far as it is plain whose they are
  // May this peer's connector do the request now? Ask before it is attempted, and again once the
  // attempt is folded, before it is done.
  Give may_give(const Id16& request, const Sight& sight) const;

  // --- peers: events of this peer (policy().self)
  // ------------------------------------------------- The first four make a desk of several peers;
  // README.md has the order and what each needs.
  Result<Proposal> add_peer(const PeerId& peer, std::string_view name) const;
  Result<Proposal> agree_to_join(const PeerId& inviter) const;  // the joiner's first event
  Result<Proposal> hello() const;
  // Closes the laptop; the book goes to `to`, or to the first that is ready and seen.
  Result<Proposal> goodbye(const Sight& sight, std::optional<PeerId> to = {}) const;
  Result<Proposal> pass_book(const PeerId& to) const;
  Result<Proposal> declare_gone(const PeerId& peer) const;  // a person's word, after a warning
  struct LogCut {
    std::uint64_t incarnation = 0, seq = 0;
  };
  Result<Proposal> remove_peer(const PeerId& peer, const std::vector<LogCut>& cut) const;
  Result<Proposal> agree_to_change(const Id16& change) const;
  Result<Proposal> erase_buyer(const Id16& buyer) const;
  // keys: ids of those that were destroyed here.
  Result<Proposal> forgotten(const Id16& buyer, const std::vector<Id16>& keys) const;

  // --- queries ----------------------------------------------------------------------------------
  std::vector<MemberView> members(std::uint64_t now_ms) const;  // by number, without removed ones
  std::optional<MemberView> member(MemberNo number,
                                   std::uint64_t now_ms) const;  // removed ones too

  std::uint64_t unassigned() const;  // open chats that are nobody's
  std::vector<ChatRow> chats(const ChatFilter& filter, std::uint64_t now_ms,
                             std::size_t limit) const;
  // The same by the page, latest first by when it came here: after what `next` of the page before
  // says, empty for the first. Chats that are heard of meanwhile move to the front, where pages
  // have been: whoever reads on follows the events. Nothing: `after` was never a `next`.
  std::optional<ChatPage> chat_page(const ChatFilter& filter, std::string_view after,
                                    std::uint64_t now_ms, std::size_t limit) const;
  // R11: everyone who waits for an answer, longest first, nudges counted.
  std::vector<ChatRow> queue(std::uint64_t now_ms, std::size_t limit) const;
  // R21: chats that the buyer ended last, closed ones too, latest first.
  std::vector<ChatRow> last_word(std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ChatView> chat(const Id16& id, std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ChatRow> chat_row(const Id16& id, std::uint64_t now_ms) const;
  // A number never comes to mean another chat: what several were given is none's, and each of them
  // shows another. Those several otherwise, at most chat_twins_max.
  std::vector<Id16> chats_by_number(ChatNo number) const;

  // Open ones, those due first first; by the page, as chat_page.
  std::optional<Page<PromiseView>> promises(const PromiseFilter& filter, std::string_view after,
                                            std::uint64_t now_ms, std::size_t limit) const;
  // Open ones, oldest first; by the page.
  std::optional<Page<QuestionView>> questions(const QuestionFilter& filter, std::string_view after,
                                              std::size_t limit) const;

  // By the page, the latest opened first.
  std::optional<Page<CaseView>> cases(const CaseFilter& filter, std::string_view after,
                                      std::uint64_t now_ms, std::size_t limit) const;
  std::optional<CaseView> case_row(const Id16& id, std::uint64_t now_ms) const;
  // With the latest lines before what `before` of another page says; empty: the latest. Nothing:
  // there is no such case, or page.
  std::optional<CaseDetail> case_detail(const Id16& id, std::string_view before,
                                        std::uint64_t now_ms, std::size_t limit) const;
  std::vector<Id16> cases_by_number(CaseNo number) const;  // as chats_by_number
  // By the page, latest first.
  std::optional<Page<CallView>> calls(const CallFilter& filter, std::string_view after,
                                      std::size_t limit) const;
  // R8: who waited beyond the reply target, by the page, chats heard of last first. Within a page
  // all that one chat has.
  std::optional<Page<MissedView>> missed(const MissedFilter& filter, std::string_view after,
                                         std::uint64_t now_ms, std::size_t limit) const;

  // By the page; approvals oldest first, others latest first.
  std::optional<Page<OfferView>> offers(const OfferFilter& filter, std::string_view after,
                                        std::size_t limit) const;
  std::optional<OfferView> offer(const Id16& id) const;
  std::vector<StandardOffer> standard_offers(const Id16& order, MemberNo member) const;
  // The member's allowances now; of gifts in the currency.
  std::vector<PurseView> purses(MemberNo member, std::string_view currency,
                                std::uint64_t now_ms) const;
  std::vector<LimitView> limits() const;
  OrderMoney order_money(const Id16& order) const;
  // Refunds made elsewhere, latest first; booked: those that somebody's allowance counts.
  std::vector<OutsideView> outside_refunds(bool booked, std::size_t limit) const;
  // R84: in [from_ms, to_ms), by the months of the zone.
  MoneyLedger money_ledger(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;

  std::vector<OrderView> orders(const OrderFilter& filter,
                                std::size_t limit) const;  // latest first
  std::optional<OrderView> order(const Id16& id) const;
  // By the desk-wide pseudonym of the number as people write it; several shops may have the same.
  std::vector<OrderView> orders_by_number(const Id16& number) const;
  // By the pseudonym of an address or telephone number that an order has.
  std::vector<OrderView> orders_by_contact(const Id16& contact) const;

  // By the page.
  std::optional<Page<ParcelView>> parcels(const ParcelFilter& filter, std::string_view after,
                                          std::uint64_t now_ms, std::size_t limit) const;
  std::optional<ParcelDetail> parcel(const Id16& id) const;
  // By the pseudonym of the number on it: several where shops used one number twice.
  std::vector<Id16> parcels_by_tracking(const Id16& tracking) const;
  // R68: what became of the parcels that first moved in [from_ms, to_ms), by the months of the
  // zone. Reads each of them: at most 200,000, the latest.
  CouriersView couriers(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;
  std::vector<ProductView> products(std::string_view shop, std::size_t limit) const;

  // What rules found, what they judge by, and whose turn it is in the warehouse.
  const Problems& problems() const;

  // Requests that are not finished (pending, attempted, again), oldest first. kind, shop: empty for
  // any. Those whose home is another peer are not this peer's to act on.
  std::vector<RequestView> pending_requests(std::string_view kind, std::string_view shop,
                                            std::size_t limit) const;
  std::vector<RequestView> unknown_requests(std::size_t limit) const;  // a person is asked
  std::optional<RequestView> request(const Id16& id) const;

  std::vector<PhraseView> phrases() const;
  std::vector<PluginView> plugins() const;
  std::vector<LedgerView> ledger() const;

  // By id; none in a desk of one peer.
  std::vector<PeerView> peers() const;
  // Nobody: the desk has one peer, or nobody is in the view.
  std::optional<PeerId> book_holder() const;
  // Should this peer say hello before it may act: it left, was declared gone, or has a new
  // incarnation?
  bool needs_hello() const;
  // R6: what waits for an owner's word; and who got what and why, by the day of the zone (IANA;
  // empty: UTC), with what is owed and the changes of weight.
  std::vector<MemberChange> changes_waiting() const;
  SplitView split(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;
  // How quickly and how much was answered, in [from_ms, to_ms), by the days and hours of the zone.
  // Reads the chats that were active since then: at most 20,000, a tenth of a second or so.
  NumbersView numbers(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const;
  // R126: what the peer has yet to destroy, oldest first. Reads all erasures: ask at the start and
  // when a buyer.erased or buyer.forgotten was folded.
  std::vector<ErasureView> erasures_wanted(const PeerId& peer) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace deskmate::desk

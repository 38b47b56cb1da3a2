#include "core/desk/desk.hpp"

#include <algorithm>
#include <utility>

#include "core/desk/commands.hpp"
#include "core/desk/fold.hpp"
#include "core/desk/money.hpp"
#include "core/desk/peers.hpp"
#include "core/desk/problems.hpp"
#include "core/desk/queries.hpp"
#include "core/desk/router.hpp"
#include "core/desk/state.hpp"

namespace deskmate::desk {

struct Desk::Parts {
  Parts(Tables& tables, Policy settled)
      : policy(std::move(settled)),
        state(tables),
        fold(state),
        commands(state, policy),
        queries(state, policy),
        problems(state, policy) {}

  Policy policy;
  State state;
  Fold fold;
  Commands commands;
  Queries queries;
  Problems problems;
  bool wants_decide = true;  // whatever happened before the start
  bool parked_due = true;    // a block may have ended
  std::optional<std::uint64_t> parked_next_ms;
  std::optional<std::uint64_t> next_ms;
};

Desk::Desk(Tables& tables, Policy policy)
    : parts_(std::make_unique<Parts>(tables, std::move(policy))) {}
Desk::~Desk() = default;

void Desk::fold(const EventView& event) {
  fold_on(event);
  settle();
}

void Desk::settle() { parts_->state.settle(); }

void Desk::fold_on(const EventView& event) {
  auto& counts = parts_->state.counts;
  switch (parts_->fold.apply(event)) {
    case Folded::unknown:
      ++counts.unknown;
      break;
    case Folded::malformed:
      ++counts.malformed;
      break;
    case Folded::blocking:
      parts_->parked_due = true;
      [[fallthrough]];
    case Folded::routing:
      parts_->wants_decide = true;
      [[fallthrough]];
    case Folded::quiet:
      ++counts.folded;
      break;
  }
}

StateHash Desk::hash() const { return parts_->state.hash(); }
StateHash Desk::full_hash() const { return parts_->state.full_hash(); }
Counts Desk::counts() const { return parts_->state.counts; }
const Policy& Desk::policy() const { return parts_->policy; }

void Desk::set_policy(Policy policy) {
  parts_->policy = std::move(policy);
  parts_->wants_decide = true;
}

Proposals Desk::decide(std::uint64_t now_ms) {
  Sight sight;
  sight.self = parts_->policy.self.peer;
  sight.now_ms = now_ms;
  return decide(sight);
}

Proposals Desk::decide(const Sight& sight) {
  Parts& parts = *parts_;
  const std::uint64_t now_ms = sight.now_ms;
  const bool parked = parts.parked_due || (parts.parked_next_ms && *parts.parked_next_ms <= now_ms);
  Decisions made = Router(parts.state, parts.policy, sight).decide(parked);
  parts.wants_decide = made.more;
  const auto earlier = [](std::optional<std::uint64_t> a, std::optional<std::uint64_t> b) {
    return a && b ? std::min(a, b) : a ? a : b;
  };
  parts.parked_next_ms =
      parked ? made.parked_next_ms : earlier(parts.parked_next_ms, made.parked_next_ms);
  parts.parked_due = parked && made.more;
  parts.next_ms = earlier(made.next_ms, parts.parked_next_ms);
  return std::move(made.proposals);
}

void Desk::look_again() { parts_->wants_decide = true; }
bool Desk::wants_decide() const { return parts_->wants_decide; }
std::optional<std::uint64_t> Desk::next_deadline_ms() const { return parts_->next_ms; }

bool Desk::answered_elsewhere(const Id16& reply) const {
  return desk::answered_elsewhere(parts_->state, reply);
}

Right Desk::may_act(const Id16& chat, const Sight& sight) const {
  const auto record = parts_->state.load<ChatRecord>(table::chats, Key().id(chat));
  return desk::may_act(parts_->state, parts_->policy, Peers(parts_->state), chat, record, sight);
}

Result<Proposal> Desk::reply(const Id16& chat, MemberNo member, std::string_view text,
                             const std::vector<ReplyFile>& files) const {
  return parts_->commands.reply(chat, member, text, files);
}
Result<Proposal> Desk::note(const Id16& chat, MemberNo member, std::string_view text) const {
  return parts_->commands.written("chat.noted", chat, member, text);
}
Result<Proposal> Desk::draft(const Id16& chat, MemberNo member, std::string_view text) const {
  return parts_->commands.written("chat.drafted", chat, member, text);
}
Result<Proposal> Desk::transfer(const Id16& chat, MemberNo from, const Target& to,
                                std::string_view note) const {
  return parts_->commands.transfer(chat, from, to, note);
}
Result<Proposal> Desk::call_supervisor(const Id16& chat, MemberNo member) const {
  return parts_->commands.flag(chat, member, topic_supervisor);
}
Result<Proposal> Desk::flag(const Id16& chat, MemberNo member, std::string_view topic) const {
  return parts_->commands.flag(chat, member, topic);
}
Result<Proposal> Desk::claim(const Id16& chat, MemberNo member) const {
  return parts_->commands.claim(chat, member);
}
Result<Proposal> Desk::close(const Id16& chat, MemberNo member) const {
  return parts_->commands.close(chat, member);
}
Result<Proposal> Desk::set_presence(MemberNo member, Presence state, std::uint64_t until_ms) const {
  return parts_->commands.set_presence(member, state, until_ms);
}
Result<Proposal> Desk::ask_overtime(MemberNo member, std::uint64_t until_ms,
                                    std::uint64_t now_ms) const {
  return parts_->commands.ask_overtime(member, until_ms, now_ms);
}
Result<Proposal> Desk::answer_overtime(MemberNo member, MemberNo by, bool approved,
                                       std::uint64_t now_ms) const {
  return parts_->commands.answer_overtime(member, by, approved, now_ms);
}
Result<Proposals> Desk::hand_over(MemberNo member, std::string_view note,
                                  std::uint64_t now_ms) const {
  return parts_->commands.hand_over(member, note, now_ms);
}
Result<Proposal> Desk::set_member(const MemberSpec& member) const {
  return parts_->commands.set_member(member);
}
Result<Proposal> Desk::set_phrase(std::string_view name, std::string_view language,
                                  std::string_view text, bool removed) const {
  return parts_->commands.set_phrase(name, language, text, removed);
}
Result<Proposal> Desk::join(const Id16& a, const Id16& b, MemberNo member) const {
  return parts_->commands.set_joined(a, b, member, true);
}
Result<Proposal> Desk::separate(const Id16& a, const Id16& b, MemberNo member) const {
  return parts_->commands.set_joined(a, b, member, false);
}
Result<Proposal> Desk::block(const Id16& buyer, MemberNo member, std::uint64_t until_ms) const {
  return parts_->commands.set_blocked(buyer, member, true, until_ms);
}
Result<Proposal> Desk::unblock(const Id16& buyer, MemberNo member) const {
  return parts_->commands.set_blocked(buyer, member, false, 0);
}
Result<Proposal> Desk::action(const ActionSpec& action, std::uint64_t now_ms) const {
  return parts_->commands.action(action, now_ms);
}
Result<Proposal> Desk::resolve(const Id16& request, std::string_view as, MemberNo member) const {
  return parts_->commands.resolve(request, as, member);
}

Result<Proposal> Desk::promise(const PromiseSpec& promise, std::uint64_t now_ms) const {
  return parts_->commands.promise(promise, now_ms);
}
Result<Proposal> Desk::promise_kept(const Id16& promise, MemberNo member) const {
  return parts_->commands.end_promise(promise, member, std::nullopt);
}
Result<Proposal> Desk::promise_dropped(const Id16& promise, MemberNo member,
                                       std::string_view reason) const {
  return parts_->commands.end_promise(promise, member, reason);
}
Result<Proposal> Desk::ask_colleague(const Id16& chat, MemberNo from, const Target& to,
                                     std::string_view text) const {
  return parts_->commands.ask_colleague(chat, from, to, text);
}
Result<Proposal> Desk::answer_colleague(const Id16& question, MemberNo member,
                                        std::string_view text) const {
  return parts_->commands.answer_colleague(question, member, text);
}
Result<Proposal> Desk::listen(MemberNo member, const Heard& to, std::uint64_t until_ms,
                              std::uint64_t now_ms, bool is_owner) const {
  return parts_->commands.listen(member, to, until_ms, now_ms, is_owner);
}

Result<Proposal> Desk::open_case(const CaseSpec& spec, std::uint64_t now_ms) const {
  return parts_->commands.open_case(spec, now_ms);
}
Result<Proposal> Desk::change_case(const CaseChange& change, std::uint64_t now_ms) const {
  return parts_->commands.change_case(change, now_ms);
}
Result<Proposal> Desk::say_in_case(const CaseStatement& said, std::uint64_t now_ms) const {
  return parts_->commands.say_in_case(said, now_ms);
}
Result<Proposal> Desk::link_case(const Id16& id, About about, const Id16& to, bool removed,
                                 MemberNo member) const {
  return parts_->commands.link_case(id, about, to, removed, member);
}
Result<Proposal> Desk::log_call(const CallSpec& call, std::uint64_t now_ms) const {
  return parts_->commands.log_call(call, now_ms);
}
Result<Proposal> Desk::say_of_parcel(const ParcelWord& word, std::uint64_t now_ms) const {
  return parts_->commands.say_of_parcel(word, now_ms);
}
std::optional<Id16> Desk::buyer_of_case(const Id16& id) const {
  return parts_->commands.buyer_of(id, parts_->state.load<CaseRecord>(table::cases, Key().id(id)));
}

Result<Proposal> Desk::propose_offer(const OfferSpec& spec, std::uint64_t now_ms) const {
  return parts_->commands.propose_offer(spec, now_ms);
}
Result<Proposal> Desk::read_back(const Id16& offer, MemberNo member, std::string_view text) const {
  return parts_->commands.read_back(offer, member, text);
}
Result<Proposal> Desk::confirm_offer(const Id16& offer, MemberNo member,
                                     std::string_view text) const {
  return parts_->commands.confirm_offer(offer, member, text);
}
Result<Proposal> Desk::end_offer(const Id16& offer, MemberNo member, std::string_view how,
                                 std::string_view text) const {
  return parts_->commands.end_offer(offer, member, how, text);
}
Result<Proposal> Desk::answer_offer(const Id16& offer, MemberNo by, bool approved,
                                    std::string_view reason) const {
  return parts_->commands.answer_offer(offer, by, approved, reason);
}
std::vector<Proposals> Desk::carry_out_ready(std::uint64_t now_ms) const {
  return parts_->commands.carry_out_ready(now_ms);
}
Result<Proposals> Desk::carry_out(const Id16& offer, MemberNo by, std::uint64_t now_ms) const {
  return parts_->commands.carry_out(offer, by, now_ms);
}
Result<Proposal> Desk::move_allowance(const Purse& purse, const PeerId& to, std::int64_t count,
                                      MemberNo by) const {
  return parts_->commands.move_allowance(purse, to, count, by);
}
Result<Proposal> Desk::set_limit(const LimitView& limit, bool removed, MemberNo by) const {
  return parts_->commands.set_limit(limit, removed, by);
}
Result<Proposal> Desk::record_payment(const PaidByHand& paid, std::uint64_t now_ms) const {
  return parts_->commands.record_payment(paid, now_ms);
}
Result<Proposal> Desk::book_refund(const Id16& refund, MemberNo member, MemberNo by) const {
  return parts_->commands.book_refund(refund, member, by);
}
Proposals Desk::book_refunds() const { return parts_->commands.book_refunds(); }
Give Desk::may_give(const Id16& request, const Sight& sight) const {
  return Money(parts_->state, parts_->policy).may_give(request, sight);
}

Result<Proposal> Desk::add_peer(const PeerId& peer, std::string_view name) const {
  return parts_->commands.add_peer(peer, name);
}
Result<Proposal> Desk::agree_to_join(const PeerId& inviter) const {
  return parts_->commands.agree_to_join(inviter);
}
Result<Proposal> Desk::hello() const { return parts_->commands.hello(); }
Result<Proposal> Desk::goodbye(const Sight& sight, std::optional<PeerId> to) const {
  return parts_->commands.goodbye(sight, to);
}
Result<Proposal> Desk::pass_book(const PeerId& to) const { return parts_->commands.pass_book(to); }
Result<Proposal> Desk::declare_gone(const PeerId& peer) const {
  return parts_->commands.declare_gone(peer);
}
Result<Proposal> Desk::remove_peer(const PeerId& peer, const std::vector<LogCut>& cut) const {
  return parts_->commands.remove_peer(peer, cut);
}
Result<Proposal> Desk::agree_to_change(const Id16& change) const {
  return parts_->commands.agree_to_change(change);
}
Result<Proposal> Desk::erase_buyer(const Id16& buyer) const {
  return parts_->commands.erase_buyer(buyer);
}
Result<Proposal> Desk::forgotten(const Id16& buyer, const std::vector<Id16>& keys) const {
  return parts_->commands.forgotten(buyer, keys);
}

std::vector<MemberView> Desk::members(std::uint64_t now_ms) const {
  return parts_->queries.members(now_ms);
}
std::optional<MemberView> Desk::member(MemberNo number, std::uint64_t now_ms) const {
  return parts_->queries.member(number, now_ms);
}
std::vector<ChatRow> Desk::chats(const ChatFilter& filter, std::uint64_t now_ms,
                                 std::size_t limit) const {
  return parts_->queries.chats(filter, now_ms, limit);
}
std::optional<ChatPage> Desk::chat_page(const ChatFilter& filter, std::string_view after,
                                        std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.chat_page(filter, after, now_ms, limit);
}
std::uint64_t Desk::unassigned() const { return parts_->state.load_of(0).open; }
std::vector<ChatRow> Desk::queue(std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.queue(now_ms, limit);
}
std::vector<ChatRow> Desk::last_word(std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.last_word(now_ms, limit);
}
std::optional<ChatView> Desk::chat(const Id16& id, std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.chat(id, now_ms, limit);
}
std::optional<ChatRow> Desk::chat_row(const Id16& id, std::uint64_t now_ms) const {
  return parts_->queries.row(id, now_ms);
}
std::vector<Id16> Desk::chats_by_number(ChatNo number) const {
  return parts_->queries.chats_by_number(number);
}
std::optional<Page<PromiseView>> Desk::promises(const PromiseFilter& filter, std::string_view after,
                                                std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.promises(filter, after, now_ms, limit);
}
std::optional<Page<QuestionView>> Desk::questions(const QuestionFilter& filter,
                                                  std::string_view after, std::size_t limit) const {
  return parts_->queries.questions(filter, after, limit);
}
std::optional<Page<CaseView>> Desk::cases(const CaseFilter& filter, std::string_view after,
                                          std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.cases(filter, after, now_ms, limit);
}
std::optional<CaseView> Desk::case_row(const Id16& id, std::uint64_t now_ms) const {
  return parts_->queries.case_row(id, now_ms);
}
std::optional<CaseDetail> Desk::case_detail(const Id16& id, std::string_view before,
                                            std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.case_detail(id, before, now_ms, limit);
}
std::vector<Id16> Desk::cases_by_number(CaseNo number) const {
  return parts_->queries.cases_by_number(number);
}
std::optional<Page<CallView>> Desk::calls(const CallFilter& filter, std::string_view after,
                                          std::size_t limit) const {
  return parts_->queries.calls(filter, after, limit);
}
std::optional<Page<MissedView>> Desk::missed(const MissedFilter& filter, std::string_view after,
                                             std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.missed(filter, after, now_ms, limit);
}
std::optional<Page<OfferView>> Desk::offers(const OfferFilter& filter, std::string_view after,
                                            std::size_t limit) const {
  return Money(parts_->state, parts_->policy).offers(filter, after, limit);
}
std::optional<OfferView> Desk::offer(const Id16& id) const {
  return Money(parts_->state, parts_->policy).offer(id);
}
std::vector<StandardOffer> Desk::standard_offers(const Id16& order, MemberNo member) const {
  const auto record = parts_->state.find<OrderRecord>(table::orders, Key().id(order));
  if (!record) return {};
  return Money(parts_->state, parts_->policy).standard_offers(order, *record, member);
}
std::vector<PurseView> Desk::purses(MemberNo member, std::string_view currency,
                                    std::uint64_t now_ms) const {
  const Money money(parts_->state, parts_->policy);
  const auto record = parts_->state.load<MemberRecord>(table::members, Key().u32(member));
  std::vector<PurseView> out;
  for (const Purpose purpose : {Purpose::settlement, Purpose::discount, Purpose::gift}) {
    if (purpose == Purpose::gift && currency.empty()) continue;
    out.push_back(money.purse(money.purse_of(purpose, member, record, currency, now_ms)));
  }
  return out;
}
std::vector<LimitView> Desk::limits() const {
  return Money(parts_->state, parts_->policy).limits();
}
OrderMoney Desk::order_money(const Id16& order) const {
  const auto record = parts_->state.load<OrderRecord>(table::orders, Key().id(order));
  return Money(parts_->state, parts_->policy).order_money(order, record);
}
std::vector<OutsideView> Desk::outside_refunds(bool booked, std::size_t limit) const {
  return Money(parts_->state, parts_->policy).outside(booked, limit);
}
MoneyLedger Desk::money_ledger(std::uint64_t from_ms, std::uint64_t to_ms,
                               std::string_view zone) const {
  return Money(parts_->state, parts_->policy).ledger(from_ms, to_ms, zone);
}
std::vector<OrderView> Desk::orders(const OrderFilter& filter, std::size_t limit) const {
  return parts_->queries.orders(filter, limit);
}
std::optional<OrderView> Desk::order(const Id16& id) const { return parts_->queries.order(id); }
std::vector<OrderView> Desk::orders_by_number(const Id16& number) const {
  return parts_->queries.orders_by_number(number);
}

std::vector<OrderView> Desk::orders_by_contact(const Id16& contact) const {
  return parts_->queries.orders_by_contact(contact);
}
std::optional<Page<ParcelView>> Desk::parcels(const ParcelFilter& filter, std::string_view after,
                                              std::uint64_t now_ms, std::size_t limit) const {
  return parts_->queries.parcels(filter, after, now_ms, limit);
}
std::optional<ParcelDetail> Desk::parcel(const Id16& id) const {
  return parts_->queries.parcel(id);
}
std::vector<Id16> Desk::parcels_by_tracking(const Id16& tracking) const {
  return parts_->queries.parcels_by_tracking(tracking);
}
CouriersView Desk::couriers(std::uint64_t from_ms, std::uint64_t to_ms,
                            std::string_view zone) const {
  return parts_->queries.couriers(from_ms, to_ms, zone);
}
std::vector<ProductView> Desk::products(std::string_view shop, std::size_t limit) const {
  return parts_->queries.products(shop, limit);
}
const Problems& Desk::problems() const { return parts_->problems; }
std::vector<RequestView> Desk::pending_requests(std::string_view kind, std::string_view shop,
                                                std::size_t limit) const {
  return parts_->queries.requests(false, kind, shop, limit);
}
std::vector<RequestView> Desk::unknown_requests(std::size_t limit) const {
  return parts_->queries.requests(true, {}, {}, limit);
}
std::optional<RequestView> Desk::request(const Id16& id) const {
  return parts_->queries.request(id);
}
std::vector<PhraseView> Desk::phrases() const { return parts_->queries.phrases(); }
std::vector<PluginView> Desk::plugins() const { return parts_->queries.plugins(); }
std::vector<LedgerView> Desk::ledger() const { return parts_->queries.ledger(); }
std::vector<PeerView> Desk::peers() const { return parts_->queries.peers(); }
std::optional<PeerId> Desk::book_holder() const { return parts_->queries.book_holder(); }
bool Desk::needs_hello() const { return parts_->queries.needs_hello(); }
std::vector<MemberChange> Desk::changes_waiting() const {
  return parts_->queries.changes_waiting();
}
NumbersView Desk::numbers(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const {
  return parts_->queries.numbers(from_ms, to_ms, zone);
}
SplitView Desk::split(std::uint64_t from_ms, std::uint64_t to_ms, std::string_view zone) const {
  return parts_->queries.split(from_ms, to_ms, zone);
}
std::vector<ErasureView> Desk::erasures_wanted(const PeerId& peer) const {
  return parts_->queries.erasures_wanted(peer);
}

}  // namespace deskmate::desk

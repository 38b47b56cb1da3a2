// The desk's tables and their keys: what they are called on disk, where the name stands before
// every key, and what people call them. Numbers in keys are big-endian: [4], [8]; ids [16]; places
// [32].
#pragma once

#include "core/desk/tables.hpp"

namespace deskmate::desk::table {

// The state that peers compare.
inline constexpr TableInfo logs{"lg", "logs", true,
                                "peer [8] incarnation [8]: the log's full name"};
inline constexpr TableInfo members{"mb", "members", true, "number [4]: MemberRecord"};
inline constexpr TableInfo buyers{"by", "buyers", true, "buyer: BuyerRecord"};
inline constexpr TableInfo contacts{"ct", "contacts", true, "buyer, contact: a set"};
inline constexpr TableInfo mentions{"mn", "mentions", true, "buyer, mention: a set"};
inline constexpr TableInfo quotes{"qu", "quotes", true, "chat, mention: a set"};
inline constexpr TableInfo joins{"jn", "joins", true, "lesser buyer, greater buyer: JoinRecord"};
inline constexpr TableInfo chats{"c", "chats", true, "chat: ChatRecord"};
inline constexpr TableInfo messages{"m", "messages", true, "message: MessageRecord"};
inline constexpr TableInfo entries{"e", "entries", true, "chat, place: EntryRecord"};
inline constexpr TableInfo drafts{"d", "drafts", true, "chat, member [4]: DraftRecord"};
inline constexpr TableInfo requests{"r", "requests", true, "request: RequestRecord"};
inline constexpr TableInfo orders{"or", "orders", true, "order: OrderRecord"};
inline constexpr TableInfo parcels{"pa", "parcels", true, "parcel: ParcelRecord"};
inline constexpr TableInfo stations{"st", "stations", true,
                                    "parcel, at [8] number [4] code: StationRecord"};
inline constexpr TableInfo products{"pr", "products", true, "shop 0 SKU: ProductRecord"};
inline constexpr TableInfo phrases{"ph", "phrases", true, "name 0 language: PhraseRecord"};
inline constexpr TableInfo plugins{"pl", "plugins", true, "plugin: PluginRecord"};
inline constexpr TableInfo ledger{"le", "ledger", true, "hash of the shares [32]: LedgerRecord"};
inline constexpr TableInfo claims{"cl", "claims", true,
                                  "chat, 0 cut or 1 book [1] place: ClaimRecord"};
inline constexpr TableInfo visits{"vi", "visits", true, "chat, visit: VisitRecord"};
inline constexpr TableInfo peers{"pe", "peers", true, "peer [32]: PeerRecord"};
inline constexpr TableInfo met{"me", "met", true,
                               "peer [32] place of its hello, who knows of it [32]: a set"};
inline constexpr TableInfo book{"bo", "book", true, "\"book\": BookRecord"};
inline constexpr TableInfo changes{"ch", "changes", true, "change: ChangeRecord"};
inline constexpr TableInfo erasures{"er", "erasures", true, "buyer: ErasureRecord"};
inline constexpr TableInfo forgotten{"fo", "forgotten", true,
                                     "buyer, peer [32]: which erasure it has done"};
inline constexpr TableInfo dead_keys{"dk", "dead_keys", true, "buyer, key, peer [32]: a set"};
inline constexpr TableInfo promises{"pm", "promises", true, "promise: PromiseRecord"};
inline constexpr TableInfo questions{"qs", "questions", true, "question: QuestionRecord"};
inline constexpr TableInfo listening{"li", "listening", true, "member [4]: ListeningRecord"};
inline constexpr TableInfo cases{"ks", "cases", true, "case: CaseRecord"};
inline constexpr TableInfo case_lines{"kl", "case_lines", true, "case, place: CaseLineRecord"};
inline constexpr TableInfo case_links{"kk", "case_links", true,
                                      "case, About [1], id: CaseLinkRecord"};
inline constexpr TableInfo calls{"ca", "calls", true, "call: CallRecord"};
inline constexpr TableInfo problems{
    "pq", "problems", true,
    "1 order or 2 product [1] order, or shop 0 SKU 0, then the kind: ProblemRecord"};
inline constexpr TableInfo offers{"of", "offers", true, "offer: OfferRecord"};
inline constexpr TableInfo payouts{"py", "payouts", true, "request or payment: PayoutRecord"};
inline constexpr TableInfo outside{"ou", "outside", true, "refund: OutsideRecord"};
inline constexpr TableInfo moved{"mv", "moved", true, "purse_key(), place: MovedRecord"};
inline constexpr TableInfo limits{"lt", "limits", true, "name 0 scope 0 currency: LimitRecord"};

// Indexes: they follow from the above.
inline constexpr TableInfo talk_in{
    "i", "talk_in", false, "chat, place: heard [8] event message at [8], of buyers' messages"};
inline constexpr TableInfo talk_out{"o", "talk_out", false,
                                    "chat, place: at [8] seen [8], of our answers"};
inline constexpr TableInfo by_hand{
    "bh", "by_hand", false,
    "chat, place: heard [8] at [8], of answers given at the channel itself"};
inline constexpr TableInfo under_way{
    "uw", "under_way", false, "chat, place: seen [8], of our replies that have not gone out yet"};
inline constexpr TableInfo chat_numbers{"n", "chat_numbers", false, "number [4] chat"};
inline constexpr TableInfo buyer_chats{"b", "buyer_chats", false, "buyer, latest place, chat"};
inline constexpr TableInfo served{"s", "served", false, "buyer, place, chat: member [4]"};
inline constexpr TableInfo open{"op", "open", false, "owner [4] chat"};
inline constexpr TableInfo todo{"td", "todo", false,
                                "Todo [1] order [8] chat: nudges [4] number [4]"};
inline constexpr TableInfo waiting{"wa", "waiting", false, "since [8] chat, of open chats"};
inline constexpr TableInfo last_word{"lw", "last_word", false, "place, chat"};
inline constexpr TableInfo recent{"l", "recent", false, "latest place, chat"};
inline constexpr TableInfo loads{"lo", "loads", false, "owner [4]: open [4] waiting [4]"};
inline constexpr TableInfo contact_buyers{"cb", "contact_buyers", false, "contact, buyer"};
inline constexpr TableInfo joined{"jd", "joined", false, "buyer, buyer; both ways"};
inline constexpr TableInfo order_numbers{"on", "order_numbers", false, "number, order"};
inline constexpr TableInfo buyer_orders{"bd", "buyer_orders", false, "buyer, placed [8] order"};
inline constexpr TableInfo contact_orders{"co", "contact_orders", false, "contact, order"};
inline constexpr TableInfo recent_orders{"ro", "recent_orders", false, "placed [8] order"};
inline constexpr TableInfo order_parcels{"oa", "order_parcels", false, "order, parcel"};
inline constexpr TableInfo parcel_numbers{"pn", "parcel_numbers", false,
                                          "pseudonym of the number on it, parcel"};
inline constexpr TableInfo parcels_still{"ps", "parcels_still", false,
                                         "since [8] parcel, of those under way"};
inline constexpr TableInfo parcels_due{"pt", "parcels_due", false,
                                       "eta [8] parcel, of those under way"};
inline constexpr TableInfo parcels_sent{"pv", "parcels_sent", false, "first moved [8] parcel"};
inline constexpr TableInfo order_requests{"oq", "order_requests", false, "order, place, request"};
inline constexpr TableInfo unfinished{"uf", "unfinished", false,
                                      "0 or 1 (unknown) [1] place, request"};
inline constexpr TableInfo given{"g", "given", false, "place, chat: GivenRecord"};
inline constexpr TableInfo changes_open{"cp", "changes_open", false, "change: not in force yet"};
inline constexpr TableInfo promises_due{"pd", "promises_due", false,
                                        "due [8] promise, of open ones"};
inline constexpr TableInfo member_promises{"pb", "member_promises", false,
                                           "member [4] due [8] promise, of open ones"};
inline constexpr TableInfo chat_promises{"pc", "chat_promises", false,
                                         "chat, due [8] promise, of open ones"};
inline constexpr TableInfo questions_open{"qo", "questions_open", false, "place, question"};
inline constexpr TableInfo chat_questions{"qc", "chat_questions", false,
                                          "chat, place, question, of open ones"};
inline constexpr TableInfo words{"wo", "words", false,
                                 "chat: it has had promises, questions, calls or cases; a set"};
inline constexpr TableInfo case_numbers{"kn", "case_numbers", false, "number [4] case"};
inline constexpr TableInfo cases_recent{"kr", "cases_recent", false,
                                        "0 open, 1 over or 2 any [1] place, case"};
inline constexpr TableInfo member_cases{"km", "member_cases", false,
                                        "assignee [4] place, case, of open ones"};
inline constexpr TableInfo cases_due{"kd", "cases_due", false, "deadline [8] case, of open ones"};
inline constexpr TableInfo cases_about{"ka", "cases_about", false, "About [1] id, case"};
inline constexpr TableInfo calls_about{
    "cc", "calls_about", false,
    "0, 1 chat, 2 buyer or 3 case [1] that id, at [8] call; of 0 without an id"};
inline constexpr TableInfo to_ship{"ts", "to_ship", false,
                                   "shop 0 paid [8] order, of those paid and not sent"};
inline constexpr TableInfo sku_waiting{"sw", "sku_waiting", false,
                                       "shop 0 SKU 0 paid [8] order: quantity [8], of the same"};
inline constexpr TableInfo problems_open{"po", "problems_open", false,
                                         "since [8] key of the problem, of open ones"};
inline constexpr TableInfo problems_told{
    "pw", "problems_told", false,
    "when the buyer was written to [8] key of the problem, of open ones"};

inline constexpr TableInfo offers_recent{"fr", "offers_recent", false,
                                         "0 open, 1 over or 2 any [1] place, offer"};
inline constexpr TableInfo offers_approval{"fa", "offers_approval", false,
                                           "place, offer, that wait for approval"};
inline constexpr TableInfo offers_ready{"fy", "offers_ready", false, "offer: to be carried out"};
inline constexpr TableInfo chat_offers{"fc", "chat_offers", false, "chat, place, offer"};
inline constexpr TableInfo order_offers{"fd", "order_offers", false, "order, place, offer"};
inline constexpr TableInfo charges{"cg", "charges", false, "purse_key(), place, payout"};
inline constexpr TableInfo order_payouts{"oy", "order_payouts", false, "order, payout"};
inline constexpr TableInfo payouts_time{"yt", "payouts_time", false, "time [8] payout"};
inline constexpr TableInfo order_outside{"ox", "order_outside", false, "order, refund"};
inline constexpr TableInfo outside_booked{"ob", "outside_booked", false,
                                          "member [4] month [4] refund"};
inline constexpr TableInfo outside_time{"ot", "outside_time", false,
                                        "0 not booked or 1 [1] time [8] refund"};

// This peer's own.
inline constexpr TableInfo meta{"mt", "meta", false, "\"state\": hash and counts"};

}  // namespace deskmate::desk::table

namespace deskmate::desk {

// What the router has to look at, and in which order within each kind.
enum class Todo : std::uint8_t {
  queued = 0,   // by the time since when the buyer waits
  flagged = 1,  // by the stamp of the flag
  fresh = 2,    // by the stamp of the opening message
  parked = 3,   // queued because the buyer is blocked
  greet = 4,    // with other peers: given or queued and not greeted, by the opening's stamp
};

}  // namespace deskmate::desk

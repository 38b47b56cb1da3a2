// The desk's tables and their keys. Numbers in keys are big-endian: [4], [8]; ids [16]; places
// [32].
#pragma once

#include "core/desk/tables.hpp"

namespace deskmate::desk::table {

// The state that peers compare.
inline constexpr TableInfo logs{"desk.logs", true, "peer [8] incarnation [8]: the log's full name"};
inline constexpr TableInfo members{"desk.members", true, "number [4]: MemberRecord"};
inline constexpr TableInfo buyers{"desk.buyers", true, "buyer: BuyerRecord"};
inline constexpr TableInfo contacts{"desk.contacts", true, "buyer, contact: a set"};
inline constexpr TableInfo mentions{"desk.mentions", true, "buyer, mention: a set"};
inline constexpr TableInfo quotes{"desk.quotes", true, "chat, mention: a set"};
inline constexpr TableInfo joins{"desk.joins", true, "lesser buyer, greater buyer: JoinRecord"};
inline constexpr TableInfo chats{"desk.chats", true, "chat: ChatRecord"};
inline constexpr TableInfo messages{"desk.messages", true, "message: MessageRecord"};
inline constexpr TableInfo entries{"desk.entries", true, "chat, place: EntryRecord"};
inline constexpr TableInfo drafts{"desk.drafts", true, "chat, member [4]: DraftRecord"};
inline constexpr TableInfo requests{"desk.requests", true, "request: RequestRecord"};
inline constexpr TableInfo orders{"desk.orders", true, "order: OrderRecord"};
inline constexpr TableInfo parcels{"desk.parcels", true, "parcel: ParcelRecord"};
inline constexpr TableInfo products{"desk.products", true, "shop 0 SKU: ProductRecord"};
inline constexpr TableInfo phrases{"desk.phrases", true, "name 0 language: PhraseRecord"};
inline constexpr TableInfo plugins{"desk.plugins", true, "plugin: PluginRecord"};
inline constexpr TableInfo ledger{"desk.ledger", true, "hash of the shares [32]: LedgerRecord"};
inline constexpr TableInfo claims{"desk.claims", true,
                                  "chat, 0 cut or 1 book [1] place: ClaimRecord"};
inline constexpr TableInfo visits{"desk.visits", true, "chat, visit: VisitRecord"};
inline constexpr TableInfo peers{"desk.peers", true, "peer [32]: PeerRecord"};
inline constexpr TableInfo met{"desk.met", true,
                               "peer [32] place of its hello, who knows of it [32]: a set"};
inline constexpr TableInfo book{"desk.book", true, "\"book\": BookRecord"};
inline constexpr TableInfo changes{"desk.changes", true, "change: ChangeRecord"};
inline constexpr TableInfo erasures{"desk.erasures", true, "buyer: ErasureRecord"};
inline constexpr TableInfo forgotten{"desk.forgotten", true,
                                     "buyer, peer [32]: which erasure it has done"};
inline constexpr TableInfo dead_keys{"desk.dead_keys", true, "buyer, key, peer [32]: a set"};

// Indexes: they follow from the above.
inline constexpr TableInfo talk_in{"desk.talk_in", false,
                                   "chat, place: at [8] event message, of buyers' messages"};
inline constexpr TableInfo talk_out{"desk.talk_out", false, "chat, place: at [8], of our answers"};
inline constexpr TableInfo chat_numbers{"desk.chat_numbers", false, "number [4] chat"};
inline constexpr TableInfo buyer_chats{"desk.buyer_chats", false, "buyer, latest place, chat"};
inline constexpr TableInfo served{"desk.served", false, "buyer, place, chat: member [4]"};
inline constexpr TableInfo open{"desk.open", false, "owner [4] chat"};
inline constexpr TableInfo todo{"desk.todo", false,
                                "Todo [1] order [8] chat: nudges [4] number [4]"};
inline constexpr TableInfo waiting{"desk.waiting", false, "since [8] chat, of open chats"};
inline constexpr TableInfo last_word{"desk.last_word", false, "place, chat"};
inline constexpr TableInfo recent{"desk.recent", false, "latest place, chat"};
inline constexpr TableInfo loads{"desk.loads", false, "owner [4]: open [4] waiting [4]"};
inline constexpr TableInfo contact_buyers{"desk.contact_buyers", false, "contact, buyer"};
inline constexpr TableInfo joined{"desk.joined", false, "buyer, buyer; both ways"};
inline constexpr TableInfo order_numbers{"desk.order_numbers", false, "number, order"};
inline constexpr TableInfo buyer_orders{"desk.buyer_orders", false, "buyer, placed [8] order"};
inline constexpr TableInfo contact_orders{"desk.contact_orders", false, "contact, order"};
inline constexpr TableInfo recent_orders{"desk.recent_orders", false, "placed [8] order"};
inline constexpr TableInfo order_parcels{"desk.order_parcels", false, "order, parcel"};
inline constexpr TableInfo order_requests{"desk.order_requests", false, "order, place, request"};
inline constexpr TableInfo unfinished{"desk.unfinished", false,
                                      "0 or 1 (unknown) [1] place, request"};
inline constexpr TableInfo given{"desk.given", false, "place, chat: GivenRecord"};
inline constexpr TableInfo changes_open{"desk.changes_open", false, "change: not in force yet"};

// This peer's own.
inline constexpr TableInfo meta{"desk.meta", false, "\"state\": hash and counts"};

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

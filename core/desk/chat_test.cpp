#include <gtest/gtest.h>

#include "core/desk/dates.hpp"
#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

std::vector<EntryKind> kinds(const ChatView& chat) {
  std::vector<EntryKind> out;
  for (const Entry& entry : chat.entries) out.push_back(entry.kind);
  return out;
}

TEST(Chats, R4_the_whole_history_of_a_buyer_whoever_handled_it) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  world.receive("old", "buyer", {{"contacts", bins({"email"})}});
  world.decide();
  world.reply("old", 1);
  world.add(world.desk.note(id("old"), 1, "Promised a gift.").value());
  world.close("old", 1);
  world.now_ms += hour_ms;
  world.add("buyer.seen", Value::map({{"shop", "shop"},
                                      {"buyer", bin("in the shop")},
                                      {"contacts", bins({"email", "phone"})}}));
  world.receive("elsewhere", "in the shop");
  world.add(world.desk.join(id("buyer"), id("second"), 1).value());
  world.receive("joined", "second");
  world.now_ms += 90 * hour_ms;
  world.receive("now", "buyer");
  world.decide();

  const ChatView view = world.view("now");
  ASSERT_EQ(view.history.size(), 3u);
  EXPECT_EQ(view.history[2].id, id("old"));
  EXPECT_EQ(view.history[2].owner, 1u);  // who had it
  ASSERT_EQ(view.accounts.size(), 2u);
  EXPECT_EQ(view.accounts[0].buyer, id("second"));
  EXPECT_TRUE(view.accounts[0].joined);
  EXPECT_EQ(view.accounts[1].buyer, id("in the shop"));
  EXPECT_FALSE(view.accounts[1].joined);
  EXPECT_EQ(view.accounts[1].shop, "shop");
  EXPECT_EQ(kinds(world.view("old")),
            (std::vector<EntryKind>{EntryKind::received, EntryKind::assigned, EntryKind::reply,
                                    EntryKind::note, EntryKind::closed}));

  // Somebody says that they are not the same person.
  world.add(world.desk.separate(id("buyer"), id("in the shop"), 1).value());
  EXPECT_EQ(world.view("now").accounts.size(), 1u);
  EXPECT_EQ(world.view("now").history.size(), 2u);
}

TEST(Chats, R4_long_chats_are_shown_from_the_end) {
  World world;
  for (int i = 0; i < 10; ++i) world.receive("c", "buyer", {{"files", i}});
  const ChatView view = world.desk.chat(id("c"), world.now_ms, 3).value();
  ASSERT_EQ(view.entries.size(), 3u);
  EXPECT_TRUE(view.earlier);
  EXPECT_EQ(view.entries[2].files, 9u);
  EXPECT_EQ(view.entries[2].ref, world.last.key);
  EXPECT_FALSE(world.desk.chat(id("nothing"), world.now_ms, 3).has_value());
}

TEST(Chats, R11_the_queue_is_by_waiting_time_with_colours) {
  World world;
  world.member(1, 1);
  world.receive("late", "b1");
  world.now_ms += 70 * second_ms;
  world.receive("middle", "b2");
  world.now_ms += 29 * second_ms;
  world.receive("new", "b3");
  world.now_ms += 1 * second_ms;
  world.decide();
  const auto queue = world.desk.queue(world.now_ms, 10);
  ASSERT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue[0].id, id("late"));
  EXPECT_EQ(queue[0].colour, ReplyColour::red);  // 100 s
  EXPECT_EQ(queue[1].id, id("middle"));
  EXPECT_EQ(queue[1].colour, ReplyColour::amber);  // 30 s
  EXPECT_EQ(queue[2].colour, ReplyColour::green);
  EXPECT_EQ(world.desk.members(world.now_ms)[0].waiting, 3u);
  world.reply("late", 1);
  EXPECT_EQ(world.desk.queue(world.now_ms, 10).size(), 2u);
  EXPECT_EQ(world.row("late").colour, ReplyColour::none);
  world.add("reply.done",
            Value::map({{"request", Value::bin(world.last.event)}, {"kind", "reply"}}));
  EXPECT_EQ(world.desk.queue(world.now_ms, 10).size(), 2u);
  EXPECT_EQ(world.desk.members(world.now_ms)[0].waiting, 2u);
}

TEST(Chats, R11_a_reply_that_does_not_get_out_leaves_the_buyer_waiting) {
  World world;
  world.member(1, 1);
  world.receive("c", "b");
  const std::uint64_t asked_ms = world.now_ms;
  world.decide();
  world.reply("c", 1);
  EXPECT_EQ(world.row("c").waiting_since_ms, 0u);
  world.now_ms += Policy().target_ms;
  EXPECT_EQ(world.row("c").waiting_since_ms, asked_ms);
  ASSERT_TRUE(world.row("c").answering);
  EXPECT_EQ(world.row("c").answering->member, 1u);
  EXPECT_EQ(world.desk.queue(world.now_ms, 10).size(), 1u);
  world.receive("c", "b");  // what is asked after it is not answered by it
  world.reply("c", 1);
  const Value second = Value::bin(world.last.event);
  EXPECT_EQ(world.row("c").waiting_since_ms, 0u);
  world.add("reply.unknown", Value::map({{"request", second}, {"kind", "reply"}}));
  EXPECT_EQ(world.row("c").waiting_since_ms, 0u);  // a person is asked
  world.add("reply.resolved",
            Value::map({{"request", second}, {"kind", "reply"}, {"as", "again"}}));
  world.now_ms += Policy().target_ms;
  EXPECT_EQ(world.row("c").waiting_since_ms, asked_ms);
  world.add("reply.failed", Value::map({{"request", second}, {"kind", "reply"}}));
  EXPECT_EQ(world.row("c").waiting_since_ms, asked_ms);
  EXPECT_EQ(world.desk.hash(), world.desk.full_hash());
}

TEST(Chats, R11_a_nudge_raises_a_chat_but_only_so_far) {
  World world;
  world.receive("first", "b1");
  world.now_ms += 50 * second_ms;
  world.receive("second", "b2");
  EXPECT_EQ(world.desk.queue(world.now_ms, 10)[0].id, id("first"));
  EXPECT_EQ(world.desk.queue(world.now_ms, 1)[0].id, id("first"));
  world.receive("second", "b2");  // counts as a minute
  EXPECT_EQ(world.desk.queue(world.now_ms, 10)[0].id, id("second"));
  EXPECT_EQ(world.desk.queue(world.now_ms, 1)[0].id, id("second"));
  EXPECT_EQ(world.row("second").nudges, 1u);
  for (int i = 0; i < 20; ++i) world.receive("second", "b2");
  EXPECT_EQ(world.row("second").nudges, nudges_max);
}

TEST(Chats, R11_a_date_of_long_ago_does_not_jump_the_queue) {
  World world;
  world.receive("honest", "b1", {{"at", world.now_ms - hour_ms}});
  world.receive("forged", "b2", {{"at", 0}});
  world.receive("ahead", "b3", {{"at", world.now_ms + hour_ms}});
  EXPECT_EQ(world.row("honest").waiting_since_ms, world.now_ms - hour_ms);
  EXPECT_EQ(world.row("forged").waiting_since_ms, world.now_ms - 7 * 24 * hour_ms);
  EXPECT_EQ(world.row("ahead").waiting_since_ms, world.now_ms);
}

TEST(Chats, R18_drafts_are_kept_until_they_are_sent) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  world.receive("c", "buyer");
  world.add(world.desk.draft(id("c"), 1, "Dear").value());
  world.add(world.desk.draft(id("c"), 1, "Dear customer").value());
  const EventRef latest = world.last.key;
  world.add(world.desk.draft(id("c"), 2, "Hello").value());
  ASSERT_EQ(world.view("c").drafts.size(), 2u);
  EXPECT_EQ(world.view("c").drafts[0].ref, latest);
  world.reply("c", 1);
  ASSERT_EQ(world.view("c").drafts.size(), 1u);
  EXPECT_EQ(world.view("c").drafts[0].member, 2u);
  world.add(world.desk.draft(id("c"), 2, "  ").value());  // emptied
  EXPECT_TRUE(world.view("c").drafts.empty());
}

TEST(Chats, R21_the_last_word_is_ours) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  world.decide();
  EXPECT_EQ(world.desk.last_word(world.now_ms, 10).size(), 1u);
  world.reply("c", 1);
  EXPECT_TRUE(world.desk.last_word(world.now_ms, 10).empty());
  world.receive("c", "buyer");
  world.close("c", 1);  // closed, and yet the buyer ended it
  const auto list = world.desk.last_word(world.now_ms, 10);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].state, ChatState::closed);
  world.reply("c", 1);
  EXPECT_TRUE(world.desk.last_word(world.now_ms, 10).empty());
}

TEST(Chats, R121_a_close_does_not_close_what_its_author_had_not_seen) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  world.decide();
  const Proposal close = world.desk.close(id("c"), 1).value();
  world.receive("c", "buyer");  // came in at another peer meanwhile
  world.add(close);
  EXPECT_EQ(world.row("c").state, ChatState::fresh);
  EXPECT_NE(world.row("c").waiting_since_ms, 0u);
  EXPECT_FALSE(world.decide().empty());
  world.close("c", 1);
  EXPECT_EQ(world.row("c").state, ChatState::closed);
  Proposal damaged = close;
  damaged.facts["upto"] = Value::bin("short");
  const auto malformed = world.desk.counts().malformed;
  world.add(damaged);
  EXPECT_EQ(world.desk.counts().malformed, malformed + 1);
}

TEST(Chats, R21_an_answer_that_did_not_go_out_is_no_answer) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  world.decide();
  const Id16 request = world.add(world.desk.reply(id("c"), 1, "Hello").value());
  EXPECT_FALSE(world.row("c").last_word_theirs);
  world.add("reply.failed", Value::map({{"request", Value::bin(request)},
                                        {"kind", "reply"},
                                        {"attempt", 1},
                                        {"again", false},
                                        {"code", "refused"}}));
  EXPECT_TRUE(world.row("c").last_word_theirs);
  EXPECT_NE(world.row("c").waiting_since_ms, 0u);
  EXPECT_EQ(world.view("c").entries.back().outcome, RequestState::failed);
}

TEST(Chats, R21_out_of_office_answers_open_nothing) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer", {{"auto", true}});
  EXPECT_TRUE(world.decide().empty());
  EXPECT_EQ(world.row("c").state, ChatState::closed);
  EXPECT_TRUE(world.desk.last_word(world.now_ms, 10).empty());
  EXPECT_EQ(world.view("c").entries.size(), 1u);
}

TEST(Chats, R121_a_message_seen_twice_is_one) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer", {{"message", bin("same")}});
  world.receive("c", "buyer", {{"message", bin("same")}});
  EXPECT_EQ(world.view("c").entries.size(), 1u);
  EXPECT_EQ(world.row("c").nudges, 0u);
}

TEST(Chats, R121_our_reply_met_again_among_what_was_sent_is_one) {
  for (const bool seen_first : {false, true}) {
    World world;
    world.member(1, 1);
    world.receive("c", "buyer");
    const Id16 request = world.add(world.desk.reply(id("c"), 1, "Hello").value());
    const auto done = [&] {
      world.add("reply.done", Value::map({{"request", Value::bin(request)},
                                          {"kind", "reply"},
                                          {"attempt", 1},
                                          {"message", bin("sent")}}));
    };
    if (!seen_first) done();
    world.add("message.sent", Value::map({{"shop", "mail"},
                                          {"thread", bin("c")},
                                          {"buyer", bin("buyer")},
                                          {"message", bin("sent")},
                                          {"at", world.now_ms}}));
    if (seen_first) done();
    EXPECT_EQ(kinds(world.view("c")),
              (std::vector<EntryKind>{EntryKind::received, EntryKind::reply}));
    EXPECT_EQ(world.desk.hash(), world.desk.full_hash());
  }
}

TEST(Chats, an_answer_by_hand_outside_the_desk_answers) {
  World world;
  world.receive("c", "buyer");
  world.add("message.sent", Value::map({{"shop", "mail"},
                                        {"thread", bin("c")},
                                        {"buyer", bin("buyer")},
                                        {"message", bin("sent")},
                                        {"at", world.now_ms}}));
  EXPECT_FALSE(world.row("c").last_word_theirs);
  EXPECT_EQ(world.row("c").waiting_since_ms, 0u);
}

TEST(Chats, an_answer_by_hand_that_is_found_late_answers_what_was_written_before_it) {
  World world;
  const std::uint64_t start_ms = world.now_ms;
  const auto buyer_at = [&](std::uint64_t at_ms) { world.receive("c", "buyer", {{"at", at_ms}}); };
  const auto by_hand = [&](const std::string& message, std::uint64_t at_ms) {
    world.add("message.sent", Value::map({{"shop", "mail"},
                                          {"thread", bin("c")},
                                          {"buyer", bin("buyer")},
                                          {"message", bin(message)},
                                          {"at", at_ms}}));
    EXPECT_EQ(world.desk.hash(), world.desk.full_hash());
    return world.row("c").waiting_since_ms;
  };
  world.now_ms += hour_ms;
  buyer_at(start_ms + 1'000);
  buyer_at(start_ms + 3'000);
  EXPECT_EQ(by_hand("to the first", start_ms + 2'000), start_ms + 3'000);
  EXPECT_TRUE(world.row("c").last_word_theirs);
  // One that is older still answers nothing more, and a message that is found late is behind both.
  EXPECT_EQ(by_hand("a greeting", start_ms + 500), start_ms + 3'000);
  buyer_at(start_ms + 1'500);
  EXPECT_EQ(world.row("c").waiting_since_ms, start_ms + 3'000);
  EXPECT_EQ(by_hand("to all", start_ms + 4'000), 0u);
  EXPECT_FALSE(world.row("c").last_word_theirs);
  // What the desk itself has answered does not wait again, whatever is found.
  buyer_at(start_ms + 6'000);
  world.member(1, 1);
  const Id16 reply = world.add(world.desk.reply(id("c"), 1, "Yes").value());
  world.add("reply.done",
            Value::map({{"request", Value::bin(reply)}, {"kind", "reply"}, {"attempt", 1}}));
  EXPECT_EQ(by_hand("before that", start_ms + 5'000), 0u);
}

TEST(Chats, R40_greetings_are_off_unless_a_shop_has_one) {
  Policy policy;
  policy.greetings["mail"] = "Hello {buyer}, {agent} is here.";
  World world(policy);
  world.member(1, 1);
  world.receive("c", "buyer");
  const Proposals proposals = world.decide();
  ASSERT_EQ(proposals.size(), 2u);
  const Proposal& greeting = proposals[1];
  EXPECT_EQ(greeting.type, "reply.requested");
  EXPECT_TRUE(greeting.request);
  EXPECT_EQ(greeting.facts["auto"].as_str(), "greeting");
  EXPECT_EQ(greeting.facts["member"].as_int(), 1);
  EXPECT_EQ((*greeting.body)["text"].as_str(), "Hello {buyer}, {agent} is here.");
  EXPECT_TRUE(greeting.answers.has_value());
  EXPECT_EQ(world.row("c").waiting_since_ms, world.now_ms);  // still waits for a person
  EXPECT_TRUE(world.row("c").last_word_theirs);
  world.receive("c", "buyer");
  EXPECT_TRUE(world.decide().empty());
  world.close("c", 1);
  world.receive("c", "buyer");
  EXPECT_EQ(world.decide().size(), 2u);  // a new visit
  world.receive("other shop", "second", {{"shop", "shop"}});
  EXPECT_EQ(world.decide().size(), 1u);
  // Nothing is sent for what is long past.
  world.receive("old", "third", {{"at", world.now_ms - hour_ms}});
  EXPECT_EQ(world.decide().size(), 1u);
}

struct ClosedShop {
  static Policy policy(const std::vector<std::string>& aftersale = {}) {
    Policy out;
    out.greetings["mail"] = "Hello {buyer}.";
    const std::vector<std::string> hours{"09:00-22:00"};
    ShopHours& shop = out.shop_hours["mail"];
    shop.hours = parse_schedule(hours).value();
    if (!aftersale.empty()) shop.aftersale = parse_schedule(aftersale);
    shop.closed = "Back at {back}, {buyer}.";
    return out;
  }
  explicit ClosedShop(const Policy& policy) : world(policy) { world.member(1, 1); }

  // What the buyer of a new chat is sent by itself, at this time of the next day.
  std::string sent_at(const char* chat, const char* buyer, std::uint64_t hour,
                      std::uint64_t minute) {
    world.now_ms += day_ms;
    world.now_ms += hour * hour_ms + minute * minute_ms - world.now_ms % day_ms;
    world.receive(chat, buyer);
    for (const Proposal& one : world.decide()) {
      if (one.type != "reply.requested") continue;
      return std::string((*one.body)["text"].as_str())
          .append(" ")
          .append(one.facts["back"].as_str());
    }
    return "nothing";
  }
  World world;
};

TEST(Chats, R15_outside_of_its_hours_a_shop_says_when_it_is_back) {
  ClosedShop shop(ClosedShop::policy());
  const auto back = [&](std::uint64_t days_on) {
    const auto day = static_cast<std::int64_t>(shop.world.now_ms / day_ms + days_on);
    return "Back at {back}, {buyer}. " + date_text(day) + " 09:00";
  };
  const std::string early = shop.sent_at("a", "a", 8, 59);
  EXPECT_EQ(early, back(0));
  EXPECT_EQ(shop.sent_at("b", "b", 9, 0), "Hello {buyer}. ");
  EXPECT_EQ(shop.sent_at("c", "c", 21, 59), "Hello {buyer}. ");
  const std::string late = shop.sent_at("d", "d", 22, 0);
  EXPECT_EQ(late, back(1));
}

TEST(Chats, R15_after_sale_has_hours_of_its_own) {
  ClosedShop shop(ClosedShop::policy({"00:00-24:00"}));
  shop.world.add("order.seen", Value::map({{"shop", "mail"},
                                           {"order", bin("o")},
                                           {"buyer", bin("had it")},
                                           {"state", "delivered"},
                                           {"updated_at", shop.world.now_ms++}}));
  EXPECT_EQ(shop.sent_at("a", "had it", 23, 0), "Hello {buyer}. ");
  EXPECT_EQ(shop.sent_at("b", "stranger", 23, 0).substr(0, 4), "Back");
}

TEST(Chats, R15_a_holiday_has_a_roster_of_its_own) {
  World world;
  const std::string tomorrow = date_text(world.now_ms / day_ms + 1);
  for (const MemberNo number : {1u, 2u}) {
    MemberSpec spec = spec_of(number, 1, "Member");
    spec.schedule = {"00:00-24:00", tomorrow + " " + (number == 1 ? "closed" : "00:00-12:00")};
    world.member(spec);
  }
  const auto on_shift = [&](MemberNo number) {
    return world.desk.member(number, world.now_ms)->on_shift;
  };
  world.now_ms -= world.now_ms % day_ms;
  EXPECT_TRUE(on_shift(1) && on_shift(2));
  world.now_ms += day_ms;
  EXPECT_FALSE(on_shift(1));
  EXPECT_TRUE(on_shift(2));
  world.now_ms += 12 * hour_ms;
  EXPECT_FALSE(on_shift(2));
  world.now_ms += 12 * hour_ms;
  EXPECT_TRUE(on_shift(1) && on_shift(2));
}

TEST(Chats, R40_greeted_while_queued_is_not_greeted_again) {
  Policy policy;
  policy.greetings["mail"] = "Hello";
  World world(policy);
  world.member(1, 1);
  world.presence(1, Presence::away);
  world.receive("c", "buyer");
  EXPECT_EQ(world.decide().size(), 2u);
  world.presence(1, Presence::online);
  EXPECT_EQ(world.decide().size(), 1u);
}

TEST(Chats, R40_quick_phrases) {
  World world;
  world.add(world.desk.set_phrase("hello", "en", "Hello {buyer}").value());
  world.add(world.desk.set_phrase("hello", "zh", "您好").value());
  world.add(world.desk.set_phrase("hello", "en", "Hi {buyer}").value());
  ASSERT_EQ(world.desk.phrases().size(), 2u);
  EXPECT_EQ(world.desk.phrases()[0].text, "Hi {buyer}");
  world.add(world.desk.set_phrase("hello", "zh", "", true).value());
  EXPECT_EQ(world.desk.phrases().size(), 1u);
  EXPECT_EQ(world.desk.set_phrase("", "en", "x").error().code, Errc::bad_value);
  EXPECT_EQ(world.desk.set_phrase("x", "en", std::string(phrase_max + 1, 'x')).error().code,
            Errc::too_long);
}

TEST(Chats, R5_lists_by_owner_shop_and_age) {
  World world;
  world.member(1, 1);
  world.member(2, 1);
  for (const char* name : {"a", "b", "c"}) {
    world.now_ms += 1000;
    world.receive(name, name, {{"shop", name[0] == 'c' ? "shop" : "mail"}});
    world.decide();
  }
  EXPECT_EQ(world.desk.chats({.owner = 1}, world.now_ms, 10).size(), 2u);
  EXPECT_EQ(world.desk.chats({.owner = 2}, world.now_ms, 10).size(), 1u);
  EXPECT_EQ(world.desk.chats({.owner = {}, .open = true, .shop = "shop"}, world.now_ms, 10).size(),
            1u);
  world.close("a", 1);
  EXPECT_EQ(world.desk.chats({}, world.now_ms, 10).size(), 2u);
  const auto all = world.desk.chats({.owner = {}, .open = false}, world.now_ms, 10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].id, id("c"));
  EXPECT_EQ(world.desk.chats({.owner = {}, .open = false}, world.now_ms, 1).size(), 1u);
}

TEST(Chats, pages_have_every_chat_once_and_end) {
  World world;
  world.member(1, 1);
  std::vector<std::string> latest_first;
  for (int i = 0; i < 7; ++i) {
    world.now_ms += 1000;
    latest_first.insert(latest_first.begin(), "c" + std::to_string(i));
    world.receive(latest_first.front(), "b" + std::to_string(i));
  }
  world.decide();
  world.close("c2", 1);
  for (const bool open : {true, false}) {
    std::vector<Id16> want;
    for (const auto& name : latest_first) {
      if (!open || name != "c2") want.push_back(id(name));
    }
    for (const std::size_t limit : {1u, 2u, 3u, 7u, 100u}) {
      std::vector<Id16> got;
      std::string after;
      std::size_t pages = 0;
      do {
        const auto page = world.desk.chat_page({.open = open}, after, world.now_ms, limit);
        ASSERT_TRUE(page);
        ASSERT_LE(page->rows.size(), limit);
        for (const ChatRow& row : page->rows) got.push_back(row.id);
        after = page->next;
        ASSERT_LE(++pages, want.size());
      } while (!after.empty());
      EXPECT_EQ(got, want) << open << " " << limit;
    }
  }
  EXPECT_FALSE(world.desk.chat_page({}, "x", world.now_ms, 10));
  // One that is heard of between two pages is at the front, where the reader has been.
  const auto first = world.desk.chat_page({}, {}, world.now_ms, 3);
  world.now_ms += 1000;
  world.receive("c0", "b0");
  const auto second = world.desk.chat_page({}, first->next, world.now_ms, 10);
  EXPECT_EQ(second->rows.size(), 2u);
  EXPECT_EQ(world.desk.chat_page({}, {}, world.now_ms, 1)->rows[0].id, id("c0"));
}

TEST(Commands, what_is_not_there_or_not_allowed_is_refused) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer");
  EXPECT_EQ(world.desk.reply(id("x"), 1, "Hi").error().code, Errc::no_such_chat);
  EXPECT_EQ(world.desk.reply(id("c"), 9, "Hi").error().code, Errc::no_such_member);
  EXPECT_EQ(world.desk.reply(id("c"), 1, "\n").error().code, Errc::text_required);
  EXPECT_EQ(world.desk.reply(id("c"), 1, std::string(text_max + 1, 'x')).error().code,
            Errc::too_long);
  EXPECT_EQ(world.desk.reply(id("c"), 1, "\xff").error().code, Errc::bad_value);
  EXPECT_EQ(world.desk.join(id("a"), id("a"), 1).error().code, Errc::same_buyer);
  EXPECT_EQ(world.desk.resolve(id("r"), "done", 1).error().code, Errc::no_such_request);
  EXPECT_EQ(world.desk.set_presence(9, Presence::away).error().code, Errc::no_such_member);
  MemberSpec spec;
  spec.number = 2;
  spec.name = "Two";
  spec.role = "astronaut";
  EXPECT_EQ(world.desk.set_member(spec).error().code, Errc::no_such_role);
  spec.role = "presale";
  spec.weight = weight_max + 1;
  EXPECT_EQ(world.desk.set_member(spec).error().code, Errc::bad_value);
  spec.weight = 1;
  spec.schedule = {"whenever"};
  EXPECT_EQ(world.desk.set_member(spec).error().code, Errc::bad_schedule);
}

TEST(Commands, a_reply_carries_what_its_sender_needs) {
  World world;
  world.member(1, 1);
  world.receive("c", "buyer", {{"message", bin("asked")}});
  const EventRef asked = world.last.key;
  const Proposal reply = world.desk.reply(id("c"), 1, "Hello").value();
  EXPECT_TRUE(reply.request);
  EXPECT_EQ(reply.facts["shop"].as_str(), "mail");
  EXPECT_EQ(reply.facts["thread"], bin("c"));
  EXPECT_EQ(reply.facts["buyer"], bin("buyer"));
  EXPECT_EQ(reply.facts["to_message"], bin("asked"));
  EXPECT_EQ(reply.answers, asked);
  EXPECT_EQ(reply.buyer, id("buyer"));
  EXPECT_FALSE(reply.facts.as_map().contains("text"));  // facts are never erased
}

}  // namespace
}  // namespace deskmate::desk

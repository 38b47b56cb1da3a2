// Promises, questions to colleagues, listening.
#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

struct Words : ::testing::Test {
  Words() {
    world.member(1, 1);
    world.member(2, 1, "aftersale");
    world.member(3, 1, "supervisor");
    world.receive("c", "buyer");
    world.decide();
  }
  Id16 promise(const std::string& chat, std::uint64_t in_ms, MemberNo member = 1) {
    PromiseSpec spec;
    spec.chat = id(chat);
    spec.member = member;
    spec.due_ms = world.now_ms + in_ms;
    spec.text = "I will ask.";
    return world.add(world.desk.promise(spec, world.now_ms).value());
  }
  Error refused(PromiseSpec spec) { return world.desk.promise(spec, world.now_ms).error(); }
  std::vector<Id16> open(const PromiseFilter& filter = {}) {
    std::vector<Id16> out;
    const auto page = world.desk.promises(filter, {}, world.now_ms, 100);
    for (const auto& one : page.value().rows) out.push_back(one.id);
    return out;
  }
  Id16 question(const Target& to, const std::string& chat = "c") {
    return world.add(world.desk.ask_colleague(id(chat), 1, to, "Is it in stock?").value());
  }
  std::size_t questions(const QuestionFilter& filter) {
    return world.desk.questions(filter, {}, 100).value().rows.size();
  }

  World world;
};

TEST_F(Words, R22_a_promise_comes_back_when_it_is_due_and_a_reply_does_not_keep_it) {
  world.reply("c", 1);
  world.close("c", 1);
  EXPECT_EQ(world.row("c").due_ms, 0u);
  const std::uint64_t due_ms = world.now_ms + 20 * minute_ms;
  const Id16 made = promise("c", 20 * minute_ms);
  EXPECT_EQ(world.row("c").due_ms, due_ms);
  EXPECT_EQ(world.row("c").promises_open, 1u);
  EXPECT_FALSE(world.row("c").promise_overdue);
  EXPECT_TRUE(world.desk.queue(world.now_ms, 10).empty());

  world.now_ms = due_ms;
  EXPECT_TRUE(world.row("c").promise_overdue);
  EXPECT_EQ(world.row("c").colour, ReplyColour::red);
  ASSERT_EQ(world.desk.queue(world.now_ms, 10).size(), 1u) << "closed, and it is raised";
  world.reply("c", 2);
  EXPECT_EQ(open({.overdue = true}), std::vector<Id16>{made});
  EXPECT_TRUE(world.row("c").promise_overdue);

  world.add(world.desk.promise_kept(made, 2).value());
  EXPECT_TRUE(open().empty());
  EXPECT_FALSE(world.row("c").promise_overdue);
  EXPECT_TRUE(world.desk.queue(world.now_ms, 10).empty());
  EXPECT_EQ(world.desk.promise_kept(made, 2).error().code, Errc::over);
  EXPECT_EQ(world.desk.promise_dropped(made, 2, "no").error().code, Errc::over);
  const auto entries = world.view("c").entries;
  ASSERT_EQ(entries.back().kind, EntryKind::kept);
  EXPECT_EQ(entries.back().about, made);
  EXPECT_EQ(entries.back().member, 2u);
}

TEST_F(Words, R22_unkept_promises_are_listed_by_when_they_are_due) {
  world.receive("d", "other");
  const Id16 late = promise("c", 3 * hour_ms);
  const Id16 soon = promise("d", 1 * hour_ms, 2);
  const Id16 next = promise("c", 2 * hour_ms, 2);
  EXPECT_EQ(open(), (std::vector<Id16>{soon, next, late}));
  EXPECT_EQ(open({.member = 2}), (std::vector<Id16>{soon, next}));
  EXPECT_EQ(open({.chat = id("c")}), (std::vector<Id16>{next, late}));
  EXPECT_EQ(open({.member = 2, .chat = id("c")}), std::vector<Id16>{next});
  EXPECT_TRUE(open({.overdue = true}).empty());
  EXPECT_EQ(world.view("c").promises.size(), 2u);

  std::vector<Id16> paged;
  std::string after;
  do {
    const auto page = world.desk.promises({}, after, world.now_ms, 1);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->rows.size(), 1u);
    paged.push_back(page->rows[0].id);
    after = page->next;
  } while (!after.empty());
  EXPECT_EQ(paged, (std::vector<Id16>{soon, next, late}));
  EXPECT_FALSE(world.desk.promises({}, "nonsense", world.now_ms, 1));

  world.now_ms += 2 * hour_ms;
  EXPECT_EQ(open({.overdue = true}), (std::vector<Id16>{soon, next}));
  world.add(world.desk.promise_dropped(soon, 2, "The buyer found it.").value());
  EXPECT_EQ(open({.overdue = true}), std::vector<Id16>{next});
  // Those who wait and those who were promised something stand in one list, longest first.
  world.receive("e", "third");
  const auto queue = world.desk.queue(world.now_ms, 10);
  ASSERT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue[0].waiting_since_ms, world.now_ms - 2 * hour_ms);
  EXPECT_EQ(queue[2].id, id("e"));
}

TEST_F(Words, R22_what_cannot_be_promised_is_refused_with_where_and_why) {
  PromiseSpec spec;
  spec.chat = id("c");
  spec.member = 1;
  spec.due_ms = world.now_ms + 1;
  spec.text = "text";
  ASSERT_TRUE(world.desk.promise(spec, world.now_ms));
  const auto with = [&](const auto& change) {
    PromiseSpec wrong = spec;
    change(wrong);
    return refused(wrong);
  };
  EXPECT_EQ(with([](auto& one) { one.chat = id("none"); }).code, Errc::no_such_chat);
  EXPECT_EQ(with([](auto& one) { one.member = 9; }).code, Errc::no_such_member);
  const Error past = with([&](auto& one) { one.due_ms = world.now_ms; });
  EXPECT_EQ(past.code, Errc::bad_time);
  EXPECT_EQ(past.where, "due_ms");
  EXPECT_EQ(with([&](auto& one) { one.due_ms += promise_ahead_max_ms; }).code, Errc::bad_time);
  EXPECT_EQ(with([](auto& one) { one.kind = "hope"; }).where, "kind");
  EXPECT_EQ(with([](auto& one) { one.text = " "; }).code, Errc::text_required);
  EXPECT_EQ(with([](auto& one) { one.text.assign(promise_text_max + 1, 'x'); }).code,
            Errc::too_long);
  for (std::size_t i = 0; i < promises_open_max; ++i) promise("c", minute_ms);
  EXPECT_EQ(with([](auto&) {}).code, Errc::too_many);
  EXPECT_EQ(world.row("c").promises_open, promises_open_max);
  EXPECT_EQ(world.desk.promise_kept(id("none"), 1).error().code, Errc::no_such_promise);
  const Id16 made = open().front();
  EXPECT_EQ(world.desk.promise_dropped(made, 1, "").error().where, "reason");
  EXPECT_EQ(world.desk.promise_kept(made, 9).error().code, Errc::no_such_member);
}

TEST_F(Words, R41_a_colleagues_answer_comes_back_into_the_chat) {
  const Id16 asked = question(MemberNo{2});
  EXPECT_EQ(world.row("c").questions_open, 1u);
  EXPECT_EQ(questions({.to = 2}), 1u);
  EXPECT_EQ(questions({.to = 3}), 0u);
  EXPECT_EQ(questions({.from = 1}), 1u);
  EXPECT_EQ(questions({.from = 2}), 0u);
  ASSERT_EQ(world.view("c").questions.size(), 1u);
  EXPECT_EQ(world.view("c").questions[0].id, asked);

  const Id16 of_role = question(std::string("supervisor"));
  EXPECT_EQ(questions({.to = 3}), 1u);
  EXPECT_EQ(questions({.chat = id("c")}), 2u);

  world.add(world.desk.answer_colleague(asked, 2, "Ten of them.").value());
  EXPECT_EQ(questions({.to = 2}), 0u);
  const auto entries = world.view("c").entries;
  EXPECT_EQ(entries.back().kind, EntryKind::answered);
  EXPECT_EQ(entries.back().about, asked);
  EXPECT_EQ(entries.back().member, 2u);
  EXPECT_EQ(entries[entries.size() - 3].kind, EntryKind::asked);
  EXPECT_EQ(entries[entries.size() - 3].to, 2u);
  EXPECT_EQ(entries[entries.size() - 2].to_role, "supervisor");
  EXPECT_EQ(world.desk.answer_colleague(asked, 2, "Ten.").error().code, Errc::over);
  EXPECT_TRUE(world.desk.answer_colleague(of_role, 3, "Ten."));

  EXPECT_EQ(world.desk.ask_colleague(id("c"), 1, MemberNo{1}, "?").error().where, "to");
  EXPECT_EQ(world.desk.ask_colleague(id("c"), 1, MemberNo{9}, "?").error().code,
            Errc::no_such_member);
  EXPECT_EQ(world.desk.ask_colleague(id("c"), 1, std::string("cook"), "?").error().code,
            Errc::no_such_role);
  EXPECT_EQ(world.desk.ask_colleague(id("c"), 1, MemberNo{2}, "").error().code,
            Errc::text_required);
  EXPECT_EQ(world.desk.answer_colleague(id("none"), 1, "?").error().code, Errc::no_such_question);
  for (std::size_t i = 1; i < questions_open_max; ++i) question(MemberNo{2});
  EXPECT_EQ(world.desk.ask_colleague(id("c"), 1, MemberNo{2}, "?").error().code, Errc::too_many);
}

TEST_F(Words, R26_the_listened_to_can_see_it_until_it_ends) {
  const MemberNo owner = world.owner("c");
  ASSERT_EQ(owner, 1u);
  const std::uint64_t until_ms = world.now_ms + hour_ms;
  world.add(world.desk.listen(3, MemberNo{1}, until_ms, world.now_ms, false).value());
  const auto seen = [&](MemberNo number) {
    return world.desk.members(world.now_ms).at(number - 1);
  };
  ASSERT_EQ(seen(1).listeners.size(), 1u);
  EXPECT_EQ(seen(1).listeners[0].member, 3u);
  EXPECT_EQ(seen(1).listeners[0].until_ms, until_ms);
  ASSERT_TRUE(seen(3).listening);
  EXPECT_EQ(seen(3).listening->to, 1u);
  EXPECT_EQ(world.view("c").listeners.size(), 1u) << "the chat is theirs";

  world.add(world.desk.listen(3, id("c"), until_ms, world.now_ms, false).value());
  EXPECT_TRUE(seen(1).listeners.empty()) << "one thing at a time";
  EXPECT_EQ(seen(3).listening->chat, id("c"));
  EXPECT_EQ(world.view("c").listeners.size(), 1u);
  world.now_ms = until_ms;
  EXPECT_TRUE(world.view("c").listeners.empty());
  EXPECT_FALSE(seen(3).listening);

  world.add(world.desk.listen(3, MemberNo{1}, world.now_ms + 1, world.now_ms, false).value());
  world.add(world.desk.listen(3, MemberNo{1}, 0, world.now_ms, false).value());
  EXPECT_TRUE(seen(1).listeners.empty()) << "ended by hand";

  const auto refused = [&](MemberNo member, const Heard& to, std::uint64_t ms) {
    return world.desk.listen(member, to, world.now_ms + ms, world.now_ms, false).error();
  };
  EXPECT_EQ(refused(1, MemberNo{2}, 1).code, Errc::not_allowed);
  EXPECT_TRUE(world.desk.listen(1, MemberNo{2}, world.now_ms + 1, world.now_ms, true));
  EXPECT_EQ(refused(3, MemberNo{3}, 1).where, "to");
  EXPECT_EQ(refused(3, MemberNo{9}, 1).code, Errc::no_such_member);
  EXPECT_EQ(refused(3, id("none"), 1).code, Errc::no_such_chat);
  EXPECT_EQ(refused(3, MemberNo{1}, listening_max_ms + 1).code, Errc::bad_time);
}

}  // namespace
}  // namespace deskmate::desk

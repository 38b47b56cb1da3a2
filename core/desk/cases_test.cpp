// Cases and calls.
#include <gtest/gtest.h>

#include "core/desk/test_world.hpp"

namespace deskmate::desk {
namespace {

struct Cases : ::testing::Test {
  Cases() {
    world.member(1, 1);
    world.member(2, 1, "aftersale");
    world.receive("c", "buyer");
    world.receive("other", "stranger");
    world.add("order.seen", Value::map({{"shop", "shop"},
                                        {"order", bin("order")},
                                        {"buyer", bin("buyer")},
                                        {"state", "paid"},
                                        {"placed_at", 1}}));
    world.add("parcel.seen", Value::map({{"shop", "shop"},
                                         {"parcel", bin("parcel")},
                                         {"order", bin("order")},
                                         {"status", "lost"}}));
    world.decide();
  }
  CaseSpec about_chat(const std::string& chat = "c", const std::string& kind = "lost") {
    CaseSpec spec;
    spec.member = 1;
    spec.kind = kind;
    spec.chat = id(chat);
    return spec;
  }
  Result<Proposal> try_open(const CaseSpec& spec) {
    return world.desk.open_case(spec, world.now_ms);
  }
  Id16 open(const CaseSpec& spec) { return world.add(try_open(spec).value()); }
  CaseView row(const Id16& one) { return world.desk.case_row(one, world.now_ms).value(); }
  CaseDetail detail(const Id16& one, std::size_t limit = 100) {
    return world.desk.case_detail(one, {}, world.now_ms, limit).value();
  }
  CaseChange change_of(const Id16& one) {
    CaseChange change;
    change.id = one;
    change.member = 1;
    return change;
  }
  void settle(const Id16& one) {
    CaseChange change = change_of(one);
    change.state = "settled";
    change.text = "Paid back.";
    world.add(world.desk.change_case(change, world.now_ms).value());
  }
  Error refused(const CaseChange& change) {
    return world.desk.change_case(change, world.now_ms).error();
  }
  std::vector<Id16> list(const CaseFilter& filter) {
    std::vector<Id16> out;
    const auto page = world.desk.cases(filter, {}, world.now_ms, 100);
    for (const auto& one : page.value().rows) out.push_back(one.id);
    return out;
  }

  World world;
};

TEST_F(Cases, R47_a_chat_becomes_a_case_in_one_step) {
  const Proposal proposal = try_open(about_chat()).value();
  EXPECT_EQ(proposal.buyer, id("buyer")) << "sealed under the buyer";
  const Id16 one = world.add(proposal);
  const CaseView view = row(one);
  EXPECT_EQ(view.number, 1u);
  EXPECT_EQ(view.kind, "lost");
  EXPECT_EQ(view.state, "open");
  EXPECT_EQ(view.assignee, 1u);
  EXPECT_EQ(view.shop, "mail");
  EXPECT_EQ(view.chat->id, id("c"));
  EXPECT_EQ(view.buyer, id("buyer"));
  EXPECT_EQ(world.row("c").open_cases, std::vector<CaseNo>{1});
  const ChatView chat = world.view("c");
  ASSERT_EQ(chat.cases.size(), 1u);
  EXPECT_EQ(chat.entries.back().kind, EntryKind::about_case);
  EXPECT_EQ(chat.entries.back().about, one);
  EXPECT_EQ(chat.entries.back().case_number, 1u);
  EXPECT_EQ(chat.entries.back().topic, "lost");
  EXPECT_EQ(world.desk.cases_by_number(1), std::vector<Id16>{one});

  CaseSpec of_order;
  of_order.member = 2;
  of_order.kind = "damaged";
  of_order.parcel = id("parcel");
  const Id16 two = open(of_order);
  EXPECT_EQ(row(two).number, 2u);
  EXPECT_EQ(row(two).order, id("order")) << "the parcel's";
  EXPECT_EQ(row(two).buyer, id("buyer")) << "the order's";
  EXPECT_EQ(row(two).shop, "shop");
  EXPECT_EQ(world.view("c").cases.size(), 2u) << "and the buyer's";
  EXPECT_TRUE(world.view("other").cases.empty());
}

TEST_F(Cases, R86_each_party_has_its_word_and_what_was_settled_is_on_record) {
  const Id16 one = open(about_chat());
  CaseStatement said;
  said.id = one;
  said.member = 2;
  said.party = "courier";
  said.text = "Left at the door.";
  said.at_ms = world.now_ms - hour_ms;
  const Proposal statement = world.desk.say_in_case(said, world.now_ms).value();
  EXPECT_EQ(statement.buyer, id("buyer"));
  world.add(statement);
  said.party = "third";
  said.text = "The neighbour has not got it.";
  world.add(world.desk.say_in_case(said, world.now_ms).value());

  CaseChange settled = change_of(one);
  settled.state = "settled";
  settled.liable = "courier";
  settled.cause = "courier";
  settled.amount = 1299;
  settled.currency = "EUR";
  EXPECT_EQ(refused(settled).code, Errc::text_required) << "an end has a reason";
  settled.text = "The courier pays.";
  world.add(world.desk.change_case(settled, world.now_ms).value());
  const CaseDetail found = detail(one);
  EXPECT_EQ(found.row.state, "settled");
  EXPECT_EQ(found.row.liable, "courier");
  EXPECT_EQ(found.row.cause, "courier");
  EXPECT_EQ(found.row.amount, 1299);
  EXPECT_EQ(found.row.currency, "EUR");
  EXPECT_EQ(found.row.lines, 4u);
  ASSERT_EQ(found.lines.size(), 4u);
  EXPECT_EQ(found.lines[0].kind, CaseLine::opened);
  EXPECT_EQ(found.lines[1].kind, CaseLine::said);
  EXPECT_EQ(found.lines[1].party, "courier");
  EXPECT_EQ(found.lines[1].at_ms, world.now_ms - hour_ms);
  EXPECT_EQ(found.lines[1].member, 2u);
  EXPECT_EQ(found.lines[3].kind, CaseLine::changed);
  EXPECT_EQ(found.lines[3].what["liable"].as_str(), "courier");
  EXPECT_EQ(found.lines[3].member, 1u) << "who said so";
  EXPECT_TRUE(world.row("c").open_cases.empty());

  const auto last = world.desk.case_detail(one, {}, world.now_ms, 2).value();
  ASSERT_EQ(last.lines.size(), 2u);
  EXPECT_EQ(last.lines[1].kind, CaseLine::changed);
  const auto earlier = world.desk.case_detail(one, last.before, world.now_ms, 2).value();
  ASSERT_EQ(earlier.lines.size(), 2u);
  EXPECT_EQ(earlier.lines[0].kind, CaseLine::opened);
  EXPECT_TRUE(earlier.before.empty());
  EXPECT_FALSE(world.desk.case_detail(one, "nonsense", world.now_ms, 2));
}

TEST_F(Cases, R90_evidence_is_asked_for_by_kind_and_stands_with_the_case) {
  const Id16 one = open(about_chat());
  CaseChange asked = change_of(one);
  asked.wants = std::vector<std::string>{"item", "slip"};
  asked.waiting_for = "buyer";
  asked.state = "waiting";
  world.add(world.desk.change_case(asked, world.now_ms).value());
  CaseStatement given;
  given.id = one;
  given.member = 1;
  given.party = "buyer";
  given.evidence = "slip";
  given.files = {{storage::Hash32{1}, 100, "slip.jpg", "image/jpeg"}};
  const Proposal photo = world.desk.say_in_case(given, world.now_ms).value();
  EXPECT_EQ((*photo.body)["files"][0]["name"].as_str(), "slip.jpg");
  world.add(photo);
  EXPECT_EQ(row(one).wants, (std::vector<std::string>{"item", "slip"}));
  EXPECT_EQ(row(one).given, std::vector<std::string>{"slip"});
  EXPECT_EQ(row(one).waiting_for, "buyer");
  EXPECT_EQ(detail(one).lines.back().files, 1u);
  asked.wants = std::vector<std::string>();
  asked.waiting_for = "";
  world.add(world.desk.change_case(asked, world.now_ms).value());
  EXPECT_TRUE(row(one).wants.empty());
  EXPECT_TRUE(row(one).waiting_for.empty());
}

TEST_F(Cases, R102_a_deadline_that_has_passed_is_listed_first) {
  CaseSpec spec = about_chat("c", "platform");
  spec.deadline_ms = world.now_ms + 2 * hour_ms;
  const Id16 late = open(spec);
  spec.deadline_ms = world.now_ms + hour_ms;
  const Id16 soon = open(spec);
  const Id16 never = open(about_chat());
  CaseFilter overdue;
  overdue.overdue = true;
  EXPECT_TRUE(list(overdue).empty());
  EXPECT_EQ(list({}), (std::vector<Id16>{never, soon, late})) << "the latest opened first";
  world.now_ms += 2 * hour_ms;
  EXPECT_EQ(list(overdue), (std::vector<Id16>{soon, late}));
  EXPECT_TRUE(row(late).overdue);
  CaseChange moved = change_of(late);
  moved.deadline_ms = world.now_ms + 1;
  world.add(world.desk.change_case(moved, world.now_ms).value());
  settle(soon);
  EXPECT_TRUE(list(overdue).empty());
  EXPECT_FALSE(row(soon).overdue);
}

TEST_F(Cases, R47_cases_are_found_by_what_they_are_and_about) {
  const Id16 lost = open(about_chat("c", "lost"));
  const Id16 other = open(about_chat("other", "question"));
  CaseSpec spec = about_chat("c", "refund");
  spec.assignee = 0;
  spec.order = id("order");
  const Id16 nobodys = open(spec);
  settle(lost);
  const auto with = [&](const auto& set) {
    CaseFilter filter;
    set(filter);
    return list(filter);
  };
  using Ids = std::vector<Id16>;
  EXPECT_EQ(with([](auto&) {}), (Ids{nobodys, other}));
  EXPECT_EQ(with([](auto& f) { f.which = CaseFilter::Which::over; }), Ids{lost});
  EXPECT_EQ(with([](auto& f) { f.which = CaseFilter::Which::all; }), (Ids{nobodys, other, lost}));
  EXPECT_EQ(with([](auto& f) { f.kind = "question"; }), Ids{other});
  EXPECT_EQ(with([](auto& f) { f.assignee = 0; }), Ids{nobodys});
  EXPECT_EQ(with([](auto& f) { f.assignee = 1; }), Ids{other});
  EXPECT_EQ(with([](auto& f) { f.state = "waiting"; }), Ids{});
  EXPECT_EQ(with([](auto& f) { f.order = id("order"); }), Ids{nobodys});
  EXPECT_EQ(with([](auto& f) { f.chat = id("other"); }), Ids{other});
  EXPECT_EQ(with([](auto& f) {
              f.buyer = id("buyer");
              f.which = CaseFilter::Which::all;
            }),
            (Ids{nobodys, lost}));
  world.add(world.desk.join(id("buyer"), id("stranger"), 1).value());
  EXPECT_EQ(with([](auto& f) { f.buyer = id("buyer"); }), (Ids{nobodys, other}));

  for (const bool of_chat : {false, true}) {
    CaseFilter filter;
    filter.which = CaseFilter::Which::all;
    if (of_chat) filter.buyer = id("buyer");
    Ids paged;
    std::string after;
    do {
      const auto page = world.desk.cases(filter, after, world.now_ms, 1);
      ASSERT_TRUE(page);
      ASSERT_LE(page->rows.size(), 1u);
      for (const auto& one : page->rows) paged.push_back(one.id);
      after = page->next;
    } while (!after.empty());
    EXPECT_EQ(paged, (Ids{nobodys, other, lost}));
    EXPECT_FALSE(world.desk.cases(filter, "nonsense", world.now_ms, 1));
  }
}

TEST_F(Cases, R47_further_chats_and_orders_are_linked_and_taken_off) {
  CaseSpec spec;
  spec.member = 1;
  spec.kind = "complaint";
  spec.shop = "shop";
  const Id16 one = open(spec);
  EXPECT_EQ(world.desk.buyer_of_case(one), std::nullopt);
  const auto link = [&](About about, const char* to, bool removed = false) {
    return world.desk.link_case(one, about, id(to), removed, 1);
  };
  world.add(link(About::chat, "other").value());
  world.add(link(About::order, "order").value());
  EXPECT_EQ(link(About::chat, "other").error().code, Errc::over);
  EXPECT_EQ(link(About::chat, "c", true).error().code, Errc::over);
  EXPECT_EQ(link(About::chat, "none").error().code, Errc::no_such_chat);
  EXPECT_EQ(link(About::order, "none").error().code, Errc::no_such_order);
  EXPECT_EQ(link(About::parcel, "none").error().where, "parcel");
  EXPECT_EQ(world.row("other").open_cases.size(), 1u);
  EXPECT_EQ(world.view("other").entries.back().kind, EntryKind::about_case);
  EXPECT_EQ(world.desk.buyer_of_case(one), id("stranger"));
  CaseDetail found = detail(one);
  ASSERT_EQ(found.chats.size(), 1u);
  EXPECT_EQ(found.chats[0].id, id("other"));
  EXPECT_EQ(found.orders, std::vector<Id16>{id("order")});
  world.add(link(About::chat, "other", true).value());
  EXPECT_TRUE(detail(one).chats.empty());
  EXPECT_TRUE(world.row("other").open_cases.empty());
  EXPECT_EQ(detail(one).lines.back().what["removed"], Value(true));
  for (std::size_t i = 2; i < case_links_max; ++i) {
    world.add(link(About::buyer, ("b" + std::to_string(i)).c_str()).value());
  }
  EXPECT_EQ(link(About::buyer, "one more").error().code, Errc::too_many);
}

TEST_F(Cases, R47_what_cannot_be_is_refused_with_where_and_why) {
  const auto with = [&](const auto& set) {
    CaseSpec spec = about_chat();
    set(spec);
    return try_open(spec).error();
  };
  EXPECT_EQ(with([](auto& s) { s.member = 9; }).code, Errc::no_such_member);
  EXPECT_EQ(with([](auto& s) { s.assignee = 9; }).code, Errc::no_such_member);
  EXPECT_EQ(with([](auto& s) { s.kind = "Li Ming"; }).where, "kind") << "no names in facts";
  EXPECT_EQ(with([](auto& s) { s.kind = ""; }).where, "kind");
  EXPECT_EQ(with([](auto& s) { s.chat = id("none"); }).code, Errc::no_such_chat);
  EXPECT_EQ(with([](auto& s) { s.order = id("none"); }).where, "order");
  EXPECT_EQ(with([](auto& s) { s.parcel = id("none"); }).where, "parcel");
  EXPECT_EQ(with([](auto& s) { s.severity = "dire"; }).where, "severity");
  EXPECT_EQ(with([&](auto& s) { s.deadline_ms = world.now_ms; }).where, "deadline_ms");
  EXPECT_EQ(with([](auto& s) { s.title.assign(case_title_max + 1, 'x'); }).where, "title");
  EXPECT_EQ(with([](auto& s) { s.text.assign(text_max + 1, 'x'); }).where, "text");
  EXPECT_EQ(with([](auto& s) { s.chat = {}; }).code, Errc::about_required);

  const Id16 one = open(about_chat());
  const auto changed = [&](const auto& set) {
    CaseChange change = change_of(one);
    set(change);
    return refused(change);
  };
  EXPECT_EQ(changed([](auto&) {}).code, Errc::bad_value) << "nothing is changed";
  EXPECT_EQ(changed([](auto& c) { c.id = id("none"); }).code, Errc::no_such_case);
  EXPECT_EQ(changed([](auto& c) { c.state = "shut"; }).where, "state");
  EXPECT_EQ(changed([](auto& c) { c.cause = "luck"; }).where, "cause");
  EXPECT_EQ(changed([](auto& c) { c.liable = "nobody"; }).where, "liable");
  EXPECT_EQ(changed([](auto& c) { c.liable = "shop"; }).code, Errc::text_required);
  EXPECT_EQ(changed([](auto& c) { c.waiting_for = "Li Ming"; }).where, "waiting_for");
  EXPECT_EQ(changed([](auto& c) { c.assignee = 9; }).code, Errc::no_such_member);
  EXPECT_EQ(changed([](auto& c) { c.deadline_ms = 1; }).where, "deadline_ms");
  EXPECT_EQ(changed([](auto& c) { c.amount = -1; }).where, "amount");
  EXPECT_EQ(changed([](auto& c) { c.amount = 1; }).where, "currency");
  EXPECT_EQ(changed([](auto& c) { c.wants = std::vector<std::string>{"a photo"}; }).where, "wants");
  EXPECT_EQ(
      changed([](auto& c) { c.wants = std::vector<std::string>(evidence_max + 1, "item"); }).code,
      Errc::too_many);
  EXPECT_EQ(changed([](auto& c) { c.title = ""; }).where, "title");

  const auto said = [&](const auto& set) {
    CaseStatement statement;
    statement.id = one;
    statement.member = 1;
    statement.party = "buyer";
    statement.text = "text";
    set(statement);
    return world.desk.say_in_case(statement, world.now_ms).error();
  };
  EXPECT_EQ(said([](auto& s) { s.party = "me"; }).where, "party");
  EXPECT_EQ(said([](auto& s) { s.text = ""; }).code, Errc::text_required);
  EXPECT_EQ(said([](auto& s) { s.evidence = "My photo"; }).where, "evidence");
  EXPECT_EQ(said([&](auto& s) { s.at_ms = world.now_ms + hour_ms; }).where, "at_ms");
  EXPECT_EQ(said([](auto& s) { s.files.resize(reply_files_max + 1); }).code, Errc::too_long);
  for (std::size_t i = 1; i < case_lines_max; ++i) {
    world.add("case.said",
              Value::map({{"case", Value::bin(one)}, {"member", 1}, {"party", "buyer"}}));
  }
  EXPECT_EQ(said([](auto&) {}).code, Errc::too_many);
  for (std::size_t i = 1; i < cases_of_chat_max; ++i) open(about_chat());
  EXPECT_EQ(with([](auto&) {}).code, Errc::too_many);
}

TEST_F(Cases, R47_a_number_never_comes_to_mean_another_case) {
  const Id16 mine = open(about_chat());
  // Another peer, which had not heard of it, gave the same number.
  const TestEvent theirs =
      make_event({log_name(2), 1}, (world.now_ms + 1) << 16, "case.opened",
                 Value::map({{"number", 1}, {"kind", "lost"}, {"chat", bin("other")}}));
  world.desk.fold(theirs.view());
  EXPECT_EQ(world.desk.cases_by_number(1).size(), 2u);
  const CaseNo number = row(mine).number;
  EXPECT_GT(number, chat_twin_step);
  EXPECT_EQ(world.desk.cases_by_number(number), std::vector<Id16>{mine});
  EXPECT_NE(row(theirs.event).number, number);
}

TEST_F(Cases, R47_calls_stand_in_the_chat_the_case_and_with_the_buyer) {
  const Id16 one = open(about_chat());
  CallSpec spec;
  spec.member = 1;
  spec.chat = id("c");
  spec.about = one;
  spec.outgoing = true;
  spec.text = "Nobody answered.";
  const Proposal proposal = world.desk.log_call(spec, world.now_ms).value();
  EXPECT_EQ(proposal.buyer, id("buyer"));
  const Id16 first = world.add(proposal);
  const ChatView chat = world.view("c");
  EXPECT_EQ(chat.entries.back().kind, EntryKind::call);
  ASSERT_TRUE(chat.entries.back().call);
  EXPECT_FALSE(chat.entries.back().call->answered);
  ASSERT_EQ(chat.calls.size(), 1u);
  EXPECT_EQ(detail(one).lines.back().kind, CaseLine::call);
  EXPECT_TRUE(detail(one).lines.back().call->outgoing);
  EXPECT_EQ(detail(one).lines.back().call->case_number, 1u);

  world.now_ms += hour_ms;
  CallSpec back;
  back.member = 2;
  back.buyer = id("buyer");
  back.answered = true;
  back.seconds = 90;
  back.at_ms = world.now_ms - minute_ms;
  const Id16 second = world.add(world.desk.log_call(back, world.now_ms).value());
  const auto calls = [&](const auto& set) {
    CallFilter filter;
    set(filter);
    std::vector<Id16> out;
    const auto page = world.desk.calls(filter, {}, 100);
    for (const auto& call : page.value().rows) out.push_back(call.id);
    return out;
  };
  using Ids = std::vector<Id16>;
  EXPECT_EQ(calls([](auto&) {}), (Ids{second, first}));
  EXPECT_EQ(calls([](auto& f) { f.buyer = id("buyer"); }), (Ids{second, first}));
  EXPECT_EQ(calls([](auto& f) { f.chat = id("c"); }), Ids{first});
  EXPECT_EQ(calls([&](auto& f) { f.about = one; }), Ids{first});
  EXPECT_EQ(calls([](auto& f) { f.member = 2; }), Ids{second});
  const auto page = world.desk.calls({}, {}, 1);
  ASSERT_EQ(page->rows.size(), 1u);
  EXPECT_EQ(page->rows[0].seconds, 90u);
  EXPECT_EQ(world.desk.calls({}, page->next, 1)->rows[0].id, first);
  EXPECT_EQ(world.view("c").calls.size(), 2u);

  const auto with = [&](const auto& set) {
    CallSpec wrong = spec;
    set(wrong);
    return world.desk.log_call(wrong, world.now_ms).error();
  };
  EXPECT_EQ(with([](auto& s) { s.member = 9; }).code, Errc::no_such_member);
  EXPECT_EQ(with([](auto& s) { s.chat = id("none"); }).code, Errc::no_such_chat);
  EXPECT_EQ(with([](auto& s) { s.about = id("none"); }).code, Errc::no_such_case);
  EXPECT_EQ(with([](auto& s) { s.party = "me"; }).where, "party");
  EXPECT_EQ(with([](auto& s) { s.seconds = call_seconds_max + 1; }).where, "seconds");
  EXPECT_EQ(with([&](auto& s) { s.at_ms = world.now_ms + hour_ms; }).where, "at_ms");
  EXPECT_EQ(with([](auto& s) {
              s.chat = {};
              s.about = {};
            }).code,
            Errc::about_required);
}

}  // namespace
}  // namespace deskmate::desk

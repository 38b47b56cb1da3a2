// Does the cost of an event rise with what is stored? The same work on desks with 10^4, 10^5 and
// 10^6 events (with DESKMATE_FULL=1 also 10^7), in turns: messages come as a connector appends them
// and are checked, stored, folded and routed; replies, their outcomes and closings follow; in the
// end the tables are written. On real storage, with its flushes.
#include <cstdio>
#include <memory>
#include <string>

#include "core/bus/test_loop.hpp"
#include "core/daemon/journal.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/shop_log.hpp"

namespace deskmate::bench {
namespace {

constexpr std::uint64_t chats_each = 250;     // of one run
constexpr std::uint64_t chats_together = 25;  // whose events are appended in one batch

// A desk on a folder: journal, tables, fold and router, as the daemon puts them together.
class Work {
 public:
  Work(const std::string& folder, std::uint64_t size)
      : store_(open_store(folder)),
        pseudonyms_(store_->pseudonym_key(), "+86"),
        shop_(pseudonyms_, store_->log(), store_->last_arrival(), size),
        tables_(*store_),
        desk_(tables_, desk::Policy()),
        journal_(
            loop_, *store_, tables_, desk_, [this] { return shop_.now_ms(); }, hooks()) {
    if (auto opened = journal_.open(); !opened) throw std::runtime_error(opened.error().message);
    next_ = store_->last_arrival();
    settle();
  }
  ~Work() {
    bool closed = false;
    journal_.close([&] { closed = true; });
    run_until([&] { return closed; });
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Seconds for one event.
  double run() {
    const std::uint64_t before = store_->last_arrival();
    const double start = now_s();
    for (std::uint64_t done = 0; done < chats_each; done += chats_together) talk();
    bool written = false;
    journal_.hold([&](const Result<void>& held) {
      if (!held) throw std::runtime_error(held.error().message);
      written = true;
    });
    run_until([&] { return written; });
    const double took = now_s() - start;
    journal_.release();
    return took / static_cast<double>(store_->last_arrival() - before);
  }

 private:
  daemon::Journal::Hooks hooks() {
    daemon::Journal::Hooks out;
    out.prepare = [](const desk::Proposal& proposal) -> Result<daemon::Prepared> {
      daemon::Prepared prepared;
      prepared.event.type = proposal.type;
      prepared.event.facts = encode(proposal.facts);
      prepared.event.request = proposal.request;
      return prepared;
    };
    return out;
  }

  // The loop's turn, until the store has answered.
  void run_until(const std::function<bool()>& done) {
    while (!done()) loop_.run();
  }
  void settle() {
    // Its timers do not run here.
    run_until([&] {
      if (journal_.in_flight() == 0) journal_.decide();
      return journal_.in_flight() == 0 && !desk_.wants_decide();
    });
  }

  std::vector<daemon::Outcome> append(std::vector<daemon::Prepared> events) {
    std::vector<daemon::Outcome> out;
    bool done = false;
    journal_.append(std::move(events), std::nullopt,
                    [&](const Result<std::vector<daemon::Outcome>>& result) {
                      if (!result) throw std::runtime_error(result.error().message);
                      out = *result;
                      done = true;
                    });
    run_until([&] { return done; });
    settle();
    return out;
  }

  daemon::Prepared made(const char* type, const Value& facts) const {
    daemon::Prepared out;
    out.event.type = type;
    out.event.facts = encode(facts);
    return out;
  }

  void talk() {
    const std::uint64_t first = next_;
    next_ += chats_together;
    const auto of_each = [&](const auto& make) {
      std::vector<daemon::Prepared> events;
      for (std::uint64_t number = first; number < next_; ++number) events.push_back(make(number));
      return append(std::move(events));
    };
    for (std::uint32_t turn = 0; turn < 2; ++turn) {
      of_each([&](std::uint64_t number) {
        const std::string bytes = encode(shop_.message(number, turn));
        Document document;
        if (!document.parse(bytes)) throw std::logic_error("a message");
        return daemon::prepare(document.root(), "mail", pseudonyms_).value();
      });  // and the router assigns
      const auto requests = of_each([&](std::uint64_t number) {
        daemon::Prepared out;
        out.event = shop_.reply(number, turn);
        return out;
      });
      for (const char* outcome : {"reply.attempted", "reply.done"}) {
        of_each([&](std::uint64_t number) {
          return made(outcome, Value::map({{"request", Value::bin(requests[number - first].id)},
                                           {"kind", "reply"},
                                           {"attempt", 1}}));
        });
      }
    }
    of_each([&](std::uint64_t number) {
      return made("chat.closed",
                  Value::map({{"chat", Value::bin(shop_.chat_of(number))}, {"member", 1}}));
    });
  }

  // Posted to by the store's thread.
  class Loop : public bus::TestLoop {
   public:
    void post(Work work) override {
      std::lock_guard lock(mutex_);
      came_.push_back(std::move(work));
    }
    void run() {
      for (;;) {
        std::deque<Work> came;
        {
          std::lock_guard lock(mutex_);
          came.swap(came_);
        }
        if (came.empty()) return;
        for (Work& work : came) work();
      }
    }

   private:
    std::mutex mutex_;
    std::deque<Work> came_;
  };

  Loop loop_;
  std::unique_ptr<storage::Store> store_;
  daemon::Pseudonyms pseudonyms_;
  Shop shop_;
  daemon::TableCache tables_;
  desk::Desk desk_;
  std::uint64_t next_ = 0;
  daemon::Journal journal_;
};

void measure() {
  pin(Role::server);
  std::vector<std::pair<std::string, std::uint64_t>> desks = {
      {"1e4", 10'000}, {"1e5", 100'000}, {"1e6", 1'000'000}};
  if (full()) desks.emplace_back("1e7", 10'000'000);
  std::vector<std::unique_ptr<FolderCopy>> folders;
  std::vector<std::unique_ptr<Work>> works;
  std::vector<Side> sides;
  for (const auto& [name, size] : desks) {
    folders.push_back(std::make_unique<FolderCopy>(shop_folder(size)));
    works.push_back(std::make_unique<Work>(folders.back()->path(), size));
    sides.push_back({name, [work = works.back().get()] { return work->run() * 1e6; }});
  }
  const auto runs = in_turns(5, sides);
  Figures figures;
  for (std::size_t i = 1; i < sides.size(); ++i) {
    figures.add("growth." + sides[i].name, "us/event", runs[i], "1e4", runs[0], at_most(1.5));
  }
}

}  // namespace
}  // namespace deskmate::bench

int main() {
  try {
    deskmate::bench::measure();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "growth_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}

// What plugins do wrong, each in a process of its own beside a good one that has to go on.
#include "core/host/supervisor.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "core/host/sanitizer.hpp"
#include "core/host/test_desk.hpp"

namespace deskmate::host {
namespace {

class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() = default;
  explicit SupervisorTest(std::uint32_t heartbeat_ms) : desk_(heartbeat_ms) {}

  void SetUp() override { desk_.add("good", "probe"); }

  // The other plugin goes on, whatever happened.
  void TearDown() override {
    EXPECT_EQ(desk_.state("good"), State::running);
    EXPECT_EQ(desk_.status("good").starts, 1U);
    EXPECT_TRUE(desk_.ask("good", "probe.settings"));
  }

  void add_bad(const std::string& how, Isolation isolation = Isolation::process) {
    desk_.add("bad", "bad", Value::map({{"how", how}}), isolation);
  }
  // Sends events until the bad plugin has ended once.
  const Reason& provoke() {
    EXPECT_TRUE(desk_.run_until([&] {
      desk_.append("order.seen");
      const InstanceStatus status = desk_.status("bad");
      return status.state == State::backoff || status.state == State::off || status.crashes > 0;
    }));
    last_ = desk_.status("bad").last;
    return last_;
  }
  bool wait_for(const std::string& instance, State state) {
    return desk_.run_until([&] { return desk_.state(instance) == state; });
  }

  TestDesk desk_;
  Reason last_;
};

// What is noticed at a heartbeat only.
class HeartbeatTest : public SupervisorTest {
 protected:
  HeartbeatTest() : SupervisorTest(300) {}
};

TEST_F(SupervisorTest, SwitchesOffWhatCrashesAtEveryStart) {
  add_bad("crash_at_start");
  ASSERT_TRUE(wait_for("bad", State::off));
  const InstanceStatus status = desk_.status("bad");
  EXPECT_EQ(status.starts, 5U);
  EXPECT_EQ(status.crashes, 5U);
  EXPECT_EQ(status.last.cause, Cause::signal);
  EXPECT_EQ(status.last.code, SIGSEGV);
  EXPECT_EQ(status.last.last_stderr, "about to crash");
  EXPECT_EQ(status.last.text().en, "it crashed with SIGSEGV; its last line: about to crash");
  EXPECT_EQ(status.last.text().zh, "崩溃：SIGSEGV；最后一行输出：about to crash");
  EXPECT_EQ(desk_.changes("bad", "crashed"), 5U);
  EXPECT_EQ(desk_.changes("bad", "off"), 1U);
  EXPECT_TRUE(desk_.logged("bad: about to crash"));
  // The owner may try again, with five more attempts.
  ASSERT_TRUE(desk_.plugins->start("bad"));
  EXPECT_TRUE(desk_.run_until([&] { return desk_.status("bad").starts == 10; }));
}

TEST_F(SupervisorTest, RestartsWhatCrashesOnAMessage) {
  add_bad("crash_on_message");
  EXPECT_EQ(provoke().cause, Cause::signal);
  EXPECT_TRUE(wait_for("bad", State::running));
  EXPECT_EQ(desk_.status("bad").starts, 2U);
}

TEST_F(HeartbeatTest, KillsWhatHangs) {
  add_bad("hang");
  EXPECT_EQ(provoke().cause, Cause::hang);
}

TEST_F(SupervisorTest, SaysWhyAStartFailed) {
  add_bad("fail_at_start");
  ASSERT_TRUE(wait_for("bad", State::off));
  EXPECT_EQ(desk_.status("bad").last.text().en,
            "it failed to start; its last line: the mailbox is not there");
}

TEST_F(SupervisorTest, StopsExceptionsAtTheBorder) {
  add_bad("throw");
  const Reason& reason = provoke();
  EXPECT_EQ(reason.cause, Cause::exception);
  EXPECT_EQ(reason.last_stderr, "deskmate-plugin-host: an exception left on_events: thrown across");
}

TEST_F(SupervisorTest, StopsExceptionsInTheDaemonToo) {
  add_bad("throw", Isolation::daemon);
  const Reason& reason = provoke();
  EXPECT_EQ(reason.cause, Cause::exception);
  EXPECT_EQ(reason.detail, "an exception left on_events: thrown across");
  EXPECT_TRUE(wait_for("bad", State::running));
}

TEST_F(SupervisorTest, StopsAFailedStartInTheDaemonToo) {
  add_bad("throw_at_start", Isolation::daemon);
  ASSERT_TRUE(wait_for("bad", State::off));
  EXPECT_EQ(desk_.status("bad").last.cause, Cause::exception);
  EXPECT_EQ(desk_.status("bad").starts, 5U);
}

TEST_F(SupervisorTest, NoticesCallsFromAWrongThread) {
  add_bad("wrong_thread");
  const Reason& reason = provoke();
  EXPECT_EQ(reason.cause, Cause::thread);
  EXPECT_NE(reason.last_stderr.find("bus.append was called from another thread"),
            std::string::npos);
}

TEST_F(SupervisorTest, NoticesCallsFromAWrongThreadInTheDaemonToo) {
  add_bad("wrong_thread", Isolation::daemon);
  EXPECT_EQ(provoke().cause, Cause::thread);
  EXPECT_EQ(desk_.count("message.received"), 0U);
}

TEST_F(SupervisorTest, NoticesThatAPluginEnds) {
  add_bad("exit");
  const Reason& reason = provoke();
  EXPECT_EQ(reason.cause, Cause::exit);
  EXPECT_EQ(reason.code, 3);
}

TEST_F(HeartbeatTest, EndsWhatLeaksAtItsMemoryLimit) {
  add_bad("leak");
  const Reason& reason = provoke();
  EXPECT_EQ(reason.cause, Cause::memory);
  EXPECT_EQ(reason.code, 64);
}

TEST_F(SupervisorTest, LimitsWhatAPluginAppendsAndLogs) {
  add_bad("flood");
  ASSERT_TRUE(desk_.run_until([&] {
    desk_.append("order.seen");
    return desk_.status("bad").state == State::running && desk_.logged("more lines were left out");
  }));
  // It is slowed, not killed: what it does is within its rights.
  EXPECT_EQ(desk_.status("bad").crashes, 0U);
  EXPECT_TRUE(desk_.ask("good", "probe.settings"));
}

TEST_F(HeartbeatTest, EndsWhatSendsMoreFramesThanAreRead) {
  desk_.add("bad", "flood-frames");
  EXPECT_EQ(provoke().cause, Cause::flood);
}

TEST_F(HeartbeatTest, LeavesAloneWhatIsAskedMoreThanItReadsAtOnce) {
  const std::string large(400'000, 'x');
  const std::uint64_t until = desk_.loop.now_ms() + (flood_ticks_max + 2) * 300;
  while (desk_.loop.now_ms() < until) {
    std::size_t left = 4;
    for (std::size_t i = left; i > 0; --i) {
      ASSERT_TRUE(desk_.bus.call("good", "probe.settings", Value::map({{"large", large}}), 10'000,
                                 [&left](const Result<std::string>& answer) {
                                   EXPECT_TRUE(answer);
                                   --left;
                                 }));
    }
    ASSERT_TRUE(desk_.run_until([&] { return left == 0; }));
  }
}

TEST_F(SupervisorTest, EndsWhatSendsNoFrames) {
  desk_.add("bad", "broken-frames");
  EXPECT_EQ(provoke().cause, Cause::frame);
}

TEST_F(SupervisorTest, RefusesTopicsThatWereNotDeclared) {
  add_bad("undeclared_read");
  ASSERT_TRUE(desk_.run_until([&] { return !desk_.status("bad").denied.empty(); }));
  EXPECT_NE(desk_.status("bad").denied.at(0).find("message.received"), std::string::npos);
  desk_.add("second", "bad", Value::map({{"how", "undeclared_append"}}));
  ASSERT_TRUE(desk_.run_until([&] {
    desk_.append("order.seen");
    return !desk_.status("second").denied.empty();
  }));
  // However often it asks: told once.
  desk_.append("order.seen");
  EXPECT_FALSE(desk_.run_until([&] { return desk_.changes("second", "denied") > 1; }, 50));
  EXPECT_EQ(desk_.state("second"), State::running);
}

TEST_F(SupervisorTest, RefusesLibrariesThatAreNoPlugins) {
  const std::pair<std::string, std::string> cases[] = {
      {"no-entry", "exports no deskmate_plugin_entry"},
      {"old-abi", "it was built for abi 100, this host has abi 1"},
      {"wrong-id", "it says that it is another-id 1.0.0, but its manifest says wrong-id 1.0.0"},
  };
  for (const Isolation isolation : {Isolation::process, Isolation::daemon}) {
    for (const auto& [id, why] : cases) {
      const std::string name = id + (isolation == Isolation::daemon ? "-d" : "-p");
      desk_.add(name, id, nullptr, isolation);
      ASSERT_TRUE(wait_for(name, State::off));
      const InstanceStatus status = desk_.status(name);
      EXPECT_EQ(status.last.cause, Cause::library);
      EXPECT_NE(status.last.text().en.find(why), std::string::npos) << status.last.text().en;
      EXPECT_EQ(status.starts, 1U);  // trying again would find the same
    }
  }
}

TEST_F(SupervisorTest, RefusesWrongManifestsAndSettings) {
  desk_.add("none", "nothing-here");
  EXPECT_EQ(desk_.state("none"), State::off);
  EXPECT_EQ(desk_.status("none").last.cause, Cause::manifest);
  desk_.add("bad", "bad", Value::map({{"hwo", "hang"}}));
  EXPECT_EQ(desk_.state("bad"), State::off);
  EXPECT_NE(desk_.status("bad").last.text().en.find("did you mean \"how\"?"), std::string::npos);
  EXPECT_EQ(desk_.changes("bad", "crashed"), 0U);
  EXPECT_FALSE(desk_.plugins->add({"Bad Name", TestDesk::plugin("bad"), Isolation::process, {}}));
  EXPECT_FALSE(desk_.plugins->add({"bad", TestDesk::plugin("bad"), Isolation::process, {}}));
  // Replaced with what is right, it runs.
  ASSERT_TRUE(desk_.plugins->replace(
      {"bad", TestDesk::plugin("bad"), Isolation::process, Value::map({{"how", "well"}})}));
  EXPECT_TRUE(wait_for("bad", State::running));
}

TEST_F(SupervisorTest, KillsWhatDoesNotStop) {
  add_bad("ignores_stop");
  ASSERT_TRUE(desk_.run_until([&] {
    desk_.append("order.seen");
    return desk_.log.cursors.contains("bad/orders");
  }));
  const int pid = desk_.status("bad").pid;
  ASSERT_GT(pid, 0);
  ASSERT_TRUE(desk_.plugins->stop("bad"));
  EXPECT_EQ(desk_.state("bad"), State::stopping);
  ASSERT_TRUE(wait_for("bad", State::off));
  EXPECT_EQ(desk_.status("bad").last.cause, Cause::owner);
  EXPECT_EQ(kill(pid, 0), -1);
}

TEST_F(SupervisorTest, SurvivesThatAProcessIsKilled) {
  add_bad("well");
  const int pid = desk_.status("bad").pid;
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  ASSERT_TRUE(desk_.run_until([&] {
    const InstanceStatus status = desk_.status("bad");
    return status.state == State::running && status.pid > 0 && status.pid != pid;
  }));
  EXPECT_EQ(desk_.status("bad").last.text().en, "it crashed with SIGKILL");
}

TEST_F(SupervisorTest, ConfinesProcesses) {
  setenv("DESKMATE_PASSPHRASE", "not for plugins", 1);
  add_bad("well");
  unsetenv("DESKMATE_PASSPHRASE");
  const std::string proc = "/proc/" + std::to_string(desk_.status("bad").pid) + "/";
  const auto read = [&](const char* file) {
    std::ifstream in(proc + file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_EQ(read("environ").find("not for plugins"), std::string::npos);
  const std::string limits = read("limits");
  EXPECT_NE(limits.find("Max core file size        0                    0 "), std::string::npos);
  EXPECT_NE(limits.find("Max open files            256                  256 "), std::string::npos);
  if (!sanitized) {
    EXPECT_NE(limits.find("Max data size             67108864             67108864 "),
              std::string::npos);
  }
  // Nothing of the daemon's is open: standard streams, the socket, poll's eventfd.
  std::size_t open = 0;
  for (const auto& entry : std::filesystem::directory_iterator(proc + "fd")) {
    open += entry.path().empty() ? 0 : 1;
  }
  EXPECT_LE(open, 5U);
  EXPECT_EQ(getpgid(desk_.status("bad").pid), desk_.status("bad").pid);
}

TEST_F(SupervisorTest, KeepsAnIdlePluginSmall) {
  add_bad("well");
  std::ifstream in("/proc/" + std::to_string(desk_.status("bad").pid) + "/smaps_rollup");
  std::string word;
  std::size_t kb = 0;
  while (in >> word) {
    if (word == "Pss:") in >> kb;
  }
  EXPECT_GT(kb, 0U);
  EXPECT_LE(kb, sanitized ? 1'000'000U : 3'072U);
}

TEST_F(SupervisorTest, SpeaksWithPluginsInOtherLanguages) {
  desk_.add("python", "probe-python", Value::map({{"greeting", "你好"}}));
  ASSERT_EQ(desk_.state("python"), State::running) << desk_.status("python").last.text().en;
  EXPECT_EQ(*desk_.ask("python", "probe.settings"),
            Value::map({{"instance", "python"}, {"greeting", "你好"}}));
  const auto appended =
      desk_.ask("python", "probe.append", Value::map({{"type", "message.received"}, {"n", 1}}));
  ASSERT_TRUE(appended) << appended.error().message;
  EXPECT_EQ(desk_.count("message.received"), 1U);
  EXPECT_EQ(desk_.ask("python", "probe.append", Value::map({{"type", "order.seen"}, {"n", 1}}))
                .error()
                .code,
            Status::denied);
  EXPECT_TRUE(desk_.run_until([&] { return desk_.logged("python: python is ready"); }));
  ASSERT_TRUE(desk_.plugins->stop("python"));
  EXPECT_TRUE(wait_for("python", State::off));
}

}  // namespace
}  // namespace deskmate::host

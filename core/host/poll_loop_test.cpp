#include "core/host/poll_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

namespace deskmate::host {
namespace {

constexpr std::uint64_t patience_ms = 10'000;

struct Counting : bus::Transport::User {
  void on_frame(bus::Frame) override {}
  void on_broken(const Error&) override {}
  void on_closed(const Error&) override {}
  void on_drained() override {
    ++drained;
    if (then) then();
  }
  int drained = 0;
  std::function<void()> then;
};

class PollTransportTest : public ::testing::Test {
 protected:
  PollTransportTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    transport = make_poll_transport(loop, ends[0]);
    transport->start(user);
    user.then = [this] { loop.quit(); };
    loop.call_at(loop.now_ms() + patience_ms, [this] { loop.quit(); });
  }
  ~PollTransportTest() override {
    transport->close();
    ::close(ends[1]);
  }
  void send(std::size_t bytes) {
    while (transport->queued_bytes() < bytes) transport->send(bus::Ping{7});
  }
  // Until nothing is there.
  std::size_t read_all() {
    std::string buffer(1u << 20, '\0');
    std::size_t all = 0;
    for (ssize_t got = 0; (got = ::read(ends[1], buffer.data(), buffer.size())) > 0;) {
      all += static_cast<std::size_t>(got);
    }
    return all;
  }

  int ends[2] = {-1, -1};
  PollLoop loop;
  Counting user;
  std::unique_ptr<bus::Transport> transport;
};

// A session that has queued much does not read until it hears that all has gone out.
TEST_F(PollTransportTest, SaysThatAllHasGoneOutAlsoWhereItWentAtOnce) {
  send(16);
  loop.run();
  EXPECT_EQ(user.drained, 1);
  EXPECT_EQ(transport->queued_bytes(), 0u);
}

TEST_F(PollTransportTest, SaysThatAllHasGoneOutWhereASecondTurnSentTheRest) {
  send(4u << 20);
  // A turn that something else has caused finds room before the socket has said so.
  std::function<void()> again = [&] {
    read_all();
    if (transport->queued_bytes() > 0) loop.post(again);
  };
  loop.post(again);
  loop.run();
  EXPECT_EQ(user.drained, 1);
  EXPECT_EQ(transport->queued_bytes(), 0u);
}

}  // namespace
}  // namespace deskmate::host

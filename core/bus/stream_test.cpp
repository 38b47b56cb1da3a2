// Real sockets: the transport, the listener and the blocking client.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <future>
#include <thread>

#include "core/bus/bus.hpp"
#include "core/bus/client.hpp"
#include "core/bus/stream_transport.hpp"
#include "core/bus/test_session.hpp"
#include "core/bus/test_source.hpp"

namespace deskmate::bus {
namespace {

using testing::HasSubstr;

class StreamTest : public testing::Test {
 protected:
  StreamTest() {
    std::string name = "/tmp/deskmate-bus-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    path = folder + "/desk.sock";
  }
  ~StreamTest() override { std::filesystem::remove_all(folder); }

  // Runs the loop until done() or the time is up.
  template <class Done>
  bool run_until(Done done, std::uint64_t ms = 5'000) {
    const std::uint64_t until = loop.now_ms() + ms;
    while (!done()) {
      if (loop.now_ms() >= until) return false;
      context.restart();
      context.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }

  std::string folder;
  std::string path;
  boost::asio::io_context context{1};
  AsioLoop loop{context};
};

// A desk over a transport on one end of a pair, bare bytes on the other.
class PairTest : public StreamTest {
 protected:
  PairTest() {
    const auto pair = make_socket_pair();
    EXPECT_TRUE(pair);
    theirs = pair->theirs;
    SessionHandlers handlers;
    handlers.on_hello = [](const Hello& hello) -> Result<Admission> {
      Admission admission;
      admission.name = hello.name;
      admission.rights = owner_rights();
      return admission;
    };
    handlers.on_request = [this](Session&, Incoming request, Answer answer) {
      ++requests;
      if (request.method == "large") {
        answer.ok(Value::bin(std::string(500'000, 'x')));
      } else {
        answer.ok(Value(request.method));
      }
    };
    handlers.on_end = [this](Session&, const Error& reason) { end = reason; };
    desk = Session::accept(loop, make_stream_transport(loop, pair->ours), std::move(handlers));
  }
  ~PairTest() override {
    if (theirs >= 0) ::close(theirs);
  }

  void write(std::string_view bytes) {
    ASSERT_EQ(::send(theirs, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The next frame, or a failed test.
  Frame read() {
    std::optional<Frame> found;
    run_until([&] {
      while (!found) {
        auto payload = reader.next();
        if (!payload) return true;
        if (*payload) {
          auto frame = decode_frame(**payload);
          if (frame) found = std::move(*frame);
          return true;
        }
        char bytes[65'536];
        const ssize_t count = ::recv(theirs, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count == 0) return true;
        if (count < 0) return false;
        reader.feed({bytes, static_cast<std::size_t>(count)});
      }
      return true;
    });
    EXPECT_TRUE(found) << "no frame came";
    return found ? std::move(*found) : Frame{};
  }
  void say_hello() {
    write(to_stream(Hello{1, "owner", "cli", "", ""}));
    ASSERT_TRUE(std::holds_alternative<Welcome>(read()));
  }
  bool ended() {
    return run_until([&] { return end.has_value(); });
  }

  int theirs = -1;
  FrameReader reader;
  std::shared_ptr<Session> desk;
  std::size_t requests = 0;
  std::optional<Error> end;
};

TEST_F(PairTest, FramesInPiecesAndManyAtOnce) {
  const std::string hello = to_stream(Hello{1, "owner", "cli", "", ""});
  for (const char byte : hello) {
    write({&byte, 1});
    context.restart();
    context.poll();
  }
  ASSERT_TRUE(std::holds_alternative<Welcome>(read()));
  std::string many;
  for (std::uint64_t id = 1; id <= 100; ++id) {
    append_to_stream(many, Request{id, "m" + std::to_string(id), 1'000, "\x80"});
  }
  write(many);
  for (std::uint64_t id = 1; id <= 100; ++id) {
    const Frame frame = read();
    const Reply* reply = std::get_if<Reply>(&frame);
    ASSERT_NE(reply, nullptr);
    EXPECT_EQ(reply->id, id);
    EXPECT_EQ(decode(reply->result).value(), Value("m" + std::to_string(id)));
  }
}

TEST_F(PairTest, BrokenBytesEndItWithAReason) {
  say_hello();
  write(std::string("\x00\x00\x00\x01\xc1", 5));
  const Frame frame = read();
  const Goodbye* goodbye = std::get_if<Goodbye>(&frame);
  ASSERT_NE(goodbye, nullptr);
  EXPECT_EQ(goodbye->reason.code, Status::invalid);
  EXPECT_THAT(goodbye->reason.message, HasSubstr("cli"));
  ASSERT_TRUE(ended());
  EXPECT_EQ(end->where, "frame");
  // And the socket is closed.
  char byte = 0;
  EXPECT_TRUE(run_until([&] { return ::recv(theirs, &byte, 1, MSG_DONTWAIT) == 0; }));
}

TEST_F(PairTest, ALengthOfFourGigabytesEndsItAtOnce) {
  say_hello();
  write("\xff\xff\xff\xff");
  ASSERT_TRUE(ended());
  EXPECT_EQ(end->code, Status::limit);
  EXPECT_THAT(end->message, HasSubstr("4294967295"));
}

TEST_F(PairTest, FramesBehindBrokenOnesAreNotRead) {
  say_hello();
  write(std::string("\x00\x00\x00\x00", 4) + to_stream(Request{1, "m", 1'000, "\x80"}));
  ASSERT_TRUE(ended());
  EXPECT_EQ(requests, 0u);
}

TEST_F(PairTest, TheOtherSidesEndIsNoticed) {
  say_hello();
  ::close(std::exchange(theirs, -1));
  ASSERT_TRUE(ended());
  EXPECT_EQ(end->where, "closed");
  EXPECT_EQ(end->code, Status::unavailable);
}

TEST_F(PairTest, AHalfOpenConnectionIsClosed) {
  say_hello();
  // The first half of a frame, and then no more will ever be written.
  write(to_stream(Request{1, "m", 1'000, "\x80"}).substr(0, 7));
  ::shutdown(theirs, SHUT_WR);
  ASSERT_TRUE(ended());
  EXPECT_THAT(end->message, HasSubstr("within a frame"));
}

TEST_F(PairTest, LastWordsAreReadBeforeTheEnd) {
  say_hello();
  write(to_stream(Goodbye{{Status::ok, "done", ""}}));
  ::close(std::exchange(theirs, -1));
  ASSERT_TRUE(ended());
  EXPECT_EQ(end->where, "goodbye");
  EXPECT_EQ(end->message, "done");
}

TEST_F(PairTest, OurLastWordsGoOutBeforeTheEnd) {
  say_hello();
  desk->end({Status::cancelled, "the desk is stopping", "stop"});
  desk.reset();
  const Frame frame = read();
  const Goodbye* goodbye = std::get_if<Goodbye>(&frame);
  ASSERT_NE(goodbye, nullptr);
  EXPECT_EQ(goodbye->reason.message, "the desk is stopping");
}

TEST_F(PairTest, WhoeverDoesNotReadHoldsUpHimselfOnly) {
  say_hello();
  // 30 answers of half a megabyte are asked for and not read.
  for (std::uint64_t id = 1; id <= 30; ++id) write(to_stream(Request{id, "large", 60'000, "\x80"}));
  ASSERT_TRUE(run_until([&] { return desk->report().pauses == 1; }));
  context.restart();
  context.poll();
  EXPECT_LT(requests, 10u);
  EXPECT_LT(desk->report().queued_bytes, 3u << 20);
  EXPECT_TRUE(desk->open());
  for (std::uint64_t id = 1; id <= 30; ++id) {
    const Frame frame = read();
    const Reply* reply = std::get_if<Reply>(&frame);
    ASSERT_NE(reply, nullptr) << id;
    EXPECT_EQ(reply->id, id);
  }
  EXPECT_EQ(requests, 30u);
}

TEST_F(PairTest, AClosedSocketWithMuchToSayIsGivenUpInTime) {
  say_hello();
  for (std::uint64_t id = 1; id <= 4; ++id) write(to_stream(Request{id, "large", 60'000, "\x80"}));
  ASSERT_TRUE(run_until([&] { return requests >= 3; }));
  desk->end({Status::ok, "", ""});
  const std::uint64_t start = loop.now_ms();
  // Nothing is read; the descriptor has to be closed all the same.
  const auto closed = [&] {
    pollfd entry{theirs, 0, 0};
    return ::poll(&entry, 1, 0) == 1 && (entry.revents & POLLHUP) != 0;
  };
  ASSERT_TRUE(run_until(closed));
  EXPECT_GE(loop.now_ms() - start + 50, close_ms_max);
}

TEST_F(StreamTest, TheSocketIsTheOwnersOnly) {
  const auto old_mask = ::umask(0);
  const auto listener = Listener::open(loop, path, [](std::unique_ptr<Transport>, Peer) {});
  ::umask(old_mask);
  ASSERT_TRUE(listener) << listener.error().message;
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(StreamTest, TheFileGoesWithTheListener) {
  {
    const auto listener = Listener::open(loop, path, [](std::unique_ptr<Transport>, Peer) {});
    ASSERT_TRUE(listener);
    EXPECT_TRUE(std::filesystem::exists(path));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(StreamTest, ASecondListenerIsRefusedAStaleFileReplaced) {
  const auto accept = [](std::unique_ptr<Transport>, Peer) {};
  {
    const auto first = Listener::open(loop, path, accept);
    ASSERT_TRUE(first);
    const auto second = Listener::open(loop, path, accept);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Status::unavailable);
    EXPECT_THAT(second.error().message, HasSubstr(path));
    EXPECT_TRUE(std::filesystem::exists(path));
    // As after a crash: the file stays, nobody listens.
    std::filesystem::rename(path, path + ".kept");
  }
  std::filesystem::rename(path + ".kept", path);
  const auto third = Listener::open(loop, path, accept);
  EXPECT_TRUE(third) << third.error().message;
}

TEST_F(StreamTest, WhatIsNoSocketIsLeftAlone) {
  ASSERT_GE(::close(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  const auto listener = Listener::open(loop, path, [](std::unique_ptr<Transport>, Peer) {});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Status::invalid);
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

TEST_F(StreamTest, ALongPathIsRefused) {
  const auto listener = Listener::open(loop, folder + "/" + std::string(200, 'x'),
                                       [](std::unique_ptr<Transport>, Peer) {});
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, Status::limit);
  EXPECT_EQ(Client::connect(std::string(200, 'x')).error().code, Status::limit);
}

// A desk on a thread of its own, and clients here.
class ClientTest : public StreamTest {
 protected:
  ClientTest() {
    std::promise<void> ready;
    thread_ = std::thread([this, &ready] { serve(ready); });
    ready.get_future().wait();
  }
  ~ClientTest() override {
    loop.post([this] { context.stop(); });
    thread_.join();
  }

  void serve(std::promise<void>& ready) {
    const auto guard = boost::asio::make_work_guard(context);
    Bus bus(loop);
    ReaderHub hub(loop, source);
    hub.serve(bus);
    bus.method("desk.echo",
               [](const Call& call, Answer answer) { answer.ok(call.params.to_value()); });
    bus.method("desk.fail", [](const Call&, Answer answer) {
      answer.fail({Status::not_found, "no such chat", "chat"});
    });
    std::vector<Answer> kept;
    bus.method("desk.hang", [&](const Call&, Answer answer) { kept.push_back(std::move(answer)); });
    bus.method("desk.append", [&](const Call& call, Answer answer) {
      for (std::uint64_t i = 0; i < call.params["count"].as_uint(); ++i)
        source.append("order.seen");
      hub.notify();
      answer.ok(Value());
    });
    bus.method("desk.leave", [&](const Call&, const Answer&) {
      bus.end_all({Status::cancelled, "the desk is stopping", "stop"});
    });
    auto listener =
        Listener::open(loop, path, [&](std::unique_ptr<Transport> transport, Peer peer) {
          peer_uid = peer.uid;
          peer_pid = peer.pid;
          AdmitHandlers handlers;
          handlers.on_hello = [](const Hello& hello) -> Result<Admission> {
            if (hello.role != "owner") return Error{Status::denied, "owners only", "role"};
            Admission admission;
            admission.name = hello.name;
            admission.rights = owner_rights();
            admission.limits = owner_limits();
            return admission;
          };
          bus.admit(std::move(transport), std::move(handlers));
        });
    EXPECT_TRUE(listener) << listener.error().message;
    ready.set_value();
    context.run();
  }

  TestSource source;
  std::atomic<uid_t> peer_uid = 12'345;
  std::atomic<pid_t> peer_pid = 0;

 private:
  std::thread thread_;
};

TEST_F(ClientTest, CallsAreAnswered) {
  auto client = Client::connect(path);
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->welcome().session, "cli");
  EXPECT_EQ(peer_uid, ::geteuid());
  EXPECT_EQ(peer_pid, ::getpid());
  const Value params = Value::map({{"text", "你好"}, {"n", 7}});
  const auto echoed = client->call("desk.echo", params);
  ASSERT_TRUE(echoed) << echoed.error().message;
  EXPECT_EQ(*echoed, params);
  const auto failed = client->call("desk.fail", Value::map());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), (Error{Status::not_found, "no such chat", "chat"}));
  const auto unknown = client->call("desk.unknown", Value::map());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Status::not_found);
}

TEST_F(ClientTest, LargeCallsGoThrough) {
  auto client = Client::connect(path);
  ASSERT_TRUE(client);
  const Value params = Value::map({{"bytes", Value::bin(std::string(900'000, 'x'))}});
  const auto echoed = client->call("desk.echo", params);
  ASSERT_TRUE(echoed) << echoed.error().message;
  EXPECT_EQ(*echoed, params);
  const Value larger = Value::map({{"bytes", Value::bin(std::string(frame_bytes_max, 'x'))}});
  EXPECT_EQ(client->call("desk.echo", larger).error().code, Status::limit);
  EXPECT_TRUE(client->call("desk.echo", Value::map()));
}

TEST_F(ClientTest, ACallThatIsNotAnsweredEnds) {
  auto client = Client::connect(path);
  ASSERT_TRUE(client);
  const auto hung = client->call("desk.hang", Value::map(), 50);
  ASSERT_FALSE(hung);
  EXPECT_EQ(hung.error().code, Status::deadline);
  // The late refusal does not disturb what follows.
  EXPECT_TRUE(client->call("desk.echo", Value::map()));
}

TEST_F(ClientTest, ManyClientsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      auto client = Client::connect(path);
      for (int i = 0; client && i < 50; ++i) {
        const Value params = Value::map({{"n", t * 1'000 + i}});
        const auto echoed = client->call("desk.echo", params);
        if (echoed && *echoed == params) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 200);
}

TEST_F(ClientTest, FollowsTheLogBeyondItsCredit) {
  auto client = Client::connect(path);
  ASSERT_TRUE(client);
  ASSERT_TRUE(client->call("desk.append", Value::map({{"count", 10}})));
  const auto position = client->open_reader("follow", {"order.*"}, false);
  ASSERT_TRUE(position) << position.error().message;
  EXPECT_EQ(*position, 10u);
  auto other = Client::connect(path);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->welcome().session, "cli-2");
  ASSERT_TRUE(other->call("desk.append", Value::map({{"count", 3 * client_credit}})));
  for (std::uint64_t i = 0; i < 3 * client_credit; ++i) {
    const auto event = client->next_event(5'000);
    ASSERT_TRUE(event) << event.error().message;
    ASSERT_TRUE(event->has_value()) << i;
    ASSERT_EQ((*event)->arrival, 11 + i);
    // A call in between keeps the events that come meanwhile.
    if (i % 200 == 0) {
      ASSERT_TRUE(client->call("desk.echo", Value::map()));
    }
  }
  const auto none = client->next_event(0);
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->has_value());
}

TEST_F(ClientTest, WhoeverIsNotLetInHearsWhy) {
  ClientOptions options;
  options.role = "plugin";
  const auto client = Client::connect(path, options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Status::denied);
  EXPECT_THAT(client.error().message, HasSubstr("owners only"));
}

TEST_F(ClientTest, TheDesksGoodbyeEndsACall) {
  auto client = Client::connect(path);
  ASSERT_TRUE(client);
  const auto left = client->call("desk.leave", Value::map());
  ASSERT_FALSE(left);
  EXPECT_THAT(left.error().message, HasSubstr("stopping"));
  EXPECT_FALSE(client->call("desk.echo", Value::map()));
}

TEST_F(ClientTest, AMovedClientGoesOn) {
  auto first = Client::connect(path);
  ASSERT_TRUE(first);
  Client second = std::move(*first);
  Client third = std::move(second);
  EXPECT_TRUE(third.call("desk.echo", Value::map()));
}

TEST_F(StreamTest, NobodyListens) {
  const auto client = Client::connect(path);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Status::unavailable);
  EXPECT_THAT(client.error().message, HasSubstr(path));
}

TEST_F(StreamTest, ADeskThatSaysNothing) {
  const auto pair = make_socket_pair();
  ASSERT_TRUE(pair);
  ClientOptions options;
  options.connect_ms = 30;
  const auto client = Client::adopt(pair->ours, options);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Status::deadline);
  ::close(pair->theirs);
}

TEST_F(StreamTest, TimersRunInOrderAndCanBeCancelled) {
  std::vector<int> ran;
  const std::uint64_t now = loop.now_ms();
  loop.call_at(now + 20, [&] { ran.push_back(2); });
  loop.call_at(now + 5, [&] { ran.push_back(1); });
  const Loop::TimerId never = loop.call_at(now + 10, [&] { ran.push_back(3); });
  loop.cancel(never);
  loop.cancel(never);
  loop.cancel(99);
  ASSERT_TRUE(run_until([&] { return ran.size() == 2; }));
  EXPECT_THAT(ran, testing::ElementsAre(1, 2));
  EXPECT_GE(loop.now_ms(), now + 20);
}

}  // namespace
}  // namespace deskmate::bus

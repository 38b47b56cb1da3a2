#include "tests/bench/peer_machine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <stdexcept>

namespace deskmate::bench {
PeerMachine::PeerMachine(std::unique_ptr<storage::Store> store)
    : store_(std::move(store)), id_(store_->log().peer) {
  adapter_ = std::make_unique<peer::StoreAdapter>(
      *store_, [this](std::function<void()> job) { boost::asio::post(pool_, std::move(job)); },
      [this](std::function<void()> job) { loop_.post(std::move(job)); });
  replica_ = std::make_unique<peer::Replica>(*adapter_, now());
  const auto identity = peer::Identity::from_seed(store_->identity().seed());
  peer::LinkSettings settings;
  settings.listen = {{"127.0.0.1", 0}};
  peer::LinkCallbacks callbacks;
  callbacks.on_link = [this](std::unique_ptr<peer::Carrier> carrier) { link(std::move(carrier)); };
  auto links = peer::Links::open(loop_, *identity, std::move(settings), std::move(callbacks));
  if (!links) throw std::runtime_error(links.error().message);
  links_ = std::move(*links);
  address_ = links_->listening().front();
  loop_.post([this] { tick(); });
  thread_ = std::thread([this] { context_.run(); });
}

PeerMachine::~PeerMachine() {
  context_.stop();
  thread_.join();
  pool_.join();
  carriers_.clear();
  links_.reset();
}

peer::Now PeerMachine::now() const {
  const auto utc = std::chrono::system_clock::now().time_since_epoch();
  return {loop_.now_ms(), static_cast<std::uint64_t>(
                              std::chrono::duration_cast<std::chrono::milliseconds>(utc).count())};
}

void PeerMachine::on_loop(const std::function<void()>& job) {
  std::promise<void> done;
  loop_.post([&] {
    job();
    done.set_value();
  });
  done.get_future().wait();
}

void PeerMachine::know(const storage::Id32& id, const std::vector<peer::Address>& to) {
  on_loop([&] {
    replica_->set_peers({{id, {}}}, now());
    work();
    links_->set_peer({id, "other", to});
  });
}

std::uint64_t PeerMachine::acked_by(const storage::Id32& id) {
  std::uint64_t seq = 0;
  on_loop([&] { seq = replica_->acked_by(id)[store_->log()]; });
  return seq;
}

bool PeerMachine::sees(const storage::Id32& id) {
  bool seen = false;
  on_loop([&] { seen = replica_->sees(id, now()); });
  return seen;
}

void PeerMachine::append(std::vector<storage::NewEvent> events) {
  std::promise<storage::Result<std::vector<storage::Appended>>> done;
  store_->append(std::move(events), [&](storage::Result<std::vector<storage::Appended>> result) {
    loop_.post([this] {
      replica_->own_appended(now());
      work();
    });
    done.set_value(std::move(result));
  });
  good(done.get_future().get());
}

std::uint64_t PeerMachine::has(const storage::LogName& log) const {
  for (const auto& tip : store_->frontier()) {
    if (tip.log == log) return tip.seq;
  }
  return 0;
}

void PeerMachine::tick() {
  replica_->tick(now());
  work();
  loop_.call_at(loop_.now_ms() + peer::replica_tick_ms, [this] { tick(); });
}

void PeerMachine::link(std::unique_ptr<peer::Carrier> carrier) {
  const peer::LinkId id = ++last_link_;
  peer::Carrier& here = *carrier;
  here.on_frame = [this, id](std::string_view frame) {
    replica_->receive(id, frame, now());
    if (const auto at = carriers_.find(id); at != carriers_.end()) {
      replica_->carrier_unsent(id, at->second->unsent_bytes(), now());
    }
    work();
  };
  here.on_drained = [this, id] {
    replica_->carrier_unsent(id, 0, now());
    work();
  };
  here.on_closed = [this, id](const Error&) {
    const auto at = carriers_.find(id);
    ended_.push_back(std::move(at->second));
    carriers_.erase(at);
    loop_.post([this] { ended_.clear(); });
    replica_->link_down(id, now());
    work();
  };
  const storage::Id32 remote = here.remote();
  carriers_[id] = std::move(carrier);
  replica_->link_up(id, remote, now());
  work();
}

// As core/daemon/peering.cpp does it.
void PeerMachine::work() {
  if (std::exchange(working_, true)) return;
  for (auto outputs = replica_->take(); !outputs.empty(); outputs = replica_->take()) {
    for (auto& output : outputs) {
      if (auto* send = std::get_if<peer::out::Send>(&output)) {
        const auto at = carriers_.find(send->link);
        if (at == carriers_.end()) continue;
        at->second->send(std::move(send->bytes));
        replica_->carrier_unsent(send->link, at->second->unsent_bytes(), now());
      } else if (auto* append = std::get_if<peer::out::Append>(&output)) {
        adapter_->append(
            std::move(*append),
            [this](std::uint64_t ticket, peer::AppendOutcome outcome, const storage::Arrived&) {
              replica_->appended(ticket, std::move(outcome), now());
              work();
            });
      } else if (auto* close = std::get_if<peer::out::Close>(&output)) {
        throw std::runtime_error("a link was closed: " + close->detail);
      }
    }
  }
  working_ = false;
}

// --- the slow line -----------------------------------------------------------------------------

SlowLine::SlowLine(std::uint16_t to, double bytes_per_s, double delay_s)
    : to_(to),
      bytes_per_s_(bytes_per_s),
      delay_s_(delay_s),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* address = reinterpret_cast<sockaddr*>(&at);
  if (::bind(listener_.get(), address, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
      ::getsockname(listener_.get(), address, &size) != 0) {
    fail("the slow line");
  }
  port_ = ntohs(at.sin_port);
  thread_ = std::thread([this] { run(); });
}

SlowLine::~SlowLine() {
  over_ = true;
  thread_.join();
}

// What comes in on one side of a connection goes out on the other: at the line's rate, and delay_s
// after its last byte has left. As a router does, it holds a quarter of a second of the line; what
// is above stays with the sender.
void SlowLine::run() {
  struct Piece {
    double due_s;
    std::string bytes;
  };
  struct Way {
    int from, to;
    std::deque<Piece> on_the_way;
    double free_s = 0;
    bool over = false;
  };
  std::vector<std::pair<Fd, Fd>> pairs;
  std::vector<Way> ways;
  const double queue_s = 0.25;
  while (!over_) {
    if (const int near = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC); near >= 0) {
      pairs.emplace_back(Fd(near), connect_tcp(to_));
      const int far = pairs.back().second.get();
      for (const int fd : {near, far}) {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        const int small = 32 * 1024;
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
      }
      ways.push_back({near, far, {}, 0, false});
      ways.push_back({far, near, {}, 0, false});
    }
    std::vector<pollfd> polls;
    for (Way& way : ways) {
      const double now = now_s();
      if (!way.over && way.free_s - now < queue_s) {
        std::string bytes(4'096, '\0');
        const auto got = ::recv(way.from, bytes.data(), bytes.size(), 0);
        if (got > 0) {
          bytes.resize(static_cast<std::size_t>(got));
          way.free_s = std::max(way.free_s, now) + static_cast<double>(got) / bytes_per_s_;
          way.on_the_way.push_back({way.free_s + delay_s_, std::move(bytes)});
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
          way.over = true;
        }
      }
      while (!way.on_the_way.empty() && way.on_the_way.front().due_s <= now) {
        std::string& bytes = way.on_the_way.front().bytes;
        const auto put = ::send(way.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (put < 0) break;
        bytes.erase(0, static_cast<std::size_t>(put));
        if (bytes.empty()) way.on_the_way.pop_front();
      }
      if (way.over && way.on_the_way.empty()) ::shutdown(way.to, SHUT_WR);
    }
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace deskmate::bench

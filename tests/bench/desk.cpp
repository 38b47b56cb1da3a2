#include "tests/bench/desk.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace deskmate::bench {

namespace {

std::string append_params(int events) {
  Array all;
  for (int i = 0; i < events; ++i) all.push_back(new_event());
  return encode(Value::map({{"events", std::move(all)}}));
}

}  // namespace

std::string beside_this_program(const std::string& name) {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return (self.parent_path() / name).string();
}

Value new_event() {
  // A map of one entry: 1 byte, the name's 5, the text's length 3.
  const std::string text(payload_bytes - 9, 'x');
  return Value::map({{"type", event_type}, {"facts", Value::map({{"text", text}})}});
}

Desk::Desk(const std::string& extra, const std::vector<std::string>& environment) {
  const std::string& folder = folder_.path();
  write_file(folder + "/desk.toml",
             "[console]\nlisten = []\n[desk]\nname = \"Bench\"\nfolder = \"" + folder +
                 "/data\"\nsecrets = \"" + folder + "/secrets\"\nsocket = \"" + socket() + "\"\n" +
                 extra);
  process_ = Process::start(
      Role::server, {beside_this_program("deskmate"), "--config", folder + "/desk.toml", "run"},
      log(), environment);
  wait_until("the desk's socket; see " + log(), [&] {
    if (!process_.running()) {
      const std::string show = "cat " + log() + " >&2";
      if (std::system(show.c_str()) != 0) throw std::runtime_error("no log");
      throw std::runtime_error("the daemon has ended");
    }
    return std::filesystem::exists(socket());
  });
  const DeskClient ready(socket());
}

DeskClient::DeskClient(const std::string& socket)
    : fd_(connect_unix(socket)), params_(append_params(1)) {
  bus::Hello hello;
  hello.role = "owner";
  hello.name = "bench";
  write_all(fd_.get(), bus::to_stream(bus::Frame(hello)));
  while (true) {
    if (auto frame = next()) {
      if (!std::holds_alternative<bus::Welcome>(*frame)) throw std::runtime_error("not let in");
      return;
    }
    in_.clear();
    if (!read_some(fd_.get(), in_)) throw std::runtime_error("the desk has closed");
    frames_.feed(in_);
  }
}

std::optional<bus::Frame> DeskClient::next() {
  auto payload = frames_.next();
  if (!payload) throw std::runtime_error(payload.error().message);
  if (!*payload) return std::nullopt;
  auto frame = bus::decode_frame(**payload);
  if (!frame) throw std::runtime_error(frame.error().message);
  return std::move(*frame);
}

void DeskClient::append(int events) {
  bus::Request request;
  request.id = ++last_id_;
  request.method = "log.append";
  request.deadline_ms = static_cast<std::uint32_t>(wait_s_max * 1000);
  if (events != params_events_) {
    params_ = append_params(events);
    params_events_ = events;
  }
  request.params = params_;
  bus::append_to_stream(out_, bus::Frame(std::move(request)));
}

void DeskClient::flush() {
  write_all(fd_.get(), out_);
  out_.clear();
}

int DeskClient::answers() {
  in_.clear();
  if (!read_some(fd_.get(), in_)) throw std::runtime_error("the desk has closed");
  frames_.feed(in_);
  int count = 0;
  while (auto frame = next()) {
    if (const auto* refusal = std::get_if<bus::Refusal>(&*frame)) {
      throw std::runtime_error("refused: " + refusal->error.message);
    }
    count += std::holds_alternative<bus::Reply>(*frame) ? 1 : 0;
  }
  return count;
}

void append_one(DeskClient& client) {
  client.append();
  client.flush();
  while (client.answers() == 0) continue;
}

double append_all(std::vector<DeskClient>& clients, int appends, int window, int events) {
  const Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = i;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, clients[i].fd(), &wanted) != 0) fail("epoll_ctl");
  }
  int asked = 0;
  int answered = 0;
  const double begun = now_s();
  for (DeskClient& client : clients) {
    for (int i = 0; i < window && asked < appends; ++i, ++asked) client.append(events);
    client.flush();
  }
  std::array<epoll_event, 64> ready{};
  while (answered < appends) {
    const int count = ::epoll_wait(epoll.get(), ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      DeskClient& client = clients[ready[static_cast<std::size_t>(i)].data.u64];
      const int got = client.answers();
      answered += got;
      for (int k = 0; k < got && asked < appends; ++k, ++asked) client.append(events);
      client.flush();
    }
  }
  return now_s() - begun;
}

}  // namespace deskmate::bench

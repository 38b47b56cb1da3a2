// Answers requests with what it was asked, and reads events, telling when it has had as many as it
// was to have.
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <deskmate/plugin.hpp>
#include <string>

namespace {

using deskmate::Error;
using deskmate::Event;
using deskmate::Result;
using deskmate::Status;
using deskmate::Value;

class Probe : public deskmate::Plugin {
 public:
  Result<void> start() override {
    const auto cpu = host().setting("cpu").as_int(-1);
    if (cpu >= 0) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(static_cast<std::size_t>(cpu), &one);
      if (sched_setaffinity(0, sizeof one, &one) != 0) {
        return Error{Status::internal, "sched_setaffinity", ""};
      }
    }
    each_ = host().setting("each").as_uint();
    tell_ = host().setting("tell").as_str();
    if (each_ > 0) {
      host().open_reader("all", {"bench.event"}, deskmate::From::now,
                         [this](const Result<Value>& opened) {
                           if (opened) tell();
                         });
    }
    return {};
  }

  void on_events(const std::string& reader, std::span<const Event> events) override {
    for (const Event& event : events) bytes_ += event.facts.size();
    host().grant(reader, static_cast<std::uint32_t>(events.size()));
    count_ += events.size();
    for (; count_ >= each_; count_ -= each_) tell();
  }

  void on_request(std::uint64_t id, const std::string&, const Value& params,
                  std::uint32_t) override {
    host().answer(id, params);
  }

 private:
  void tell() const {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, tell_.c_str(), sizeof address.sun_path - 1);
    if (::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 1) {
      host().log(deskmate::Level::error, "nobody listens at " + tell_);
    }
    ::close(fd);
  }

  std::uint64_t each_ = 0;
  std::string tell_;
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

DESKMATE_PLUGIN(Probe, "bench-probe", "1.0.0")

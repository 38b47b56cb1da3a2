// A server on this machine that says what the input says, whatever it is asked, and then no more.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/fuzz/fuzz.hpp"

namespace deskmate::fuzz {

class Server {
 public:
  Server() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    check(::listen(listener_, 64) == 0);
    socklen_t size = sizeof at;
    check(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
    std::thread([this] { run(); }).detach();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const { return port_; }
  // What each connection is told from now on.
  void say(std::string words) {
    const std::lock_guard lock(mutex_);
    words_ = std::move(words);
  }

 private:
  void run() {
    while (true) {
      const int guest = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (guest < 0) continue;
      std::string words;
      {
        const std::lock_guard lock(mutex_);
        words = words_;
      }
      (void)::send(guest, words.data(), words.size(), MSG_NOSIGNAL);
      ::shutdown(guest, SHUT_WR);
      std::array<char, 4096> heard{};
      while (::recv(guest, heard.data(), heard.size(), 0) > 0) {
      }
      ::close(guest);
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::string words_;
};

// Lives as long as the process, as its thread does.
inline Server& server() {
  static Server& made = *new Server;
  return made;
}

}  // namespace deskmate::fuzz

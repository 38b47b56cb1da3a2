// For tests: servers that say what no proper server says. The proper ones: server_test.cpp.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "plugins/chat-email/wire.hpp"

namespace deskmate::chat_email {

// Tells its one guest all that it has to say, whatever it is asked.
class Talker {
 public:
  explicit Talker(const std::string& words) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    endpoint_.host = "127.0.0.1";
    endpoint_.port = ntohs(at.sin_port);
    endpoint_.security = Security::none;
    thread_ = std::thread([this, words] {
      const int guest = ::accept(listener_, nullptr, nullptr);
      if (guest < 0) return;
      EXPECT_EQ(::send(guest, words.data(), words.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(words.size()));
      ::shutdown(guest, SHUT_WR);
      std::array<char, 4096> heard{};
      for (ssize_t got = 0; (got = ::recv(guest, heard.data(), heard.size(), 0)) > 0;) {
        heard_.append(heard.data(), static_cast<std::size_t>(got));
      }
      ::close(guest);
    });
  }
  ~Talker() {
    ::shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
  }
  // What the guest has said, once it has gone.
  std::string heard() {
    if (thread_.joinable()) thread_.join();
    return heard_;
  }
  Talker(const Talker&) = delete;
  Talker& operator=(const Talker&) = delete;
  const Endpoint& endpoint() const { return endpoint_; }

 private:
  int listener_;
  Endpoint endpoint_;
  std::string heard_;  // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace deskmate::chat_email

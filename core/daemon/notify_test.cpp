#include "core/daemon/notify.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace deskmate::daemon {
namespace {

TEST(Notify, SendsOneDatagramToTheManager) {
  const std::string name = "deskmate-notify-test-" + std::to_string(::getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());  // an abstract name
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ASSERT_GE(fd, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1), 0);
  EXPECT_TRUE(notify_manager("READY=1"));
  char got[32];
  ASSERT_EQ(::recv(fd, got, sizeof got, 0), 7);
  EXPECT_EQ(std::string(got, 7), "READY=1");
  ::close(fd);
  EXPECT_FALSE(notify_manager("STOPPING=1"));  // nobody listens
  ASSERT_EQ(::unsetenv("NOTIFY_SOCKET"), 0);
  EXPECT_FALSE(notify_manager("READY=1"));
}

}  // namespace
}  // namespace deskmate::daemon

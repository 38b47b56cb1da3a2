#include "core/daemon/rest.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "core/bus/test_loop.hpp"

namespace deskmate::daemon {
namespace {

constexpr std::size_t pages = 16;

class RestTest : public ::testing::Test {
 protected:
  RestTest() {
    page_ = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    char name[] = "/tmp/deskmate-rest-XXXXXX";
    const int fd = ::mkstemp(name);
    file_ = name;
    const std::string bytes(pages * page_, 'x');
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    memory_ = static_cast<char*>(::mmap(nullptr, pages * page_, PROT_READ, MAP_SHARED, fd, 0));
    ::close(fd);
    touch();
  }
  ~RestTest() override {
    ::munmap(memory_, pages * page_);
    ::unlink(file_.c_str());
  }

  void touch() {
    for (std::size_t i = 0; i < pages; ++i) {
      EXPECT_EQ(*const_cast<volatile char*>(memory_ + i * page_), 'x');
    }
  }
  // KiB of the mapping that this process holds.
  std::size_t held() const {
    std::ifstream maps("/proc/self/smaps");
    bool here = false;
    for (std::string line; std::getline(maps, line);) {
      if (line.ends_with(file_)) here = true;
      if (here && line.starts_with("Rss:")) return std::stoul(line.substr(4));
    }
    ADD_FAILURE() << "the file is not mapped";
    return 0;
  }

  std::size_t page_ = 0;
  std::string file_;
  char* memory_ = nullptr;
  bus::TestLoop loop_;
};

TEST_F(RestTest, LetsGoOfPagesAndCanReadThemAgain) {
  EXPECT_EQ(held(), pages * page_ / 1024);
  let_go_of_pages(file_);
  EXPECT_EQ(held(), 0U);
  touch();
  EXPECT_EQ(held(), pages * page_ / 1024);
}

TEST_F(RestTest, RestsOnceNothingHasHappenedSinceTheLastLook) {
  std::uint64_t done = 0;
  const Rest rest(loop_, file_, [&] { return done; });
  done = 1;
  loop_.advance(rest_first_ms);
  EXPECT_NE(held(), 0U) << "it was at work";
  loop_.advance(rest_every_ms);
  EXPECT_EQ(held(), 0U);
  touch();
  loop_.advance(rest_every_ms);
  EXPECT_NE(held(), 0U) << "it rests already: asking for its state must not cost each time";
  done = 2;
  loop_.advance(rest_every_ms);
  loop_.advance(rest_every_ms);
  EXPECT_EQ(held(), 0U);
}

TEST_F(RestTest, AFileThatIsNotThereIsNoMatter) { let_go_of_pages(file_ + ".not"); }

}  // namespace
}  // namespace deskmate::daemon

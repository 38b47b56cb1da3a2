// Preloaded, it makes the disk slow: every call that is to bring bytes to the disk takes
// DESKMATE_SLOW_FLUSH_US microseconds longer. That is fsync, fdatasync, msync(MS_SYNC), and each
// write to a file that was opened with O_DSYNC or O_SYNC, as LMDB writes its meta page.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>

namespace {

long delay_us() {
  static const long us = [] {
    const char* text = std::getenv("DESKMATE_SLOW_FLUSH_US");
    return text == nullptr ? 0L : std::strtol(text, nullptr, 10);
  }();
  return us;
}

void wait() {
  if (delay_us() <= 0) return;
  const timespec time{delay_us() / 1'000'000, delay_us() % 1'000'000 * 1'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

bool writes_through(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0;  // O_SYNC includes it
}

template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  wait();
  return real(fd);
}

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  wait();
  return real(fd);
}

int msync(void* address, size_t size, int flags) {
  static const auto real = next<int (*)(void*, size_t, int)>("msync");
  if ((flags & MS_SYNC) != 0) wait();
  return real(address, size, flags);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  if (writes_through(fd)) wait();
  return real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite64");
  if (writes_through(fd)) wait();
  return real(fd, bytes, size, offset);
}

}  // extern "C"

// Preloaded into the daemon: a disk that refuses, a disk that does not keep what it was told to, a
// clock that jumps. What happens stands in a file that a test maps and writes (DESKMATE_FAULTS), so
// that it may change while the daemon runs; tests/faults/preload.mjs has the other end.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace {

enum Kind : std::int64_t {
  open_kind = 1,
  write_kind = 2,
  sync_kind = 4,
  truncate_kind = 8,
  rename_kind = 16,
  unlink_kind = 32,
  mkdir_kind = 64,
};

enum Mode : std::int64_t {
  not_done = 0,   // nothing happens but the error
  done = 1,       // it happens, and the error all the same
  half_done = 2,  // of a write, the first half
  done_once = 3,  // the first that fails is done, those after it are not
};

// As in preload.mjs.
struct Plan {
  std::atomic<std::int64_t> sync_off;  // 1: syncing says yes and does nothing
  std::atomic<std::int64_t> clock_ms;  // added to the time of day
  std::atomic<std::int64_t> kinds;     // which calls fail
  std::atomic<std::int64_t> from;      // the first that fails, of those that match; from 1
  std::atomic<std::int64_t> count;     // how many fail
  std::atomic<std::int64_t> error;     // errno
  std::atomic<std::int64_t> mode;      // Mode
  std::atomic<std::int64_t> seen;      // calls that match so far
  std::atomic<std::int64_t> failed;    // of them
  char padding[128 - 9 * 8];
  char path[256];  // matches where it is in the path
  char last[512];  // the last that failed: call and path
};

Plan* plan() {
  static Plan* const mapped = []() -> Plan* {
    const char* file = std::getenv("DESKMATE_FAULTS");
    if (file == nullptr) return nullptr;
    // Not by open(), which asks for the plan.
    const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC));
    if (fd < 0) return nullptr;
    void* at = ::mmap(nullptr, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ::close(fd);
    return at == MAP_FAILED ? nullptr : static_cast<Plan*>(at);
  }();
  return mapped;
}

template <typename F>
F* real(const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}

// The error of this call, or 0. Keeps errno.
int fault(Kind kind, const char* call, const char* path) {
  Plan* now = plan();
  if (now == nullptr || (now->kinds.load() & kind) == 0) return 0;
  if (std::strstr(path, now->path) == nullptr) return 0;
  const std::int64_t number = now->seen.fetch_add(1) + 1;
  const std::int64_t from = now->from.load();
  if (number < from || number - from >= now->count.load()) return 0;
  now->failed.fetch_add(1);
  std::snprintf(now->last, sizeof now->last, "%s %s", call, path);
  return static_cast<int>(now->error.load());
}

int fault(Kind kind, const char* call, int fd) {
  Plan* now = plan();
  if (now == nullptr || (now->kinds.load() & kind) == 0) return 0;
  const int kept = errno;
  char name[32];
  char path[512];
  std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(name, path, sizeof path - 1);
  errno = kept;
  if (size <= 0 || path[0] != '/') return 0;  // a socket, a pipe
  path[size] = '\0';
  return fault(kind, call, path);
}

Mode mode() { return static_cast<Mode>(plan()->mode.load()); }
bool sync_off() { return plan() != nullptr && plan()->sync_off.load() != 0; }

int refuse(int error) {
  errno = error;
  return -1;
}

bool is_done() { return mode() == done || (mode() == done_once && plan()->failed.load() == 1); }

// A call that is or is not made, and its error.
template <typename Call>
int once(int error, Call call) {
  if (error == 0) return call();
  if (is_done()) call();
  return refuse(error);
}

template <typename Call>
ssize_t write_once(int error, std::size_t size, Call call) {
  if (error == 0) return call(size);
  if (is_done()) call(size);
  // The rest is refused by the next call, as a full disk does.
  if (mode() == half_done && size > 1) {
    plan()->count.fetch_add(1);
    return call(size / 2);
  }
  return refuse(error);
}

int open_with(const char* name, const char* path, int flags, mode_t permissions) {
  static auto* const next = real<int(const char*, int, ...)>("open");
  const bool writes = (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0;
  if (sync_off()) flags &= ~(O_SYNC | O_DSYNC);
  const int error = writes ? fault(open_kind, name, path) : 0;
  return error != 0 ? refuse(error) : next(path, flags, permissions);
}

mode_t permissions_of(int flags, std::va_list arguments) {
  return (flags & O_CREAT) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t permissions = permissions_of(flags, arguments);
  va_end(arguments);
  return open_with("open", path, flags, permissions);
}

int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t permissions = permissions_of(flags, arguments);
  va_end(arguments);
  return open_with("open", path, flags, permissions);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  return write_once(fault(write_kind, "write", fd), size,
                    [&](size_t part) { return next(fd, bytes, part); });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return write_once(fault(write_kind, "pwrite", fd), size,
                    [&](size_t part) { return next(fd, bytes, part, at); });
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off_t at) {
  return pwrite(fd, bytes, size, at);
}

// A list that is half done has its first piece done.
ssize_t writev(int fd, const iovec* pieces, int count) {
  static auto* const next = real<ssize_t(int, const iovec*, int)>("writev");
  return write_once(fault(write_kind, "writev", fd), static_cast<size_t>(count),
                    [&](size_t part) { return next(fd, pieces, static_cast<int>(part)); });
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  if (sync_off()) return 0;
  return once(fault(sync_kind, "fsync", fd), [&] { return next(fd); });
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  if (sync_off()) return 0;
  return once(fault(sync_kind, "fdatasync", fd), [&] { return next(fd); });
}

int msync(void* at, size_t size, int flags) {
  static auto* const next = real<int(void*, size_t, int)>("msync");
  return sync_off() ? 0 : next(at, size, flags);
}

int ftruncate(int fd, off_t size) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return once(fault(truncate_kind, "ftruncate", fd), [&] { return next(fd, size); });
}

int ftruncate64(int fd, off_t size) noexcept { return ftruncate(fd, size); }

int rename(const char* from, const char* to) noexcept {
  static auto* const next = real<int(const char*, const char*)>("rename");
  return once(fault(rename_kind, "rename", to), [&] { return next(from, to); });
}

int unlink(const char* path) noexcept {
  static auto* const next = real<int(const char*)>("unlink");
  return once(fault(unlink_kind, "unlink", path), [&] { return next(path); });
}

int mkdir(const char* path, mode_t permissions) noexcept {
  static auto* const next = real<int(const char*, mode_t)>("mkdir");
  return once(fault(mkdir_kind, "mkdir", path), [&] { return next(path, permissions); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const next = real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, time);
  if (result == 0 && plan() != nullptr &&
      (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    const std::int64_t shift = plan()->clock_ms.load();
    std::int64_t nanoseconds = time->tv_nsec + shift % 1000 * 1'000'000;
    time->tv_sec += shift / 1000;
    if (nanoseconds < 0) nanoseconds += 1'000'000'000, --time->tv_sec;
    if (nanoseconds >= 1'000'000'000) nanoseconds -= 1'000'000'000, ++time->tv_sec;
    time->tv_nsec = nanoseconds;
  }
  return result;
}

}  // extern "C"

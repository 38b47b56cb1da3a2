// A connection to a mail server, as libetpan reads and writes it: a socket, with TLS (OpenSSL) at
// once, later (STARTTLS) or, on this machine only, never.
//
// libetpan's own sockets neither check certificates nor can be interrupted, so it is given these.
// Every wait ends at the time-out, or at once when the Interrupt is tripped. A Wire belongs to one
// thread; only Interrupt is shared.
#pragma once

#include <libetpan/mailstream.h>

#include <atomic>
#include <cstdint>
#include <deskmate/result.hpp>
#include <memory>
#include <string>

namespace deskmate::chat_email {

inline constexpr std::uint32_t kConnectMs = 20'000;
inline constexpr std::uint32_t kIoMs = 60'000;              // of one read or write
inline constexpr std::size_t kAnswerBytesMax = 67'108'864;  // read between two commands

// Makes all waits of the wires that were given it end, for good. Any thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void trip();
  bool tripped() const { return tripped_; }
  int fd() const { return fd_; }  // readable once tripped

 private:
  std::atomic<bool> tripped_ = false;
  int fd_;
};

enum class Security {
  tls,       // from the first byte
  starttls,  // after the server agreed; never without it
  none,      // only to this machine, unless allow_plain
};

// "tls", "starttls", "none"; anything else is an error.
Result<Security> parse_security(const std::string& text);

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  Security security = Security::tls;
  bool allow_plain = false;  // Security::none to other machines, too
  std::string ca_file;       // trusted besides the system's; may be empty
};

class Wire {
 public:
  // Connects, trying each of the host's addresses, and for Security::tls shakes hands. For
  // starttls the caller speaks the protocol's command and then calls start_tls.
  // Blocks SIGPIPE for the calling thread. Errors: unavailable (not reached, time-out), denied
  // (certificate, plain to another machine), cancelled (interrupted).
  static Result<std::unique_ptr<Wire>> open(const Endpoint& endpoint, const Interrupt& interrupt);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  // For mailimap_connect or mailsmtp_connect, once; libetpan frees it. The wire must outlive it.
  mailstream* stream();

  // Fails if the server has sent anything beyond its agreement: that would be read as if protected.
  Result<void> start_tls();

  // Waits until there is something to read. True: there is, or the connection has ended.
  bool wait_readable(std::uint32_t timeout_ms);

  // Called before each command: what the answer may take in bytes begins anew.
  void new_answer() { answer_bytes_ = 0; }

  int fd() const { return fd_; }
  bool broken() const { return broken_; }
  bool interrupted() const { return interrupt_.tripped(); }
  const std::string& why() const { return why_; }  // in words, after it broke

 private:
  struct Tls;
  Wire(const Endpoint& endpoint, const Interrupt& interrupt);

  Result<void> connect();
  Result<void> try_address(const void* address);
  Result<void> shake_hands();
  bool wait(short events, std::uint32_t timeout_ms);
  ssize_t read(void* bytes, std::size_t size);
  ssize_t write(const void* bytes, std::size_t size);
  ssize_t fail(const std::string& why);

  static mailstream_low_driver* driver();

  Endpoint endpoint_;
  const Interrupt& interrupt_;
  int fd_ = -1;
  std::unique_ptr<Tls> tls_;
  mailstream* stream_ = nullptr;  // libetpan's
  std::size_t answer_bytes_ = 0;
  bool broken_ = false;
  std::string why_;
};

}  // namespace deskmate::chat_email

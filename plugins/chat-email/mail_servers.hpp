// For tests: the real mail servers of tests/servers/mail, as a child process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deskmate/testing/fake_host.hpp>
#include <map>
#include <string>
#include <vector>

namespace deskmate::chat_email {

class MailServers {
 public:
  // Starts them; throws std::runtime_error with their words where they do not start.
  MailServers();
  ~MailServers();
  MailServers(const MailServers&) = delete;
  MailServers& operator=(const MailServers&) = delete;

  std::uint16_t port(const std::string& name) const { return ports_.at(name); }
  const std::string& password() const { return password_; }
  const std::string& ca() const { return ca_; }

  // Delivers a mail given as text, lines ending in LF.
  void deliver(const std::string& from, const std::string& to, std::string mail) const;
  // Puts so many old mails into a mailbox.
  void seed(const std::string& address, int count);
  void change_uid_validity(const std::string& address);
  // The mails in a folder ("INBOX", "Sent") of a mailbox.
  std::vector<std::string> read(const std::string& address, const std::string& folder = "INBOX");
  // The same once there are at least count; what there is when the time is over.
  std::vector<std::string> wait_for(const std::string& address, std::size_t count,
                                    const std::string& folder = "INBOX");

 private:
  std::string command(const std::string& line);
  std::string read_line();

  pid_t child_ = -1;
  int to_child_ = -1;
  int from_child_ = -1;
  std::string buffer_;
  std::map<std::string, std::uint16_t> ports_;
  std::string password_;
  std::string ca_;
};

}  // namespace deskmate::chat_email

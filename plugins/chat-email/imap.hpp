// An IMAP session with what the connector needs of it, on libetpan.
//
// Blocking; of one thread; ends early when the Interrupt given to open is tripped. After an error
// with Status::unavailable or cancelled the session is dead: open another.
#pragma once

#include <cstdint>
#include <deskmate/result.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/chat-email/wire.hpp"

struct mailimap;
struct mailimap_set;

namespace deskmate::chat_email {

struct Login {
  std::string user;
  std::string password;
};

struct Selected {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;
  std::uint32_t exists = 0;
};

struct MailInfo {
  std::uint32_t uid = 0;
  std::uint32_t size = 0;         // bytes
  std::uint64_t received_ms = 0;  // UTC, as the server says
};

// What stands on a mail beside its text.
struct Marks {
  std::vector<std::string> keywords;
  std::uint64_t modseq = 0;  // grows with every change of them
};

class Imap {
 public:
  // Connects and logs in. Errors: as of Wire::open; denied, too, where the password is refused.
  static Result<std::unique_ptr<Imap>> open(const Endpoint& endpoint, const Login& login,
                                            const Interrupt& interrupt);
  ~Imap();
  Imap(const Imap&) = delete;
  Imap& operator=(const Imap&) = delete;

  // not_found where there is no such folder.
  Result<Selected> select(const std::string& folder);

  // Mails of the selected folder with a UID of at least first, ascending.
  Result<std::vector<MailInfo>> list_from(std::uint32_t first);

  // The same for mails received on that day (UTC) or later.
  Result<std::vector<MailInfo>> list_since(std::uint64_t time_ms);

  // Bytes by UID, without marking anything as read; what is gone by now is missing.
  Result<std::map<std::uint32_t, std::string>> fetch(const std::vector<std::uint32_t>& uids,
                                                     bool header_only);

  // UIDs of mails in the selected folder whose header field holds the value.
  Result<std::vector<std::uint32_t>> find(const std::string& field, const std::string& value);

  // The same for any of the fields with any of the values. Ascending.
  Result<std::vector<std::uint32_t>> find_any(const std::vector<std::string>& fields,
                                              const std::vector<std::string>& values);

  // Sizes and times by UID.
  Result<std::vector<MailInfo>> list(const std::vector<std::uint32_t>& uids);

  // Whether the selected folder keeps new keywords and sets them on condition (CONDSTORE).
  bool keeps_marks() const;

  // As they are now; nothing where the mail is gone. Only where keeps_marks.
  Result<std::optional<Marks>> marks(std::uint32_t uid);

  // Adds a keyword, unless the mail's marks were changed since that modseq: then nothing happens.
  // Which of the two it was, marks tells. keyword: an atom.
  Result<void> mark(std::uint32_t uid, const std::string& keyword, std::uint64_t modseq);

  // Marks as read and moves to a folder, where the server can do so without touching other mails.
  Result<void> move(const std::vector<std::uint32_t>& uids, const std::string& folder);

  // The folder for sent mails, by its mark or by its usual names; not_found without one.
  Result<std::string> sent_folder();

  bool has_idle() const;

  // Waits until the selected folder changes, at most timeout_ms. True: look. False: nothing new.
  Result<bool> idle(std::uint32_t timeout_ms);

 private:
  explicit Imap(std::unique_ptr<Wire> wire);
  Result<void> log_in(const Endpoint& endpoint, const Login& login);
  Result<std::vector<MailInfo>> infos(mailimap_set* set);
  Error error_of(int code, const std::string& doing) const;
  std::string answer() const;
  bool offers(const char* extension) const;

  std::unique_ptr<Wire> wire_;
  std::string password_;
  mailimap* imap_;
  std::uint32_t exists_ = 0;  // when idle last looked
};

}  // namespace deskmate::chat_email

// How far a mailbox has been read, as it stands in the instance's store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace deskmate::chat_email {

struct Cursor {
  std::uint32_t uid_validity = 0;
  std::uint32_t uid_next = 1;  // the first that was not read
  std::uint64_t seen_ms = 0;   // UTC; nothing that came before is wanted

  // "1 <uid_validity> <uid_next> <seen_ms>"
  std::string to_text() const;
  // Nothing for text of another form or of a newer version.
  static std::optional<Cursor> from_text(std::string_view text);

  bool operator==(const Cursor&) const = default;
};

}  // namespace deskmate::chat_email

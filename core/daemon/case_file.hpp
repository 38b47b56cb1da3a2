// The evidence of a case as one page (R102): what every party said, the chats, orders and parcels
// that it is about, and which files go with it. Pure: out of what the methods answer.
#pragma once

#include <deskmate/value.hpp>
#include <string>
#include <vector>

#include "core/daemon/messages.hpp"

namespace deskmate::daemon {

// Named limits: what is beyond is left out, and the page says so. Together they fit into a frame.
inline constexpr std::size_t case_page_bytes_max = 700u << 10;
inline constexpr std::size_t case_files_max = 500;

struct CaseFile {
  std::string html;  // UTF-8; shows files as files/<name>
  Array files;       // hash size name type; path: where the page looks for it
};

// detail: as desk.case answers; chats, orders: as desk.chat and desk.order do. What members said
// among themselves in the chats stays out: the page is for others to read.
CaseFile case_file(const Value& detail, const std::vector<Value>& chats,
                   const std::vector<Value>& orders, Language language);

}  // namespace deskmate::daemon

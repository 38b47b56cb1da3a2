#include "plugins/chat-email/ids.hpp"

#include <algorithm>

#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::size_t kRequestHexDigits = 32;
constexpr std::string_view kOwnPrefix = "deskmate.";

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F;
  });
}

bool is_request_hex(std::string_view text) {
  return text.size() == kRequestHexDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

std::vector<std::string> parse_ids(std::string_view header) {
  std::vector<std::string> ids;
  while (true) {
    const auto open = header.find('<');
    if (open == std::string_view::npos) break;
    header.remove_prefix(open + 1);
    const auto close = header.find_first_of("<>");
    if (close == std::string_view::npos) break;
    // What is no UTF-8 grows when it is cleaned: the limit is for what is kept.
    const bool closed = header[close] == '>';
    const std::string id =
        closed && close <= kMessageIdBytesMax ? clean_text(header.substr(0, close)) : "";
    const bool usable = !id.empty() && id.size() <= kMessageIdBytesMax && is_printable(id) &&
                        is_printable(header.substr(0, close));
    header.remove_prefix(closed ? close + 1 : close);
    if (!usable) continue;
    if (ids.size() == kReferencesMax) ids.erase(ids.begin() + kReferencesMax / 2);
    ids.push_back(id);
  }
  return ids;
}

std::string parse_address(std::string_view text) {
  const std::string address = lower_ascii(trim(text));
  const auto at = address.rfind('@');
  if (at == std::string::npos || at == 0 || at + 1 == address.size()) return "";
  if (address.size() > kAddressBytesMax || !is_printable(address)) return "";
  if (address.find_first_of("<>\"(),:;\\[]") != std::string::npos) return "";
  if (address.find('@') != at) return "";
  return clean_text(address) == address ? address : "";
}

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

std::string own_message_id(std::string_view request_hex, std::string_view shop_address) {
  std::string id(request_hex);
  id += '@';
  id += kOwnPrefix;
  id += domain_of(shop_address);
  return id;
}

std::optional<std::string> request_of(std::string_view message_id, std::string_view shop_address) {
  const std::string id = lower_ascii(message_id);
  const std::string_view hex = std::string_view(id).substr(0, id.find('@'));
  if (!is_request_hex(hex) || id != own_message_id(hex, shop_address)) return std::nullopt;
  return std::string(hex);
}

std::string thread_name(std::string_view root_id, std::string_view buyer) {
  std::string name(root_id);
  name += ' ';
  name += buyer;
  return name;
}

std::string_view root_of(std::string_view thread) {
  const auto space = thread.find(' ');
  return space == std::string_view::npos ? std::string_view{} : thread.substr(0, space);
}

std::string root_id(const std::vector<std::string>& references, std::string_view in_reply_to,
                    std::string_view message_id) {
  if (!references.empty()) return references.front();
  return std::string(in_reply_to.empty() ? message_id : in_reply_to);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15u];
  }
  return hex;
}

}  // namespace deskmate::chat_email

#include "plugins/chat-email/notice.hpp"

#include <vector>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

constexpr std::size_t kIdBytes = 16;

std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    lines.emplace_back(trim(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return lines;
}

bool announces(const std::string& line) { return line.ends_with(":") || line.ends_with("："); }

// Takes away the last line that is not empty, where it announces what was quoted; mail programs
// break a long one in two.
void drop_announcement(std::vector<std::string>& lines) {
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  if (lines.empty() || !announces(lines.back())) return;
  const bool only_the_end = lines.back().find(' ') == std::string::npos;
  lines.pop_back();
  if (only_the_end && !lines.empty() && !lines.back().empty()) lines.pop_back();
}

}  // namespace

std::string answer_text(std::string_view text) {
  std::vector<std::string> said;
  bool in_quote = false;
  for (std::string& line : lines_of(text)) {
    if (line.find(kNoticeMark) != std::string::npos && !line.starts_with('>')) {
      drop_announcement(said);
      break;
    }
    const bool quoted = line.starts_with('>');
    if (quoted && !in_quote) drop_announcement(said);
    in_quote = quoted;
    if (!quoted) said.push_back(std::move(line));
  }
  std::string out;
  for (const std::string& line : said) out += line + "\n";
  return std::string(trim(out));
}

NewEvent answer_event(const Mail& mail, const std::string& shop, std::string_view request_hex,
                      const std::string& message_id, std::uint64_t received_ms) {
  NewEvent event("notice.answered");
  event.facts = {{"shop", shop},
                 {"request", Value::bin(from_hex(request_hex))},
                 {"at", received_ms},
                 {"files", mail.files.size()}};
  event.body = {{"text", answer_text(mail.text)}};
  event.refs = {{"message", message_id}, {"sender", mail.from}};
  event.dedupe = "message";
  return event;
}

std::string add_notice(std::string_view known, std::string_view request_hex) {
  if (knows_notice(known, request_hex)) return std::string(known);
  std::string out(known);
  out += from_hex(request_hex);
  constexpr std::size_t kBytesMax = kNoticesKnownMax * kIdBytes;
  if (out.size() > kBytesMax) out.erase(0, out.size() - kBytesMax);
  return out;
}

bool knows_notice(std::string_view known, std::string_view request_hex) {
  const std::string id = from_hex(request_hex);
  for (std::size_t at = 0; at + kIdBytes <= known.size(); at += kIdBytes) {
    if (known.substr(at, kIdBytes) == id) return true;
  }
  return false;
}

}  // namespace deskmate::chat_email

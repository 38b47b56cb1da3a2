// The parts that a mail is read with, each by itself: HTML, charsets, quoted history, file names,
// ids and addresses.
#include <deskmate/value.hpp>

#include "plugins/chat-email/cursor.hpp"
#include "plugins/chat-email/html_text.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/quote.hpp"
#include "plugins/chat-email/text.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace deskmate::chat_email;
using deskmate::is_utf8;
using deskmate::fuzz::check;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const std::string charset = input.ConsumeRandomLengthString(24);
  const std::string bytes = deskmate::fuzz::rest_of(input);

  const std::string decoded = decode_text(bytes, charset, "gb18030");
  const std::string clean = clean_text(bytes);
  check(is_utf8(decoded) && is_utf8(clean) && clean_text(clean) == clean);
  const std::string line = clean_line(bytes, 60);
  check(is_utf8(line) && line.size() <= 60 && line.find('\n') == std::string::npos);
  check(is_utf8(cut_utf8(clean, 10)) && cut_utf8(clean, 10).size() <= 10);

  const std::string text = html_to_text(clean);
  check(is_utf8(text) && text.size() <= kTextBytesMax);
  for (const std::string& each : {clean, text}) {
    const Reply reply = split_reply(each);
    check(is_utf8(reply.said) && is_utf8(reply.quoted) && reply.quoted.size() <= kQuotedBytesMax);
    check(reply.said.size() <= each.size());
  }

  const std::string name = safe_file_name(bytes);
  check(!name.empty() && name.size() <= kFileNameBytesMax && is_utf8(name));
  check(name.find('/') == std::string::npos && name != "." && name != "..");
  check(safe_file_name(name) == name);

  for (const std::string& id : parse_ids(bytes)) {
    check(!id.empty() && id.size() <= kMessageIdBytesMax);
    check(parse_ids("<" + id + ">") == std::vector{id});
  }
  const std::string address = parse_address(bytes);
  check(address.size() <= kAddressBytesMax && parse_address(address) == address);
  check(address.empty() || !domain_of(address).empty());
  if (const auto request = request_of(bytes, "shop@shop.test")) check(request->size() == 32);
  check(root_of(thread_name(bytes, "ann@shop.test")) == bytes || !is_utf8(bytes) ||
        bytes.find_first_of(" \n") != std::string::npos || bytes.empty());
  if (const auto cursor = Cursor::from_text(bytes)) {
    check(Cursor::from_text(cursor->to_text())->to_text() == cursor->to_text());
  }
  return 0;
}

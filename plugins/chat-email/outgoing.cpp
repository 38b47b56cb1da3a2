#include "plugins/chat-email/outgoing.hpp"

#include <gmime/gmime.h>

#include <memory>
#include <mutex>

#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/notice.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

struct ObjectUnref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using GObjectPtr = std::unique_ptr<T, ObjectUnref>;

struct FormatFree {
  void operator()(GMimeFormatOptions* options) const { g_mime_format_options_free(options); }
};

// An id that parse_ids takes as it is, in angle brackets; "" for anything else.
std::string bracketed(const std::string& id) {
  const std::string text = "<" + id + ">";
  const auto ids = parse_ids(text);
  return ids.size() == 1 && ids.front() == id && id.find('@') != std::string::npos ? text : "";
}

void set(GMimeObject* object, const char* name, const std::string& value) {
  if (!value.empty()) g_mime_object_set_header(object, name, value.c_str(), "utf-8");
}

GMimePart* make_part(const std::string& type, std::string_view bytes,
                     GMimeContentEncoding encoding) {
  const auto slash = type.find('/');
  const std::string kind = slash == std::string::npos ? "application" : type.substr(0, slash);
  const std::string sub = slash == std::string::npos ? "octet-stream" : type.substr(slash + 1);
  GMimePart* part = g_mime_part_new_with_type(kind.c_str(), sub.c_str());
  const GObjectPtr<GMimeStream> stream(
      g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
  const GObjectPtr<GMimeDataWrapper> content(
      g_mime_data_wrapper_new_with_stream(stream.get(), GMIME_CONTENT_ENCODING_DEFAULT));
  g_mime_part_set_content(part, content.get());
  g_mime_part_set_content_encoding(part, encoding);
  return part;
}

// A type that can stand in a header: letters, digits and little else.
std::string safe_type(const std::string& type) {
  const auto slash = type.find('/');
  const bool odd =
      type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789/.+-_") != std::string::npos;
  const bool form = slash != std::string::npos && slash > 0 && slash + 1 < type.size() &&
                    type.find('/', slash + 1) == std::string::npos;
  if (odd || !form || type.size() > 100) return "application/octet-stream";
  // A part of these types would be parsed as structure.
  if (type.starts_with("multipart/") || type.starts_with("message/")) {
    return "application/octet-stream";
  }
  return type;
}

GMimePart* text_part(const std::string& text) {
  bool ascii = true;
  std::size_t line = 0;
  for (const char c : text) {
    line = c == '\n' ? 0 : line + 1;
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  }
  // Mostly Chinese is shorter in base64; quoted-printable keeps the rest readable.
  std::size_t high = 0;
  for (const char c : text) high += static_cast<unsigned char>(c) >= 0x80 ? 1 : 0;
  const auto encoding = !ascii && high * 4 > text.size() ? GMIME_CONTENT_ENCODING_BASE64
                                                         : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
  GMimePart* part = make_part("text/plain", text, encoding);
  g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
  return part;
}

void set_body(GMimeMessage* message, const OutgoingMail& mail) {
  std::string text = clean_text(mail.text);
  if (mail.notice) text = std::string(kNoticeMark) + "\n\n" + text;
  if (text.empty() || text.back() != '\n') text += '\n';
  const GObjectPtr<GMimePart> words(text_part(text));
  if (mail.files.empty()) {
    g_mime_message_set_mime_part(message, GMIME_OBJECT(words.get()));
    return;
  }
  const GObjectPtr<GMimeMultipart> mixed(g_mime_multipart_new_with_subtype("mixed"));
  g_mime_multipart_add(mixed.get(), GMIME_OBJECT(words.get()));
  for (const Attachment& file : mail.files) {
    const GObjectPtr<GMimePart> part(
        make_part(safe_type(file.type), file.bytes, GMIME_CONTENT_ENCODING_BASE64));
    g_mime_object_set_disposition(GMIME_OBJECT(part.get()), "attachment");
    g_mime_part_set_filename(part.get(), safe_file_name(file.name).c_str());
    g_mime_multipart_add(mixed.get(), GMIME_OBJECT(part.get()));
  }
  g_mime_message_set_mime_part(message, GMIME_OBJECT(mixed.get()));
}

}  // namespace

std::string reply_subject(std::string_view subject) {
  const std::string line = clean_line(subject, kSubjectBytesMax);
  const std::string lower = lower_ascii(line);
  for (const std::string_view prefix : {"re:", "re：", "回复:", "回复：", "答复:", "答复："}) {
    if (lower.starts_with(prefix)) return line;
  }
  return line.empty() ? "Re:" : "Re: " + line;
}

std::string build_mail(const OutgoingMail& mail) {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
  const GObjectPtr<GMimeMessage> message(g_mime_message_new(TRUE));
  GMimeObject* object = GMIME_OBJECT(message.get());
  const std::string from_name = clean_line(mail.from_name, kNameBytesMax);
  g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_FROM,
                             from_name.empty() ? nullptr : from_name.c_str(),
                             parse_address(mail.from_address).c_str());
  g_mime_message_add_mailbox(message.get(), GMIME_ADDRESS_TYPE_TO, nullptr,
                             parse_address(mail.to).c_str());
  const std::string subject =
      mail.notice ? clean_line(mail.subject, kSubjectBytesMax) : reply_subject(mail.subject);
  g_mime_message_set_subject(message.get(), subject.c_str(), "utf-8");
  GDateTime* date = g_date_time_new_from_unix_utc(static_cast<gint64>(mail.now_ms / 1000));
  g_mime_message_set_date(message.get(), date);
  g_date_time_unref(date);
  g_mime_message_set_message_id(message.get(),
                                own_message_id(mail.request_hex, mail.from_address).c_str());
  const std::string answered = bracketed(mail.reply_to_id);
  const std::string root = bracketed(mail.root_id);
  set(object, "In-Reply-To", answered.empty() ? root : answered);
  set(object, "References",
      root.empty() || root == answered ? answered
      : answered.empty()               ? root
                                       : root + " " + answered);
  set(object, "X-Deskmate-Request", mail.request_hex);
  if (mail.notice) set(object, "X-Deskmate-Notice", "1");
  if (mail.automatic || mail.notice) {
    set(object, "Auto-Submitted", mail.notice ? "auto-generated" : "auto-replied");
    set(object, "X-Auto-Response-Suppress", "All");
  }
  set_body(message.get(), mail);
  const std::unique_ptr<GMimeFormatOptions, FormatFree> format(g_mime_format_options_new());
  g_mime_format_options_set_newline_format(format.get(), GMIME_NEWLINE_FORMAT_DOS);
  const GObjectPtr<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_object_write_to_stream(object, format.get(), stream.get());
  GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return std::string(reinterpret_cast<const char*>(bytes->data), bytes->len);
}

}  // namespace deskmate::chat_email

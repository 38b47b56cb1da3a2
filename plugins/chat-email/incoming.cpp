#include "plugins/chat-email/incoming.hpp"

#include <gmime/gmime.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>

#include "plugins/chat-email/html_text.hpp"
#include "plugins/chat-email/ids.hpp"
#include "plugins/chat-email/quote.hpp"
#include "plugins/chat-email/text.hpp"

namespace deskmate::chat_email {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Object = std::unique_ptr<T, Unref>;

struct Free {
  void operator()(char* text) const { g_free(text); }
};
using CText = std::unique_ptr<char, Free>;

void init_gmime() {
  static std::once_flag once;
  std::call_once(once, [] { g_mime_init(); });
}

struct OptionsFree {
  void operator()(GMimeParserOptions* options) const { g_mime_parser_options_free(options); }
};
using Options = std::unique_ptr<GMimeParserOptions, OptionsFree>;

Options make_options(const std::string& fallback) {
  Options options(g_mime_parser_options_new());
  std::array<const char*, 4> charsets{"utf-8", fallback.c_str(), "windows-1252", nullptr};
  g_mime_parser_options_set_fallback_charsets(options.get(), charsets.data());
  return options;
}

std::string text_of(const char* text) { return text == nullptr ? "" : text; }

// The header's end: behind its empty line.
std::size_t header_end(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = bytes.find('\n', at);
    if (end == std::string_view::npos) return bytes.size();
    const std::string_view line = bytes.substr(at, end - at);
    at = end + 1;
    if (line.empty() || line == "\r") return at;
  }
  return bytes.size();
}

// The bytes with no more header than allowed; copies only where it has to cut.
std::string_view bounded(std::string_view bytes, std::string& store, bool& cut) {
  const std::size_t end = header_end(bytes);
  std::size_t keep = 0;
  for (std::size_t lines = 0; keep < end && lines < kHeaderLinesMax; ++lines) {
    const auto line_end = std::min(bytes.find('\n', keep), end - 1) + 1;
    if (line_end > kHeaderBytesMax) break;
    keep = line_end;
  }
  if (keep >= end) return bytes;
  cut = true;
  store.assign(bytes.substr(0, keep));
  store += "\r\n";
  store += bytes.substr(end);
  return store;
}

std::string content_of(GMimePart* part) {
  GMimeDataWrapper* content = g_mime_part_get_content(part);
  if (content == nullptr) return "";
  const Object<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_data_wrapper_write_to_stream(content, stream.get());
  GByteArray* array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return array->len == 0 ? "" : std::string(reinterpret_cast<const char*>(array->data), array->len);
}

std::string written(GMimeObject* object) {
  const Object<GMimeStream> stream(g_mime_stream_mem_new());
  g_mime_object_write_to_stream(object, nullptr, stream.get());
  GByteArray* array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
  return array->len == 0 ? "" : std::string(reinterpret_cast<const char*>(array->data), array->len);
}

std::string type_of(GMimeObject* object) {
  GMimeContentType* type = g_mime_object_get_content_type(object);
  const CText text(type == nullptr ? nullptr : g_mime_content_type_get_mime_type(type));
  const std::string name = lower_ascii(clean_line(text_of(text.get()), 100));
  return name.empty() ? "application/octet-stream" : name;
}

// The charset that an HTML text names in its head; "" where it doesn't.
std::string html_charset(std::string_view html) {
  constexpr std::size_t kLookAhead = 2048;
  const std::string head = lower_ascii(html.substr(0, kLookAhead));
  auto at = head.find("charset=");
  if (at == std::string::npos) return "";
  at += 8;
  while (at < head.size() && (head[at] == '"' || head[at] == '\'' || head[at] == ' ')) ++at;
  return head.substr(at, head.find_first_of("\"' />;", at) - at);
}

// Collects text and files from the tree of parts.
class Reader {
 public:
  Reader(Mail& mail, const ParseLimits& limits) : mail_(mail), limits_(limits) {}

  void read(GMimeObject* root) {
    // By hand and not by recursion: a mail must not choose how deep our stack gets.
    std::vector<std::pair<GMimeObject*, std::size_t>> waiting{{root, 0}};
    while (!waiting.empty()) {
      const auto [object, depth] = waiting.back();
      waiting.pop_back();
      if (object == nullptr) continue;
      if (++parts_ > kPartsMax || depth > kPartDepthMax) {
        note(Note::parts_left);
        continue;
      }
      if (GMIME_IS_MULTIPART(object)) {
        for (GMimeObject* child : children(GMIME_MULTIPART(object))) {
          waiting.emplace_back(child, depth + 1);
        }
      } else {
        leaf(object);
      }
    }
    finish();
  }

 private:
  // In reverse, for the stack.
  std::vector<GMimeObject*> children(GMimeMultipart* multipart) {
    const std::string type = type_of(GMIME_OBJECT(multipart));
    if (type == "multipart/encrypted") note(Note::encrypted);
    std::vector<GMimeObject*> all;
    const int count = std::min(g_mime_multipart_get_count(multipart), static_cast<int>(kPartsMax));
    if (g_mime_multipart_get_count(multipart) > count) note(Note::parts_left);
    for (int i = count - 1; i >= 0; --i) all.push_back(g_mime_multipart_get_part(multipart, i));
    if (type == "multipart/alternative" && !all.empty()) return {best(all)};
    return all;
  }

  // Plain text where it says something, else the last (richest) that is no mere text file.
  static GMimeObject* best(const std::vector<GMimeObject*>& reversed) {
    for (GMimeObject* object : reversed) {
      if (GMIME_IS_PART(object) && type_of(object) == "text/plain" &&
          !trim(content_of(GMIME_PART(object))).empty()) {
        return object;
      }
    }
    for (GMimeObject* object : reversed) {
      const std::string type = type_of(object);
      if (type == "text/html" || type.starts_with("multipart/")) return object;
    }
    return reversed.front();
  }

  void leaf(GMimeObject* object) {
    const std::string type = type_of(object);
    if (GMIME_IS_MESSAGE_PART(object)) {
      file("message.eml", "message/rfc822", written(object));
      return;
    }
    if (!GMIME_IS_PART(object)) {
      file("message.eml", type, written(object));
      return;
    }
    GMimePart* part = GMIME_PART(object);
    const std::string name = text_of(g_mime_part_get_filename(part));
    GMimeContentDisposition* disposition = g_mime_object_get_content_disposition(object);
    const bool attached =
        disposition != nullptr &&
        same_ascii(text_of(g_mime_content_disposition_get_disposition(disposition)), "attachment");
    const bool text = type == "text/plain" || type == "text/html";
    if (text && !attached && name.empty()) {
      words(content_of(part), type,
            text_of(g_mime_object_get_content_type_parameter(object, "charset")));
    } else {
      if (type == "application/pkcs7-mime") note(Note::encrypted);
      file(name.empty() ? default_name(type) : name, type, content_of(part));
    }
  }

  static std::string default_name(const std::string& type) {
    if (type == "image/jpeg") return "image.jpg";
    if (type.starts_with("image/")) return "image." + type.substr(6);
    if (type == "text/html") return "text.html";
    if (type.starts_with("text/")) return "text.txt";
    return "file";
  }

  void words(const std::string& bytes, const std::string& type, std::string charset) {
    if (text_.size() > kTextBytesMax) {
      note(Note::text_cut);
      return;
    }
    const bool html = type == "text/html";
    if (html && charset.empty()) charset = html_charset(bytes);
    // Of an endless text the beginning is decoded: a charset has at most 4 bytes for one of
    // UTF-8's.
    constexpr std::size_t kBytesMax = kHtmlBytesMax * 2;
    std::string text = decode_text(std::string_view(bytes).substr(0, kBytesMax), charset,
                                   limits_.fallback_charset);
    if (html) text = html_to_text(text);
    if (bytes.size() > kBytesMax || text.size() > kTextBytesMax) note(Note::text_cut);
    if (!text_.empty() && !text.empty()) text_ += "\n\n";
    text_ += cut_utf8(text, kTextBytesMax);
  }

  void file(const std::string& name, const std::string& type, std::string bytes) {
    if (bytes.empty()) return;
    const std::string safe = safe_file_name(name);
    if (bytes.size() > limits_.file_bytes_max) {
      note(Note::file_too_large);
      if (mail_.files_too_large.size() < kFilesMax) mail_.files_too_large.push_back(safe);
    } else if (mail_.files.size() == kFilesMax) {
      note(Note::files_left);
    } else {
      mail_.files.push_back({safe, type, std::move(bytes)});
    }
  }

  void finish() {
    const Reply reply = split_reply(cut_utf8(text_, kTextBytesMax));
    mail_.text = reply.said;
    mail_.quoted = reply.quoted;
  }

  void note(Note what) {
    if (std::find(mail_.notes.begin(), mail_.notes.end(), what) == mail_.notes.end()) {
      mail_.notes.push_back(what);
    }
  }

  Mail& mail_;
  const ParseLimits& limits_;
  std::size_t parts_ = 0;
  std::string text_;
};

std::string header(GMimeMessage* message, const char* name, std::size_t bytes_max = 2000) {
  return clean_line(text_of(g_mime_object_get_header(GMIME_OBJECT(message), name)), bytes_max);
}

std::string first_id(const std::string& header_text) {
  const auto ids = parse_ids(header_text);
  return ids.empty() ? "" : ids.front();
}

// Calls take(name, address) for each mailbox, also those within groups.
template <class Take>
void each_mailbox(InternetAddressList* list, int depth, const Take& take) {
  constexpr int kAddressesMax = 100;
  const int count =
      list == nullptr ? 0 : std::min(internet_address_list_length(list), kAddressesMax);
  for (int i = 0; i < count; ++i) {
    InternetAddress* address = internet_address_list_get_address(list, i);
    if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
      take(text_of(internet_address_get_name(address)),
           text_of(internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address))));
    } else if (INTERNET_ADDRESS_IS_GROUP(address) && depth == 0) {
      each_mailbox(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)), 1, take);
    }
  }
}

void read_headers(GMimeMessage* message, Mail& mail) {
  mail.message_id = first_id(header(message, "Message-Id", kMessageIdBytesMax + 2));
  mail.in_reply_to = first_id(header(message, "In-Reply-To"));
  mail.references = parse_ids(header(message, "References", kHeaderBytesMax));
  mail.subject = clean_line(text_of(g_mime_message_get_subject(message)), kSubjectBytesMax);
  if (GDateTime* date = g_mime_message_get_date(message)) {
    const gint64 seconds = g_date_time_to_unix(date);
    if (seconds > 0) mail.date_ms = static_cast<std::uint64_t>(seconds) * 1000;
  }
  each_mailbox(g_mime_message_get_from(message), 0,
               [&](const std::string& name, const std::string& address) {
                 if (!mail.from.empty()) return;
                 mail.from = parse_address(address);
                 mail.from_name = clean_line(name, kNameBytesMax);
               });
  each_mailbox(g_mime_message_get_to(message), 0,
               [&](const std::string&, const std::string& address) {
                 std::string to = parse_address(address);
                 if (!to.empty()) mail.to.push_back(std::move(to));
               });
  mail.auto_submitted = lower_ascii(header(message, "Auto-Submitted"));
  mail.precedence = lower_ascii(header(message, "Precedence"));
  mail.suppress = lower_ascii(header(message, "X-Auto-Response-Suppress"));
  mail.return_path = lower_ascii(header(message, "Return-Path"));
  mail.deskmate_notice = !header(message, "X-Deskmate-Notice").empty();
  mail.deskmate_request = lower_ascii(header(message, "X-Deskmate-Request"));
  mail.auto_reply_header = !header(message, "X-Autoreply").empty() ||
                           !header(message, "X-Autorespond").empty() ||
                           !header(message, "X-Auto-Reply").empty();
  mail.list = !header(message, "List-Id").empty();
}

}  // namespace

Mail parse_mail(std::string_view bytes, const ParseLimits& limits) {
  init_gmime();
  Mail mail;
  bool cut = false;
  std::string store;
  const std::string_view input = bounded(bytes, store, cut);
  if (cut) mail.notes.push_back(Note::header_cut);
  const Options options = make_options(limits.fallback_charset);
  const Object<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(input.data(), input.size()));
  const Object<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Object<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), options.get()));
  if (!message) return mail;
  read_headers(message.get(), mail);
  GMimeObject* root = g_mime_message_get_mime_part(message.get());
  if (root != nullptr) {
    mail.report = type_of(root) == "multipart/report";
    Reader(mail, limits).read(root);
  }
  return mail;
}

std::string hash_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

std::string describe(const Mail& mail) {
  std::string out;
  const auto line = [&](std::string_view words) {
    if (!out.empty()) out += '\n';
    out += words;
  };
  for (const Note note : mail.notes) {
    switch (note) {
      case Note::text_cut:
        line("[The text was too long and has been cut. / 正文过长，已截断。]");
        break;
      case Note::header_cut:
        line("[The mail's header was too long and has been cut. / 邮件头过长，已截断。]");
        break;
      case Note::parts_left:
        line(
            "[Some parts of the mail were left out: too many or too deep. / "
            "邮件的部分内容过多或嵌套过深，已略去。]");
        break;
      case Note::file_too_large: {
        std::string names;
        for (const auto& name : mail.files_too_large) {
          names += names.empty() ? "" : ", ";
          names += name;
        }
        std::string words = "[Too large, left in the mailbox: ";
        words += names;
        words += " / 附件过大，留在邮箱中：";
        words += names;
        words += "]";
        line(words);
        break;
      }
      case Note::files_left:
        line("[More files are left in the mailbox. / 其余附件留在邮箱中。]");
        break;
      case Note::encrypted:
        line("[Encrypted: read it in the mailbox. / 邮件已加密，请在邮箱中查看。]");
        break;
    }
  }
  return out;
}

}  // namespace deskmate::chat_email

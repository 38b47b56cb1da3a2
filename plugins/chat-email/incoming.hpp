// One mail as it came, read into what a desk needs to know of it.
//
//   Mail mail = parse_mail(bytes, ParseLimits{});
//
// Any bytes give a Mail: what is missing is empty, what is too much is left out and said in notes.
// Text and names are clean UTF-8 (text.hpp), attachments are bytes as sent. Parsing is GMime's.
// Blocking for as long as it takes to read the bytes once or twice; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace deskmate::chat_email {

inline constexpr std::size_t kHeaderBytesMax = 262144;  // of the mail's own header; the rest is cut
inline constexpr std::size_t kHeaderLinesMax = 2000;    // likewise
inline constexpr std::size_t kPartDepthMax = 20;        // multiparts within multiparts
inline constexpr std::size_t kPartsMax = 200;
inline constexpr std::size_t kFilesMax = 20;
inline constexpr std::size_t kSubjectBytesMax = 1000;
inline constexpr std::size_t kNameBytesMax = 200;

struct ParseLimits {
  std::size_t file_bytes_max = 10485760;     // of one attachment; larger ones are only named
  std::string fallback_charset = "gb18030";  // of text that says nothing or the impossible
};

struct Attachment {
  std::string name;  // safe_file_name
  std::string type;  // "image/png", lower case
  std::string bytes;
};

// What could not be taken over as it was; for the person who reads the mail.
enum class Note {
  text_cut,        // longer than kTextBytesMax
  header_cut,      // more than kHeaderBytesMax or kHeaderLinesMax
  parts_left,      // deeper than kPartDepthMax or more than kPartsMax
  file_too_large,  // a file over file_bytes_max
  files_left,      // more than kFilesMax
  encrypted,       // nothing that could be read here
};

struct Mail {
  std::string message_id;  // "" where there is none
  std::string in_reply_to;
  std::vector<std::string> references;
  std::string from;       // address, lower case; "" where there is none to use
  std::string from_name;  // "" where the sender gave none
  std::vector<std::string> to;
  std::string subject;
  std::uint64_t date_ms = 0;  // as the sender's clock says; 0: none
  std::string text;           // without history and signature, see quote.hpp
  std::string quoted;
  std::vector<Attachment> files;
  std::vector<Note> notes;
  std::vector<std::string> files_too_large;  // their names

  // For filter.hpp, lower case.
  std::string auto_submitted;
  std::string precedence;
  std::string suppress;
  std::string return_path;  // as it stands, "<>" for a bounce
  std::string deskmate_request;
  bool deskmate_notice = false;
  bool auto_reply_header = false;
  bool list = false;
  bool report = false;  // multipart/report
};

Mail parse_mail(std::string_view bytes, const ParseLimits& limits);

// SHA-256 of the mail, in hex: stands for the Message-ID where there is none.
std::string hash_of(std::string_view bytes);

// The notes in both languages, one a line, for the end of the text.
std::string describe(const Mail& mail);

}  // namespace deskmate::chat_email

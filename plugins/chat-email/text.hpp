// Text at the edge: whatever a mail claims to be, what leaves these functions is valid UTF-8.
//
// All functions are pure, may be called on any thread, own nothing and never throw for bad input:
// bytes that mean nothing become U+FFFD.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deskmate::chat_email {

// Returns the text with every byte that is not UTF-8 replaced by U+FFFD, and NUL and other control
// characters (but tab and line feed) left out; CR LF and CR become LF.
std::string clean_text(std::string_view text);

// The same on one line: line breaks and tabs become spaces, runs of spaces one, ends trimmed; cut
// at a character after at most bytes_max bytes.
std::string clean_line(std::string_view text, std::size_t bytes_max);

// Decodes bytes of the named charset ("gb2312", "iso-2022-jp", "" = not said) into clean text.
// GB2312 and GBK are read as GB18030, which contains them and is what senders mean. Without a
// charset, or with one that is unknown or claims 7 bits while the bytes have 8: UTF-8 where the
// bytes are, else fallback.
std::string decode_text(std::string_view bytes, std::string_view charset,
                        std::string_view fallback);

// clean_line of what a server said, for messages and logs: without the password, should the server
// repeat it.
std::string quote_server(std::string_view said, const std::string& password, std::size_t bytes_max);

// Cuts at a character boundary.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

// A file name without path, control characters, or anything a shell or a file system takes
// specially; never empty, at most kFileNameBytesMax bytes, its extension kept.
std::string safe_file_name(std::string_view name);
inline constexpr std::size_t kFileNameBytesMax = 120;

// Letters A to Z in lower case; everything else as it is.
std::string lower_ascii(std::string_view text);

std::string_view trim(std::string_view text);

// Whether the two are equal but for the case of A to Z.
bool same_ascii(std::string_view a, std::string_view b);

// A copy for C functions that take it over and free() it.
char* c_copy(const std::string& text);

}  // namespace deskmate::chat_email

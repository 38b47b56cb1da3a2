// Readable text out of an HTML mail.
//
//   html_to_text("<p>Hi,<br>where is <b>1001</b>?</p>")  ->  "Hi,\nwhere is 1001?"
//
// Links keep their address where it differs from their words, list items get a dash, quoted mails
// ("blockquote") the usual "> " before each line, pictures their description in brackets; scripts,
// styles and what is hidden are left out. Input is valid UTF-8, and so is the result, at most
// kTextBytesMax bytes. Pure; any thread. Never slow: what is nested or tagged beyond the limits
// below is not built into a tree but only stripped of its tags.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace deskmate::chat_email {

inline constexpr std::size_t kTextBytesMax = 262144;     // of one mail's text
inline constexpr std::size_t kHtmlBytesMax = 2097152;    // more is cut
inline constexpr std::size_t kHtmlTagsMax = 50000;       // of a tree
inline constexpr std::size_t kHtmlDepthMax = 512;        // of tags left open
inline constexpr std::size_t kHtmlWorkMax = 4000000;     // sum of the depths at all tags
inline constexpr std::size_t kHtmlAttributesMax = 2000;  // spaces and '=' within one tag

std::string html_to_text(std::string_view html);

}  // namespace deskmate::chat_email

#include "plugins/chat-email/text.hpp"

#include <iconv.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deskmate/value.hpp>
#include <memory>

namespace deskmate::chat_email {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct IconvClose {
  void operator()(void* handle) const { iconv_close(handle); }
};
using Iconv = std::unique_ptr<void, IconvClose>;

Iconv open_iconv(const std::string& charset) {
  const iconv_t handle = iconv_open("UTF-8", charset.c_str());
  // iconv says failure with (iconv_t)-1.
  if (reinterpret_cast<std::intptr_t>(handle) == -1) return nullptr;
  return Iconv(handle);
}

std::string convert(iconv_t handle, std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  std::array<char, 4096> buffer;
  // iconv takes char** although it only reads.
  char* in = const_cast<char*>(bytes.data());
  std::size_t left = bytes.size();
  while (left > 0) {
    char* to = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t done = iconv(handle, &in, &left, &to, &room);
    const int error = errno;
    out.append(buffer.data(), buffer.size() - room);
    if (done != static_cast<std::size_t>(-1) || error == E2BIG) continue;
    out += kReplacement;
    if (error != EILSEQ) break;  // an unfinished character at the end
    ++in;
    --left;
  }
  char* to = buffer.data();
  std::size_t room = buffer.size();
  iconv(handle, nullptr, nullptr, &to, &room);
  out.append(buffer.data(), buffer.size() - room);
  return out;
}

// What senders write and what they mean.
std::string meant_charset(std::string_view name) {
  const std::string charset = lower_ascii(trim(name));
  if (charset == "gb2312" || charset == "gbk" || charset == "gb_2312-80" || charset == "cp936" ||
      charset == "x-gbk" || charset == "gb-2312") {
    return "gb18030";
  }
  if (charset == "big5") return "big5-hkscs";
  if (charset == "iso-8859-1" || charset == "latin1") return "windows-1252";
  if (charset == "shift_jis" || charset == "x-sjis") return "cp932";
  if (charset == "ks_c_5601-1987") return "cp949";
  if (charset == "utf8" || charset == "unicode-1-1-utf-8") return "utf-8";
  if (charset == "ascii" || charset == "us-ascii" || charset == "ansi_x3.4-1968" ||
      charset == "unknown-8bit" || charset == "default" || charset == "x-unknown") {
    return "";
  }
  // What goes to iconv_open is a plain name: "//" would switch on its extensions.
  for (const char c : charset) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                       c == '.' || c == ':' || c == '+';
    if (!plain) return "";
  }
  return charset.size() <= 40 ? charset : "";
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool same_ascii(std::string_view a, std::string_view b) {
  return a.size() == b.size() && lower_ascii(a) == lower_ascii(b);
}

char* c_copy(const std::string& text) {
  char* copy = strdup(text.c_str());
  if (copy == nullptr) std::abort();
  return copy;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string clean_text(std::string_view text) {
  const std::string valid = fix_utf8(text);
  std::string out;
  out.reserve(valid.size());
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const char c = valid[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += '\n';
      if (i + 1 < valid.size() && valid[i + 1] == '\n') ++i;
    } else if (c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7F)) {
      out += c;
    }
  }
  return out;
}

std::string clean_line(std::string_view text, std::size_t bytes_max) {
  const std::string clean = clean_text(text);
  std::string out;
  out.reserve(clean.size());
  for (const char c : clean) {
    if (c == '\n' || c == '\t' || c == ' ') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c;
    }
  }
  return std::string(trim(cut_utf8(out, bytes_max)));
}

std::string quote_server(std::string_view said, const std::string& password,
                         std::size_t bytes_max) {
  const auto hide = [&](std::string text) {
    for (std::size_t at = 0;
         !password.empty() && (at = text.find(password, at)) != std::string::npos; at += 3) {
      text.replace(at, password.size(), "***");
    }
    return text;
  };
  // Cutting must not leave a part of it, cleaning must not put it together.
  return hide(clean_line(hide(std::string(said)), bytes_max));
}

std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
  return text.substr(0, end);
}

std::string decode_text(std::string_view bytes, std::string_view charset,
                        std::string_view fallback) {
  std::string name = meant_charset(charset);
  if (name == "utf-8") return clean_text(bytes);
  Iconv handle = name.empty() ? nullptr : open_iconv(name);
  if (!handle) {
    if (is_utf8(bytes)) return clean_text(bytes);
    name = meant_charset(fallback);
    handle = name.empty() || name == "utf-8" ? nullptr : open_iconv(name);
    if (!handle) return clean_text(bytes);
  }
  return clean_text(convert(handle.get(), bytes));
}

std::string safe_file_name(std::string_view name) {
  std::string text = clean_text(name);
  // Marks that turn the direction of writing hide the true extension ("gpj.exe").
  for (const std::string_view mark : {"\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066",
                                      "\u2067", "\u2068", "\u2069", "\u200E", "\u200F"}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at)) {
      text.erase(at, mark.size());
    }
  }
  std::string line = clean_line(text, 4096);
  const auto slash = line.find_last_of("/\\");
  if (slash != std::string::npos) line.erase(0, slash + 1);
  std::string out;
  for (const char c : line) {
    const bool special = std::string_view("<>:\"|?*`$;&'").find(c) != std::string_view::npos;
    out += special ? '_' : c;
  }
  while (!out.empty() && (out.front() == '.' || out.front() == ' ' || out.front() == '-')) {
    out.erase(0, 1);
  }
  while (!out.empty() && (out.back() == '.' || out.back() == ' ')) out.pop_back();
  if (out.size() > kFileNameBytesMax) {
    constexpr std::size_t kExtensionBytesMax = 12;
    const auto dot = out.rfind('.');
    std::string extension;
    if (dot != std::string::npos && out.size() - dot <= kExtensionBytesMax) {
      extension = out.substr(dot);
    }
    out = std::string(cut_utf8(out, kFileNameBytesMax - extension.size()));
    while (out.back() == '.' || out.back() == ' ') out.pop_back();  // the first is neither
    out += extension;
  }
  return out.empty() ? "file" : out;
}

}  // namespace deskmate::chat_email

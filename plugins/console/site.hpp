// The console's files and how they are given out over HTTP. Pure; any thread.
#pragma once

#include <cstdint>
#include <deskmate/value.hpp>
#include <span>
#include <string>
#include <string_view>

namespace deskmate::console {

// One file of the built console, within the library for as long as that is loaded.
struct File {
  std::string_view path;  // "/index.html"
  std::string_view type;  // for Content-Type
  std::string_view hash;  // of the bytes, hex
  std::string_view plain;
  std::string_view gzip;       // empty: not worth it
  std::string_view brotli;     // empty: not worth it
  bool named_by_hash = false;  // another content has another name: may be kept for good
};

// All of them, sorted by path. Made by embed.mjs.
std::span<const File> files();

// Answers `web.request {method, path, query, headers, body}` with {status, headers, body}.
// Addresses of screens ("/inbox/12") get the page; other paths that name no file 404.
Value answer(std::span<const File> files, const Value& request);

}  // namespace deskmate::console

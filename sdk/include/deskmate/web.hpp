// A page or webhook of a plugin: what the desk's gateway hands on where the manifest says web =
// true. Webhooks stand at /hooks/INSTANCE/… for anybody to call: the plugin checks their signature.
#pragma once

#include <string>
#include <string_view>

#include "deskmate/value.hpp"

namespace deskmate {

struct WebRequest {
  std::string method;  // "POST"
  std::string path;    // below the instance: "/push"
  std::string query;   // without "?"
  bool hook = false;   // came to /hooks/; else to /plugins/, from somebody who is logged in
  Map headers;         // names in lower case
  std::string body;    // as it came

  std::string_view header(std::string_view name) const { return headers[name].as_str(); }

  static WebRequest from(const Value& params);
};

struct WebResponse {
  int status = 200;
  Map headers;  // content-type, retry-after …
  std::string body;

  static WebResponse text(int status, std::string body);
  static WebResponse json(int status, std::string body);

  Value to_value() const;
};

}  // namespace deskmate

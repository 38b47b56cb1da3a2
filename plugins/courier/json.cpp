#include "plugins/courier/json.hpp"

#include <boost/json.hpp>
#include <limits>
#include <utility>

namespace deskmate::courier {
namespace {

namespace json = boost::json;

Value value_of(const json::value& from) {
  switch (from.kind()) {
    case json::kind::bool_:
      return from.get_bool();
    case json::kind::int64:
      return from.get_int64();
    case json::kind::uint64:
      return from.get_uint64();
    case json::kind::double_:
      return from.get_double();
    case json::kind::string:
      return std::string_view(from.get_string().data(), from.get_string().size());
    case json::kind::array: {
      Array out;
      out.reserve(from.get_array().size());
      for (const json::value& item : from.get_array()) out.push_back(value_of(item));
      return out;
    }
    case json::kind::object: {
      Map out;
      for (const auto& member : from.get_object()) {
        out.add(std::string(member.key().data(), member.key().size()), value_of(member.value()));
      }
      return out;
    }
    case json::kind::null:
      break;
  }
  return {};
}

json::value json_of(const Value& from) {
  if (from.is_bool()) return from.as_bool();
  if (from.is_int()) return from.as_int();
  if (from.is_uint()) return from.as_uint();
  if (from.is_double()) return from.as_double();
  if (from.is_str()) return json::string(from.as_str().data(), from.as_str().size());
  if (from.is_array()) {
    json::array out;
    for (const Value& item : from.as_array()) out.push_back(json_of(item));
    return out;
  }
  if (from.is_map()) {
    json::object out;
    for (const auto& [name, value] : from.as_map()) out[name] = json_of(value);
    return out;
  }
  return nullptr;
}

}  // namespace

Result<Value> parse_json(std::string_view text) {
  if (text.size() > answer_bytes_max) {
    return Error{Status::limit, "the answer is longer than 1 MiB", "json"};
  }
  json::parse_options options;
  options.max_depth = answer_depth_max;
  json::error_code error;
  const json::value parsed = json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return Error{Status::internal, "the answer is no JSON: " + error.message(), "json"};
  return value_of(parsed);
}

std::string to_json(const Value& value) { return json::serialize(json_of(value)); }

std::string text_in(const Value& value, std::size_t bytes_max) {
  std::string text(value.as_str());
  if (value.is_int()) text = std::to_string(value.as_int());
  if (value.is_uint()) text = std::to_string(value.as_uint());
  if (text.size() > bytes_max) {
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
    text.resize(end);
  }
  // Keys of the desk's tables hold no NUL.
  std::erase(text, '\0');
  return text;
}

}  // namespace deskmate::courier

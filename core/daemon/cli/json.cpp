// JSON by Boost.JSON, which core/gateway compiles.
#include <boost/json.hpp>
#include <ostream>

#include "core/daemon/cli/text.hpp"
#include "storage/event.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr int indent_columns = 2;

boost::json::value convert(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_uint()) return value.as_uint();
  if (value.is_double()) return value.as_double();
  if (value.is_str()) return boost::json::string(value.as_str());
  if (value.is_bin()) {
    const auto bytes = value.as_bin();
    return boost::json::string(
        storage::hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
  }
  if (value.is_array()) {
    boost::json::array out;
    for (const auto& item : value.as_array()) out.push_back(convert(item));
    return out;
  }
  if (value.is_map()) {
    boost::json::object out;
    for (const auto& [key, item] : value.as_map()) out[key] = convert(item);
    return out;
  }
  return nullptr;
}

void write(std::string& out, const boost::json::value& value, int depth) {
  const auto new_line = [&](int at) {
    out += '\n';
    out.append(static_cast<std::size_t>(at * indent_columns), ' ');
  };
  bool first = true;
  const auto next = [&] {
    if (!std::exchange(first, false)) out += ',';
    new_line(depth + 1);
  };
  if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += '[';
    for (const auto& item : *array) {
      next();
      write(out, item, depth + 1);
    }
    new_line(depth);
    out += ']';
  } else if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += '{';
    for (const auto& member : *object) {
      next();
      out += boost::json::serialize(boost::json::string(member.key())) + ": ";
      write(out, member.value(), depth + 1);
    }
    new_line(depth);
    out += '}';
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  write(out, convert(value), 0);
  return out;
}

std::string to_json_line(const Value& value) { return boost::json::serialize(convert(value)); }

}  // namespace deskmate::daemon::cli

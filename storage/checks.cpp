#include "storage/checks.hpp"

#include "storage/database.hpp"
#include "storage/event.hpp"
#include "storage/store_limits.hpp"

namespace deskmate::storage {

Error too_long(const char* what, std::size_t most) {
  return {Errc::invalid, std::string(what) + ": 1 to " + std::to_string(most) + " bytes expected"};
}

Result<void> check_event(const NewEvent& event) {
  if (event.body.size() > body_max) {
    return Error{Errc::invalid, event.type + ": a body of more than 512 KiB"};
  }
  if (event.home && !event.request) {
    return Error{Errc::invalid, event.type + ": only a request has a home"};
  }
  if (event.type.empty() || event.type.size() > type_max) return too_long("event type", type_max);
  if (event.facts.size() > facts_max) {
    return Error{Errc::invalid, event.type + ": more than 64 KiB of facts"};
  }
  return {};
}

Result<void> check_reader(std::string_view reader) {
  if (reader.empty() || reader.size() > reader_name_max) return too_long("reader", reader_name_max);
  return {};
}

Result<std::string> two_part_key(std::string_view first, std::string_view second) {
  if (first.empty() || first.find('\0') != std::string_view::npos) {
    return Error{Errc::invalid, "a name without bytes, or with a zero byte"};
  }
  if (first.size() + 1 + second.size() > lmdb_key_max)
    return too_long("name and key", lmdb_key_max - 1);
  std::string key(first);
  key.push_back('\0');
  key.append(second);
  return key;
}

}  // namespace deskmate::storage

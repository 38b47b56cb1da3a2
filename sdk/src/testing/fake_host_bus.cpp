// What a plugin appends, asks, answers and reads.
#include <algorithm>
#include <cstring>

#include "fake_host_impl.hpp"

namespace deskmate::testing {

namespace {

bool matches(const std::string& topic, std::string_view type) {
  if (topic == type || topic == "*") return true;
  return topic.ends_with(".*") &&
         type.starts_with(std::string_view(topic).substr(0, topic.size() - 1));
}

}  // namespace

// --- deskmate.bus/1 ---

Result<Value> FakeHost::Impl::append(dm_bytes bytes) {
  const auto given = decode(view_of(bytes));
  if (!given) return given.error();
  if (!given->is_array()) return Error{Status::invalid, "events are an array", {}};
  for (const Value& event : given->as_array()) {
    if (auto checked = check(event); !checked) return checked.error();
  }
  Array answers;
  for (const Value& event : given->as_array()) answers.push_back(store(event));
  return Value(answers);
}

Result<void> FakeHost::Impl::check(const Value& event) const {
  const std::string type(event["type"].as_str());
  if (type.empty()) return Error{Status::invalid, "an event without a type", "type"};
  if (!event["facts"].is_map()) return Error{Status::invalid, "facts are a map", type};
  if (event["refs"].size() > 0 && event["facts"]["shop"].as_str().empty()) {
    return Error{Status::invalid, "refs need facts.shop", type};
  }
  for (const char* part : {"refs", "desk_refs"}) {
    for (const auto& [name, id] : event[part].as_map()) {
      if (id.is_str()) continue;
      return Error{Status::invalid, "an external id is text",
                   std::string(part).append(".").append(name)};
    }
  }
  const bool allowed = allowed_types.empty() ||
                       std::any_of(allowed_types.begin(), allowed_types.end(),
                                   [&](const std::string& each) { return matches(each, type); });
  if (!allowed) return Error{Status::denied, "not in the manifest", type};
  const std::string dedupe(event["dedupe"].as_str());
  if (!dedupe.empty() && event["refs"][dedupe].is_nil() && event["desk_refs"][dedupe].is_nil()) {
    return Error{Status::invalid, "dedupe names no ref", type};
  }
  return {};
}

Value FakeHost::Impl::store(const Value& event) {
  StoredEvent stored;
  stored.appended = event;
  stored.type = event["type"].as_str();
  stored.facts = event["facts"];
  stored.body = event["body"];
  const std::string_view shop = event["facts"]["shop"].as_str();
  for (const char* part : {"refs", "desk_refs"}) {
    for (const auto& [name, id] : event[part].as_map()) {
      const std::string_view scope = part == std::string_view("refs") ? shop : "";
      stored.facts[name] = pseudonym(scope, name, id.as_str()).to_value();
      stored.body["refs"][name] = id;
    }
  }
  Array contacts;
  for (const Value& contact : event["contacts"].as_array()) {
    contacts.push_back(pseudonym("", "contact", contact.as_str()).to_value());
  }
  if (!contacts.empty()) stored.facts["contacts"] = contacts;
  const std::string dedupe(event["dedupe"].as_str());
  if (!dedupe.empty()) {
    const std::string key = stored.type + "\n" + std::string(stored.facts[dedupe].as_bin());
    if (!seen.insert(key).second) return Value::map({{"duplicate", true}});
  }
  add(std::move(stored));
  return Value::map({{"arrival", events.back().arrival}, {"id", events.back().id.to_value()}});
}

void FakeHost::Impl::add(StoredEvent stored) {
  stored.arrival = events.size() + 1;
  stored.id = Id::from(digest("event" + std::to_string(stored.arrival), 16));
  events.push_back(std::move(stored));
}

dm_status FakeHost::Impl::answered(std::uint64_t id, Result<Value> result) {
  const auto found = asked.find(id);
  if (found == asked.end()) return DM_NOT_FOUND;
  const auto done = std::move(found->second);
  asked.erase(found);
  done(std::move(result));
  return DM_OK;
}

const dm_ext_plugin_bus* FakeHost::Impl::plugin_bus() const {
  if (!plugin) return nullptr;
  return static_cast<const dm_ext_plugin_bus*>(plugin->extension(plugin, DM_EXT_PLUGIN_BUS));
}

struct FakeHost::Impl::BusCalls {
  static dm_status append(const dm_host* host, dm_bytes bytes, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("append", reply, user)) return DM_OK;
    return self.answer(reply, user, self.append(bytes));
  }

  static dm_status append_at(const dm_host* host, dm_bytes bytes, const char* reader,
                             std::uint64_t arrival, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    if (self.taken("append", reply, user)) return DM_OK;
    auto result = self.append(bytes);
    if (result) self.commit(reader, arrival);
    return self.answer(reply, user, std::move(result));
  }

  static dm_status request(const dm_host* host, const char* method, dm_bytes params, std::uint32_t,
                           dm_reply_fn reply, void* user, std::uint64_t* id) {
    Impl& self = of(host);
    if (id) *id = ++self.last_id;
    if (self.taken(method, reply, user)) return DM_OK;
    if (const auto found = self.methods.find(method); found != self.methods.end()) {
      const auto decoded = decode(view_of(params));
      return self.answer(reply, user, decoded ? found->second(*decoded) : decoded);
    }
    return self.answer(reply, user, Error{Status::not_found, "no such method", method});
  }

  static dm_status reply(const dm_host* host, std::uint64_t id, dm_bytes bytes) {
    return of(host).answered(id, decode(view_of(bytes)));
  }

  static dm_status fail(const dm_host* host, std::uint64_t id, dm_status status,
                        const char* message) {
    return of(host).answered(id, Error{static_cast<Status>(status), message, {}});
  }
};
constinit const dm_ext_bus FakeHost::Impl::bus_table{BusCalls::append,  BusCalls::append_at,
                                                     BusCalls::request, ignore,
                                                     BusCalls::reply,   BusCalls::fail};

// --- deskmate.reader/1 ---

void FakeHost::Impl::commit(const std::string& name, std::uint64_t arrival) {
  std::uint64_t& cursor = cursors[name];
  if (arrival <= cursor) return;
  const auto found = readers.find(name);
  if (found != readers.end()) found->second.credit = DM_READER_WINDOW;
  cursor = arrival;
}

bool FakeHost::Impl::deliver() {
  bool any = false;
  if (!plugin) return any;
  const auto* side =
      static_cast<const dm_ext_plugin_reader*>(plugin->extension(plugin, DM_EXT_PLUGIN_READER));
  if (!side) return any;
  std::vector<std::string> names;
  for (const auto& each : readers) names.push_back(each.first);
  for (const std::string& name : names) any = deliver_to(name, *side) || any;
  return any;
}

bool FakeHost::Impl::deliver_to(const std::string& name, const dm_ext_plugin_reader& side) {
  Reader& reader = readers.at(name);
  std::deque<std::string> bytes;
  std::vector<dm_event> batch;
  std::deque<std::string> types;
  for (; reader.next < events.size() && reader.credit > 0; ++reader.next) {
    const StoredEvent& event = events[reader.next];
    const bool wanted =
        std::any_of(reader.topics.begin(), reader.topics.end(),
                    [&](const std::string& topic) { return matches(topic, event.type); });
    if (!wanted) continue;
    --reader.credit;
    dm_event out{};
    out.arrival = event.arrival;
    out.stamp = static_cast<std::uint64_t>(now_ms) << 16;
    std::memcpy(out.id, event.id.bytes.data(), sizeof out.id);
    out.type = types.emplace_back(event.type).c_str();
    out.schema = 1;
    out.facts = bytes_of(bytes.emplace_back(encode(event.facts)));
    if (!event.body.is_nil()) out.body = bytes_of(bytes.emplace_back(encode(event.body)));
    batch.push_back(out);
  }
  if (batch.empty()) return false;
  side.on_events(plugin, name.c_str(), batch.data(), static_cast<std::uint32_t>(batch.size()));
  return true;
}

struct FakeHost::Impl::ReaderCalls {
  static dm_status open(const dm_host* host, const char* name, const char* const* topics,
                        std::uint32_t count, std::uint32_t from, dm_reply_fn reply, void* user) {
    Impl& self = of(host);
    Reader reader;
    reader.topics.assign(topics, topics + count);
    const auto cursor = self.cursors.find(name);
    if (cursor != self.cursors.end()) {
      reader.next = cursor->second;
    } else if (from == DM_FROM_NOW) {
      reader.next = self.events.size();
    }
    const std::uint64_t position = reader.next;
    self.readers[name] = std::move(reader);
    return self.answer(reply, user, Value::map({{"position", position}}));
  }

  static dm_status commit(const dm_host* host, const char* name, std::uint64_t arrival,
                          dm_reply_fn reply, void* user) {
    of(host).commit(name, arrival);
    return of(host).answer(reply, user, Value());
  }

  static dm_status grant(const dm_host* host, const char* name, std::uint32_t count) {
    const auto found = of(host).readers.find(name);
    if (found == of(host).readers.end()) return DM_NOT_FOUND;
    found->second.credit += count;
    return DM_OK;
  }

  static dm_status close(const dm_host* host, const char* name) {
    return of(host).readers.erase(name) == 1 ? DM_OK : DM_NOT_FOUND;
  }
};
constinit const dm_ext_reader FakeHost::Impl::reader_table{ReaderCalls::open, ReaderCalls::commit,
                                                           ReaderCalls::grant, ReaderCalls::close};

}  // namespace deskmate::testing

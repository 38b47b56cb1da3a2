#include "state.hpp"

#include <algorithm>

namespace deskmate::notify {
namespace {

constexpr std::uint64_t version = 1;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t entry_bytes = id_bytes + 8;

void add_number(std::string& out, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift);
}

std::uint64_t number_at(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes.substr(0, 8)) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace

std::string State::to_bytes() const {
  // One text for all, so that a thousand chats fit into one value of the store. The longest waiting
  // come first: they are what stays where there are too many.
  std::vector<std::pair<Id, Told>> all(told.begin(), told.end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.second.waiting_since_ms < b.second.waiting_since_ms;
  });
  if (all.size() > told_max) all.resize(told_max);
  std::string chats;
  for (const auto& [id, one] : all) {
    chats += id.view();
    add_number(chats, one.waiting_since_ms << 1 | (one.overdue ? 1u : 0u));
  }
  Array times;
  for (const std::uint64_t at_ms : sent_ms) times.push_back(at_ms);
  Value out = Value::map({{"version", version}, {"told", Value::bin(chats)}, {"sent", times}});
  if (pending) {
    Array ids;
    for (const Id& id : pending->chats) ids.push_back(id.to_value());
    out["pending"] = Value::map({{"name", pending->name},
                                 {"chats", ids},
                                 {"more", pending->more},
                                 {"overdue", pending->overdue}});
  }
  return encode(out);
}

std::optional<State> State::from_bytes(std::string_view bytes) {
  const auto decoded = decode(bytes);
  if (!decoded) return std::nullopt;
  const Value& in = *decoded;
  if (in["version"].as_uint() != version) return std::nullopt;
  State out;
  const auto chats = in["told"].as_bin();
  for (std::size_t at = 0; at + entry_bytes <= chats.size(); at += entry_bytes) {
    const std::uint64_t number = number_at(chats.substr(at + id_bytes));
    out.told[Id::from(chats.substr(at, id_bytes))] = {number >> 1, (number & 1) != 0};
  }
  for (const Value& at_ms : in["sent"].as_array()) out.sent_ms.push_back(at_ms.as_uint());
  if (const Value& pending = in["pending"]; pending.is_map()) {
    Batch batch;
    batch.name = pending["name"].as_str();
    for (const Value& id : pending["chats"].as_array())
      batch.chats.push_back(Id::from(id.as_bin()));
    batch.more = pending["more"].as_uint();
    batch.overdue = pending["overdue"].as_bool();
    out.pending = std::move(batch);
  }
  return out;
}

void Ids::add(const Id& id, std::uint64_t at_ms) {
  std::erase_if(ids_, [&](const auto& one) { return one.first == id; });
  ids_.emplace_back(id, at_ms);
  if (ids_.size() > max_) ids_.pop_front();
}

std::optional<std::uint64_t> Ids::find(const Id& id) const {
  const auto found =
      std::find_if(ids_.begin(), ids_.end(), [&](const auto& one) { return one.first == id; });
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::string Ids::to_bytes() const {
  std::string out;
  for (const auto& [id, at_ms] : ids_) {
    out += id.view();
    add_number(out, at_ms);
  }
  return out;
}

void Ids::from_bytes(std::string_view bytes) {
  ids_.clear();
  for (std::size_t at = 0; at + entry_bytes <= bytes.size(); at += entry_bytes) {
    add(Id::from(bytes.substr(at, id_bytes)), number_at(bytes.substr(at + id_bytes)));
  }
}

}  // namespace deskmate::notify

#include "core/daemon/bodies.hpp"

namespace deskmate::daemon {
namespace {

Value map_of(std::string_view bytes) {
  auto value = bytes.empty() ? Result<Value>(Value::map()) : decode(bytes);
  return value && value->is_map() ? std::move(*value) : Value::map();
}

}  // namespace

std::optional<Bodies::Whole> Bodies::whole(const storage::LogKey& key) const {
  const auto arrival = store_.arrival_of(key);
  if (arrival.has_error() || !arrival.value()) return std::nullopt;
  std::optional<Whole> out;
  const auto read =
      store_.read(*arrival.value() - 1, 1, true, [&](const storage::StoredEvent& event) {
        if (event.key != key) return false;
        out.emplace();
        out->type = event.header.type;
        out->facts = map_of(event.header.facts);
        out->body = Value::map();
        if ((event.header.flags & storage::flag_body) == 0) return false;
        const auto body = store_.open_body(event);
        if (body.has_value() && body.value()) {
          out->body = map_of(*body.value());
        } else {
          out->awaited = body.has_error() && body.error().code == storage::Errc::awaited;
          out->erased = !out->awaited;
        }
        return false;
      });
  if (read.has_error()) return std::nullopt;
  return out;
}

Bodies::Opened Bodies::open(const storage::LogKey& key) const {
  Opened out;
  const auto arrival = store_.arrival_of(key);
  if (arrival.has_error() || !arrival.value()) return out;
  const auto read =
      store_.read(*arrival.value() - 1, 1, true, [&](const storage::StoredEvent& event) {
        if (event.key != key || (event.header.flags & storage::flag_body) == 0) return false;
        auto body = store_.open_body(event);
        if (body.has_value() && body.value()) {
          out.bytes = std::move(*body.value());
        } else {
          out.awaited = body.has_error() && body.error().code == storage::Errc::awaited;
          out.erased = !out.awaited;
        }
        return false;
      });
  if (read.has_error()) return {};
  return out;
}

Value Bodies::of(const storage::LogKey& key) const {
  auto found = whole(key);
  return found ? std::move(found->body) : Value::map();
}

}  // namespace deskmate::daemon

#include "core/daemon/event_source.hpp"

#include "core/daemon/errors.hpp"

namespace deskmate::daemon {

Result<std::uint64_t> StoreSource::read(std::uint64_t after, std::size_t limit, bool with_bodies,
                                        const std::function<bool(const bus::SourceEvent&)>& each) {
  const std::uint64_t end = folded_();
  if (after >= end) return after;
  std::uint64_t last = after;
  const auto read = store_.read(after, limit, with_bodies, [&](const storage::StoredEvent& event) {
    if (event.arrival > end) return false;
    bus::SourceEvent out;
    out.arrival = event.arrival;
    out.id = storage::event_id(event.key);
    out.stamp = event.header.stamp;
    out.type = event.header.type;
    out.schema = event.header.schema;
    out.facts = event.header.facts;
    out.has_body = (event.header.flags & storage::flag_body) != 0;
    out.body_apart = event.body_apart;
    out.again = event.again;
    out.handle = &event;
    last = event.arrival;
    return each(out);
  });
  if (read.has_error()) return to_error(read.error());
  return last;
}

Result<std::optional<std::string>> StoreSource::body(const bus::SourceEvent& event) {
  auto opened = store_.open_body(*static_cast<const storage::StoredEvent*>(event.handle));
  if (opened.has_error()) return to_error(opened.error());
  return std::move(opened).value();
}

Result<std::optional<std::uint64_t>> StoreSource::cursor(std::string_view name) {
  auto found = store_.cursor(name);
  if (found.has_error()) return to_error(found.error());
  return found.value();
}

void StoreSource::set_cursor(std::string name, std::uint64_t arrival,
                             std::function<void(Result<void>)> done) {
  store_.set_cursor(
      std::move(name), arrival,
      [&loop = loop_, done = std::move(done)](storage::Result<void> result) {
        if (!done) return;
        // On the writer's thread.
        loop.post([done, result = std::move(result)] {
          done(result.has_error() ? Result<void>(to_error(result.error())) : Result<void>());
        });
      });
}

}  // namespace deskmate::daemon

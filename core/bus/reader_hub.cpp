#include "core/bus/reader_hub.hpp"

#include <algorithm>
#include <limits>

#include "core/bus/bus.hpp"
#include "core/bus/session.hpp"
#include "core/bus/topics.hpp"
#include "deskmate/ext/reader.h"

namespace deskmate::bus {

struct ReaderHub::Reader {
  std::shared_ptr<Session> session;
  std::string name;
  std::vector<std::string> topics;
  bool bodies = false;
  bool durable = false;  // has a cursor on disk
  std::uint64_t position = 0;
  std::uint64_t committed = 0;
  std::uint64_t last_sent = 0;
  std::uint64_t sent = 0;

  // Of the chunk being read.
  std::vector<Event> batch;
  std::size_t batch_bytes = 0;
  bool stalled = false;

  bool wants(std::string_view type) const {
    return std::any_of(topics.begin(), topics.end(),
                       [&](const std::string& topic) { return covers(topic, type); });
  }
  bool ready(std::uint64_t last_arrival) const {
    return position < last_arrival && session->may_send_events() &&
           session->reader_credit(name) > 0;
  }
  void flush() {
    if (batch.empty()) return;
    sent += batch.size();
    last_sent = batch.back().arrival;
    session->send_events(name, std::exchange(batch, {}));
    batch_bytes = 0;
    if (!session->may_send_events()) stalled = true;
  }
};

// One stretch of the log, for all readers that are ready for it.
class ReaderHub::Chunk {
 public:
  Chunk(EventSource& source, std::vector<Reader*> readers)
      : source_(source), readers_(std::move(readers)) {
    for (Reader* reader : readers_) {
      reader->stalled = false;
      bodies_ = bodies_ || reader->bodies;
    }
  }

  bool bodies() const { return bodies_; }
  const std::optional<Error>& error() const { return error_; }

  // False: nobody takes more.
  bool add(const SourceEvent& event) {
    plain_.reset();
    full_.reset();
    bool anybody = false;
    for (Reader* reader : readers_) {
      if (reader->stalled) continue;
      if (reader->position < event.arrival) offer(*reader, event);
      anybody = anybody || !reader->stalled;
    }
    return anybody;
  }

  void flush() {
    for (Reader* reader : readers_) reader->flush();
  }

 private:
  void offer(Reader& reader, const SourceEvent& event) {
    const bool elsewhere = reader.bodies ? event.body_apart : event.again;
    if (elsewhere || !reader.wants(event.type)) {
      reader.position = event.arrival;
      return;
    }
    if (reader.batch.size() >= reader.session->reader_credit(reader.name)) {
      reader.stalled = true;
      return;
    }
    const Event* encoded = reader.bodies && event.has_body ? full(event) : plain(event);
    if (encoded == nullptr) {
      reader.stalled = true;
      return;
    }
    const std::size_t bytes = encoded->encoded.size();
    if (!reader.batch.empty() &&
        (reader.batch.size() >= batch_events_max || reader.batch_bytes + bytes > batch_bytes_max)) {
      reader.flush();
      if (reader.stalled) return;
      if (reader.session->reader_credit(reader.name) == 0) {
        reader.stalled = true;
        return;
      }
    }
    reader.batch.push_back(*encoded);
    reader.batch_bytes += bytes;
    reader.position = event.arrival;
  }

  static Event fields_of(const SourceEvent& event) {
    Event fields;
    fields.arrival = event.arrival;
    fields.id = event.id;
    fields.stamp = event.stamp;
    fields.type = event.type;
    fields.schema = event.schema;
    fields.facts = event.facts;
    return fields;
  }

  const Event* plain(const SourceEvent& event) {
    if (!plain_) plain_ = make_event(fields_of(event));
    return &*plain_;
  }

  // Null where the body could not be read; the reader waits.
  const Event* full(const SourceEvent& event) {
    if (full_) return &*full_;
    if (error_) return nullptr;
    const auto body = source_.body(event);
    if (!body) {
      error_ = body.error();
      return nullptr;
    }
    Event fields = fields_of(event);
    if (*body) {
      fields.body = **body;
    } else {
      fields.flags = DM_EVENT_ERASED;
    }
    full_ = make_event(fields);
    return &*full_;
  }

  EventSource& source_;
  std::vector<Reader*> readers_;
  bool bodies_ = false;
  std::optional<Event> plain_;  // the present event, encoded once
  std::optional<Event> full_;
  std::optional<Error> error_;
};

std::string cursor_name(std::string_view session, std::string_view reader) {
  return std::string(session) + "/" + std::string(reader);
}

ReaderHub::ReaderHub(Loop& loop, EventSource& source)
    : loop_(loop), source_(source), self_(std::make_shared<ReaderHub*>(this)) {}

ReaderHub::~ReaderHub() {
  *self_ = nullptr;
  if (retry_ != 0) loop_.cancel(retry_);
}

void ReaderHub::serve(Bus& bus) {
  bus.on_ready([hub = self_](Session&) {
    if (*hub != nullptr) (*hub)->notify();
  });
  bus.on_gone([hub = self_](Session& session) {
    if (*hub != nullptr) (*hub)->close_all(session);
  });
  bus.method("reader.open", [hub = self_](const Call& call, Answer answer) {
    if (*hub == nullptr) return;
    const View from = call.params["from"];
    if (!from.is_uint() && from.as_str() != "start" && from.as_str() != "now") {
      answer.fail(
          {Status::invalid, "reader.open: from is not 'start', 'now' or an arrival", "from"});
      return;
    }
    std::optional<std::uint64_t> after;
    if (from.is_uint()) after = from.as_uint();
    if (from.as_str() == "start") after = 0;
    std::vector<std::string> topics;
    for (View topic : call.params["topics"]) topics.emplace_back(topic.as_str());
    const auto position = (*hub)->open(call.session, call.params["name"].as_str(),
                                       std::move(topics), after, call.params["credit"].as_uint());
    if (!position) {
      answer.fail(position.error());
      return;
    }
    answer.ok(Value::map({{"position", *position}}));
  });
  bus.method("reader.commit", [hub = self_](const Call& call, Answer answer) {
    if (*hub == nullptr) return;
    // std::function wants what can be copied.
    const auto shared = std::make_shared<Answer>(std::move(answer));
    (*hub)->commit(*call.session, call.params["name"].as_str(), call.params["arrival"].as_uint(),
                   [shared](Result<void> done) {
                     if (done) {
                       shared->ok(Value());
                     } else {
                       shared->fail(done.error());
                     }
                   });
  });
  bus.method("reader.close", [hub = self_](const Call& call, Answer answer) {
    if (*hub == nullptr) return;
    (*hub)->close(*call.session, call.params["name"].as_str());
    answer.ok(Value());
  });
}

void ReaderHub::notify() {
  if (posted_ || readers_.empty()) return;
  posted_ = true;
  loop_.post([hub = self_] {
    if (*hub != nullptr) (*hub)->pass();
  });
}

Result<std::uint64_t> ReaderHub::open(const std::shared_ptr<Session>& session,
                                      std::string_view reader, std::vector<std::string> topics,
                                      std::optional<std::uint64_t> after, std::uint64_t credit) {
  const std::string where =
      "session '" + session->name() + "': reader '" + std::string(reader) + "': ";
  if (topics.empty() || topics.size() > topics_max) {
    return Error{topics.empty() ? Status::invalid : Status::limit,
                 where + "it names no topics, or more than " + std::to_string(topics_max),
                 "topics"};
  }
  for (const std::string& topic : topics) {
    if (!is_pattern(topic)) {
      return Error{Status::invalid,
                   where + "'" + topic.substr(0, name_bytes_max) +
                       "' is no type of an event, nor \"order.*\", nor \"*\"",
                   "topics"};
    }
    if (!session->rights().may_read(topic)) {
      return Error{Status::denied, where + "has no right to read '" + topic + "'", topic};
    }
  }
  const bool durable = session->rights().durable();
  const std::uint64_t last = source_.last_arrival();
  std::uint64_t position = std::min(after.value_or(last), last);
  bool stored = false;
  if (durable) {
    const auto cursor = source_.cursor(cursor_name(session->name(), reader));
    if (!cursor) return cursor.error();
    stored = cursor->has_value();
    if (stored) position = std::min(**cursor, last);
  }
  if (auto added = session->add_reader(reader, credit); !added) return added.error();
  // Otherwise "now" would be a later one after a crash.
  if (durable && !stored && after != std::optional<std::uint64_t>(0)) {
    source_.set_cursor(cursor_name(session->name(), reader), position, {});
  }
  auto made = std::make_unique<Reader>();
  made->session = session;
  made->name = reader;
  made->topics = std::move(topics);
  made->bodies = session->rights().bodies;
  made->durable = durable;
  made->position = made->committed = made->last_sent = position;
  readers_.insert_or_assign(Key(session.get(), std::string(reader)), std::move(made));
  notify();
  return position;
}

void ReaderHub::commit(Session& session, std::string_view reader, std::uint64_t arrival,
                       std::function<void(Result<void>)> done) {
  const auto refuse = [&](Status code, const char* what) {
    done(Error{code,
               "session '" + session.name() + "': reader '" + std::string(reader) + "': " + what,
               "reader"});
  };
  Reader* found = find(session, reader);
  if (found == nullptr) return refuse(Status::not_found, "it is not open");
  if (arrival > found->position) {
    return refuse(Status::invalid, "it commits what it has not been sent");
  }
  if (!found->durable) return done({});
  // An older one is answered in its turn, too, when the newer is on disk.
  found->committed = std::max(found->committed, arrival);
  source_.set_cursor(cursor_name(session.name(), reader), found->committed, std::move(done));
}

void ReaderHub::committed(const Session& session, std::string_view reader, std::uint64_t arrival) {
  Reader* found = find(session, reader);
  if (found != nullptr) found->committed = std::max(found->committed, arrival);
}

void ReaderHub::close(Session& session, std::string_view reader) {
  session.remove_reader(reader);
  readers_.erase(Key(&session, std::string(reader)));
}

void ReaderHub::close_all(const Session& session) {
  std::erase_if(readers_, [&](const auto& entry) { return entry.first.first == &session; });
}

std::vector<ReaderHub::Report> ReaderHub::report() const {
  std::vector<Report> all;
  for (const auto& [key, reader] : readers_) {
    all.push_back({reader->session->name(), reader->name, reader->topics, reader->position,
                   reader->committed, reader->session->reader_credit(reader->name), reader->sent});
  }
  std::sort(all.begin(), all.end(), [](const Report& a, const Report& b) {
    return std::pair(a.session, a.reader) < std::pair(b.session, b.reader);
  });
  return all;
}

void ReaderHub::pass() {
  posted_ = false;
  std::size_t budget = hub_pass_events;
  bool more = true;
  while (more && budget > 0) more = read_chunk(budget);
  if (more) notify();
  move_idle_cursors();
}

// Feeds those who are furthest behind, and whoever stands within the same chunk. False: there is
// nothing more to do for now.
bool ReaderHub::read_chunk(std::size_t& budget) {
  const std::uint64_t last = source_.last_arrival();
  std::vector<Reader*> ready;
  std::uint64_t from = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [key, reader] : readers_) {
    if (!reader->ready(last)) continue;
    ready.push_back(reader.get());
    from = std::min(from, reader->position);
  }
  if (ready.empty()) return false;
  // Readers far ahead would only be in the way of ending the chunk early.
  std::erase_if(ready,
                [&](const Reader* reader) { return reader->position - from >= hub_chunk_events; });
  Chunk chunk(source_, std::move(ready));
  std::size_t seen = 0;
  const auto each = [&](const SourceEvent& event) {
    ++seen;
    return chunk.add(event);
  };
  const auto read = source_.read(from, std::min(hub_chunk_events, budget), chunk.bodies(), each);
  chunk.flush();
  budget -= std::min(budget, seen);
  if (!read || chunk.error()) {
    fault(read ? *chunk.error() : read.error());
    return false;
  }
  return seen > 0;
}

void ReaderHub::fault(const Error& error) {
  if (on_fault_) on_fault_(error);
  if (retry_ != 0) return;
  retry_ = loop_.call_at(loop_.now_ms() + hub_retry_ms, [hub = self_] {
    if (*hub == nullptr) return;
    (*hub)->retry_ = 0;
    (*hub)->notify();
  });
}

void ReaderHub::move_idle_cursors() {
  for (const auto& [key, reader] : readers_) {
    if (!reader->durable || reader->last_sent > reader->committed) continue;
    if (reader->position < reader->committed + cursor_skip_min) continue;
    reader->committed = reader->position;
    reader->last_sent = reader->position;
    source_.set_cursor(cursor_name(reader->session->name(), reader->name), reader->position, {});
  }
}

ReaderHub::Reader* ReaderHub::find(const Session& session, std::string_view reader) const {
  const auto it = readers_.find(Key(&session, std::string(reader)));
  return it == readers_.end() ? nullptr : it->second.get();
}

}  // namespace deskmate::bus

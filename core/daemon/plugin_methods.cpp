// The methods of frames.md that are the desk's own; http.fetch, secret.get and log.write are the
// plugin host's.
#include <deskmate/ext/file.h>
#include <deskmate/ext/kv.h>

#include <functional>
#include <memory>

#include "core/daemon/errors.hpp"
#include "core/daemon/kv_keys.hpp"
#include "core/daemon/notices.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/service.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

// Answers on the loop what the store's writer thread reports, after telling `before` so.
storage::Store::Done answer_later(bus::Loop& loop, Answer answer, std::function<void()> before) {
  auto kept = std::make_shared<Answer>(std::move(answer));
  return [&loop, kept, before = std::move(before)](storage::Result<void> result) {
    loop.post([kept, before, result = std::move(result)] {
      before();
      if (result.has_error()) {
        kept->fail(to_error(result.error()));
      } else {
        kept->ok(Value());
      }
    });
  };
}

Value to_value(const std::vector<Outcome>& outcomes) {
  Array out;
  for (const Outcome& outcome : outcomes) {
    if (outcome.duplicate) {
      out.push_back(Value::map({{"duplicate", true}}));
    } else {
      out.push_back(Value::map({{"arrival", outcome.arrival}, {"id", Value::bin(outcome.id)}}));
    }
  }
  return out;
}

void append(Service& service, const Call& call, Answer answer) {
  const View events = call.params["events"];
  if (!events.is_array()) return answer.fail({Status::invalid, "events is a list", "events"});
  if (events.size() > events_per_append_max) {
    return answer.fail({Status::limit, "too many events", "events"});
  }
  const auto& rights = call.session->rights();
  const std::string_view instance = rights.owner ? std::string_view() : call.session->name();
  std::vector<Prepared> prepared;
  for (const View event : events) {
    const auto type = event["type"].as_str();
    if (!rights.may_append(type)) {
      const std::string name = fix_utf8(type);
      return answer.fail({Status::denied, "may not append " + name, name});
    }
    auto one = type == answered_notice ? prepare_answer(service, event, instance)
                                       : prepare(event, instance, service.pseudonyms);
    if (!one) return answer.fail(one.error());
    prepared.push_back(std::move(*one));
  }
  if (auto charged = call.session->charge_appends(prepared.size()); !charged) {
    return answer.fail(charged.error());
  }
  std::optional<storage::CursorMove> cursor;
  const std::string reader(call.params["reader"].as_str());
  const std::uint64_t arrival = call.params["arrival"].as_uint();
  if (!reader.empty()) {
    cursor = storage::CursorMove{bus::cursor_name(call.session->name(), reader), arrival};
  }
  auto kept = std::make_shared<Answer>(std::move(answer));
  service.journal.append(std::move(prepared), std::move(cursor),
                         [&service, kept, session = call.session, reader,
                          arrival](const Result<std::vector<Outcome>>& result) {
                           if (!result) return kept->fail(result.error());
                           if (!reader.empty()) service.hub.committed(*session, reader, arrival);
                           kept->ok(to_value(*result));
                         });
}

void kv_get(Service& service, const Call& call, Answer answer) {
  const auto key = call.params["key"].as_bin();
  if (key.empty() || key.size() > DM_KV_KEY_MAX) {
    return answer.fail({Status::invalid, "a key has 1 to 256 bytes", "key"});
  }
  auto found = service.store.kv_get(call.session->name(), key);
  if (found.has_error()) return answer.fail(to_error(found.error()));
  answer.ok(found.value() ? Value::bin(std::string_view(*found.value())) : Value());
}

void kv_put(Service& service, const std::shared_ptr<KvKeys>& keys, const Call& call,
            Answer answer) {
  const auto key = call.params["key"].as_bin();
  const View value = call.params["value"];
  if (key.empty() || key.size() > DM_KV_KEY_MAX) {
    return answer.fail({Status::invalid, "a key has 1 to 256 bytes", "key"});
  }
  if (!value.is_bin()) return answer.fail({Status::invalid, "value is a bin", "value"});
  if (value.as_bin().size() > DM_KV_VALUE_MAX) {
    return answer.fail({Status::limit, "value is too long", "value"});
  }
  const std::string& owner = call.session->name();
  const auto put = keys->begin(owner, key, value.as_bin().empty());
  if (!put) return answer.fail(put.error());
  service.store.kv_put(owner, std::string(key), std::string(value.as_bin()),
                       answer_later(service.loop, std::move(answer),
                                    [keys, owner, number = *put] { keys->done(owner, number); }));
}

// Attachments on their way in. Pieces are kept in memory until the file is whole; the number of
// files of one session and the size of each are limited.
class Files {
 public:
  explicit Files(Service& service) : service_(service) {}

  void create(const Call& call, Answer answer) {
    forget_ended();
    const auto buyer = buyer_of(call);
    if (!buyer) return answer.fail(buyer.error());
    std::size_t open = 0;
    for (const auto& [number, file] : files_) open += file.session.lock() == call.session ? 1u : 0u;
    if (open >= DM_FILE_OPEN_MAX) return answer.fail({Status::limit, "too many files", "file"});
    files_[++last_] = File{call.session, *buyer, {}};
    answer.ok(Value::map({{"file", last_}}));
  }

  void write(const Call& call, Answer answer) {
    File* file = find(call);
    const auto piece = call.params["piece"].as_bin();
    if (file == nullptr) return answer.fail({Status::not_found, "no such file", "file"});
    if (piece.size() > DM_FILE_PIECE_MAX || file->bytes.size() + piece.size() > DM_FILE_MAX) {
      files_.erase(call.params["file"].as_uint());
      return answer.fail({Status::limit, "the file is too large", "piece"});
    }
    file->bytes += piece;
    answer.ok(Value());
  }

  void finish(const Call& call, Answer answer) {
    File* file = find(call);
    if (file == nullptr) return answer.fail({Status::not_found, "no such file", "file"});
    struct Work {
      File file;
      Answer answer;
      storage::Result<storage::Hash32> result = storage::Error{};
    };
    auto work = std::make_shared<Work>();
    work->file = std::move(*file);
    work->answer = std::move(answer);
    files_.erase(call.params["file"].as_uint());
    service_.pool.run(
        [work, &store = service_.store] {
          work->result = store.put_file(work->file.buyer, work->file.bytes);
        },
        [work] {
          if (work->result.has_error()) return work->answer.fail(to_error(work->result.error()));
          work->answer.ok(Value::map(
              {{"hash", Value::bin(work->result.value())}, {"size", work->file.bytes.size()}}));
        });
  }

  void read(const Call& call, Answer answer) {
    const auto hash = call.params["hash"].as_bin();
    storage::Hash32 wanted{};
    if (hash.size() != wanted.size()) {
      return answer.fail({Status::invalid, "a hash has 32 bytes", "hash"});
    }
    if (!call.session->rights().bodies && !call.session->rights().owner) {
      return answer.fail({Status::denied, "bodies are not granted", "hash"});
    }
    std::copy(hash.begin(), hash.end(), wanted.begin());
    const std::uint64_t size = call.params["size"].as_uint();
    auto kept = std::make_shared<Answer>(std::move(answer));
    read_file(service_, wanted, call.params["offset"].as_uint(),
              std::min<std::size_t>(size, DM_FILE_PIECE_MAX),
              [kept](const Result<std::string>& bytes) {
                if (!bytes) return kept->fail(bytes.error());
                kept->ok(Value::bin(std::string_view(*bytes)));
              });
  }

 private:
  struct File {
    std::weak_ptr<bus::Session> session;
    storage::Id16 buyer{};
    std::string bytes;
  };

  // Whose key seals it: a connector names its buyer, a member the chat that will be answered; the
  // owner may stand for either.
  Result<storage::Id16> buyer_of(const Call& call) const {
    const auto& rights = call.session->rights();
    const bool for_buyer =
        (rights.member == 0 || rights.plugin) && !call.params["buyer"].as_str().empty();
    if (!for_buyer && (rights.owner || (rights.member != 0 && !rights.plugin))) {
      const auto chat = id_from_hex(call.params["chat"].as_str());
      if (!chat) return Error{Status::invalid, "chat is an id", "chat"};
      const auto row = service_.desk.chat_row(*chat, service_.options.wall_ms());
      if (!row || !row->buyer) return Error{Status::not_found, "no such chat", "chat"};
      return *row->buyer;
    }
    const auto buyer = call.params["buyer"].as_str();
    if (buyer.empty() || buyer.size() > ref_bytes_max) {
      return Error{Status::invalid, "buyer is an external id", "buyer"};
    }
    return service_.pseudonyms.of_shop("buyer", call.session->name(), buyer);
  }

  File* find(const Call& call) {
    const auto found = files_.find(call.params["file"].as_uint());
    if (found == files_.end() || found->second.session.lock() != call.session) return nullptr;
    return &found->second;
  }

  void forget_ended() {
    for (auto it = files_.begin(); it != files_.end();) {
      const auto session = it->second.session.lock();
      it = session && !session->ended() ? std::next(it) : files_.erase(it);
    }
  }

  Service& service_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, File> files_;
};

struct FileRead {
  storage::Hash32 hash{};
  std::uint64_t offset = 0;
  std::size_t size = 0;
  std::function<void(Result<std::string>)> done;
  bool fetched = false;  // another peer was asked
  storage::Result<std::optional<std::string>> result = storage::Error{};
};

void read_piece(Service& service, const std::shared_ptr<FileRead>& work) {
  service.pool.run(
      [work, &store = service.store] {
        work->result = store.get_file(work->hash, work->offset, work->size);
      },
      [&service, work] {
        if (work->result.has_value()) {
          if (work->result.value()) return work->done(std::move(*work->result.value()));
          return work->done(Error{Status::not_found, "the file was erased", "hash"});
        }
        const storage::Error& error = work->result.error();
        if (error.code != storage::Errc::not_found || work->fetched || !service.others()) {
          return work->done(to_error(error));
        }
        work->fetched = true;
        service.others()->fetch_file(work->hash, [&service, work, error](Fetched fetched) {
          if (fetched == Fetched::here) return read_piece(service, work);
          if (fetched == Fetched::nowhere) return work->done(to_error(error));
          work->done(
              Error{Status::unavailable, "the file is on its way from another peer", "hash"});
        });
      });
}

}  // namespace

void read_file(Service& service, const storage::Hash32& hash, std::uint64_t offset,
               std::size_t size, std::function<void(Result<std::string>)> done) {
  auto work = std::make_shared<FileRead>();
  work->hash = hash;
  work->offset = offset;
  work->size = size;
  work->done = std::move(done);
  read_piece(service, work);
}

void serve_plugins(Service& service) {
  using Handler = void (*)(Service&, const Call&, Answer);
  const auto serve = [&](const char* name, Handler handler) {
    service.bus.method(name, [&service, handler](const Call& call, Answer answer) {
      handler(service, call, std::move(answer));
    });
  };
  serve("log.append", append);
  serve("kv.get", kv_get);

  const auto keys = std::make_shared<KvKeys>(service.store);
  service.bus.method("kv.put", [&service, keys](const Call& call, Answer answer) {
    kv_put(service, keys, call, std::move(answer));
  });

  const auto files = std::make_shared<Files>(service);
  const auto serve_file = [&](const char* name, void (Files::*member)(const Call&, Answer)) {
    service.bus.method(name, [files, member](const Call& call, Answer answer) {
      (*files.*member)(call, std::move(answer));
    });
  };
  serve_file("file.create", &Files::create);
  serve_file("file.write", &Files::write);
  serve_file("file.finish", &Files::finish);
  serve_file("file.read", &Files::read);
  serve_notices(service);
}

}  // namespace deskmate::daemon

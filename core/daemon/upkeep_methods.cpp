// The owner's methods that take their time: verify, backup, erase. They work in the pool while the
// desk goes on.
#include <filesystem>

#include "core/daemon/errors.hpp"
#include "core/daemon/long_work.hpp"
#include "core/daemon/owner_call.hpp"
#include "core/daemon/present.hpp"
#include "core/daemon/rebuild.hpp"
#include "core/daemon/verify_report.hpp"

namespace deskmate::daemon {
namespace {

using bus::Answer;
using bus::Call;

void verify(Service& service, LongWork::Done done) {
  struct Work {
    LongWork::Done done;
    desk::Policy policy;
    storage::Result<storage::VerifyReport> log = storage::Error{};
    storage::Result<RebuildReport> tables = storage::Error{};
  };
  auto work = std::make_shared<Work>();
  work->done = std::move(done);
  work->policy = service.options.policy;
  service.journal.hold([&service, work](const Result<void>& held) {
    if (!held) return work->done(held.error());
    service.pool.run(
        [work, &store = service.store] {
          work->log = store.verify();
          if (work->log.has_value()) work->tables = compare_with_rebuild(store, work->policy);
        },
        [&service, work] {
          service.journal.release();
          if (work->log.has_error()) return work->done(to_error(work->log.error()));
          if (work->tables.has_error()) return work->done(to_error(work->tables.error()));
          work->done(to_value(work->log.value(), work->tables.value()));
        });
  });
}

void run_blocking(Service& service, LongWork::Done done,
                  std::function<storage::Result<void>(storage::Store&)> blocking) {
  struct Work {
    LongWork::Done done;
    storage::Result<void> result;
  };
  auto work = std::make_shared<Work>();
  work->done = std::move(done);
  service.pool.run([work, &store = service.store,
                    blocking = std::move(blocking)] { work->result = blocking(store); },
                   [work] {
                     if (work->result.has_error())
                       return work->done(to_error(work->result.error()));
                     work->done(Value::map());
                   });
}

void backup(Service& service, LongWork& long_work, const Call& call, Answer answer) {
  const std::string file(call.params["file"].as_str());
  if (call.params["run"].as_uint() == 0 && !std::filesystem::path(file).is_absolute()) {
    return answer.fail({Status::invalid, "file is an absolute path", "file"});
  }
  long_work.serve(call, std::move(answer), [&service, file](LongWork::Done done) {
    run_blocking(service, std::move(done),
                 [file](storage::Store& store) { return store.backup(file); });
  });
}

void erase(Service& service, const Call& call, Answer answer) {
  const auto buyer = id_from_hex(call.params["buyer"].as_str());
  if (!buyer) return answer.fail({Status::invalid, "a buyer is 32 hex digits", "buyer"});
  // The event first: should this peer die now, it goes on with it, and the others hear of it.
  const auto erased = service.desk.erase_buyer(*buyer);
  if (erased.has_error()) {
    return answer.fail(to_error(erased.error(), language_of(service, call)));
  }
  const auto kept = std::make_shared<Answer>(std::move(answer));
  service.append(
      erased.value(), [&service, kept, buyer = *buyer](const Result<std::vector<Outcome>>& result) {
        if (!result) return kept->fail(result.error());
        const auto done = [kept](const Result<Value>& erased_now) {
          if (!erased_now) return kept->fail(erased_now.error());
          kept->ok(*erased_now);
        };
        run_blocking(service, done,
                     [buyer](storage::Store& store) { return store.erase_buyer(buyer); });
      });
}

}  // namespace

void serve_upkeep(Service& service) {
  const auto serve = [&](const char* name, auto handler) {
    serve_owner(service.bus, name, [&service, handler](const Call& call, Answer answer) {
      handler(service, call, std::move(answer));
    });
  };
  const auto verifying = std::make_shared<LongWork>(service.loop);
  serve("desk.verify", [verifying](Service& at, const Call& call, Answer answer) {
    verifying->serve(call, std::move(answer),
                     [&at](LongWork::Done done) { verify(at, std::move(done)); });
  });
  const auto backing_up = std::make_shared<LongWork>(service.loop);
  serve("desk.backup", [backing_up](Service& at, const Call& call, Answer answer) {
    backup(at, *backing_up, call, std::move(answer));
  });
  serve("desk.erase", erase);
}

}  // namespace deskmate::daemon

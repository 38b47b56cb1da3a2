// Any bytes as what a web server answers: one outcome for each attempt, within the limits, and the
// value that a plugin gets of it is sound.
#include <deskmate/ext/http.h>

#include <condition_variable>
#include <mutex>
#include <optional>

#include "core/host/http_engine.hpp"
#include "core/host/http_service.hpp"
#include "tests/fuzz/server.hpp"

using namespace deskmate;
using namespace deskmate::host;
using fuzz::check;

namespace {

std::mutex mutex;
std::condition_variable changed;
std::optional<HttpOutcome> got;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static HttpEngine& engine = *new HttpEngine([](HttpOutcome outcome) {
    const std::lock_guard lock(mutex);
    check(!got.has_value());
    got = std::move(outcome);
    changed.notify_one();
  });
  static std::uint64_t id = 0;
  FuzzedDataProvider input(data, size);
  HttpAttempt attempt;
  attempt.id = ++id;
  attempt.method = input.PickValueInArray({"GET", "POST", "HEAD"});
  attempt.url = "http://127.0.0.1:" + std::to_string(fuzz::server().port()) + "/a?b=c";
  attempt.timeout_ms = 5'000;
  attempt.public_only = false;
  attempt.user_agent = "fuzz";
  fuzz::server().say(fuzz::rest_of(input));
  engine.submit(attempt);
  std::unique_lock lock(mutex);
  changed.wait(lock, [] { return got.has_value(); });
  HttpOutcome outcome = std::move(*got);
  got.reset();
  lock.unlock();

  check(outcome.id == attempt.id && outcome.kind != HttpOutcome::Kind::private_address);
  if (outcome.kind != HttpOutcome::Kind::answer) return 0;
  check(outcome.body.size() <= DM_HTTP_BODY_MAX);
  std::size_t bytes = 0;
  for (const auto& [name, value] : outcome.headers) {
    bytes += name.size() + value.size();
    check(name.find('\n') == std::string::npos);
  }
  check(bytes <= 2 * http_header_bytes_max);
  HttpAnswer answer;
  answer.status = outcome.status;
  answer.headers = std::move(outcome.headers);
  answer.body = std::move(outcome.body);
  check(decode(encode(to_value(std::move(answer)))).has_value());
  return 0;
}

// A connector on the test's own thread: its calls are answered at once by a FakeHost, and sleeping
// moves the fake clock.
//
//   testing::FakeHost host("box");
//   testing::Bench<SampleShop> bench(host);
//   ASSERT_TRUE(bench.poll());
//   Outcome outcome = bench.perform(testing::action("refund", {{"order", …}}, {…}));
//
// Connector::session() and poll_soon() belong to the real worker: test those with FakeHost::start.
#pragma once

#include <memory>
#include <utility>

#include "deskmate/plugin.hpp"
#include "deskmate/testing/fake_host.hpp"

namespace deskmate::testing {

namespace detail {
class InlinePort : public deskmate::detail::Port {
 public:
  InlinePort(FakeHost& fake, Host& host) : fake_(fake), host_(host) {}
  Result<Value> call(std::function<void(Host&, Reply)> start, std::uint64_t deadline_ms) override;
  bool sleep_ms(std::uint64_t delay_ms) override;
  bool stopping() const override { return stopping_; }
  Host& host() override { return host_; }
  void stop() { stopping_ = true; }

 private:
  FakeHost& fake_;
  Host& host_;
  bool stopping_ = false;
};
}  // namespace detail

template <class T>
class Bench {
 public:
  explicit Bench(FakeHost& fake) {
    connector_.attach(std::make_unique<Host>(fake.raw()));
    port_ = std::make_unique<detail::InlinePort>(fake, connector_.host());
    session_ = std::make_unique<Session>(*port_);
  }

  Result<void> begin() { return base().begin(*session_); }
  Result<void> poll() { return base().poll(*session_); }
  Outcome perform(const Action& action) { return base().perform(*session_, action); }
  Found look_up(const Action& action) { return base().look_up(*session_, action); }
  Tail tail(const Thread& thread) { return base().tail(*session_, thread); }
  Claim claim(const Thread& thread) { return base().claim(*session_, thread); }

  WebResponse web(const WebRequest& request) { return base().web(*session_, request); }

  // From now on every call returns Status::cancelled.
  void stop() { port_->stop(); }

  Session& desk() { return *session_; }
  T& connector() { return connector_; }

 private:
  Connector& base() { return connector_; }

  T connector_;
  std::unique_ptr<detail::InlinePort> port_;
  std::unique_ptr<Session> session_;
};

// What DESKMATE_PLUGIN would define for T, where a test has several.
//   host.start(testing::entry_of<MyPlugin>)
template <class T>
const dm_descriptor* entry_of(std::uint32_t) {
  static const dm_descriptor descriptor = {DM_ABI, 0, "test", "1.0.0",
                                           &deskmate::detail::create<T>};
  return &descriptor;
}

// An action as the desk would ask for it. number makes its request id.
Action action(std::string kind, Map facts, Map body = {}, std::uint8_t number = 1);
// The same as params of action.perform and action.look_up.
Value action_params(const Action& action);

}  // namespace deskmate::testing

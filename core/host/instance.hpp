// One configured instance: what it should be doing, what it does, and when it is started again. For
// this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "core/host/line_limit.hpp"
#include "core/host/restart.hpp"
#include "core/host/run.hpp"
#include "core/host/supervisor.hpp"

namespace deskmate::host {

struct InstanceContext {
  RunContext run;
  HttpService& http;
  const SupervisorHooks& hooks;
  std::mt19937_64& random;
};

class Instance : public std::enable_shared_from_this<Instance> {
 public:
  Instance(const InstanceContext& context, InstanceConfig config);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  void start();    // by the owner: forgets earlier crashes
  void stop();     // and stays off
  void restart();  // stops it first
  void replace(InstanceConfig config);

  // Called, once, when it is off and nothing of it is left; at once where that is so already.
  void when_off(std::function<void()> done);

  const std::string& name() const { return config_.name; }
  const Manifest& manifest() const { return manifest_; }
  State state() const { return state_; }
  InstanceStatus status() const;

  void denied(std::string what);
  void trouble(const Text& what);  // until it says otherwise, or ends
  void log(int level, std::string_view line);

 private:
  void begin();
  void end(Reason reason);
  void crashed();
  void enter(State state);
  void tell(std::string_view state, const Text& reason, int code);
  void off(std::string_view told);  // stopped, or off: not to be started again by itself
  Checked<Value> read_configuration();

  InstanceContext context_;
  InstanceConfig config_;
  std::optional<InstanceConfig> next_;  // what replaces it, once it has stopped
  Manifest manifest_;                   // of the last start; before one it is empty
  State state_ = State::off;
  bool wanted_ = false;
  std::shared_ptr<Run> run_;
  Restart restart_;
  bus::Loop::TimerId timer_ = 0;
  std::uint64_t since_ms_ = 0;
  std::uint64_t next_start_ms_ = 0;
  std::uint32_t starts_ = 0;
  Reason last_;
  std::string last_error_;  // that it logged in this run
  std::vector<std::string> denied_;
  Text trouble_;
  LineLimit lines_{log_lines_per_s};
  std::function<void()> when_off_;
};

}  // namespace deskmate::host

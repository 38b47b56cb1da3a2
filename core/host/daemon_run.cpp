#include <deskmate/abi.h>

#include <boost/dll/shared_library.hpp>
#include <optional>
#include <utility>

#include "core/bus/memory_transport.hpp"
#include "core/host/run.hpp"
#include "core/host/runtime.hpp"

namespace deskmate::host {
namespace {

// No process of its own: a crash is the daemon's, and a hang too. What can be told from inside, an
// exception or a wrong thread, ends the instance as it would end a process.
class DaemonRun : public Run, public std::enable_shared_from_this<DaemonRun> {
 public:
  DaemonRun(const RunContext& context, const Manifest& manifest, std::string instance,
            std::string settings, RunHandlers handlers)
      : context_(context),
        manifest_(manifest),
        instance_(std::move(instance)),
        settings_(std::move(settings)),
        handlers_(std::move(handlers)) {}

  ~DaemonRun() override { runtime_.reset(); }  // before its library
  DaemonRun(const DaemonRun&) = delete;
  DaemonRun& operator=(const DaemonRun&) = delete;

  void begin() {
    const dm_descriptor* descriptor = load();
    if (descriptor == nullptr) return end_soon();
    RuntimeHandlers on;
    on.on_fault = [weak = weak_from_this(), &loop = context_.loop](const PluginFault& fault) {
      // Of a wrong thread it is told on that thread.
      loop.post([weak, fault] {
        if (const auto self = weak.lock()) self->on_fault(fault);
      });
    };
    on.on_end = [weak = weak_from_this()](const Error& reason) {
      if (const auto self = weak.lock()) self->on_runtime_end(reason);
    };
    runtime_ = std::make_unique<Runtime>(context_.loop, *descriptor, std::move(on));
    auto pair = bus::make_memory_pair(context_.loop);
    session_ = context_.bus.admit(std::move(pair.desk), admit_handlers());
    if (session_ == nullptr) {
      runtime_.reset();
      forced_ = Reason{Cause::spawn, 0, "too many sessions", ""};
      return end_soon();
    }
    runtime_->connect(std::move(pair.guest));
  }

  void stop() override {
    if (stopping_) return;
    stopping_ = true;
    // Not from within a function of the plugin's, which may be what led here.
    context_.loop.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self != nullptr && self->runtime_ != nullptr) self->runtime_->stop();
    });
  }

 private:
  const dm_descriptor* load() {
    const auto refuse = [this](const std::string& what) -> const dm_descriptor* {
      forced_ = Reason{Cause::library, 0, one_line(what), ""};
      return nullptr;
    };
    if (!manifest_.executable.empty()) {
      return refuse("an executable cannot run in the daemon; remove isolation = \"daemon\"");
    }
    boost::dll::fs::error_code error;
    library_.load(manifest_.file(), error,
                  boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (error) return refuse(manifest_.file().string() + ": " + error.message());
    if (!library_.has(DM_ENTRY_SYMBOL)) {
      return refuse(manifest_.file().string() + " exports no " DM_ENTRY_SYMBOL);
    }
    const auto& entry = library_.get<const dm_descriptor*(std::uint32_t)>(DM_ENTRY_SYMBOL);
    const dm_descriptor* descriptor = entry(DM_ABI);
    if (const std::string wrong = wrong_with(descriptor); !wrong.empty()) {
      return refuse(manifest_.file().string() + ": " + wrong);
    }
    return descriptor;
  }

  bus::AdmitHandlers admit_handlers() {
    bus::AdmitHandlers on;
    on.on_hello = [weak = weak_from_this()](const bus::Hello& hello) -> Result<bus::Admission> {
      const auto self = weak.lock();
      if (self == nullptr) return Error{Status::cancelled, "stopped", ""};
      auto admitted =
          admit(self->context_, self->manifest_, self->instance_, self->settings_, hello);
      if (!admitted) {
        self->force({Cause::library, 0, one_line(admitted.error().message), ""});
      } else {
        admitted->limits.heartbeat_ms = 0;  // on the same thread there is nothing to listen for
      }
      return admitted;
    };
    on.on_open = [weak = weak_from_this()](bus::Session&) {
      const auto self = weak.lock();
      if (self != nullptr && self->handlers_.on_open) self->handlers_.on_open();
    };
    on.on_end = [weak = weak_from_this()](bus::Session&, const Error& reason) {
      const auto self = weak.lock();
      if (self == nullptr) return;
      if (reason.where == "queue") self->force({Cause::flood, 0, one_line(reason.message), ""});
      self->session_over_ = true;
      self->end_if_over();
    };
    return on;
  }

  void force(Reason reason) {
    if (!forced_ && !stopping_) forced_ = std::move(reason);
  }

  void on_fault(const PluginFault& fault) {
    const Cause cause = fault.kind == PluginFault::Kind::start       ? Cause::start
                        : fault.kind == PluginFault::Kind::exception ? Cause::exception
                                                                     : Cause::thread;
    force({cause, 0, one_line(fault.message), ""});
  }

  void on_runtime_end(const Error& reason) {
    if (!stopping_) force({Cause::exit, 0, one_line(reason.message), ""});
    runtime_over_ = true;
    end_if_over();
  }

  void end_if_over() {
    if (runtime_over_ && session_over_) end_soon();
  }

  void end_soon() {
    context_.loop.post([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->runtime_.reset();
      self->library_.unload();
      const auto on_end = std::exchange(self->handlers_.on_end, nullptr);
      if (on_end) on_end(self->stopping_ ? Reason{Cause::owner, 0, "", ""} : *self->forced_);
    });
  }

  const RunContext context_;
  const Manifest manifest_;
  const std::string instance_;
  const std::string settings_;
  RunHandlers handlers_;
  boost::dll::shared_library library_;
  std::unique_ptr<Runtime> runtime_;
  std::shared_ptr<bus::Session> session_;
  bool stopping_ = false;
  bool runtime_over_ = false;
  bool session_over_ = false;
  std::optional<Reason> forced_;
};

}  // namespace

std::shared_ptr<Run> run_in_daemon(const RunContext& context, const Manifest& manifest,
                                   std::string instance, std::string settings,
                                   RunHandlers handlers) {
  auto run = std::make_shared<DaemonRun>(context, manifest, std::move(instance),
                                         std::move(settings), std::move(handlers));
  run->begin();
  return run;
}

}  // namespace deskmate::host

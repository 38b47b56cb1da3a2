#include "core/bus/bus.hpp"

#include <utility>

namespace deskmate::bus {

Bus::Bus(Loop& loop) : loop_(loop), self_(std::make_shared<Bus*>(this)) {}

Bus::~Bus() {
  *self_ = nullptr;
  for (const auto& [key, session] : connections_) {
    session->end({Status::cancelled, "the desk is stopping", "stop"});
  }
}

void Bus::method(std::string name, Method handler) {
  methods_.insert_or_assign(std::move(name), std::move(handler));
}

std::shared_ptr<Session> Bus::admit(std::unique_ptr<Transport> transport, AdmitHandlers handlers) {
  if (connections_.size() >= sessions_max) {
    transport->send(Goodbye{{Status::limit, "too many are connected", "sessions"}});
    transport->close();
    return nullptr;
  }
  const auto shared = std::make_shared<const AdmitHandlers>(std::move(handlers));
  SessionHandlers own;
  own.on_hello = [bus = self_, shared](const Hello& hello) -> Result<Admission> {
    if (*bus == nullptr) return Error{Status::unavailable, "the desk is stopping", "stop"};
    return (*bus)->check(*shared, hello);
  };
  own.on_open = [bus = self_, shared](Session& session) {
    if (*bus == nullptr) return;
    (*bus)->open_.insert_or_assign(session.name(), session.shared_from_this());
    if (shared->on_open) shared->on_open(session);
  };
  own.on_request = [bus = self_](Session& session, Incoming request, Answer answer) {
    if (*bus != nullptr) (*bus)->dispatch(session, std::move(request), std::move(answer));
  };
  own.on_cancel = [bus = self_](Session& session, std::uint64_t id) {
    if (*bus != nullptr && (*bus)->on_cancel_) (*bus)->on_cancel_(session, id);
  };
  own.on_denied = [bus = self_](Session& session, const Error& error) {
    if (*bus != nullptr && (*bus)->on_denied_) (*bus)->on_denied_(session, error);
  };
  own.on_ready = [bus = self_](Session& session) {
    if (*bus != nullptr && (*bus)->on_ready_) (*bus)->on_ready_(session);
  };
  own.on_end = [bus = self_, shared](Session& session, const Error& reason) {
    if (*bus == nullptr) return;
    Bus& self = **bus;
    const auto it = self.open_.find(session.name());
    if (it != self.open_.end() && it->second.get() == &session) self.open_.erase(it);
    const auto kept = self.connections_.extract(&session);  // until its handlers have run
    if (self.on_gone_) self.on_gone_(session);
    if (shared->on_end) shared->on_end(session, reason);
  };
  auto session = Session::accept(loop_, std::move(transport), std::move(own));
  connections_.emplace(session.get(), session);
  return session;
}

Result<Admission> Bus::check(const AdmitHandlers& handlers, const Hello& hello) const {
  if (!handlers.on_hello) return Error{Status::denied, "nobody is let in here", "hello"};
  Result<Admission> admission = handlers.on_hello(hello);
  if (!admission) return admission;
  const auto taken = [this](const std::string& name) {
    const auto it = open_.find(name);
    return it != open_.end() && !it->second->ended();
  };
  if (!taken(admission->name)) return admission;
  if (admission->rights.durable()) {
    return Error{Status::invalid, "'" + admission->name + "' is connected already", "name"};
  }
  std::string name;
  std::size_t number = 2;
  do {
    name = admission->name + "-" + std::to_string(number++);
  } while (taken(name));
  admission->name = std::move(name);
  return admission;
}

const Method* Bus::find_method(std::string_view name) const {
  if (const auto it = methods_.find(name); it != methods_.end()) return &it->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto it = methods_.find(std::string(name.substr(0, dot + 1)) + "*");
  return it == methods_.end() ? nullptr : &it->second;
}

void Bus::dispatch(Session& session, Incoming request, Answer answer) {
  const auto refuse = [&](Status code, const std::string& what) {
    answer.fail({code, "session '" + session.name() + "': " + what, request.method});
  };
  if (!session.rights().may_request(request.method)) {
    refuse(Status::denied, "has no right to ask for '" + request.method + "'");
    return;
  }
  const Method* found = find_method(request.method);
  if (found == nullptr) {
    refuse(Status::not_found, "there is no method '" + request.method + "'");
    return;
  }
  // Over the socket they were checked; inside the process they come as they are.
  Document params;
  const auto parsed = params.parse(request.params);
  if (!parsed || !params.root().is_map()) {
    refuse(Status::invalid, "the parameters of '" + request.method + "' are no map: " +
                                (parsed ? "another kind of value" : parsed.error().message));
    return;
  }
  const Call call{
      session.shared_from_this(), request.id, request.method, params.root(), request.params,
      request.deadline_ms};
  const Method handler = *found;  // which may replace itself
  handler(call, std::move(answer));
}

Result<std::uint64_t> Bus::call(std::string_view session, std::string_view method,
                                const Value& params, std::uint32_t deadline_ms, ReplyFn reply) {
  const auto found = find(session);
  if (!found) {
    return Error{Status::unavailable, "session '" + std::string(session) + "' is not connected",
                 std::string(session)};
  }
  return found->request(method, params, deadline_ms, std::move(reply));
}

std::shared_ptr<Session> Bus::find(std::string_view session) const {
  const auto it = open_.find(session);
  return it != open_.end() && it->second->open() ? it->second : nullptr;
}

void Bus::end_all(const Error& reason) {
  for (const auto& [key, session] : connections_) session->end(reason);
}

std::vector<std::shared_ptr<Session>> Bus::sessions() const {
  std::vector<std::shared_ptr<Session>> all;
  for (const auto& [name, session] : open_) {
    if (session->open()) all.push_back(session);
  }
  return all;
}

}  // namespace deskmate::bus

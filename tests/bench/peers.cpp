#include "tests/bench/peers.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>

namespace deskmate::bench {

namespace {

std::string said_by(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "r"), &::pclose);
  std::array<char, 256> line{};
  if (!pipe || std::fgets(line.data(), line.size(), pipe.get()) == nullptr) return "?";
  std::string text(line.data());
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

// Mosquitto's package puts it where only root looks.
std::string mosquitto_program() {
  const char* const in_sbin = "/usr/sbin/mosquitto";
  return std::filesystem::exists(in_sbin) ? in_sbin : "mosquitto";
}

std::size_t number_in(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Forgets what has been read, once it is worth the moving.
void forget(std::string& in, std::size_t& at) {
  if (at == in.size()) {
    in.clear();
    at = 0;
  } else if (at > in.size() / 2) {
    in.erase(0, at);
    at = 0;
  }
}

}  // namespace

NatsServer::NatsServer() : port_(free_port()) {
  const std::string& folder = folder_.path();
  // The pings' time is beyond the measurement's, as with ours. No client is given up for being
  // slow: what waits for one may be all that is sent.
  write_file(folder + "/nats.conf",
             "listen: 127.0.0.1:" + std::to_string(port_) +
                 "\nping_interval: \"10m\"\nmax_pending: 1GB\nwrite_deadline: \"60s\"\n"
                 "jetstream { store_dir: \"" +
                 folder + "/js\" }\n");
  process_ =
      Process::start(Role::server, {"nats-server", "-c", folder + "/nats.conf"}, folder + "/log");
  wait_until("nats-server", [&] {
    if (!process_.running()) throw std::runtime_error("nats-server has ended");
    try {
      const NatsClient ready(port_);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  });
}

std::string NatsServer::version() { return said_by("nats-server --version"); }

NatsClient::NatsClient(std::uint16_t port) : fd_(connect_tcp(port)) {
  out_ = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
  out_ += "PING\r\n";
  flush();
  while (in_.find("PONG\r\n") == std::string::npos) {
    if (!read_some(fd(), in_)) throw std::runtime_error("nats-server has closed");
  }
  in_.clear();
}

void NatsClient::subscribe(std::string_view subject) {
  out_ += "SUB " + std::string(subject) + " 1\r\nPING\r\n";
  flush();
  while (in_.find("PONG\r\n") == std::string::npos) {
    if (!read_some(fd(), in_)) throw std::runtime_error("nats-server has closed");
  }
  in_.clear();
}

void NatsClient::publish(std::string_view subject, std::string_view payload,
                         std::string_view reply) {
  std::array<char, 24> size{};
  const char* end = std::to_chars(size.data(), size.data() + size.size(), payload.size()).ptr;
  out_.append("PUB ").append(subject).append(" ");
  if (!reply.empty()) out_.append(reply).append(" ");
  out_.append(size.data(), static_cast<std::size_t>(end - size.data())).append("\r\n");
  out_.append(payload).append("\r\n");
}

void NatsClient::flush() {
  write_all(fd(), out_);
  out_.clear();
}

// MSG subject sid [reply] size CRLF payload CRLF
bool NatsClient::next() {
  while (true) {
    const std::string_view rest = std::string_view(in_).substr(at_);
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return false;
    const std::string_view line = rest.substr(0, end);
    if (!line.starts_with("MSG ")) {
      if (line.starts_with("-ERR")) throw std::runtime_error("nats: " + std::string(line));
      at_ += end + 2;
      continue;
    }
    const std::size_t last = line.rfind(' ');
    const std::size_t size = number_in(line.substr(last + 1));
    if (rest.size() < end + 2 + size + 2) return false;
    const std::size_t sid = line.find(' ', 4) + 1;
    const std::size_t after = line.find(' ', sid);
    reply_ = after == last ? std::string_view{} : line.substr(after + 1, last - after - 1);
    payload_ = rest.substr(end + 2, size);
    at_ += end + 2 + size + 2;
    return true;
  }
}

int NatsClient::messages() {
  forget(in_, at_);
  if (!read_some(fd(), in_)) throw std::runtime_error("nats-server has closed");
  int count = 0;
  while (next()) ++count;
  return count;
}

void NatsClient::message() {
  forget(in_, at_);
  while (!next()) {
    if (!read_some(fd(), in_)) throw std::runtime_error("nats-server has closed");
  }
}

Mosquitto::Mosquitto() {
  const std::string& folder = folder_.path();
  // Nothing is dropped for a reader that is behind: all are to have all.
  write_file(folder + "/mosquitto.conf",
             "listener 0 " + socket() +
                 "\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
                 "persistence false\nset_tcp_nodelay true\nuser root\n");
  process_ = Process::start(Role::server, {mosquitto_program(), "-c", folder + "/mosquitto.conf"},
                            folder + "/log");
  wait_until("mosquitto", [&] {
    if (!process_.running()) throw std::runtime_error("mosquitto has ended");
    try {
      const MqttClient ready(socket(), "ready");
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  });
}

std::string Mosquitto::version() {
  return said_by(("dpkg-query -W -f='mosquitto ${Version}' mosquitto 2>/dev/null || " +
                  mosquitto_program() + " -h")
                     .c_str());
}

namespace {

constexpr int kind_connack = 2;
constexpr int kind_publish = 3;
constexpr int kind_suback = 9;

void add_length(std::string& out, std::size_t length) {
  do {
    auto byte = static_cast<unsigned char>(length % 128);
    length /= 128;
    if (length > 0) byte |= 0x80;
    out.push_back(static_cast<char>(byte));
  } while (length > 0);
}

void add_text(std::string& out, std::string_view text) {
  out.push_back(static_cast<char>(text.size() >> 8));
  out.push_back(static_cast<char>(text.size() & 0xff));
  out.append(text);
}

}  // namespace

MqttClient::MqttClient(const std::string& socket, const std::string& name)
    : fd_(connect_unix(socket)) {
  std::string body;
  add_text(body, "MQTT");
  body.append({4, 2, 0, 0});  // 3.1.1, a clean session, no keep-alive
  add_text(body, name);
  out_.push_back(0x10);
  add_length(out_, body.size());
  out_ += body;
  flush();
  while (next() != kind_connack) {
    if (!read_some(fd_.get(), in_)) throw std::runtime_error("mosquitto has closed");
  }
}

void MqttClient::subscribe(std::string_view topic) {
  std::string body{0, 1};
  add_text(body, topic);
  body.push_back(0);
  out_.push_back(static_cast<char>(0x82));
  add_length(out_, body.size());
  out_ += body;
  flush();
  while (next() != kind_suback) {
    if (!read_some(fd_.get(), in_)) throw std::runtime_error("mosquitto has closed");
  }
}

void MqttClient::publish(std::string_view topic, std::string_view payload) {
  out_.push_back(0x30);
  add_length(out_, 2 + topic.size() + payload.size());
  add_text(out_, topic);
  out_.append(payload);
}

void MqttClient::flush() {
  write_all(fd_.get(), out_);
  out_.clear();
}

int MqttClient::next() {
  std::size_t length = 0;
  std::size_t at = at_ + 1;
  for (unsigned shift = 0;; shift += 7) {
    if (at >= in_.size()) return 0;
    const auto byte = static_cast<unsigned char>(in_[at++]);
    length |= static_cast<std::size_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
  }
  if (in_.size() - at < length) return 0;
  const int kind = static_cast<unsigned char>(in_[at_]) >> 4;
  at_ = at + length;
  return kind;
}

int MqttClient::messages() {
  forget(in_, at_);
  if (!read_some(fd_.get(), in_)) throw std::runtime_error("mosquitto has closed");
  int count = 0;
  while (const int kind = next()) count += kind == kind_publish ? 1 : 0;
  return count;
}

}  // namespace deskmate::bench

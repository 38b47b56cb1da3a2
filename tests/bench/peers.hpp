// The peers, as their packages bring them, and clients for them that are as bare as ours: one
// socket, writes gathered, 64 KiB read at a time, no thread of their own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/bench/wire.hpp"

namespace deskmate::bench {

// nats-server on loopback; it has no Unix sockets. JetStream keeps its files in a folder.
class NatsServer {
 public:
  NatsServer();
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return process_.pid(); }
  static std::string version();

 private:
  Folder folder_;
  std::uint16_t port_;
  Process process_;
};

class NatsClient {
 public:
  explicit NatsClient(std::uint16_t port);
  int fd() const { return fd_.get(); }
  void subscribe(std::string_view subject);  // flushed
  void publish(std::string_view subject, std::string_view payload, std::string_view reply = {});
  void flush();
  // Waits for bytes, then counts the messages in them.
  int messages();
  // Waits for the next message of a subscription.
  void message();
  std::string_view payload() const { return payload_; }  // of the last one, until the next call
  std::string_view reply() const { return reply_; }

 private:
  bool next();  // false: more bytes are needed
  Fd fd_;
  std::string out_;
  std::string in_;
  std::size_t at_ = 0;
  std::string_view payload_;
  std::string_view reply_;
};

// mosquitto on a Unix socket.
class Mosquitto {
 public:
  Mosquitto();
  std::string socket() const { return folder_.path() + "/m.sock"; }
  static std::string version();

 private:
  Folder folder_;
  Process process_;
};

// MQTT 3.1.1, QoS 0.
class MqttClient {
 public:
  MqttClient(const std::string& socket, const std::string& name);
  void subscribe(std::string_view topic);
  void publish(std::string_view topic, std::string_view payload);
  void flush();
  // Waits for bytes, then counts the messages in them.
  int messages();

 private:
  int next();  // the kind of the next packet; 0: more bytes are needed
  Fd fd_;
  std::string out_;
  std::string in_;
  std::size_t at_ = 0;
};

}  // namespace deskmate::bench

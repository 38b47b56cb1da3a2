#include "plugins/chat-email/mail_servers.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <regex>
#include <stdexcept>

#include "plugins/chat-email/imap.hpp"
#include "plugins/chat-email/smtp.hpp"

namespace deskmate::chat_email {
namespace {

constexpr int kStartMs = 30'000;
constexpr int kWaitMs = 15'000;

std::string field(const std::string& json, const std::string& name) {
  std::smatch match;
  const std::regex pattern("\"" + name + "\":\"?([^\",}]*)");
  return std::regex_search(json, match, pattern) ? match[1].str() : "";
}

Endpoint plain(std::uint16_t port) {
  Endpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port;
  endpoint.security = Security::none;
  return endpoint;
}

}  // namespace

MailServers::MailServers() {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  std::string node = "node";
  std::string script = MAIL_SERVERS_SCRIPT;
  std::array<char*, 3> args{node.data(), script.data(), nullptr};
  const int failed = posix_spawnp(&child_, "node", &actions, nullptr, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  to_child_ = in[1];
  from_child_ = out[0];
  if (failed != 0) throw std::runtime_error("node cannot be started");
  const std::string line = read_line();
  for (const char* name :
       {"imap", "imaps", "smtp", "smtps", "submission", "smtp_lost_before", "smtp_lost_after"}) {
    const std::string port = field(line, name);
    if (port.empty()) throw std::runtime_error("the mail servers did not start: " + line);
    ports_[name] = static_cast<std::uint16_t>(std::stoul(port));
  }
  password_ = field(line, "password");
  ca_ = field(line, "ca");
}

MailServers::~MailServers() {
  ::close(to_child_);
  ::close(from_child_);
  if (child_ > 0) {
    int status = 0;
    ::kill(child_, SIGTERM);
    waitpid(child_, &status, 0);
  }
}

std::string MailServers::read_line() {
  while (true) {
    const auto end = buffer_.find('\n');
    if (end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    pollfd ready{from_child_, POLLIN, 0};
    if (::poll(&ready, 1, kStartMs) <= 0) return "";
    std::array<char, 4096> bytes;
    const ssize_t got = ::read(from_child_, bytes.data(), bytes.size());
    if (got <= 0) return "";
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

std::string MailServers::command(const std::string& line) {
  const std::string with_end = line + "\n";
  if (::write(to_child_, with_end.data(), with_end.size()) < 0) throw std::runtime_error(line);
  std::string answer = read_line();
  if (!field(answer, "error").empty()) throw std::runtime_error(answer);
  return answer;
}

void MailServers::seed(const std::string& address, int count) {
  command("seed " + address + " " + std::to_string(count));
}

void MailServers::change_uid_validity(const std::string& address) {
  command("uidvalidity " + address);
}

void MailServers::deliver(const std::string& from, const std::string& to, std::string mail) const {
  SmtpSettings settings;
  settings.endpoint = plain(port("smtp"));
  settings.from = from;
  const Interrupt interrupt;
  const SendResult sent = send_mail(settings, {to}, mail, interrupt);
  if (sent.kind != SendResult::Kind::accepted) throw std::runtime_error(sent.message);
}

std::vector<std::string> MailServers::read(const std::string& address, const std::string& folder) {
  const Interrupt interrupt;
  auto imap = Imap::open(plain(port("imap")), {address, password_}, interrupt);
  if (!imap) throw std::runtime_error(imap.error().message);
  std::vector<std::string> mails;
  if (!(*imap)->select(folder)) return mails;
  auto infos = (*imap)->list_from(1);
  std::vector<std::uint32_t> uids;
  for (const MailInfo& info : infos.value()) uids.push_back(info.uid);
  auto fetched = (*imap)->fetch(uids, false);
  for (auto& [uid, bytes] : fetched.value()) mails.push_back(std::move(bytes));
  return mails;
}

std::vector<std::string> MailServers::wait_for(const std::string& address, std::size_t count,
                                               const std::string& folder) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(kWaitMs);
  auto mails = read(address, folder);
  while (mails.size() < count && std::chrono::steady_clock::now() < until) {
    ::poll(nullptr, 0, 50);
    mails = read(address, folder);
  }
  return mails;
}

}  // namespace deskmate::chat_email

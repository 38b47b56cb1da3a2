// relay: a blind relay for peers that cannot dial each other; needs no desk and keeps nothing.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/peer/relay.hpp"

namespace deskmate::daemon::cli {
namespace {

struct RelayOptions {
  std::vector<std::string> listen;
  std::size_t pairs = peer::RelayLimits{}.pairs_max;
  std::uint64_t kilobytes_per_s = peer::RelayLimits{}.bytes_per_s / 1024;
};

void relay(Context& context, const RelayOptions& options) {
  std::vector<peer::Address> addresses;
  for (const std::string& text : options.listen) {
    const auto address = peer::parse_address(text);
    if (!address) return context.fail(exit_usage, context.say("relay.address", {text}));
    if (!peer::numeric(*address)) {
      return context.fail(exit_usage, context.say("relay.numeric", {text}));
    }
    addresses.push_back(*address);
  }
  if (addresses.empty()) addresses = {{"0.0.0.0", peer::default_port}, {"::", peer::default_port}};
  peer::RelayLimits limits;
  limits.pairs_max = options.pairs;
  limits.waiting_max = 2 * options.pairs;
  limits.bytes_per_s = options.kilobytes_per_s * 1024;
  boost::asio::io_context io;
  bus::AsioLoop loop(io);
  const auto running = peer::Relay::open(loop, addresses, limits);
  if (!running) {
    return context.fail(exit_refused, context.say("relay.listen", {running.error().message}));
  }
  std::string where;
  for (const auto& address : (*running)->listening()) {
    where += (where.empty() ? "" : ", ") + to_text(address);
  }
  context.streams.out << context.say("relay.ready", {where}) << std::endl;
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { io.stop(); });
  io.run();
  const auto counts = (*running)->counts();
  context.streams.out << context.say("relay.over",
                                     {std::to_string(counts.bytes), std::to_string(counts.refused)})
                      << '\n';
}

}  // namespace

void add_relay_command(CLI::App& app, Context& context) {
  auto options = std::make_shared<RelayOptions>();
  auto* command = app.add_subcommand("relay", help(context, "help.relay"));
  command->add_option("--listen", options->listen, help(context, "help.relay.listen"))
      ->type_name("HOST:PORT");
  command->add_option("--pairs", options->pairs, help(context, "help.relay.pairs"))
      ->check(CLI::Range(std::size_t{1}, std::size_t{4'096}))
      ->type_name("N");
  command->add_option("--rate", options->kilobytes_per_s, help(context, "help.relay.rate"))
      ->check(CLI::Range(std::uint64_t{16}, std::uint64_t{1'048'576}))
      ->type_name("KB/S");
  command->callback([&context, options] { relay(context, *options); });
}

}  // namespace deskmate::daemon::cli

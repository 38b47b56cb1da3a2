// invite, join
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <istream>
#include <memory>
#include <ostream>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "core/bus/asio_loop.hpp"
#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/passphrase.hpp"
#include "core/daemon/cli/text.hpp"
#include "core/daemon/peer_links.hpp"

namespace deskmate::daemon::cli {
namespace {

constexpr std::uint64_t last_words_ms = 1'000;               // for what was said last to go out
constexpr auto look_every = std::chrono::milliseconds(300);  // at the invitation's state

// What the owner types; nothing: neither yes nor no, or the input has ended.
std::optional<bool> yes_or_no(Context& context) {
  std::string line;
  if (!std::getline(context.streams.in, line)) return {};
  if (line == "y" || line == "yes" || line == "是") return true;
  if (line == "n" || line == "no" || line == "否") return false;
  return {};
}

bool confirm(Context& context, std::string_view phrase, std::string_view name) {
  context.streams.out << context.say("pair.phrase", {phrase, printable(name)}) << std::endl;
  for (int tries = 0; tries < 3; ++tries) {
    context.streams.out << context.say("pair.same") << ' ' << std::flush;
    if (const auto same = yes_or_no(context)) return *same;
  }
  return false;
}

void invite(Context& context) {
  const auto made = context.ask("desk.invite", Value::map());
  if (!made) return;
  auto& out = context.streams.out;
  const Value& at = *made;
  if (at["addresses"].as_int() == 0 && at["relays"].as_int() == 0) {
    return context.fail(exit_refused, context.say("invite.nowhere"));
  }
  if (context.json) {
    out << to_json_line(at) << std::endl;
  } else {
    out << at["qr"].as_str() << '\n'
        << context.say("invite.code", {when(at["expires_ms"].as_uint())}) << "\n\n    "
        << "deskmate join " << at["code"].as_str() << "\n"
        << std::endl;
  }
  bool asked = false;
  while (true) {
    const auto looked =
        context.ask("desk.invitation", Value::map({{"language", name_of(context.language)}}));
    if (!looked) return;
    const auto state = (*looked)["state"].as_str();
    if (state == "asked" && !asked) {
      asked = true;
      const bool same = confirm(context, (*looked)["phrase"].as_str(), (*looked)["name"].as_str());
      if (!context.ask("desk.invitation", Value::map({{"do", same ? "same" : "different"}})))
        return;
    } else if (state == "paired") {
      out << context.say("invite.paired", {printable((*looked)["name"].as_str())}) << std::endl;
      return;
    } else if (state == "ended" || state == "none") {
      return context.fail(exit_refused, (*looked)["end"].as_str());
    } else if ((*looked)["expires_ms"].as_uint() <
               static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                              std::chrono::system_clock::now().time_since_epoch())
                                              .count())) {
      return context.fail(exit_refused, context.say("invite.expired"));
    }
    std::this_thread::sleep_for(look_every);  // nothing else is to be done in this process
  }
}

// What pairing gave, as a folder that `deskmate run` goes on from.
storage::Result<void> settle(const storage::Options& options, const peer::Grant& grant) {
  if (auto made = storage::create_joined(options, grant.desk, grant.pseudonym_key);
      made.has_error()) {
    return made;
  }
  auto store = storage::Store::open(options);
  if (store.has_error()) return store.error();
  const auto put = [&](std::string key, std::string value) {
    std::promise<storage::Result<void>> done;
    store.value()->kv_put(std::string(peers_owner), std::move(key), std::move(value),
                          [&](storage::Result<void> result) { done.set_value(std::move(result)); });
    return done.get_future().get();
  };
  for (const auto& member : grant.members) {
    if (auto kept = put(address_key(member.peer), encode_addresses(member.addresses));
        kept.has_error()) {
      return kept;
    }
  }
  const auto& inviter = grant.members.front().peer;
  return put(std::string(inviter_key),
             std::string(reinterpret_cast<const char*>(inviter.data()), inviter.size()));
}

void join(Context& context, const std::string& code) {
  const Config* config = context.configuration();
  if (config == nullptr) return;
  auto invitation = peer::parse_invitation(code);
  if (!invitation) return context.fail(exit_usage, invitation.error().message);
  if (std::filesystem::exists(config->folder + "/data.mdb")) {
    return context.fail(exit_refused, context.say("join.has_desk", {config->folder}));
  }
  const auto options = store_options(context, *config);
  if (!options) return;
  const auto own = storage::open_identity(*options);
  if (own.has_error()) return context.fail(exit_refused, own.error().message);
  const auto identity = peer::Identity::from_seed(own.value().seed());
  if (!identity) return context.fail(exit_refused, identity.error().message);

  boost::asio::io_context io;
  bus::AsioLoop loop(io);
  std::optional<peer::Grant> grant;
  std::string why;
  std::unique_ptr<peer::Joining> joining;
  peer::Joining::Callbacks callbacks;
  callbacks.on_ask = [&](const std::string& phrase, const std::string& owner,
                         const std::string& desk) {
    context.streams.out << context.say("join.desk", {printable(desk)}) << '\n';
    joining->confirm(confirm(context, phrase, owner));
    context.streams.out << context.say("join.waiting") << std::endl;
  };
  callbacks.on_end = [&](peer::PairingEnd end, const host::Text& text, const peer::Grant* given) {
    if (end == peer::PairingEnd::paired && given != nullptr) grant = *given;
    why = text.in(name_of(context.language));
    loop.call_at(loop.now_ms() + last_words_ms, [&io] { io.stop(); });
  };
  context.streams.out << context.say("join.looking") << std::endl;
  joining = std::make_unique<peer::Joining>(loop, *identity, std::move(*invitation),
                                            own_name(*config), std::move(callbacks));
  const auto work = boost::asio::make_work_guard(io);
  io.run();
  joining.reset();
  if (!grant || grant->members.empty()) return context.fail(exit_refused, why);
  if (const auto settled = settle(*options, *grant); settled.has_error()) {
    return context.fail(exit_refused, settled.error().message);
  }
  context.streams.out << context.say("join.done", {printable(grant->desk_name)}) << std::endl;
}

}  // namespace

void add_pairing_commands(CLI::App& app, Context& context) {
  app.add_subcommand("invite", help(context, "help.invite"))->callback([&context] {
    invite(context);
  });
  auto code = std::make_shared<std::string>();
  auto* command = app.add_subcommand("join", help(context, "help.join"));
  command->add_option("CODE", *code, help(context, "help.param.code"))->required();
  command->callback([&context, code] { join(context, *code); });
}

}  // namespace deskmate::daemon::cli

// overtime, approve-overtime, refuse-overtime, handover
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "core/daemon/cli/cli.hpp"
#include "core/daemon/cli/text.hpp"

namespace deskmate::daemon::cli {
namespace {

struct Shift {
  std::uint64_t minutes = 0;
  std::uint64_t of = 0;
  std::string note;
};

void add_answer(CLI::App& app, Context& context, const char* name, bool approved) {
  auto* command = app.add_subcommand(name, help(context, std::string("help.") + name));
  auto shift = std::make_shared<Shift>();
  command->add_option("MEMBER", shift->of, help(context, "help.overtime.of"))->required();
  command->callback([&context, shift, approved] {
    const auto answer = context.ask("desk.overtime_answer",
                                    Value::map({{"of", shift->of}, {"approved", approved}}));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("cli.done") << '\n';
  });
}

}  // namespace

void add_shift_commands(CLI::App& app, Context& context) {
  auto shift = std::make_shared<Shift>();
  auto* overtime = app.add_subcommand("overtime", help(context, "help.overtime"));
  overtime->add_option("MINUTES", shift->minutes, help(context, "help.overtime.minutes"))
      ->required();
  overtime->callback([&context, shift] {
    const auto answer = context.ask("desk.overtime", Value::map({{"in_minutes", shift->minutes}}));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("overtime.asked") << '\n';
  });
  add_answer(app, context, "approve-overtime", true);
  add_answer(app, context, "refuse-overtime", false);

  auto* handover = app.add_subcommand("handover", help(context, "help.handover"));
  handover->add_option("NOTE", shift->note, help(context, "help.handover.note"));
  handover->callback([&context, shift] {
    const auto answer = context.ask("desk.handover", Value::map({{"note", shift->note}}));
    if (!answer || context.as_json(*answer)) return;
    context.streams.out << context.say("handover.done",
                                       {std::to_string((*answer)["chats"].as_uint())})
                        << '\n';
  });
}

}  // namespace deskmate::daemon::cli

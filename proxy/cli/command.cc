#include "proxy/cli/command.h"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <thread>
#include <variant>

#include "proxy/cli/admin_client.h"
#include "proxy/cli/command_line.h"
#include "proxy/cli/explain.h"
#include "proxy/cli/get.h"
#include "proxy/cli/probe.h"
#include "proxy/cli/set.h"
#include "proxy/cli/top.h"
#include "proxy/cli/upgrade.h"
#include "proxy/options/usage_error.h"

namespace ferry::cli {

namespace {

constexpr int kUsage = 2;

Ask asking(const std::string& socket) {
  return [socket](const std::string& target) { return ask_and_wait(socket, target); };
}

Put putting(const std::string& socket) {
  return [socket](const std::string& target, const std::string& body) { return put_and_wait(socket, target, body); };
}

int run(const CommandLine& command, const Output& output) {
  if (const auto* const help = std::get_if<HelpText>(&command)) {
    output.out << help->text;
    return EXIT_SUCCESS;
  }
  if (const auto* const options = std::get_if<GetOptions>(&command))
    return get(*options, asking(options->socket), output);
  if (const auto* const options = std::get_if<ExplainOptions>(&command)) {
    return explain(*options, asking(options->socket), output);
  }
  if (const auto* const options = std::get_if<ProbeOptions>(&command)) return probe(*options, output);
  if (const auto* const options = std::get_if<SetOptions>(&command)) {
    return set(*options, putting(options->socket), output);
  }
  if (const auto* const options = std::get_if<UpgradeOptions>(&command)) {
    const UpgradePace pace{&std::chrono::steady_clock::now,
                           [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }};
    return upgrade(*options, asking(options->socket), putting(options->socket), pace, output);
  }
  return top(std::get<TopOptions>(command), output);
}

}  // namespace

int run_command(const std::vector<std::string>& arguments, const Output& output) {
  try {
    const int code = run(parse_command_line(arguments), output);
    output.out.flush();
    if (output.out.good()) return code;
    output.note("what was asked for could not be written to standard output; is there room for it?");
  } catch (const proxy::UsageError& error) {
    output.note(error.what());
    return kUsage;
  } catch (const std::exception& error) {
    output.note(error.what());
  }
  return EXIT_FAILURE;
}

}  // namespace ferry::cli

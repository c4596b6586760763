#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "proxy/cli/command.h"
#include "proxy/cli/command_line.h"
#include "proxy/daemon/api_access.h"
#include "proxy/daemon/check_command.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/effective_configuration.h"
#include "proxy/daemon/node_view.h"
#include "proxy/daemon/oom_score.h"
#include "proxy/handover/kept_sockets.h"
#include "proxy/handover/predecessor.h"
#include "proxy/handover/successor.h"
#include "proxy/host/external_rules.h"
#include "proxy/host/host_addresses.h"
#include "proxy/host/local_routes.h"
#include "proxy/logging/journal.h"
#include "proxy/logging/logging.h"
#include "proxy/manual/completion_command.h"
#include "proxy/options/options.h"
#include "proxy/options/read_options.h"
#include "proxy/options/version.h"
#include "proxy/steering/pins.h"
#include "proxy/steering/steering_controller.h"

namespace {

constexpr int kUsage = 2;
/// For a kube-ferry to say who it is.
constexpr std::chrono::seconds kHelloPatience{5};

using ferry::proxy::Options;

/// Says what of the command line the configuration has no room for, lest it be missed with --config.
void tell_what_is_left_out(const Options& options) {
  const std::vector<std::string> flags = ferry::proxy::beyond_configuration(options);
  if (flags.empty()) return;
  std::fprintf(stderr, "kube-ferry: the configuration does not hold %s; give %s beside --config\n",
               fmt::format("{}", fmt::join(flags, ", ")).c_str(), flags.size() == 1 ? "it" : "them");
}

void write_configuration(const Options& options) {
  const std::string text = ferry::proxy::effective_configuration(options);
  const bool to_terminal = options.write_config_to == "-";
  std::ofstream file;
  if (!to_terminal) file.open(options.write_config_to);
  std::ostream& out = to_terminal ? std::cout : file;
  out << text << std::flush;
  if (!out) {
    throw std::runtime_error(fmt::format("--write-config-to {}: {}; name a file that may be written",
                                         options.write_config_to, std::generic_category().message(errno)));
  }
  tell_what_is_left_out(options);
}

/// What --cleanup asks for.
void clean_up(const Options& options) {
  const auto counted = [](std::size_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
  };
  try {
    const std::size_t rules = ferry::proxy::ExternalRules::remove_all();
    const std::size_t routes = ferry::proxy::LocalRoutes::remove_all();
    const std::string pins = ferry::proxy::pin_folder(options.steering_pin_path);
    const bool steered = !pins.empty() && ferry::proxy::remove_pins(pins);
    std::printf("%s and %s taken away%s\n", counted(routes, "route").c_str(), counted(rules, "rule").c_str(),
                steered ? ", and what steered" : "");
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::operation_not_permitted) throw;
    throw std::runtime_error(fmt::format("--cleanup: {}; run it as root, or with CAP_NET_ADMIN", error.what()));
  }
}

/// What --init-only asks for.
void make_ranges_local(const Options& options) {
  const auto sources = ferry::proxy::own_sources(ferry::proxy::read_host_addresses(), std::nullopt);
  const auto failures = ferry::proxy::LocalRoutes::add(options.service_cidrs, sources);
  if (failures.empty()) return;
  throw std::runtime_error(fmt::format("--init-only: {} cannot be made local to this host: {}; give CAP_NET_ADMIN",
                                       failures.front().range.to_string(),
                                       std::generic_category().message(failures.front().error)));
}

void settle_process(const Options& options) {
  if (!options.without_effect.empty()) {
    spdlog::info("these flags say nothing here: {}", fmt::join(options.without_effect, ", "));
  }
  if (const std::error_code error = ferry::proxy::set_oom_score_adj(options.oom_score_adj)) {
    const auto level = options.oom_score_adj_given ? spdlog::level::warn : spdlog::level::debug;
    spdlog::log(level, "--oom-score-adj {}: {}; less than it was needs CAP_SYS_RESOURCE", options.oom_score_adj,
                error.message());
  }
}

/// Whose place this process takes, if anybody's.
void find_predecessor(const Options& options, ferry::proxy::Before& before) {
  if (options.takeover_socket.empty()) return;
  auto& found = before.predecessor;
  try {
    found = ferry::proxy::find_predecessor(options.takeover_socket, ferry::proxy::version(), kHelloPatience);
  } catch (const std::exception& error) {
    spdlog::warn("--takeover-socket {}: the place of the process that listens there cannot be taken: {}",
                 options.takeover_socket, error.what());
    before.refused = true;
  }
  if (!found) return;
  spdlog::info("process {} (version {}) serves until this one knows what to serve", found->pid, found->version);
  if (options.capture != ferry::proxy::CaptureMethod::kAuto && options.capture != found->capture) {
    spdlog::warn("--capture says nothing where another kube-ferry's place is taken: what that one had is kept");
  }
}

int run(const ferry::proxy::Invocation& invocation) {
  ferry::proxy::Before before;
  // Before anything else opens a descriptor or starts a thread.
  before.kept = ferry::proxy::KeptSockets::sort_out(ferry::proxy::inherited_descriptors());
  auto read = ferry::proxy::read_options(invocation.arguments);
  if (const auto* const print = std::get_if<ferry::proxy::TextToPrint>(&read)) {
    std::fputs(print->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  const auto& [options, file] = std::get<ferry::proxy::ReadOptions>(read);
  if (options.cleanup) {
    clean_up(options);
    return EXIT_SUCCESS;
  }
  if (!options.write_config_to.empty()) {
    write_configuration(options);
    return EXIT_SUCCESS;
  }
  if (options.init_only) {
    make_ranges_local(options);
    return EXIT_SUCCESS;
  }
  const auto api = ferry::proxy::api_access(options);
  ferry::proxy::set_up_logging(options.verbosity, options.log_format);
  if (!file.without_effect.empty()) {
    spdlog::info("{}: these say nothing here: {}", options.config, fmt::join(file.without_effect, ", "));
  }
  settle_process(options);
  find_predecessor(options, before);
  ferry::proxy::Daemon daemon(options, invocation, api, std::move(before));
  daemon.run();
  return EXIT_SUCCESS;
}

void complain(const std::exception& error) {
  std::fprintf(stderr, "%skube-ferry: %s\n", std::string(ferry::proxy::error_prefix()).c_str(), error.what());
}

/// The exit code of the command that the arguments begin with; none when it is none.
std::optional<int> run_command(const std::vector<std::string>& arguments) {
  const std::string& command = arguments.front();
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (ferry::cli::is_command(command)) return ferry::cli::run_command(arguments, {std::cout, std::cerr});
  if (command == "check") return ferry::proxy::check_command(rest, std::cout);
  if (command == "completion") return ferry::manual::completion_command(rest, std::cout);
  if (command == ferry::manual::kCompleteCommand) return ferry::manual::complete_command(rest, std::cout);
  return std::nullopt;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty()) {
      if (const auto code = run_command(arguments)) return *code;
    }
    return run({ferry::proxy::program_path(argv[0]), std::move(arguments)});
  } catch (const ferry::proxy::UsageError& error) {
    complain(error);
    return kUsage;
  } catch (const std::bad_alloc&) {
    std::fputs("kube-ferry: out of memory for what the cluster says; give it more, or start it anew\n", stderr);
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    complain(error);
    return EXIT_FAILURE;
  }
}

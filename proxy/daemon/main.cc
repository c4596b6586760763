#include <cerrno>
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
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/effective_configuration.h"
#include "proxy/daemon/load_options.h"
#include "proxy/daemon/logging.h"
#include "proxy/daemon/node_view.h"
#include "proxy/daemon/oom_score.h"
#include "proxy/daemon/options.h"
#include "proxy/host/external_rules.h"
#include "proxy/host/host_addresses.h"
#include "proxy/host/local_routes.h"

namespace {

constexpr int kUsage = 2;

using ferry::proxy::Options;

void write_configuration(const Options& options) {
  const std::string text = ferry::proxy::effective_configuration(options);
  std::ofstream file(options.write_config_to);
  file << text << std::flush;
  if (!file) {
    throw std::runtime_error(fmt::format("--write-config-to {}: {}; name a file that may be written",
                                         options.write_config_to, std::generic_category().message(errno)));
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

int run(std::vector<std::string> arguments) {
  auto parsed = ferry::proxy::parse_options(arguments);
  if (const auto* const print = std::get_if<ferry::proxy::TextToPrint>(&parsed)) {
    std::fputs(print->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  const auto [options, without_effect] = ferry::proxy::load_options(arguments);
  if (options.cleanup) {
    const std::size_t rules = ferry::proxy::ExternalRules::remove_all();
    std::printf("%zu routes and %zu rules taken away\n", ferry::proxy::LocalRoutes::remove_all(), rules);
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
  if (!without_effect.empty()) {
    spdlog::info("{}: these say nothing here: {}", options.config, fmt::join(without_effect, ", "));
  }
  settle_process(options);
  ferry::proxy::Daemon(options, std::move(arguments), api).run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    if (!arguments.empty() && ferry::cli::is_command(arguments.front())) {
      return ferry::cli::run_command(arguments, {std::cout, std::cerr});
    }
    return run(std::move(arguments));
  } catch (const ferry::proxy::UsageError& error) {
    std::fprintf(stderr, "kube-ferry: %s\n", error.what());
    return kUsage;
  } catch (const std::bad_alloc&) {
    std::fputs("kube-ferry: out of memory for what the cluster says; give it more, or start it anew\n", stderr);
    return EXIT_FAILURE;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kube-ferry: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include "proxy/daemon/api_access.h"
#include "proxy/daemon/config_file.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/logging.h"
#include "proxy/daemon/options.h"
#include "proxy/host/external_rules.h"
#include "proxy/host/local_routes.h"

namespace {

constexpr int kUsage = 2;

int run(std::vector<std::string> arguments) {
  auto parsed = ferry::proxy::parse_options(arguments);
  if (const auto* const print = std::get_if<ferry::proxy::TextToPrint>(&parsed)) {
    std::fputs(print->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  auto options = std::get<ferry::proxy::Options>(std::move(parsed));
  ferry::proxy::ConfigFile file;
  if (!options.config.empty()) {
    file = ferry::proxy::read_config_file(options.config);
    arguments.insert(arguments.begin(), file.arguments.begin(), file.arguments.end());
    options = std::get<ferry::proxy::Options>(ferry::proxy::parse_options(std::move(arguments)));
  }
  if (options.cleanup) {
    const std::size_t rules = ferry::proxy::ExternalRules::remove_all();
    std::printf("%zu routes and %zu rules taken away\n", ferry::proxy::LocalRoutes::remove_all(), rules);
    return EXIT_SUCCESS;
  }
  const auto api = ferry::proxy::api_access(options);
  ferry::proxy::set_up_logging(options.verbosity);
  if (!file.without_effect.empty()) {
    spdlog::info("{}: these say nothing here: {}", options.config, fmt::join(file.without_effect, ", "));
  }
  ferry::proxy::Daemon(options, api).run();
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const ferry::proxy::UsageError& error) {
    std::fprintf(stderr, "kube-ferry: %s\n", error.what());
    return kUsage;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kube-ferry: %s\n", error.what());
    return EXIT_FAILURE;
  }
}

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include "proxy/daemon/api_access.h"
#include "proxy/daemon/daemon.h"
#include "proxy/daemon/logging.h"
#include "proxy/daemon/options.h"
#include "proxy/host/local_routes.h"

namespace {

constexpr int kUsage = 2;

int run(const std::vector<std::string>& arguments) {
  const auto parsed = ferry::proxy::parse_options(arguments);
  if (const auto* const print = std::get_if<ferry::proxy::TextToPrint>(&parsed)) {
    std::fputs(print->text.c_str(), stdout);
    return EXIT_SUCCESS;
  }
  const auto& options = std::get<ferry::proxy::Options>(parsed);
  if (options.cleanup) {
    std::printf("%zu routes taken away\n", ferry::proxy::LocalRoutes::remove_all());
    return EXIT_SUCCESS;
  }
  const auto api = ferry::proxy::api_access(options);
  ferry::proxy::set_up_logging(options.verbosity);
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

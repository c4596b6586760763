#include "proxy/daemon/admin_addresses.h"

#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ostr.h>

namespace ferry::proxy {

namespace {

using boost::asio::ip::tcp;

/// A page that the daemon serves at an address of its own.
struct Page {
  const char* flag = "";
  const char* what = "";
  const char* path = "";
};

std::string why_not(const Page& page, const tcp::endpoint& wanted, const boost::system::error_code& error) {
  return fmt::format("{} {}: {}; {}", page.flag, fmt::streamed(wanted), error.message(),
                     error == boost::asio::error::address_in_use
                         ? "stop what listens there (kube-proxy?) or give another address"
                         : "give an address of this machine that it may use");
}

void open(AdminServer& admin, const Page& page, const tcp::endpoint& wanted, Routes routes, bool hard_fail,
          const std::shared_ptr<spdlog::logger>& logger) {
  const auto announce = [page, logger](const tcp::endpoint& address) {
    logger->info("serving {} on http://{}{}", page.what, fmt::streamed(address), page.path);
  };
  try {
    announce(admin.listen(wanted, routes));
  } catch (const boost::system::system_error& error) {
    const std::string reason = why_not(page, wanted, error.code());
    if (hard_fail) throw std::runtime_error(reason);
    logger->warn("{}; it is tried again every few seconds", reason);
    admin.listen_when_free(wanted, std::move(routes), announce);
  }
}

}  // namespace

void open_admin_addresses(AdminServer& admin, const Options& options, Routes health, Routes metrics,
                          const std::shared_ptr<spdlog::logger>& logger) {
  const bool hard_fail = options.bind_address_hard_fail;
  if (const auto& wanted = options.healthz_bind_address) {
    open(admin, {"--healthz-bind-address", "health", "/healthz"}, *wanted, std::move(health), hard_fail, logger);
  }
  if (const auto& wanted = options.metrics_bind_address) {
    open(admin, {"--metrics-bind-address", "metrics", "/metrics"}, *wanted, std::move(metrics), hard_fail, logger);
  }
}

void open_admin_socket(AdminServer& admin, const Options& options, Routes routes,
                       const std::shared_ptr<spdlog::logger>& logger) {
  if (options.admin_socket.empty()) return;
  if (!options.admin_socket_given) {
    // That it cannot be made shows below.
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(options.admin_socket).parent_path(), ignored);
  }
  try {
    admin.listen(options.admin_socket, std::move(routes));
    logger->info("answering kube-ferry top, get, explain, set and upgrade at {}", options.admin_socket);
  } catch (const boost::system::system_error& error) {
    const std::string reason = fmt::format("--admin-socket {}: {}; {}", options.admin_socket, error.code().message(),
                                           error.code() == boost::asio::error::address_in_use
                                               ? "another daemon answers there; give another path"
                                               : "give a path in a folder that may be written");
    if (options.admin_socket_given) throw std::runtime_error(reason);
    logger->warn("{}; kube-ferry top, get, explain, set and upgrade have nobody to ask", reason);
  }
}

}  // namespace ferry::proxy

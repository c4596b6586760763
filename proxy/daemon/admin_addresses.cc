#include "proxy/daemon/admin_addresses.h"

#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/daemon/logging.h"

namespace ferry::proxy {

namespace {

using boost::asio::ip::tcp;

std::string to_string(const tcp::endpoint& address) {
  std::ostringstream text;
  text << address;
  return text.str();
}

void open(AdminServer& admin, const char* flag, const char* what, const char* page,
          const std::optional<tcp::endpoint>& wanted, Routes pages) {
  if (!wanted) return;
  try {
    const tcp::endpoint address = admin.listen(*wanted, std::move(pages));
    component_logger("admin")->info("serving {} on http://{}/{}", what, to_string(address), page);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format("{} {}: {}; {}", flag, to_string(*wanted), error.code().message(),
                                         error.code() == boost::asio::error::address_in_use
                                             ? "stop what listens there (kube-proxy?) or give another address"
                                             : "give an address of this machine that it may use"));
  }
}

}  // namespace

void open_admin_addresses(AdminServer& admin, const Options& options, Routes health, Routes metrics) {
  open(admin, "--healthz-bind-address", "health", "healthz", options.healthz_bind_address, std::move(health));
  open(admin, "--metrics-bind-address", "metrics", "metrics", options.metrics_bind_address, std::move(metrics));
}

}  // namespace ferry::proxy

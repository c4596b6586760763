#include "proxy/daemon/admin_addresses.h"

#include <sstream>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

namespace {

using boost::asio::ip::tcp;

std::string to_string(const tcp::endpoint& address) {
  std::ostringstream text;
  text << address;
  return text.str();
}

tcp::endpoint listen(AdminServer& admin, const char* flag, const tcp::endpoint& wanted, Routes pages) {
  try {
    return admin.listen(wanted, std::move(pages));
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(fmt::format("{} {}: {}; {}", flag, to_string(wanted), error.code().message(),
                                         error.code() == boost::asio::error::address_in_use
                                             ? "stop what listens there (kube-proxy?) or give another address"
                                             : "give an address of this machine that it may use"));
  }
}

}  // namespace

std::vector<std::string> open_admin_addresses(AdminServer& admin, const Options& options, Routes health,
                                              Routes metrics) {
  std::vector<std::string> lines;
  if (const auto& wanted = options.healthz_bind_address) {
    const auto address = listen(admin, "--healthz-bind-address", *wanted, std::move(health));
    lines.push_back(fmt::format("serving health on http://{}/healthz", to_string(address)));
  }
  if (const auto& wanted = options.metrics_bind_address) {
    const auto address = listen(admin, "--metrics-bind-address", *wanted, std::move(metrics));
    lines.push_back(fmt::format("serving metrics on http://{}/metrics", to_string(address)));
  }
  return lines;
}

}  // namespace ferry::proxy

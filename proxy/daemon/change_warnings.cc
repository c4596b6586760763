#include "proxy/daemon/change_warnings.h"

#include <cstddef>
#include <cstdint>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

std::vector<std::string> warnings_about(const std::vector<config::ServicePortChange>& changes) {
  std::vector<std::string> warnings;
  std::size_t not_carried = 0;
  std::string first;
  for (const config::ServicePortChange& change : changes) {
    if (change.name.protocol == config::Protocol::kSctp && !change.before && not_carried++ == 0) {
      first = change.name.to_string();
    }
    const std::uint32_t before = change.before ? change.before->refused_endpoints : 0;
    const std::uint32_t after = change.after ? change.after->refused_endpoints : 0;
    if (after > before) {
      warnings.push_back(fmt::format("{}: {} endpoints are refused: they are loopback, link-local or service addresses",
                                     change.name.to_string(), after));
    }
  }
  if (not_carried > 0) {
    const std::string others = not_carried > 1 ? fmt::format(" and {} more", not_carried - 1) : "";
    warnings.push_back(fmt::format("{}{}: not served, for SCTP is not carried", first, others));
  }
  return warnings;
}

}  // namespace ferry::proxy

#include "proxy/host/port_reuse.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include <spdlog/fmt/fmt.h>

namespace ferry::proxy {

std::optional<std::string> allow_port_reuse(const std::string& path) {
  std::string value;
  std::ifstream(path) >> value;
  if (value == "1") return std::nullopt;
  errno = 0;
  std::ofstream file(path);
  file << "1\n" << std::flush;
  if (file) return std::nullopt;
  return fmt::format(
      "net.ipv4.tcp_tw_reuse is {} and cannot be set to 1 from here ({}): set it, lest several hundred new "
      "connections a second to one endpoint use up the local ports",
      value.empty() ? "unknown" : value, std::generic_category().message(errno));
}

}  // namespace ferry::proxy

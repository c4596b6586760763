#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/dataplane/dataplane.h"

namespace ferry::proxy::testing {

inline config::Backend endpoint(const std::string& address, std::uint16_t port = 8080) {
  return {*config::IpAddress::parse(address), port, false, false};
}

/// A service port as the data path would show it, with numbers that a test gives it.
struct Served {
  explicit Served(const std::string& name, std::vector<config::Backend> endpoints = {},
                  const std::string& address = "10.96.0.1", const std::string& ns = "default")
      : port(std::make_shared<ServedPort>(config::ServicePortName{{ns, name}, "http", config::Protocol::kTcp},
                                          std::size_t{1}, options())),
        info(std::make_shared<config::ServicePortInfo>()) {
    info->name = *port->name();
    info->port = 80;
    info->cluster_ips = {*config::IpAddress::parse(address)};
    info->backends[0].cluster = std::make_shared<const config::BackendSet>(config::BackendSet{std::move(endpoints)});
    info->backends[0].any_usable = true;
  }

  static const EjectionOptions& options() {
    static const EjectionOptions kOptions;
    return kOptions;
  }
  Dataplane::Port shown() const { return {port, info}; }
  const config::BackendSet& set() const { return *info->backends[0].cluster; }
  /// Connections that were dialled to the endpoint and are open.
  void carry(const config::Backend& to, std::uint64_t count) {
    const auto record = port->endpoints().of(to);
    for (std::uint64_t i = 0; i < count; ++i) {
      record->load.try_open(0);
      record->counters[0].accepted.add();
      port->counters(0).accepted.add();
    }
  }

  std::shared_ptr<ServedPort> port;
  std::shared_ptr<config::ServicePortInfo> info;
};

}  // namespace ferry::proxy::testing

#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "config/service_port_info.h"

namespace ferry::proxy {

/// What the health-check node port of one Service tells: how many of its endpoints run on this node.
struct LocalEndpoints {
  config::NamespacedName service;
  /// 0: it has none, or no longer.
  std::uint16_t port = 0;
  /// Those that are ready and do not terminate (KEP-1669), each address once, whatever the number of its ports.
  std::size_t count = 0;

  friend bool operator==(const LocalEndpoints&, const LocalEndpoints&) = default;
};

/// Counts them for the Services that have a health-check node port. For the control thread.
class LocalEndpointCounter {
 public:
  /// What is not what it was.
  std::vector<LocalEndpoints> apply(const std::vector<config::ServicePortChange>& changes);

 private:
  struct Known {
    LocalEndpoints last;
    std::unordered_map<config::ServicePortName, std::shared_ptr<const config::ServicePortInfo>> ports;
  };

  std::unordered_map<config::NamespacedName, Known> services_;
};

}  // namespace ferry::proxy

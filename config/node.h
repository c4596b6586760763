#pragma once

#include <string>
#include <vector>

#include "config/ip_address.h"

namespace ferry::config {

/// What a Node object says, as far as a proxy acts on it.
struct Node {
  std::string name;
  /// The label topology.kubernetes.io/zone.
  std::string zone;
  /// status.addresses of the types InternalIP and ExternalIP, in the order given.
  std::vector<IpAddress> addresses;
  std::vector<IpPrefix> pod_cidrs;
  /// Being deleted, or tainted ToBeDeletedByClusterAutoscaler: load balancers should stop sending (KEP-3836).
  bool going_away = false;

  friend bool operator==(const Node&, const Node&) = default;
};

}  // namespace ferry::config

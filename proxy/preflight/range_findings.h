#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "proxy/host/route_list.h"
#include "proxy/preflight/finding.h"

namespace ferry::proxy {

/// What is to be known of the ranges that service addresses come from.
struct RangeFacts {
  enum class Source : std::uint8_t { kNobody, kFlag, kApiServer };

  Source source = Source::kNobody;
  std::vector<config::IpPrefix> ranges;
  std::vector<config::IpAddress> host_addresses;
  /// Of the cluster's pods, or this node's.
  std::vector<config::IpPrefix> pods;
  std::vector<Route> routes;
  /// Cluster addresses of the API's own service, default/kubernetes; empty where they are not known.
  std::vector<config::IpAddress> kubernetes;
  /// CAP_NET_ADMIN is held.
  bool net_admin = false;
};

/// Whether the ranges are known, are the cluster's, are nobody else's, and can be made local to this host.
Findings check_ranges(const RangeFacts& facts);

}  // namespace ferry::proxy

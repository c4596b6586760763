#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "config/service_port_info.h"
#include "proxy/bpf/addresses.h"
#include "proxy/steering/endpoint_list.h"
#include "proxy/steering/steering_layout.h"

namespace ferry::proxy {

/// A service port, and what of it is in the maps.
struct SteeredService {
  /// One of its addresses, and where connections to it go.
  struct Steered {
    ferry_steered_at at{};
    ferry_steered steered{};
  };

  const config::ServicePortName* name = nullptr;
  std::shared_ptr<const config::ServicePortInfo> info;
  /// Its place in the map of ports; 0: none yet.
  __u32 number = 0;
  /// By family.
  std::array<EndpointList, config::kAddressFamilies.size()> lists;
  std::vector<Steered> steered;
  bool paused = false;
  /// Empty: it is steered.
  std::string_view why_not;

  /// Those that may be steered.
  std::vector<ferry_steered_at> addresses() const {
    std::vector<ferry_steered_at> all;
    if (name->protocol != config::Protocol::kTcp) return all;
    for (const config::IpAddress& address : info->cluster_ips) all.push_back({layout_of(address), info->port, 0});
    return all;
  }
};

}  // namespace ferry::proxy

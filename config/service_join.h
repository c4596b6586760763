#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/endpoint_slice.h"
#include "config/node_identity.h"
#include "config/service.h"
#include "config/service_port_info.h"

namespace ferry::config {

/// What joining needs to know beside the objects.
struct JoinContext {
  NodeIdentity node;
  /// True for an address nothing may be carried to because it is a service's.
  std::function<bool(const IpAddress&)> is_service_address;
  /// Loopback endpoints are accepted (the service range itself is loopback).
  bool loopback_allowed = false;
};

/// True when kube-proxy would serve it: it has a cluster address and is no ExternalName.
bool is_served(const Service& service);

/// One service joined with all its slices: its service ports, in the order of the spec, each with its backends. A port
/// listed twice counts once. Empty when the service is not served.
std::vector<ServicePortInfo> join_service(const Service& service, const std::vector<const EndpointSlice*>& slices,
                                          const JoinContext& context);

}  // namespace ferry::config

#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "config/endpoint_choice.h"
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

/// An endpoint that a slice names for a service port, used or not.
struct DescribedEndpoint {
  IpAddress address;
  std::uint16_t port = 0;
  InternedName node_name;
  /// Runs on this node.
  bool local = false;
  EndpointUse use = EndpointUse::kUsed;

  friend bool operator==(const DescribedEndpoint&, const DescribedEndpoint&) = default;
};

struct DescribedPort {
  ServicePortName name;
  /// By address and port; each place once.
  std::vector<DescribedEndpoint> endpoints;
};

/// A service with everything that the cluster says of its endpoints.
struct ServiceDescription {
  Service service;
  /// False: it is headless, an ExternalName, or another proxy's.
  bool served = false;
  std::size_t slices = 0;
  std::vector<DescribedPort> ports;
};

ServiceDescription describe_service(const Service& service, const std::vector<const EndpointSlice*>& slices,
                                    const JoinContext& context);

}  // namespace ferry::config

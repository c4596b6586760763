#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/interned_name.h"
#include "config/ip_address.h"
#include "config/service_port_name.h"

namespace ferry::config {

/// One of the hints.forZones[] and hints.forNodes[] of an endpoint: who is to use it.
struct TopologyHint {
  enum class Kind : std::uint8_t { kZone, kNode };

  Kind kind = Kind::kZone;
  InternedName name;

  friend bool operator==(const TopologyHint&, const TopologyHint&) = default;
};

/// One network endpoint of a service: usually a pod. There are hundreds of thousands in a large cluster.
struct Endpoint {
  IpAddress address;
  /// The three conditions, with Kubernetes' defaults already applied (absent ready or serving means true, absent
  /// terminating means false).
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  InternedName node_name;
  std::vector<TopologyHint> hints;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

struct EndpointPort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;

  friend bool operator==(const EndpointPort&, const EndpointPort&) = default;
};

/// Endpoints that share their ports.
struct EndpointSubset {
  std::vector<Endpoint> endpoints;
  std::vector<EndpointPort> ports;

  friend bool operator==(const EndpointSubset&, const EndpointSubset&) = default;
};

/// A part of one service's endpoints, as one API object brings it: an EndpointSlice has one subset, an Endpoints object
/// as many as it lists. A service has any number of slices.
struct EndpointSlice {
  NamespacedName name;
  /// The name of the service in the same namespace; empty: belongs to none, and is ignored.
  std::string service;
  std::vector<EndpointSubset> subsets;
  /// When the first change of a pod or the Service that led to this state of the slice was made, as its controller
  /// says; none: it does not say.
  std::optional<std::chrono::system_clock::time_point> triggered_at;

  friend bool operator==(const EndpointSlice&, const EndpointSlice&) = default;
};

}  // namespace ferry::config

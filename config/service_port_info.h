#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/backend_set.h"
#include "config/service.h"

namespace ferry::config {

/// The backends of one service port in one family: what rules 1 to 6 of kube-proxy's CategorizeEndpoints leave.
struct FamilyBackends {
  /// For traffic under the Cluster policy. Never null.
  std::shared_ptr<const BackendSet> cluster = empty_set();
  /// For traffic under the Local policy; empty when the service does not use it. Never null.
  std::shared_ptr<const BackendSet> local = empty_set();
  /// The endpoints that are there and do not terminate, used or not; null unless the service drains the connections of
  /// the others.
  std::shared_ptr<const BackendSet> staying;
  /// Some endpoint could serve somewhere: a policy that finds none here drops; when false it refuses.
  bool any_usable = false;

  /// The one shared empty set.
  static const std::shared_ptr<const BackendSet>& empty_set();

  /// Compares what the sets hold, not where they live.
  friend bool operator==(const FamilyBackends& a, const FamilyBackends& b) {
    return a.any_usable == b.any_usable && *a.cluster == *b.cluster && *a.local == *b.local &&
           (a.staying ? b.staying && *a.staying == *b.staying : !b.staying);
  }
};

/// Everything a proxy needs to serve one service port. Immutable once handed out.
struct ServicePortInfo {
  ServicePortName name;
  /// The port at every address below but the node's own.
  std::uint16_t port = 0;
  std::uint16_t node_port = 0;
  std::vector<IpAddress> cluster_ips;
  std::vector<IpAddress> external_ips;
  std::vector<IpAddress> load_balancer_ips;
  std::vector<IpPrefix> load_balancer_source_ranges;
  TrafficPolicy internal_traffic_policy = TrafficPolicy::kCluster;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  SessionAffinity session_affinity = SessionAffinity::kNone;
  std::chrono::seconds affinity_timeout{10800};
  /// 0 unless the Service is of type LoadBalancer with externalTrafficPolicy Local.
  std::uint16_t health_check_node_port = 0;
  std::map<std::string, std::string> annotations;
  /// Endpoints left out because nothing may be carried there: loopback, link-local, unspecified, multicast and service
  /// addresses. A tenant's slice must not make the node's proxy dial the node's own services.
  std::uint32_t refused_endpoints = 0;
  /// By AddressFamily.
  std::array<FamilyBackends, 2> backends;

  const FamilyBackends& backends_of(AddressFamily family) const { return backends[static_cast<std::size_t>(family)]; }

  friend bool operator==(const ServicePortInfo&, const ServicePortInfo&) = default;
};

/// One service port that is not what it was. Never are both sides null, never are they equal.
struct ServicePortChange {
  ServicePortName name;
  /// Null: the service port is new.
  std::shared_ptr<const ServicePortInfo> before;
  /// Null: the service port is gone.
  std::shared_ptr<const ServicePortInfo> after;
};

}  // namespace ferry::config

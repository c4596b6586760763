#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "config/service_port_name.h"

namespace ferry::config {

enum class ServiceType : std::uint8_t { kClusterIp, kNodePort, kLoadBalancer, kExternalName };
enum class TrafficPolicy : std::uint8_t { kCluster, kLocal };
enum class SessionAffinity : std::uint8_t { kNone, kClientIp };

/// One entry of a Service's `spec.ports`. `targetPort` is absent on purpose: the slices carry the resolved port.
struct ServicePort {
  std::string name;
  Protocol protocol = Protocol::kTcp;
  std::uint16_t port = 0;
  /// 0: the service has no node port.
  std::uint16_t node_port = 0;

  friend bool operator==(const ServicePort&, const ServicePort&) = default;
};

/// What a Service object says, as far as a proxy acts on it. Wire formats decode into this; it knows none of them.
struct Service {
  NamespacedName name;
  ServiceType type = ServiceType::kClusterIp;
  /// The addresses the service is reached at inside the cluster, at most one of each family. Empty: headless, or not
  /// yet given one.
  std::vector<IpAddress> cluster_ips;
  std::vector<ServicePort> ports;
  std::vector<IpAddress> external_ips;
  /// Load-balancer ingress addresses that the node may answer for itself (ipMode absent or VIP).
  std::vector<IpAddress> load_balancer_ips;
  std::vector<IpPrefix> load_balancer_source_ranges;
  TrafficPolicy internal_traffic_policy = TrafficPolicy::kCluster;
  TrafficPolicy external_traffic_policy = TrafficPolicy::kCluster;
  SessionAffinity session_affinity = SessionAffinity::kNone;
  std::chrono::seconds affinity_timeout{10800};
  std::uint16_t health_check_node_port = 0;
  /// The value of the label service.kubernetes.io/service-proxy-name; empty when the label is absent.
  std::string service_proxy_name;
  /// Annotations under kube-ferry.io/, by the part of the key after the slash. Nothing else is kept.
  std::map<std::string, std::string> annotations;

  friend bool operator==(const Service&, const Service&) = default;
};

}  // namespace ferry::config

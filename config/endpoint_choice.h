#pragma once

#include <cstdint>
#include <vector>

#include "config/endpoint_slice.h"
#include "config/node_identity.h"
#include "config/service.h"
#include "config/service_port_info.h"

namespace ferry::config {

/// One endpoint with the port that a service port resolves to there. The endpoint must outlive the candidate.
struct Candidate {
  const Endpoint* endpoint = nullptr;
  std::uint16_t port = 0;
};

/// Which sets a service port's traffic draws from (KEP-2086 and kube-proxy's UsesClusterEndpoints/UsesLocalEndpoints).
struct TrafficRules {
  bool uses_cluster = true;
  bool uses_local = false;
  /// Connections of endpoints that terminate or are gone are drained, so it matters which are neither.
  bool drains = false;
};

/// Derives the rules from the service: its policies, and whether it is reachable from outside the cluster at all.
TrafficRules traffic_rules(const Service& service, const ServicePort& port);

/// Chooses the endpoints that one service port's traffic may be carried to, by the rules of kube-proxy's
/// CategorizeEndpoints: topology hints among the ready ones (nodes before zones, one un-hinted endpoint switches them
/// off), else serving ones that terminate; the local set apart, without topology. Pure: equal input, equal output, in
/// whatever order the candidates come. Of several candidates with the same address and port one counts: a local one
/// before others, then the readiest.
FamilyBackends choose_endpoints(const std::vector<Candidate>& candidates, const TrafficRules& rules,
                                const NodeIdentity& node);

/// What becomes of an endpoint.
enum class EndpointUse : std::uint8_t {
  kUsed,
  /// It terminates, and no ready one is left.
  kUsedTerminating,
  kNotReady,
  kTerminating,
  /// Hints say that others are nearer.
  kOtherNode,
  kOtherZone,
  /// The traffic policy is Local, and it runs on another node.
  kElsewhere,
  /// Nothing may be carried there: a loopback, link-local, unspecified, multicast or service address.
  kRefused,
};

/// What choose_endpoints() makes of each candidate, in their order. Of several with the same address and port each has
/// what that place has.
std::vector<EndpointUse> explain_endpoints(const std::vector<Candidate>& candidates, const TrafficRules& rules,
                                           const NodeIdentity& node);

}  // namespace ferry::config

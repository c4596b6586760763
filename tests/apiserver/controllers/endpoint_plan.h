#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/apiserver/controllers/pod_facts.h"
#include "tests/apiserver/controllers/service_facts.h"

namespace ferry::apiserver {

/// The zone a node stands in; "" when it is not known.
using ZoneOf = std::function<std::string(const std::string& node)>;

/// Endpoints that can share a slice: of one family, on the same ports.
struct EndpointGroup {
  std::string address_type;
  /// The slice's `ports`.
  Json ports;
  /// The entries of `endpoints`, by the name of the pod.
  std::map<std::string, Json> endpoints;
};

/// The endpoints that a service should have in EndpointSlices, by Kubernetes' rules: every selected pod that has an
/// address of the family and has not finished, with its conditions; ready means that it is ready and not terminating,
/// or that the service publishes those too. A family without any has one group without endpoints and ports.
std::vector<EndpointGroup> plan_endpoints(const ServiceFacts& service, const std::vector<const PodFacts*>& pods,
                                          const ZoneOf& zone_of);

/// The `subsets` of the Endpoints object of the same service: its primary family, without terminating pods (unless
/// the service publishes those that are not ready), at most 1000 addresses, ready ones first.
struct EndpointSubsets {
  Json subsets = Json::array();
  /// Some addresses did not fit.
  bool truncated = false;
};
EndpointSubsets plan_subsets(const ServiceFacts& service, const std::vector<const PodFacts*>& pods);

/// The labels that a service hands on to its slices and its Endpoints: its own, and whether it is headless.
LabelMap inherited_labels(const ServiceFacts& service);

}  // namespace ferry::apiserver

#include "config/service_join.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "config/endpoint_choice.h"

namespace ferry::config {
namespace {

bool is_refused(const IpAddress& address, bool loopback_allowed, const JoinContext& context) {
  if (address.is_loopback() && !loopback_allowed) return true;
  if (address.is_link_local() || address.is_unspecified() || address.is_multicast()) return true;
  return context.is_service_address(address);
}

ServicePortInfo describe(const Service& service, const ServicePort& port) {
  ServicePortInfo info;
  info.name = ServicePortName{service.name, port.name, port.protocol};
  info.port = port.port;
  info.node_port = port.node_port;
  info.cluster_ips = service.cluster_ips;
  info.external_ips = service.external_ips;
  info.load_balancer_ips = service.load_balancer_ips;
  info.load_balancer_source_ranges = service.load_balancer_source_ranges;
  info.internal_traffic_policy = service.internal_traffic_policy;
  info.external_traffic_policy = service.external_traffic_policy;
  info.session_affinity = service.session_affinity;
  info.affinity_timeout = service.affinity_timeout;
  if (service.type == ServiceType::kLoadBalancer && service.external_traffic_policy == TrafficPolicy::kLocal) {
    info.health_check_node_port = service.health_check_node_port;
  }
  info.annotations = service.annotations;
  return info;
}

/// The endpoints that the slices name for one service port.
struct NamedEndpoints {
  std::array<std::vector<Candidate>, 2> by_family;
  /// Nothing may be carried there.
  std::vector<Candidate> refused;
};

NamedEndpoints named_endpoints(const Service& service, const ServicePort& port,
                               const std::vector<const EndpointSlice*>& slices, const JoinContext& context) {
  const bool loopback_allowed =
      context.loopback_allowed || std::all_of(service.cluster_ips.begin(), service.cluster_ips.end(),
                                              [](const IpAddress& address) { return address.is_loopback(); });
  NamedEndpoints named;
  for (const EndpointSlice* slice : slices) {
    for (const EndpointSubset& subset : slice->subsets) {
      for (const EndpointPort& endpoint_port : subset.ports) {
        if (endpoint_port.name != port.name || endpoint_port.protocol != port.protocol) continue;
        for (const Endpoint& endpoint : subset.endpoints) {
          const bool refused = is_refused(endpoint.address, loopback_allowed, context);
          (refused ? named.refused : named.by_family[static_cast<std::size_t>(endpoint.address.family())])
              .push_back(Candidate{&endpoint, endpoint_port.port});
        }
      }
    }
  }
  return named;
}

void add_backends(ServicePortInfo& info, const Service& service, const ServicePort& port,
                  const std::vector<const EndpointSlice*>& slices, const JoinContext& context) {
  const NamedEndpoints named = named_endpoints(service, port, slices, context);
  info.refused_endpoints = static_cast<std::uint32_t>(named.refused.size());
  const TrafficRules rules = traffic_rules(service, port);
  for (std::size_t family = 0; family < named.by_family.size(); ++family) {
    info.backends[family] = choose_endpoints(named.by_family[family], rules, context.node);
  }
}

void describe(DescribedPort& port, const std::vector<Candidate>& candidates, const std::vector<EndpointUse>& uses,
              const JoinContext& context) {
  for (std::size_t index = 0; index < candidates.size(); ++index) {
    const Endpoint& endpoint = *candidates[index].endpoint;
    port.endpoints.push_back({endpoint.address, candidates[index].port, endpoint.node_name,
                              !context.node.name.empty() && endpoint.node_name == context.node.name, uses[index]});
  }
}

/// Sorts by place, and leaves each place once: what is used before what is not.
void settle(std::vector<DescribedEndpoint>& endpoints) {
  const auto place = [](const DescribedEndpoint& e) { return std::tie(e.address, e.port); };
  std::stable_sort(endpoints.begin(), endpoints.end(), [&](const DescribedEndpoint& a, const DescribedEndpoint& b) {
    return place(a) != place(b) ? place(a) < place(b) : a.use < b.use;
  });
  endpoints.erase(
      std::unique(endpoints.begin(), endpoints.end(),
                  [&](const DescribedEndpoint& a, const DescribedEndpoint& b) { return place(a) == place(b); }),
      endpoints.end());
}

}  // namespace

bool is_served(const Service& service) {
  return service.type != ServiceType::kExternalName && !service.cluster_ips.empty();
}

std::vector<ServicePortInfo> join_service(const Service& service, const std::vector<const EndpointSlice*>& slices,
                                          const JoinContext& context) {
  std::vector<ServicePortInfo> joined;
  if (!is_served(service)) return joined;
  joined.reserve(service.ports.size());
  for (const ServicePort& port : service.ports) {
    ServicePortInfo info = describe(service, port);
    const bool seen = std::any_of(joined.begin(), joined.end(),
                                  [&](const ServicePortInfo& other) { return other.name == info.name; });
    if (seen) continue;
    add_backends(info, service, port, slices, context);
    joined.push_back(std::move(info));
  }
  return joined;
}

ServiceDescription describe_service(const Service& service, const std::vector<const EndpointSlice*>& slices,
                                    const JoinContext& context) {
  ServiceDescription description{service, is_served(service), slices.size(), {}};
  for (const ServicePort& port : service.ports) {
    DescribedPort described{ServicePortName{service.name, port.name, port.protocol}, {}};
    const NamedEndpoints named = named_endpoints(service, port, slices, context);
    const TrafficRules rules = traffic_rules(service, port);
    for (const std::vector<Candidate>& candidates : named.by_family) {
      describe(described, candidates, explain_endpoints(candidates, rules, context.node), context);
    }
    describe(described, named.refused, std::vector(named.refused.size(), EndpointUse::kRefused), context);
    settle(described.endpoints);
    description.ports.push_back(std::move(described));
  }
  return description;
}

}  // namespace ferry::config

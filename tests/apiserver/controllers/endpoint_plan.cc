#include "tests/apiserver/controllers/endpoint_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ferry::apiserver {
namespace {

constexpr std::size_t kMaxEndpointsAddresses = 1000;

struct ResolvedPort {
  const ServicePortFacts* service_port = nullptr;
  std::uint16_t number = 0;
};

/// The service's ports at one pod; one whose name no container of the pod knows is left out.
std::vector<ResolvedPort> resolve_ports(const ServiceFacts& service, const PodFacts& pod) {
  std::vector<ResolvedPort> resolved;
  for (const ServicePortFacts& port : service.ports) {
    if (const auto* number = std::get_if<std::uint16_t>(&port.target)) {
      resolved.push_back({&port, *number});
      continue;
    }
    const auto named = pod.named_ports.find({std::get<std::string>(port.target), port.protocol});
    if (named != pod.named_ports.end()) resolved.push_back({&port, named->second});
  }
  return resolved;
}

Json slice_ports(const std::vector<ResolvedPort>& ports) {
  Json list = Json::array();
  for (const ResolvedPort& port : ports) {
    Json entry = {{"name", port.service_port->name}, {"protocol", port.service_port->protocol}, {"port", port.number}};
    if (!port.service_port->app_protocol.empty()) entry["appProtocol"] = port.service_port->app_protocol;
    list.push_back(std::move(entry));
  }
  return list;
}

Json subset_ports(const std::vector<ResolvedPort>& ports) {
  Json list = Json::array();
  for (const ResolvedPort& port : ports) {
    Json entry = Json::object();
    if (!port.service_port->name.empty()) entry["name"] = port.service_port->name;
    entry["port"] = port.number;
    entry["protocol"] = port.service_port->protocol;
    if (!port.service_port->app_protocol.empty()) entry["appProtocol"] = port.service_port->app_protocol;
    list.push_back(std::move(entry));
  }
  return list;
}

Json target_ref(const PodFacts& pod) {
  return {{"kind", "Pod"}, {"namespace", pod.key.name_space}, {"name", pod.key.name}, {"uid", pod.uid}};
}

bool has_name_in_dns(const ServiceFacts& service, const PodFacts& pod) {
  return !pod.hostname.empty() && pod.subdomain == service.key.name;
}

std::optional<std::string> address_of(const PodFacts& pod, const std::string& family) {
  const auto found = std::find_if(pod.ips.begin(), pod.ips.end(),
                                  [&family](const std::string& ip) { return family_of(ip) == family; });
  return found == pod.ips.end() ? std::nullopt : std::optional<std::string>(*found);
}

Json endpoint(const ServiceFacts& service, const PodFacts& pod, const std::string& ip, const ZoneOf& zone_of) {
  Json entry = {{"addresses", Json::array({ip})}};
  entry["conditions"] = {{"ready", service.publish_not_ready || (pod.ready && !pod.terminating)},
                         {"serving", pod.ready},
                         {"terminating", pod.terminating}};
  if (has_name_in_dns(service, pod)) entry["hostname"] = pod.hostname;
  entry["targetRef"] = target_ref(pod);
  if (pod.node.empty()) return entry;
  entry["nodeName"] = pod.node;
  if (std::string zone = zone_of(pod.node); !zone.empty()) entry["zone"] = std::move(zone);
  return entry;
}

Json endpoint_address(const ServiceFacts& service, const PodFacts& pod, const std::string& ip) {
  Json entry = {{"ip", ip}};
  if (has_name_in_dns(service, pod)) entry["hostname"] = pod.hostname;
  if (!pod.node.empty()) entry["nodeName"] = pod.node;
  entry["targetRef"] = target_ref(pod);
  return entry;
}

struct Subset {
  Json ports;
  std::vector<std::pair<std::string, Json>> ready;
  std::vector<std::pair<std::string, Json>> not_ready;
};

/// Takes at most `room` of the addresses, in the order of their text.
Json take(std::vector<std::pair<std::string, Json>>& addresses, std::size_t& room, bool& truncated) {
  std::sort(addresses.begin(), addresses.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  truncated = truncated || addresses.size() > room;
  Json list = Json::array();
  for (auto& [ip, entry] : addresses) {
    if (room == 0) break;
    list.push_back(std::move(entry));
    --room;
  }
  return list;
}

EndpointSubsets in_bounds(std::map<std::string, Subset>& subsets) {
  EndpointSubsets result;
  std::size_t room = kMaxEndpointsAddresses;
  std::map<std::string, Json> ready;
  for (auto& [key, subset] : subsets) ready[key] = take(subset.ready, room, result.truncated);
  for (auto& [key, subset] : subsets) {
    Json not_ready = take(subset.not_ready, room, result.truncated);
    if (ready[key].empty() && not_ready.empty()) continue;
    Json entry = Json::object();
    if (!ready[key].empty()) entry["addresses"] = std::move(ready[key]);
    if (!not_ready.empty()) entry["notReadyAddresses"] = std::move(not_ready);
    if (!subset.ports.empty()) entry["ports"] = std::move(subset.ports);
    result.subsets.push_back(std::move(entry));
  }
  return result;
}

}  // namespace

std::vector<EndpointGroup> plan_endpoints(const ServiceFacts& service, const std::vector<const PodFacts*>& pods,
                                          const ZoneOf& zone_of) {
  std::vector<EndpointGroup> groups;
  for (const std::string& family : service.families) {
    std::map<std::string, EndpointGroup> by_ports;
    for (const PodFacts* pod : pods) {
      const std::optional<std::string> ip = address_of(*pod, family);
      if (pod->finished || !ip) continue;
      Json ports = slice_ports(resolve_ports(service, *pod));
      EndpointGroup& group = by_ports[ports.dump()];
      group.address_type = family;
      group.ports = std::move(ports);
      group.endpoints.emplace(pod->key.name, endpoint(service, *pod, *ip, zone_of));
    }
    if (by_ports.empty()) groups.push_back({family, Json::array(), {}});
    for (auto& [key, group] : by_ports) groups.push_back(std::move(group));
  }
  return groups;
}

EndpointSubsets plan_subsets(const ServiceFacts& service, const std::vector<const PodFacts*>& pods) {
  std::map<std::string, Subset> subsets;
  for (const PodFacts* pod : pods) {
    const std::optional<std::string> ip = address_of(*pod, service.families.front());
    if (pod->finished || !ip || (pod->terminating && !service.publish_not_ready)) continue;
    const std::vector<ResolvedPort> resolved = resolve_ports(service, *pod);
    if (resolved.empty() && !service.ports.empty()) continue;
    Json ports = subset_ports(resolved);
    Subset& subset = subsets[ports.dump()];
    subset.ports = std::move(ports);
    auto& side = pod->ready || service.publish_not_ready ? subset.ready : subset.not_ready;
    side.emplace_back(*ip, endpoint_address(service, *pod, *ip));
  }
  return in_bounds(subsets);
}

LabelMap inherited_labels(const ServiceFacts& service) {
  LabelMap labels = service.labels;
  if (service.headless) {
    labels["service.kubernetes.io/headless"] = "";
  } else {
    labels.erase("service.kubernetes.io/headless");
  }
  return labels;
}

}  // namespace ferry::apiserver

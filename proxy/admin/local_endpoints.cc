#include "proxy/admin/local_endpoints.h"

#include <algorithm>
#include <set>

namespace ferry::proxy {

namespace {

LocalEndpoints count(const config::NamespacedName& service, const auto& ports) {
  LocalEndpoints counted{service, 0, 0};
  std::set<config::IpAddress> addresses;
  for (const auto& [name, info] : ports) {
    counted.port = std::max(counted.port, info->health_check_node_port);
    for (const config::FamilyBackends& family : info->backends) {
      for (const config::Backend& backend : family.local->backends) {
        if (!backend.terminating) addresses.insert(backend.address);
      }
    }
  }
  counted.count = addresses.size();
  return counted;
}

}  // namespace

std::vector<LocalEndpoints> LocalEndpointCounter::apply(const std::vector<config::ServicePortChange>& changes) {
  std::set<config::NamespacedName> touched;
  for (const config::ServicePortChange& change : changes) {
    const auto known = services_.find(change.name.service);
    if (change.after && change.after->health_check_node_port != 0) {
      services_[change.name.service].ports[change.name] = change.after;
    } else if (known != services_.end()) {
      known->second.ports.erase(change.name);
    } else {
      continue;
    }
    touched.insert(change.name.service);
  }
  std::vector<LocalEndpoints> news;
  for (const config::NamespacedName& service : touched) {
    Known& known = services_[service];
    const LocalEndpoints now = count(service, known.ports);
    if (now != known.last) news.push_back(now);
    known.last = now;
    if (known.ports.empty()) services_.erase(service);
  }
  return news;
}

}  // namespace ferry::proxy

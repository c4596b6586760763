#include "proxy/dataplane/frontend.h"

#include <algorithm>
#include <utility>

namespace ferry::proxy {

namespace {

Prefixes insiders_of(const NodeView& node) {
  Prefixes insiders = node.pods;
  for (const config::IpAddress& address : node.addresses) {
    insiders.push_back(config::IpPrefix::host(address));
  }
  insiders.push_back(*config::IpPrefix::parse("127.0.0.0/8"));
  insiders.push_back(*config::IpPrefix::parse("::1/128"));
  return insiders;
}

/// What both lists have: of two ranges that overlap, the narrower.
Prefixes intersection(const Prefixes& a, const Prefixes& b) {
  Prefixes both;
  for (const config::IpPrefix& left : a) {
    for (const config::IpPrefix& right : b) {
      if (left.length() >= right.length() ? right.contains(left.address()) : left.contains(right.address())) {
        both.push_back(left.length() >= right.length() ? left : right);
      }
    }
  }
  return both;
}

class FrontendMaker {
 public:
  FrontendMaker(const config::ServicePortInfo& info, const Surroundings& surroundings)
      : info_(info), surroundings_(surroundings) {}

  std::vector<Frontend> make() && {
    for (const config::IpAddress& address : info_.cluster_ips) {
      add(internal(at(address, info_.port)));
    }
    for (const config::IpAddress& address : info_.external_ips) {
      add(external(at(address, info_.port), Admission{}));
    }
    for (const config::IpAddress& address : info_.load_balancer_ips) {
      add(proxied(external(at(address, info_.port), load_balancer_admission(address))));
    }
    if (info_.node_port != 0) {
      for (const config::IpAddress& address : surroundings_.node.node_port_addresses) {
        add(proxied(external(at(address, info_.node_port), Admission{})));
      }
    }
    return std::move(frontends_);
  }

 private:
  ListenAddress at(const config::IpAddress& address, std::uint16_t port) const {
    return {address, port, info_.name.protocol};
  }

  const config::FamilyBackends& backends_at(const ListenAddress& at) const {
    return info_.backends_of(at.address.family());
  }

  Frontend internal(const ListenAddress& at) const {
    Frontend made{.at = at, .whole_address = true};
    const config::FamilyBackends& backends = backends_at(at);
    if (info_.internal_traffic_policy == config::TrafficPolicy::kCluster) {
      made.refused = backends.cluster->empty();
      return made;
    }
    made.scope = Scope::kLocal;
    if (backends.local->empty()) {
      made.refused = !backends.any_usable;
      made.admission.everyone = false;
    }
    return made;
  }

  Frontend external(const ListenAddress& at, Admission admission) const {
    Frontend made{.at = at, .admission = std::move(admission)};
    const config::FamilyBackends& backends = backends_at(at);
    if (info_.external_traffic_policy == config::TrafficPolicy::kCluster) {
      made.refused = backends.cluster->empty();
      return made;
    }
    made.scope = Scope::kLocal;
    made.insiders = surroundings_.insiders;
    if (backends.local->empty()) {
      made.refused = !backends.any_usable;
      const Prefixes& insiders = *surroundings_.insiders;
      made.admission = {false, made.admission.everyone ? insiders : intersection(made.admission.sources, insiders)};
    }
    return made;
  }

  Frontend proxied(Frontend made) const {
    const Prefixes& from = surroundings_.node.proxy_protocol_from;
    const bool served = !made.refused && (made.scope == Scope::kCluster || !backends_at(made.at).local->empty());
    if (from.empty() || !served || made.at.protocol != config::Protocol::kTcp) return made;
    made.headers = std::make_shared<const ProxiedClients>(ProxiedClients{from, made.admission});
    if (!made.admission.everyone) {
      made.admission.sources.insert(made.admission.sources.end(), from.begin(), from.end());
    }
    return made;
  }

  Admission load_balancer_admission(const config::IpAddress& address) const {
    if (info_.load_balancer_source_ranges.empty()) return {};
    Admission admission{false, info_.load_balancer_source_ranges};
    const std::vector<config::IpAddress>& own = surroundings_.node.addresses;
    if (std::any_of(own.begin(), own.end(), [&](const auto& mine) { return contains(admission.sources, mine); })) {
      admission.sources.push_back(config::IpPrefix::host(address));
    }
    return admission;
  }

  void add(Frontend frontend) {
    const bool named = std::any_of(frontends_.begin(), frontends_.end(),
                                   [&](const Frontend& other) { return other.at == frontend.at; });
    if (!named) frontends_.push_back(std::move(frontend));
  }

  const config::ServicePortInfo& info_;
  const Surroundings& surroundings_;
  std::vector<Frontend> frontends_;
};

}  // namespace

bool contains(const Prefixes& prefixes, const config::IpAddress& address) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return prefix.contains(address); });
}

Surroundings::Surroundings(NodeView view)
    : node(std::move(view)), insiders(std::make_shared<const Prefixes>(insiders_of(node))) {}

std::vector<Frontend> frontends_of(const config::ServicePortInfo& info, const Surroundings& surroundings) {
  return FrontendMaker(info, surroundings).make();
}

}  // namespace ferry::proxy

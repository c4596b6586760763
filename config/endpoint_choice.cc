#include "config/endpoint_choice.h"

#include <algorithm>
#include <memory>
#include <tuple>

namespace ferry::config {
namespace {

bool is_local(const Endpoint& endpoint, const NodeIdentity& node) {
  return !node.name.empty() && endpoint.node_name == node.name;
}

bool usable_while_terminating(const Endpoint& endpoint) { return endpoint.serving && endpoint.terminating; }

using HintKind = TopologyHint::Kind;

bool is_hinted(const Endpoint& endpoint, HintKind kind) {
  return std::any_of(endpoint.hints.begin(), endpoint.hints.end(),
                     [&](const TopologyHint& hint) { return hint.kind == kind; });
}

bool is_hinted_for(const Endpoint& endpoint, HintKind kind, const std::string& name) {
  return !name.empty() && std::any_of(endpoint.hints.begin(), endpoint.hints.end(),
                                      [&](const TopologyHint& hint) { return hint.kind == kind && hint.name == name; });
}

enum class TopologyMode { kNone, kSameNode, kSameZone };

TopologyMode topology_mode(const std::vector<Candidate>& candidates, const NodeIdentity& node) {
  bool all_have_node_hints = true;
  bool all_have_zone_hints = true;
  bool node_hinted = false;
  bool zone_hinted = false;
  for (const Candidate& candidate : candidates) {
    const Endpoint& endpoint = *candidate.endpoint;
    if (!endpoint.ready) continue;
    all_have_node_hints = all_have_node_hints && is_hinted(endpoint, HintKind::kNode);
    all_have_zone_hints = all_have_zone_hints && is_hinted(endpoint, HintKind::kZone);
    node_hinted = node_hinted || is_hinted_for(endpoint, HintKind::kNode, node.name);
    zone_hinted = zone_hinted || is_hinted_for(endpoint, HintKind::kZone, node.zone);
  }
  if (all_have_node_hints && node_hinted) return TopologyMode::kSameNode;
  if (all_have_zone_hints && zone_hinted) return TopologyMode::kSameZone;
  return TopologyMode::kNone;
}

bool available(const Endpoint& endpoint, TopologyMode mode, const NodeIdentity& node) {
  switch (mode) {
    case TopologyMode::kNone:
      return true;
    case TopologyMode::kSameNode:
      return is_hinted_for(endpoint, HintKind::kNode, node.name);
    case TopologyMode::kSameZone:
      return is_hinted_for(endpoint, HintKind::kZone, node.zone);
  }
  return true;
}

std::vector<Candidate> without_duplicates(std::vector<Candidate> candidates, const NodeIdentity& node) {
  const auto place = [](const Candidate& c) { return std::tie(c.endpoint->address, c.port); };
  // Within one place the one to keep comes first; the order of arrival never decides.
  const auto rank = [&node](const Candidate& c) {
    const Endpoint& e = *c.endpoint;
    return std::make_tuple(is_local(e, node), e.ready, e.serving, !e.terminating);
  };
  std::stable_sort(candidates.begin(), candidates.end(), [&](const Candidate& a, const Candidate& b) {
    if (place(a) != place(b)) return place(a) < place(b);
    return rank(a) > rank(b);
  });
  candidates.erase(std::unique(candidates.begin(), candidates.end(),
                               [&](const Candidate& a, const Candidate& b) { return place(a) == place(b); }),
                   candidates.end());
  return candidates;
}

/// The candidates that pass, as backends, in the candidates' order.
template <class Passes>
std::shared_ptr<const BackendSet> collect(const std::vector<Candidate>& candidates, const NodeIdentity& node,
                                          bool terminating, Passes passes) {
  std::vector<Backend> backends;
  for (const Candidate& candidate : candidates) {
    const Endpoint& endpoint = *candidate.endpoint;
    if (!passes(endpoint)) continue;
    backends.push_back(Backend{endpoint.address, candidate.port, is_local(endpoint, node), terminating});
  }
  if (backends.empty()) return FamilyBackends::empty_set();
  backends.shrink_to_fit();
  return std::make_shared<const BackendSet>(BackendSet{std::move(backends)});
}

bool has_place(const BackendSet& set, const Candidate& candidate) {
  return std::any_of(set.backends.begin(), set.backends.end(), [&](const Backend& backend) {
    return backend.address == candidate.endpoint->address && backend.port == candidate.port;
  });
}

EndpointUse why_unused(const Endpoint& endpoint, const TrafficRules& rules, TopologyMode mode) {
  if (!endpoint.ready) return endpoint.terminating ? EndpointUse::kTerminating : EndpointUse::kNotReady;
  if (!rules.uses_cluster) return EndpointUse::kElsewhere;
  return mode == TopologyMode::kSameNode ? EndpointUse::kOtherNode : EndpointUse::kOtherZone;
}

}  // namespace

const std::shared_ptr<const BackendSet>& FamilyBackends::empty_set() {
  static const std::shared_ptr<const BackendSet> kEmpty = std::make_shared<const BackendSet>();
  return kEmpty;
}

TrafficRules traffic_rules(const Service& service, const ServicePort& port) {
  const bool externally_accessible =
      port.node_port != 0 || !service.load_balancer_ips.empty() || !service.external_ips.empty();
  TrafficRules rules;
  rules.uses_cluster = service.internal_traffic_policy != TrafficPolicy::kLocal || externally_accessible;
  rules.drains = service.annotations.contains("drain-timeout");
  rules.uses_local = service.internal_traffic_policy == TrafficPolicy::kLocal ||
                     (service.external_traffic_policy == TrafficPolicy::kLocal && externally_accessible);
  return rules;
}

FamilyBackends choose_endpoints(const std::vector<Candidate>& all, const TrafficRules& rules,
                                const NodeIdentity& node) {
  const std::vector<Candidate> candidates = without_duplicates(all, node);
  FamilyBackends chosen;
  chosen.any_usable = std::any_of(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return c.endpoint->ready || usable_while_terminating(*c.endpoint);
  });
  if (rules.uses_cluster) {
    const TopologyMode mode = topology_mode(candidates, node);
    chosen.cluster =
        collect(candidates, node, false, [&](const Endpoint& e) { return e.ready && available(e, mode, node); });
    if (chosen.cluster->empty()) chosen.cluster = collect(candidates, node, true, usable_while_terminating);
  }
  if (rules.uses_local) {
    chosen.local = collect(candidates, node, false, [&](const Endpoint& e) { return e.ready && is_local(e, node); });
    if (chosen.local->empty()) {
      chosen.local = collect(candidates, node, true,
                             [&](const Endpoint& e) { return is_local(e, node) && usable_while_terminating(e); });
    }
  }
  if (rules.drains) {
    chosen.staying = collect(candidates, node, false, [](const Endpoint& e) { return !e.terminating; });
  }
  return chosen;
}

std::vector<EndpointUse> explain_endpoints(const std::vector<Candidate>& candidates, const TrafficRules& rules,
                                           const NodeIdentity& node) {
  const FamilyBackends chosen = choose_endpoints(candidates, rules, node);
  const TopologyMode mode = topology_mode(without_duplicates(candidates, node), node);
  std::vector<EndpointUse> uses;
  uses.reserve(candidates.size());
  for (const Candidate& candidate : candidates) {
    const BackendSet* set = has_place(*chosen.cluster, candidate) ? chosen.cluster.get() : nullptr;
    if (set == nullptr && has_place(*chosen.local, candidate)) set = chosen.local.get();
    if (set == nullptr) {
      uses.push_back(why_unused(*candidate.endpoint, rules, mode));
    } else {
      uses.push_back(set->backends.front().terminating ? EndpointUse::kUsedTerminating : EndpointUse::kUsed);
    }
  }
  return uses;
}

}  // namespace ferry::config

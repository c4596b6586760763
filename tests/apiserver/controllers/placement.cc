#include "tests/apiserver/controllers/placement.h"

#include <algorithm>
#include <utility>

namespace ferry::apiserver {
namespace {

bool is_any_address(const std::string& ip) { return ip.empty() || ip == "0.0.0.0" || ip == "::"; }

bool overlap(const std::vector<HostPort>& held, const std::vector<HostPort>& wanted) {
  return std::any_of(held.begin(), held.end(), [&wanted](const HostPort& one) {
    return std::any_of(wanted.begin(), wanted.end(), [&one](const HostPort& other) { return collide(one, other); });
  });
}

void read_host_ports(const Json& container, std::vector<HostPort>& ports) {
  for (const Json& port : array_at(container, {"ports"})) {
    const Json& number = value_at(port, {"hostPort"});
    const auto wide = number.is_number_integer() ? number.get<std::int64_t>() : 0;
    if (wide <= 0 || wide > 65535) continue;
    HostPort host_port{.ip = text_at(port, {"hostIP"}), .port = static_cast<std::uint16_t>(wide)};
    if (std::string protocol = text_at(port, {"protocol"}); !protocol.empty()) host_port.protocol = std::move(protocol);
    ports.push_back(std::move(host_port));
  }
}

bool is_known_unready(const Json& node) {
  const Json& conditions = array_at(node, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& condition) {
    return text_at(condition, {"type"}) == "Ready" && text_at(condition, {"status"}) != "True";
  });
}

}  // namespace

bool collide(const HostPort& a, const HostPort& b) {
  return a.port == b.port && a.protocol == b.protocol && (is_any_address(a.ip) || is_any_address(b.ip) || a.ip == b.ip);
}

PodDemand read_demand(const Json& pod) {
  PodDemand demand;
  for (const Json& container : array_at(pod, {"spec", "containers"})) read_host_ports(container, demand.host_ports);
  demand.node_selector = labels_at(pod, {"spec", "nodeSelector"});
  return demand;
}

NodeOffer read_offer(const Json& node) {
  return {.labels = labels_at(node, {"metadata", "labels"}),
          .schedulable = value_at(node, {"spec", "unschedulable"}) != true && !is_known_unready(node)};
}

void Placement::set_node(const std::string& name, NodeOffer offer) { nodes_.insert_or_assign(name, std::move(offer)); }

void Placement::erase_node(const std::string& name) { nodes_.erase(name); }

void Placement::occupy(const ObjectKey& pod, const std::string& node, std::vector<HostPort> ports) {
  release(pod);
  if (ports.empty()) return;
  held_[node].insert_or_assign(pod, std::move(ports));
  holders_.emplace(pod, node);
}

bool Placement::release(const ObjectKey& pod) {
  const auto holder = holders_.find(pod);
  if (holder == holders_.end()) return false;
  const auto node = held_.find(holder->second);
  node->second.erase(pod);
  if (node->second.empty()) held_.erase(node);
  holders_.erase(holder);
  return true;
}

std::optional<std::string> Placement::choose(const PodDemand& demand) {
  auto candidate = nodes_.upper_bound(last_);
  for (std::size_t tried = 0; tried < nodes_.size(); ++tried, ++candidate) {
    if (candidate == nodes_.end()) candidate = nodes_.begin();
    if (!fits(candidate->first, candidate->second, demand)) continue;
    last_ = candidate->first;
    return last_;
  }
  return std::nullopt;
}

bool Placement::fits(const std::string& node, const NodeOffer& offer, const PodDemand& demand) const {
  if (!offer.schedulable) return false;
  if (!demand.node_selector.empty() && !selects(demand.node_selector, offer.labels)) return false;
  if (demand.host_ports.empty()) return true;
  const auto held = held_.find(node);
  return held == held_.end() || std::none_of(held->second.begin(), held->second.end(), [&demand](const auto& pod) {
           return overlap(pod.second, demand.host_ports);
         });
}

}  // namespace ferry::apiserver

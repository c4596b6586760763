#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/apiserver/controllers/json_view.h"
#include "tests/apiserver/controllers/object_key.h"

namespace ferry::apiserver {

/// A port of the node's own that a container asks for.
struct HostPort {
  /// Empty for every address of the node.
  std::string ip;
  std::string protocol = "TCP";
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// True when no node has room for both: same protocol and port, at addresses that overlap.
bool collide(const HostPort& a, const HostPort& b);

/// What a pod needs of a node.
struct PodDemand {
  /// The containers' host ports; those that are 0 ask for none and are left out.
  std::vector<HostPort> host_ports;
  /// Labels that the node must have; empty for any node.
  LabelMap node_selector;

  friend bool operator==(const PodDemand&, const PodDemand&) = default;
};
PodDemand read_demand(const Json& pod);

/// What a node offers.
struct NodeOffer {
  LabelMap labels;
  /// Not cordoned, and not known to be unready. A node that says nothing about itself is schedulable.
  bool schedulable = true;

  friend bool operator==(const NodeOffer&, const NodeOffer&) = default;
};
NodeOffer read_offer(const Json& node);

/// Chooses nodes for pods: round robin in the order of their names, past those that cannot take the pod.
class Placement {
 public:
  void set_node(const std::string& name, NodeOffer offer);
  void erase_node(const std::string& name);

  /// The pod holds these ports on this node; what it held before it holds no more.
  void occupy(const ObjectKey& pod, const std::string& node, std::vector<HostPort> ports);
  /// The pod holds nothing. False when it held nothing before.
  bool release(const ObjectKey& pod);

  /// The next node that can take the pod; nullopt when none can. The turn passes to the node after it.
  std::optional<std::string> choose(const PodDemand& demand);

 private:
  [[nodiscard]] bool fits(const std::string& node, const NodeOffer& offer, const PodDemand& demand) const;

  std::map<std::string, NodeOffer> nodes_;
  std::map<std::string, std::map<ObjectKey, std::vector<HostPort>>> held_;
  std::map<ObjectKey, std::string> holders_;
  /// The node chosen last.
  std::string last_;
};

}  // namespace ferry::apiserver

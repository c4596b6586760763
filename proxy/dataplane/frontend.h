#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/ip_address.h"
#include "config/service_port_info.h"
#include "proxy/capture/listen_address.h"

namespace ferry::proxy {

/// True when one of the ranges has the address.
bool contains(const Prefixes& prefixes, const config::IpAddress& address);

/// Which of a service port's backends a connection is carried to: all that the Cluster policy chose, or those on this
/// node.
enum class Scope : std::uint8_t { kCluster, kLocal };

/// Load balancers that say by the PROXY protocol for whom they connect, and who of those is answered.
struct ProxiedClients {
  Prefixes from;
  Admission admission;

  friend bool operator==(const ProxiedClients&, const ProxiedClients&) = default;
};

/// One address of a service port, and what becomes of the connections made to it.
struct Frontend {
  ListenAddress at;
  /// The kernel refuses them: there is no listener.
  bool refused = false;
  /// No other port of the address is anybody's but a service's: it is a cluster address.
  bool whole_address = false;
  Admission admission{};
  Scope scope = Scope::kCluster;
  /// Clients that are carried in the Cluster scope whatever `scope` says; null: none.
  std::shared_ptr<const Prefixes> insiders{};

  /// Connections of these load balancers begin with a header; null: nobody's do. TCP's alone.
  std::shared_ptr<const ProxiedClients> headers{};

  /// The scope for one client.
  Scope scope_for(const config::IpAddress& client) const {
    return insiders && contains(*insiders, client) ? Scope::kCluster : scope;
  }

  friend bool operator==(const Frontend&, const Frontend&) = default;
};

/// What the node brings to the question where services are reached.
struct NodeView {
  /// The addresses the node has.
  std::vector<config::IpAddress> addresses;
  /// Those of them at which node ports are served.
  std::vector<config::IpAddress> node_port_addresses;
  /// The cluster's pods, as far as their ranges are known. Together with the node itself they are inside: the Local
  /// policy for external traffic is not for them.
  Prefixes pods;
  /// Load balancers whose connections to node ports and load-balancer addresses begin with a PROXY header.
  Prefixes proxy_protocol_from{};

  friend bool operator==(const NodeView&, const NodeView&) = default;
};

/// Everything a NodeView says, made ready once for all service ports.
struct Surroundings {
  explicit Surroundings(NodeView view = {});

  NodeView node;
  /// Pods, the node's addresses and loopback.
  std::shared_ptr<const Prefixes> insiders;
};

/// Where a service port is reached and by whose leave, by rules 1 to 6 of kube-proxy's CategorizeEndpoints and its
/// chains for external traffic:
///  - Cluster addresses follow the internal traffic policy. Under Local, without an endpoint here, connections are
///    ignored while there is one elsewhere, and refused otherwise.
///  - External addresses, load-balancer addresses and node ports follow the external traffic policy in the same way;
///    insiders reach the Cluster scope nevertheless.
///  - Load-balancer addresses admit the source ranges alone; when one of those has a node address, also the
///    load-balancer address itself, which then is what the node's own connections come from.
///  - Where load balancers send PROXY headers, they are admitted at load-balancer addresses and node ports, and who
///    their headers name is asked for instead.
/// An address named twice counts where it is named first.
std::vector<Frontend> frontends_of(const config::ServicePortInfo& info, const Surroundings& surroundings);

}  // namespace ferry::proxy

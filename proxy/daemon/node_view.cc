#include "proxy/daemon/node_view.h"

#include <algorithm>
#include <iterator>

namespace ferry::proxy {

namespace {

bool has(const std::vector<config::IpAddress>& addresses, const config::IpAddress& wanted) {
  return std::find(addresses.begin(), addresses.end(), wanted) != addresses.end();
}

/// The first address of each family: what the flag says, before what the Node object does.
std::vector<config::IpAddress> primaries_of(const config::IpAddress& flag, const std::optional<config::Node>& node) {
  std::vector<config::IpAddress> primaries;
  if (!flag.is_unspecified()) primaries.push_back(flag);
  if (!node) return primaries;
  for (const config::IpAddress& address : node->addresses) {
    const bool first = std::none_of(primaries.begin(), primaries.end(),
                                    [&](const auto& other) { return other.family() == address.family(); });
    if (first) primaries.push_back(address);
  }
  return primaries;
}

}  // namespace

NodeView node_view(const Options& options, const std::vector<config::IpAddress>& host,
                   const std::optional<config::Node>& node) {
  NodeView view;
  view.addresses = host;
  if (node) {
    std::copy_if(node->addresses.begin(), node->addresses.end(), std::back_inserter(view.addresses),
                 [&](const auto& address) { return !has(host, address); });
  }
  const std::vector<config::IpAddress> primaries = primaries_of(options.bind_address, node);
  const NodePortAddresses& asked = options.node_port_addresses;
  std::copy_if(host.begin(), host.end(), std::back_inserter(view.node_port_addresses), [&](const auto& address) {
    return asked.primary ? has(primaries, address) : asked.ranges.empty() || contains(asked.ranges, address);
  });
  view.proxy_protocol_from = options.proxy_protocol_from;
  if (!options.cluster_cidrs.empty()) {
    view.pods = options.cluster_cidrs;
  } else if (node) {
    view.pods = node->pod_cidrs;
  }
  return view;
}

std::vector<config::IpAddress> own_sources(const std::vector<config::IpAddress>& host,
                                           const std::optional<config::Node>& node) {
  std::vector<config::IpAddress> sources;
  if (node) {
    std::copy_if(node->addresses.begin(), node->addresses.end(), std::back_inserter(sources),
                 [&](const auto& address) { return has(host, address); });
  }
  std::copy_if(host.begin(), host.end(), std::back_inserter(sources),
               [](const auto& address) { return !address.is_loopback(); });
  return sources;
}

}  // namespace ferry::proxy

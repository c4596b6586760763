#pragma once

#include <optional>
#include <vector>

#include "config/node.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/options/options.h"

namespace ferry::proxy {

/// What decides, beside the services, where they are reached and who is inside.
///
///  - The node's addresses are the host's and those its Node object names.
///  - Node ports are served at the host's addresses that --nodeport-addresses asks for: all of them without it, those
///    in its ranges, or, for `primary`, the first of each family that the Node object names, where --bind-address does
///    not say another.
///  - Pods come from --cluster-cidr, else from the Node object's own ranges.
NodeView node_view(const Options& options, const std::vector<config::IpAddress>& host,
                   const std::optional<config::Node>& node);

/// What the host's own connections to services come from: the addresses of the host that the Node object names, before
/// others that are not loopback.
std::vector<config::IpAddress> own_sources(const std::vector<config::IpAddress>& host,
                                           const std::optional<config::Node>& node);

}  // namespace ferry::proxy

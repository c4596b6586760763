#pragma once

#include <optional>
#include <vector>

#include "config/ip_address.h"
#include "config/node.h"
#include "proxy/options/options.h"
#include "proxy/preflight/api_findings.h"
#include "watch/rest/client_config.h"

namespace ferry::proxy {

/// What the API server told a check, for what else it looks at.
struct ApiAnswers {
  ApiReport report;
  std::optional<config::Node> node;
  /// Of its ServiceCIDR objects, where the flag gives none.
  std::vector<config::IpPrefix> service_ranges;
  /// Cluster addresses of default/kubernetes.
  std::vector<config::IpAddress> kubernetes;
};

/// Asks the server what the daemon with these options would live by: that it answers, each right that its watches need,
/// the node's object. Takes half a minute at most.
ApiAnswers ask_api_server(const watch::ClientConfig& config, const Options& options);

}  // namespace ferry::proxy

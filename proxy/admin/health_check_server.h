#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <spdlog/logger.h>

#include "config/ip_address.h"
#include "proxy/admin/health.h"
#include "proxy/admin/inherited_listeners.h"
#include "proxy/admin/local_endpoints.h"

namespace ferry::proxy {

/// The health-check node ports, from which load balancers learn whether this node has endpoints of a Service with
/// externalTrafficPolicy Local. Whatever is asked for, the answer is kube-proxy's: 200 while there is one and the proxy
/// is well, else 503; the count in the body and in X-Load-Balancing-Endpoint-Weight.
///
/// The ports are served on the loop, and every function may be called from one other thread.
class HealthCheckServer {
 public:
  /// The loop and `health` outlive it.
  HealthCheckServer(boost::asio::io_context& loop, const Health& health, std::shared_ptr<spdlog::logger> logger);

  /// Opens, closes and updates these. A port that cannot be opened is logged, and tried again with the next news of its
  /// Service.
  void set(std::vector<LocalEndpoints> news);
  /// Serves at these addresses of the node.
  void move_to(std::vector<config::IpAddress> addresses);
  /// Looks there first for a socket that another process had. Before anything is served.
  void inherit(std::shared_ptr<InheritedListeners> listeners);
  /// Copies of its listening sockets, told on the loop.
  void copy_listeners(std::function<void(std::vector<UniqueFd>)> tell);
  /// Closes everything.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace ferry::proxy

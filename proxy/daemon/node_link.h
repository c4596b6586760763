#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "config/ip_address.h"
#include "config/node.h"
#include "config/service_port_name.h"
#include "config/store.h"
#include "proxy/admin/health.h"
#include "proxy/admin/health_check_server.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/host/host_addresses.h"
#include "proxy/host/host_routes.h"
#include "proxy/options/options.h"

namespace ferry::proxy {

/// Follows the node that the daemon runs on, by its addresses and by what the API server says of it, and has services
/// served and routed accordingly. For the control thread.
class NodeLink {
 public:
  struct Parts {
    config::Store& store;
    Dataplane& dataplane;
    Health& health;
    HealthCheckServer& health_checks;
  };

  /// `options`: those in force, asked for each time. The parts outlive it.
  NodeLink(std::function<std::shared_ptr<const Options>()> options, Parts parts);

  /// Begins to follow the host's addresses.
  void start(const boost::asio::any_io_executor& executor);
  void stop();

  /// What the API server says of the node; none: it has no such node.
  void set_node(const std::optional<config::Node>& node);
  /// Service addresses come from these now.
  void set_service_ranges(const std::vector<config::IpPrefix>& ranges) { routes_.set_ranges(ranges); }
  /// The host's addresses, the Node object or the options may have changed: services are served where they are to be
  /// now.
  void look_around();

  void apply(const std::vector<config::ServicePortChange>& changes) { routes_.apply(changes); }
  /// Takes away routes that nobody needs any more, once all services are known.
  void tidy_routes();

 private:
  void tell_what_changed(const config::Node& node) const;

  std::function<std::shared_ptr<const Options>()> options_;
  Parts parts_;
  HostRoutes routes_;
  std::optional<HostAddresses> host_;
  std::optional<config::Node> node_;
  NodeView view_;
};

}  // namespace ferry::proxy

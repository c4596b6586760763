#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <spdlog/logger.h>

#include "config/service_port_info.h"
#include "proxy/capture/listen_address.h"

namespace ferry::proxy {

/// Keeps the kernel's routes such that it delivers to this host what is sent to service ports: a route for each cluster
/// address outside the service ranges (LocalRoutes), a rule for each port of an external or load-balancer address
/// (ExternalRules) and what lets the kernel refuse there (ReplyDevice). An address that the host has itself needs
/// neither. For the control thread; the cost of a change is in proportion to it.
///
/// Without CAP_NET_ADMIN nothing can be done: that is said once.
class ServiceRoutes {
 public:
  explicit ServiceRoutes(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}

  /// These are local to the host already, or made so by somebody else.
  void set_ranges(std::vector<config::IpPrefix> ranges);
  /// The host has these addresses. `sources`: what its own connections to service addresses come from, the first of
  /// each family.
  void move_to(std::vector<config::IpAddress> addresses, std::vector<config::IpAddress> sources);

  /// Adds what the changes need; to be called before the service ports are served. What they need no more stays until
  /// sweep(), for the sake of connections that go on.
  void apply(const std::vector<config::ServicePortChange>& changes);

  /// Takes away what is needed no more, but for service ports that still carry something.
  void sweep(const std::function<bool(const config::ServicePortName&)>& is_busy);
  bool has_unneeded() const { return !unneeded_addresses_.empty() || !unneeded_ports_.empty(); }

  /// Takes away what earlier runs left and nobody needs; once all services are known.
  void remove_leftovers();

 private:
  bool needs_route(const config::IpAddress& address) const;
  void reconcile();
  void add_routes(const std::vector<config::IpAddress>& addresses);
  void add_rules(const std::vector<ListenAddress>& ports);
  void allow_replies_from(const config::IpAddress& address);
  void remove_rules(const std::vector<ListenAddress>& ports);
  void note(const std::string& what, std::size_t count, int error);

  std::shared_ptr<spdlog::logger> logger_;
  std::vector<config::IpPrefix> ranges_;
  std::set<config::IpAddress> own_;
  std::vector<config::IpAddress> sources_;
  /// How many service ports need each.
  std::unordered_map<config::IpAddress, std::size_t> addresses_;
  std::unordered_map<ListenAddress, std::size_t> ports_;
  std::set<config::IpAddress> routes_;
  std::set<ListenAddress> rules_;
  std::vector<std::pair<config::ServicePortName, config::IpAddress>> unneeded_addresses_;
  std::vector<std::pair<config::ServicePortName, ListenAddress>> unneeded_ports_;
  bool table_set_ = false;
  bool denied_ = false;
  bool replies_denied_ = false;
};

}  // namespace ferry::proxy

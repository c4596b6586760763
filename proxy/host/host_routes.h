#pragma once

#include <functional>
#include <memory>
#include <set>
#include <vector>

#include <spdlog/logger.h>

#include "config/ip_address.h"
#include "config/service_port_info.h"
#include "proxy/host/local_routes.h"
#include "proxy/host/service_routes.h"

namespace ferry::proxy {

/// Makes every service address local to this host: the ranges that they come from as a whole (LocalRoutes), and what
/// lies outside of those one by one (ServiceRoutes). What cannot be done is logged, once for each set of failures. For
/// the control thread.
class HostRoutes {
 public:
  /// `ranges`: known from the start.
  HostRoutes(std::vector<config::IpPrefix> ranges, std::shared_ptr<spdlog::logger> logger);

  /// Service addresses come from these now; what was made local for others before is taken back.
  void set_ranges(const std::vector<config::IpPrefix>& ranges);
  /// As ServiceRoutes::move_to.
  void move_to(const std::vector<config::IpAddress>& addresses, std::vector<config::IpAddress> sources);
  /// As ServiceRoutes::apply.
  void apply(const std::vector<config::ServicePortChange>& changes) { services_.apply(changes); }

  /// Takes away what nobody needs any more, once all services are known. A port that is among `busy`, which is asked
  /// only when it matters, keeps what it has.
  void tidy(const std::function<std::set<config::ServicePortName>()>& busy);

 private:
  void make_ranges_local();

  std::shared_ptr<spdlog::logger> logger_;
  std::vector<config::IpPrefix> ranges_;
  std::vector<config::IpAddress> sources_;
  std::vector<LocalRoutes::Failure> failures_;
  ServiceRoutes services_;
  bool leftovers_removed_ = false;
};

}  // namespace ferry::proxy

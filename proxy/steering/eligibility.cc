#include "proxy/settings/service_settings.h"
#include "proxy/steering/steering.h"

namespace ferry::proxy {

std::string_view why_not_steered(const config::ServicePortInfo& info) {
  if (info.name.protocol != config::Protocol::kTcp) return "only TCP is steered";
  if (info.cluster_ips.empty()) return "it has no cluster address";
  const auto read = read_settings(info.annotations);
  const ServiceSettings& settings = *read.settings;
  if (!settings.steering) return "its annotation says so";
  if (settings.load_balancing != LoadBalancing::kRoundRobin && settings.load_balancing != LoadBalancing::kRandom) {
    return "its load balancing goes by what the relay sees";
  }
  if (settings.proxy_protocol) return "its endpoints are to hear the PROXY protocol";
  if (settings.max_connections > 0) return "its endpoints have a bound of connections";
  if (settings.drain_timeout.count() > 0) return "its connections are drained with a deadline";
  if (settings.idle_timeout.count() > 0) return "its connections have an idle time-out";
  if (settings.slow_start.count() > 0) return "its endpoints start slowly";
  if (settings.hedged_dial) return "its dials are hedged";
  if (settings.dead_peer_timeout) return "it has a time-out for dead peers of its own";
  return {};
}

}  // namespace ferry::proxy

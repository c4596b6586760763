#include "proxy/metrics/steering_metrics.h"

#include "proxy/steering/service_ports_by_path.h"

namespace ferry::proxy {

MetricFamilies steering_metrics(const SteeringSnapshot& steering) {
  auto service_ports = gauge_family("kube_ferry_steering_service_ports",
                                    "Service ports by where new connections go: steered, relayed, or paused, which is "
                                    "relayed for a while.");
  const ServicePortsByPath ports = by_path(steering);
  add_sample(service_ports, number(ports.steered), {{"state", "steered"}});
  add_sample(service_ports, number(ports.relayed), {{"state", "relayed"}});
  add_sample(service_ports, number(ports.paused), {{"state", "paused"}});
  auto entries = gauge_family("kube_ferry_steering_map_entries", "Entries of the kernel's maps for steering, by map.");
  auto most = gauge_family("kube_ferry_steering_map_max_entries",
                           "Entries that the kernel's maps for steering have room for, by map.");
  for (const SteeringMap& map : steering.maps) {
    add_sample(entries, number(map.entries), {{"map", map.name}});
    add_sample(most, number(map.most), {{"map", map.name}});
  }
  return {
      gauge("kube_ferry_steering_enabled", "1 when connections of this node are steered where they can be.",
            steering.why_not.empty() ? 1 : 0),
      gauge("kube_ferry_steering_pinned", "1 when steering goes on while no kube-ferry runs.", steering.pinned ? 1 : 0),
      service_ports,
      counter("kube_ferry_steering_pauses_total",
              "Times a service port was left to the relay for a while because an endpoint had not taken a connection.",
              number(steering.pauses)),
      counter("kube_ferry_steering_connections_given_up_total",
              "Steered connections closed by their client before the endpoint answered.",
              number(steering.totals.given_up)),
      entries,
      most,
  };
}

}  // namespace ferry::proxy

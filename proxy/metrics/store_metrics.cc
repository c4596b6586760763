#include "proxy/metrics/store_metrics.h"

namespace ferry::proxy {

MetricFamilies store_metrics(const config::StoreStats& stats, bool synced) {
  auto objects = gauge_family("kube_ferry_store_objects", "Objects held of what the cluster says, by kind.");
  add_sample(objects, static_cast<double>(stats.services), {{"kind", "services"}});
  add_sample(objects, static_cast<double>(stats.slices), {{"kind", "slices"}});
  add_sample(objects, static_cast<double>(stats.service_ports), {{"kind", "service_ports"}});
  return {
      objects,
      gauge("kube_ferry_synced", "1 once every source has delivered its services and slices.", synced ? 1 : 0),
      gauge("kube_ferry_refused_endpoints",
            "Endpoints left out because nothing may be carried there: loopback, link-local, service addresses.",
            static_cast<double>(stats.refused_endpoints)),
      counter("kube_ferry_store_objects_visited_total", "Objects looked at on account of changes.",
              static_cast<double>(stats.objects_visited)),
      counter("kube_ferry_service_port_changes_total", "Changes of service ports handed to the data path.",
              static_cast<double>(stats.changes_reported)),
  };
}

}  // namespace ferry::proxy

#pragma once

#include <string>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/registry.h>

#include "proxy/admin/routes.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// Counts what the probes were answered, as kube-proxy does: kubeproxy_proxy_healthz_total{code} and
/// kubeproxy_proxy_livez_total{code}. Thread-safe.
class ProbeMetrics {
 public:
  ProbeMetrics();

  void count_healthz(unsigned status);
  void count_livez(unsigned status);

  MetricFamilies collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& healthz_;
  prometheus::Family<prometheus::Counter>& livez_;
};

}  // namespace ferry::proxy

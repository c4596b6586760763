#pragma once

#include <chrono>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "config/service_port_info.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// How changes reach the data path, under kube-proxy's names. A change is applied as soon as it is known, so the times
/// of queueing and of applying differ by the duration of applying. Thread-safe.
class SyncMetrics {
 public:
  SyncMetrics();

  /// Changes were handed to the data path, which took `duration` and was done at `now`.
  void applied(const std::vector<config::ServicePortChange>& changes, std::chrono::system_clock::time_point now,
               std::chrono::nanoseconds duration);

  MetricFamilies collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
  prometheus::Histogram& duration_;
  prometheus::Gauge& last_applied_;
  prometheus::Gauge& last_queued_;
  prometheus::Counter& service_changes_;
  prometheus::Counter& endpoint_changes_;
  prometheus::Family<prometheus::Gauge>& no_local_endpoints_;
  prometheus::Gauge& none_local_for_internal_;
  prometheus::Gauge& none_local_for_external_;
};

}  // namespace ferry::proxy

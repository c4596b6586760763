#pragma once

#include <cstddef>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// The data path's numbers under kube_ferry_: sums over everything, and what service_metrics() says.
MetricFamilies dataplane_metrics(const DataplaneSnapshot& snapshot, std::size_t most_endpoints = 1000);

}  // namespace ferry::proxy

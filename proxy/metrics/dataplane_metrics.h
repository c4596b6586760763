#pragma once

#include <cstddef>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/metrics/metric_family.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The data path's numbers under kube_ferry_: sums over everything, what service_metrics() says, and
/// steering_metrics().
MetricFamilies dataplane_metrics(const DataplaneSnapshot& snapshot, const SteeringSnapshot& steering,
                                 std::size_t most_endpoints = 1000);

}  // namespace ferry::proxy

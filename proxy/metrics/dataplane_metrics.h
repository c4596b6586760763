#pragma once

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// The data path's numbers under kube_ferry_: sums over everything, and for each service port that ever had a
/// connection its own. A service port that nobody used has no series, so that ten thousand idle ones cost nothing.
MetricFamilies dataplane_metrics(const DataplaneSnapshot& snapshot);

}  // namespace ferry::proxy

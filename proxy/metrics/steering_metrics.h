#pragma once

#include "proxy/metrics/metric_family.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// Whether connections are steered, of how many service ports, and how full the kernel's maps are. What became of the
/// connections stands beside the carried ones, with the label `path`.
MetricFamilies steering_metrics(const SteeringSnapshot& steering);

}  // namespace ferry::proxy

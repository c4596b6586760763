#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/metrics/metric_family.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The numbers of each service port that ever had a connection, carried or steered, and of each endpoint that one was
/// dialled to. A service port that nobody used has no series, so that ten thousand idle ones cost nothing; one that is
/// gone takes its series along once its last connection has ended.
///
/// Of `most_endpoints` endpoints at most, those of the service ports first by name; the rest are counted.
MetricFamilies service_metrics(const std::vector<ServicePortSnapshot>& service_ports,
                               const std::map<config::ServicePortName, SteeredPort>& steered,
                               std::size_t most_endpoints);

}  // namespace ferry::proxy

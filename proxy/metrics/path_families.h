#pragma once

#include <string>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/metrics/metric_family.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The labels, and one more.
MetricLabels with(MetricLabels labels, std::string name, std::string value);

/// Connections and bytes by the path they take: the label `path` is "relay" or "steered". There is always a sample of
/// each, so that a sum over them is of the same thing everywhere.
struct PathFamilies {
  prometheus::MetricFamily accepted;
  prometheus::MetricFamily open;
  prometheus::MetricFamily failed;
  prometheus::MetricFamily bytes;

  void include(const ConnectionCounters& relayed, const SteeredCounters& steered, const MetricLabels& labels);
};

}  // namespace ferry::proxy

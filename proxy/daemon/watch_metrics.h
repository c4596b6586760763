#pragma once

#include <vector>

#include "proxy/metrics/metric_family.h"
#include "watch/reflector/reflector_monitor.h"
#include "watch/source/file_source.h"

namespace ferry::proxy {

/// How the API server is followed, a sample for each resource.
MetricFamilies watch_metrics(const std::vector<watch::ReflectorStatus>& resources);

/// How the manifest files are followed, a sample for each path.
MetricFamilies file_metrics(const std::vector<watch::FileSourceStatus>& files);

}  // namespace ferry::proxy

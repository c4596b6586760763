#pragma once

#include <cstdint>

#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// What this process uses, as the kernel counts it. What could not be read is 0.
struct ProcessUsage {
  double cpu_seconds = 0;
  /// Seconds since 1970.
  double start_time = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;
  std::uint64_t threads = 0;
};

/// Reads proc(5).
ProcessUsage read_process_usage();

/// Under the names that every Prometheus client library gives them.
MetricFamilies process_metrics(const ProcessUsage& usage);

}  // namespace ferry::proxy

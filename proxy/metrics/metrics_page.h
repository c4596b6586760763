#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/admin/routes.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// The /metrics page: what its sources say at the moment it is asked, in Prometheus' text format 0.0.4.
class MetricsPage {
 public:
  using Source = std::function<MetricFamilies()>;

  /// Sources are asked in the order added, on the thread that renders. Families that come from several sources must
  /// not share a name.
  void add(Source source);

  Response render() const;

 private:
  std::string serialized() const;

  std::vector<Source> sources_;
};

}  // namespace ferry::proxy

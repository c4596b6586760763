#pragma once

#include <string>

#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// "0.1.0"
std::string version();

/// What --version prints: the version, the commit, the features built in, and the libraries and compiler used.
std::string version_text();

/// kube_ferry_build_info{version,commit}, always 1.
prometheus::MetricFamily build_info();

}  // namespace ferry::proxy

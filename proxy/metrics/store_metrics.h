#pragma once

#include "config/store.h"
#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// What the store holds and did. `synced` as Store::synced().
MetricFamilies store_metrics(const config::StoreStats& stats, bool synced);

}  // namespace ferry::proxy

#pragma once

#include <functional>
#include <string>

#include "proxy/admin/health.h"
#include "proxy/admin/page_maker.h"
#include "proxy/admin/routes.h"
#include "proxy/metrics/probe_metrics.h"

namespace ferry::proxy {

/// The pages of the healthz address: /healthz and /livez, each answer counted. The arguments must outlive the pages.
Routes health_pages(const Health& health, ProbeMetrics& probes);

/// The pages of the metrics address: those of the healthz address, /metrics and /proxyMode, which says "userspace" as
/// kube-proxy's mode of that name did, and /configz, which says `configuration`. The others must outlive the pages.
Routes metrics_pages(const Health& health, ProbeMetrics& probes, PageMaker& metrics,
                     std::function<std::string()> configuration);

/// Adds the live page.
void add_live_page(Routes& routes);

}  // namespace ferry::proxy

#include "proxy/metrics/probe_metrics.h"

namespace ferry::proxy {

namespace {

prometheus::Family<prometheus::Counter>& make_family(prometheus::Registry& registry, const char* name,
                                                     const char* help) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  // Both answers exist from the start, so that a rate over the first failure is right.
  family.Add({{"code", "200"}});
  family.Add({{"code", "503"}});
  return family;
}

}  // namespace

ProbeMetrics::ProbeMetrics()
    : healthz_(make_family(registry_, "kubeproxy_proxy_healthz_total", "Answers to /healthz, by status code.")),
      livez_(make_family(registry_, "kubeproxy_proxy_livez_total", "Answers to /livez, by status code.")) {}

void ProbeMetrics::count_healthz(unsigned status) { healthz_.Add({{"code", std::to_string(status)}}).Increment(); }

void ProbeMetrics::count_livez(unsigned status) { livez_.Add({{"code", std::to_string(status)}}).Increment(); }

}  // namespace ferry::proxy

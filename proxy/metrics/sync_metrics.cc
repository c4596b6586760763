#include "proxy/metrics/sync_metrics.h"

#include <algorithm>

namespace ferry::proxy {

namespace {

bool changes_endpoints(const config::ServicePortChange& change) {
  static const decltype(config::ServicePortInfo::backends) kNone{};
  const auto& before = change.before ? change.before->backends : kNone;
  const auto& after = change.after ? change.after->backends : kNone;
  return before != after;
}

bool changes_service(const config::ServicePortChange& change) {
  if (!change.before || !change.after) return true;
  config::ServicePortInfo with_old_endpoints = *change.after;
  with_old_endpoints.backends = change.before->backends;
  with_old_endpoints.refused_endpoints = change.before->refused_endpoints;
  return with_old_endpoints != *change.before;
}

bool has_endpoints_elsewhere_alone(const config::ServicePortInfo& info) {
  return std::any_of(info.backends.begin(), info.backends.end(),
                     [](const config::FamilyBackends& family) { return family.any_usable && family.local->empty(); });
}

/// 1 when connections to the service port from inside the cluster are dropped for want of a local endpoint; 0 also when
/// there is no such service port.
int drops_internal(const config::ServicePortInfo* info) {
  return info != nullptr && info->internal_traffic_policy == config::TrafficPolicy::kLocal &&
                 has_endpoints_elsewhere_alone(*info)
             ? 1
             : 0;
}

/// Likewise for those from outside.
int drops_external(const config::ServicePortInfo* info) {
  if (info == nullptr || info->external_traffic_policy != config::TrafficPolicy::kLocal) return 0;
  const bool reachable = info->node_port != 0 || !info->external_ips.empty() || !info->load_balancer_ips.empty();
  return reachable && has_endpoints_elsewhere_alone(*info) ? 1 : 0;
}

prometheus::Gauge& make_gauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Counter& make_counter(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& make_duration(prometheus::Registry& registry) {
  // From the microseconds that one change takes to the second that a first list of a large cluster may.
  const prometheus::Histogram::BucketBoundaries bounds{0.00001, 0.0001, 0.001, 0.01, 0.1, 1, 10};
  return prometheus::BuildHistogram()
      .Name("kubeproxy_sync_proxy_rules_duration_seconds")
      .Help("How long it took to apply a batch of changes to the data path, in seconds.")
      .Register(registry)
      .Add({}, bounds);
}

}  // namespace

SyncMetrics::SyncMetrics()
    : duration_(make_duration(registry_)),
      last_applied_(make_gauge(registry_, "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                               "When changes were last applied, in seconds since 1970.")),
      last_queued_(make_gauge(registry_, "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
                              "When changes were last queued, in seconds since 1970.")),
      service_changes_(make_counter(registry_, "kubeproxy_sync_proxy_rules_service_changes_total",
                                    "Service ports that were added, removed or changed but for their endpoints.")),
      endpoint_changes_(make_counter(registry_, "kubeproxy_sync_proxy_rules_endpoint_changes_total",
                                     "Service ports whose endpoints changed.")),
      no_local_endpoints_(prometheus::BuildGauge()
                              .Name("kubeproxy_sync_proxy_rules_no_local_endpoints_total")
                              .Help("Service ports with a Local traffic policy and endpoints, but none on this node.")
                              .Register(registry_)),
      none_local_for_internal_(no_local_endpoints_.Add({{"traffic_policy", "internal"}})),
      none_local_for_external_(no_local_endpoints_.Add({{"traffic_policy", "external"}})) {}

void SyncMetrics::applied(const std::vector<config::ServicePortChange>& changes,
                          std::chrono::system_clock::time_point now, std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  const double wall = std::chrono::duration<double>(now.time_since_epoch()).count();
  duration_.Observe(seconds);
  last_applied_.Set(wall);
  last_queued_.Set(wall - seconds);
  for (const config::ServicePortChange& change : changes) {
    if (changes_service(change)) service_changes_.Increment();
    if (changes_endpoints(change)) endpoint_changes_.Increment();
    none_local_for_internal_.Increment(drops_internal(change.after.get()) - drops_internal(change.before.get()));
    none_local_for_external_.Increment(drops_external(change.after.get()) - drops_external(change.before.get()));
  }
}

}  // namespace ferry::proxy

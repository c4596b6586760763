#include "proxy/metrics/network_programming.h"

#include <algorithm>

namespace ferry::proxy {

namespace {

/// kube-proxy's.
prometheus::Histogram::BucketBoundaries bounds() {
  prometheus::Histogram::BucketBoundaries made{0.25, 0.5};
  for (int second = 1; second < 60; ++second) made.push_back(second);
  for (int second = 60; second < 120; second += 5) made.push_back(second);
  for (int second = 120; second <= 300; second += 30) made.push_back(second);
  return made;
}

}  // namespace

NetworkProgramming::NetworkProgramming()
    : duration_(
          prometheus::BuildHistogram()
              .Name("kubeproxy_network_programming_duration_seconds")
              .Help("How long it took from a change of a pod or a Service until it was in force here, in seconds.")
              .Register(registry_)
              .Add({}, bounds())) {}

void NetworkProgramming::handed_over(const std::vector<WallTime>& triggers, std::uint64_t batch) {
  for (const WallTime triggered_at : triggers) {
    if (triggered_at < start_ || waiting_.size() == kMaxWaiting) continue;
    waiting_.push_back({triggered_at, batch});
  }
}

void NetworkProgramming::carried_out(std::uint64_t batch, WallTime now) {
  while (!waiting_.empty() && waiting_.front().batch <= batch) {
    // The trigger is told by another machine's clock, which may be ahead of this one's.
    duration_.Observe(std::max(0.0, std::chrono::duration<double>(now - waiting_.front().triggered_at).count()));
    waiting_.pop_front();
  }
}

}  // namespace ferry::proxy

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "proxy/metrics/metric_family.h"

namespace ferry::proxy {

/// How long it takes from a change of a pod or a Service until every worker acts on it, under kube-proxy's name
/// (kubeproxy_network_programming_duration_seconds, the network programming latency of Kubernetes' SIG Scalability).
/// Belongs to the control thread, but for collect().
class NetworkProgramming {
 public:
  using WallTime = std::chrono::system_clock::time_point;
  /// More changes than these do not wait for the workers at once; those beyond are not counted.
  static constexpr std::size_t kMaxWaiting = 65536;

  NetworkProgramming();

  /// What was triggered earlier is not counted: it waited for this process rather than for its work. Nothing is counted
  /// before this was called.
  void count_from(WallTime start) { start_ = start; }

  /// Changes triggered at these times were handed to the workers, the last with the batch of this number.
  void handed_over(const std::vector<WallTime>& triggers, std::uint64_t batch);

  /// Some change is not known to be in force.
  bool waiting() const { return !waiting_.empty(); }

  /// Every worker has carried out the batches up to this number.
  void carried_out(std::uint64_t batch, WallTime now);

  MetricFamilies collect() const { return registry_.Collect(); }

 private:
  struct Change {
    WallTime triggered_at;
    std::uint64_t batch = 0;
  };

  prometheus::Registry registry_;
  prometheus::Histogram& duration_;
  /// Later batches stand behind earlier ones.
  std::deque<Change> waiting_;
  WallTime start_ = WallTime::max();
};

}  // namespace ferry::proxy

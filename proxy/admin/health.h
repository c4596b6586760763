#pragma once

#include <atomic>
#include <chrono>

#include "proxy/admin/routes.h"

namespace ferry::proxy {

/// What the probes are told, fed by the control thread and read by the admin thread.
///
/// Alive: the cluster's state has been read whole once, and the control thread, through which every change passes, has
/// been seen within the last minute (kube-proxy: a queued change is applied within twice its 30 s period). Losing the
/// API server later changes nothing: the last known state serves. Healthy: alive, the node is not going away
/// (KEP-3836), and the proxy is not draining.
///
/// Thread-safe.
class Health {
 public:
  static constexpr std::chrono::seconds kStallLimit{60};
  using SteadyTime = std::chrono::steady_clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;

  explicit Health(SteadyTime now = std::chrono::steady_clock::now());

  /// The control thread's queue moves.
  void beat(SteadyTime now);
  /// The cluster's state has been read whole.
  void set_synced();
  /// Changes were applied to the data path.
  void set_applied(WallTime now);
  /// False: load balancers should stop sending here because the node is going away.
  void set_node_eligible(bool eligible);
  /// New connections are no longer taken.
  void set_draining();

  /// The epoch: nothing yet.
  WallTime last_applied() const { return last_applied_; }
  bool synced() const { return synced_; }

  bool alive(SteadyTime now) const;
  bool healthy(SteadyTime now) const;
  /// Connections are taken, whatever becomes of the node: what a load balancer asks of one Service.
  bool serving(SteadyTime now) const { return alive(now) && !draining_; }

  /// The answers to /healthz and /livez as kube-proxy gives them: 200 or 503, and a JSON body with `lastUpdated` (the
  /// current time while all is well), `currentTime` and `nodeEligible`.
  Response healthz(SteadyTime now, WallTime wall) const;
  Response livez(SteadyTime now, WallTime wall) const;

 private:
  Response answer(bool well, WallTime wall) const;
  bool node_eligible() const { return node_eligible_ && !draining_; }

  std::atomic<bool> synced_{false};
  std::atomic<bool> node_eligible_{true};
  std::atomic<bool> draining_{false};
  std::atomic<SteadyTime> last_beat_;
  std::atomic<WallTime> last_applied_{WallTime{}};
};

}  // namespace ferry::proxy

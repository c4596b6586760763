#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/dataplane/served_port.h"

namespace ferry::proxy {

/// How many connections of an endpoint that terminates or is gone have to be closed by when: decisions only.
///
/// For half of the drain timeout clients may leave by themselves. During the other half those at rest are closed,
/// evenly spread. After the timeout whatever is left goes, those at rest first, spread over another quarter of it.
class DrainPlan {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// How the connections that have to go now are chosen.
  struct Due {
    std::size_t count = 0;
    /// Only those at rest.
    bool idle_only = true;
  };

  DrainPlan(TimePoint start, std::chrono::milliseconds timeout, std::size_t open)
      : start_(start), timeout_(timeout), open_at_start_(open), open_at_timeout_(open) {}

  /// Of `open` connections that are left.
  Due due(TimePoint now, std::size_t open);

  /// When there may be something to do next.
  TimePoint next(TimePoint now) const;

  /// No byte has passed for this long: at rest.
  std::chrono::milliseconds rest() const;

 private:
  TimePoint start_;
  std::chrono::milliseconds timeout_;
  std::size_t open_at_start_;
  std::size_t open_at_timeout_;
};

/// The endpoints of one worker whose connections are being closed.
class Drainer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  struct Draining {
    std::shared_ptr<WorkerPort> port;
    WorkerEndpoint* endpoint = nullptr;
    DrainPlan plan;
  };

  /// Begins with the endpoints that are gone by the port's state, and lets those be that have come back. Endpoints
  /// without connections that are gone are forgotten.
  void state_changed(const std::shared_ptr<WorkerPort>& port, TimePoint now);

  /// Calls `close(draining, due)` for each that has something to close now, and forgets those that are through.
  template <typename Close>
  void act(TimePoint now, Close close) {
    if (!next_ || now < *next_) return;
    for (Draining& draining : draining_) {
      const DrainPlan::Due due = draining.plan.due(now, draining.endpoint->open);
      if (due.count > 0) close(draining, due);
    }
    forget_done();
    schedule(now);
  }

  std::optional<TimePoint> next_deadline() const { return next_; }

 private:
  void forget_done();
  void schedule(TimePoint now);

  std::vector<Draining> draining_;
  std::optional<TimePoint> next_;
};

}  // namespace ferry::proxy

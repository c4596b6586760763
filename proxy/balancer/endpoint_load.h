#pragma once

#include <atomic>
#include <cstdint>

#include "config/backend_set.h"
#include "proxy/balancer/peak_ewma.h"

namespace ferry::proxy {

/// What an endpoint of a service port has to do, as all workers of this node see it. Safe from any thread.
class EndpointLoad {
 public:
  /// Connections being dialled or carried.
  std::uint32_t open() const noexcept { return open_.load(std::memory_order_relaxed); }

  /// Counts one more, unless `most` are open already; 0: any number.
  bool try_open(std::uint32_t most) noexcept {
    if (open_.fetch_add(1, std::memory_order_relaxed) < most || most == 0) return true;
    closed();
    return false;
  }
  void closed() noexcept { open_.fetch_sub(1, std::memory_order_relaxed); }

  /// How long it takes to connect and to answer; a dial that fails counts as a second.
  PeakEwma latency;
  /// How long the dials took that succeeded.
  PeakEwma connect_time;

 private:
  std::atomic<std::uint32_t> open_{0};
};

/// The loads of the endpoints of one service port.
class EndpointLoads {
 public:
  virtual ~EndpointLoads() = default;

  /// Null for an endpoint that was not dialled yet.
  virtual const EndpointLoad* find(const config::Backend& endpoint) const = 0;
};

}  // namespace ferry::proxy

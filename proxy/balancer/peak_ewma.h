#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ferry::proxy {

/// How long one endpoint takes lately: an exponentially weighted moving average that takes over a longer time at once
/// and forgets it gradually, within about ten seconds, also while nobody asks (Finagle's peak EWMA).
///
/// Safe from any thread, without a lock: of two observations made in the same moment one may be lost.
class PeakEwma {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds kDecay{10};

  void observe(std::chrono::microseconds took, TimePoint now) noexcept;

  /// In microseconds, as far as it is not forgotten; 0 before the first observation.
  double at(TimePoint now) const noexcept;
  /// In microseconds, as of the last observation; 0 before the first.
  double last() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
  std::atomic<TimePoint> observed_{TimePoint()};
};

}  // namespace ferry::proxy

#include "proxy/balancer/peak_ewma.h"

#include <algorithm>
#include <cmath>

namespace ferry::proxy {

namespace {

double kept_after(PeakEwma::TimePoint::duration passed) {
  const auto seconds = std::chrono::duration<double>(std::max(passed, PeakEwma::TimePoint::duration::zero()));
  return std::exp(-seconds / PeakEwma::kDecay);
}

}  // namespace

void PeakEwma::observe(std::chrono::microseconds took, TimePoint now) noexcept {
  const auto seen = static_cast<double>(std::max<std::int64_t>(took.count(), 1));
  const double former = value_.load(std::memory_order_relaxed);
  const double kept = kept_after(now - observed_.load(std::memory_order_relaxed));
  value_.store(seen > former ? seen : seen + (former - seen) * kept, std::memory_order_relaxed);
  observed_.store(now, std::memory_order_relaxed);
}

double PeakEwma::at(TimePoint now) const noexcept {
  const double former = value_.load(std::memory_order_relaxed);
  return former == 0 ? 0 : former * kept_after(now - observed_.load(std::memory_order_relaxed));
}

}  // namespace ferry::proxy

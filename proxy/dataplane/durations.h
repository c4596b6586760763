#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/relay/counter.h"

namespace ferry::proxy {

/// How long things took, counted by steps of 1, 2 and 5. A plain value: sums and differences of others.
template <std::size_t Steps>
struct DurationCounts {
  std::array<std::uint64_t, Steps + 1> counts{};
  std::uint64_t sum_microseconds = 0;

  std::uint64_t total() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) total += count;
    return total;
  }
  DurationCounts& operator+=(const DurationCounts& other) {
    for (std::size_t step = 0; step <= Steps; ++step) counts[step] += other.counts[step];
    sum_microseconds += other.sum_microseconds;
    return *this;
  }
  /// What came after `former`.
  DurationCounts since(const DurationCounts& former) const {
    DurationCounts later = *this;
    for (std::size_t step = 0; step <= Steps; ++step) later.counts[step] -= former.counts[step];
    later.sum_microseconds -= former.sum_microseconds;
    return later;
  }

  friend bool operator==(const DurationCounts&, const DurationCounts&) = default;
};

/// Counts durations. Written by one thread; anyone may read. `Bounds::kBounds`, in microseconds, are the upper ends of
/// the steps; a last step has none.
template <typename Bounds>
class Durations {
 public:
  static constexpr std::size_t kSteps = Bounds::kBounds.size();
  using Counts = DurationCounts<kSteps>;

  void add(std::chrono::microseconds took) noexcept {
    const auto* const step = std::lower_bound(Bounds::kBounds.begin(), Bounds::kBounds.end(), took.count());
    counts_[static_cast<std::size_t>(step - Bounds::kBounds.begin())].add();
    sum_.add(static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
  }

  Counts counts() const {
    Counts now;
    for (std::size_t step = 0; step <= kSteps; ++step) now.counts[step] = counts_[step].value();
    now.sum_microseconds = sum_.value();
    return now;
  }

 private:
  std::array<Counter, kSteps + 1> counts_;
  Counter sum_;
};

/// How long the dials that succeeded took.
struct ConnectBounds {
  static constexpr std::array<std::int64_t, 16> kBounds{50,      100,       200,       500,      1'000,   2'000,
                                                        5'000,   10'000,    20'000,    50'000,   100'000, 200'000,
                                                        500'000, 1'000'000, 2'000'000, 4'000'000};
};
/// How long connections lasted.
struct LifeBounds {
  static constexpr std::array<std::int64_t, 8> kBounds{10'000,     100'000,     1'000'000,     10'000'000,
                                                       60'000'000, 600'000'000, 3'600'000'000, 86'400'000'000};
};

using ConnectTimes = Durations<ConnectBounds>;
using LifeTimes = Durations<LifeBounds>;

/// Below which `share` (0 to 1) of the durations lie, evened out within a step; what lies beyond the last step counts
/// as its beginning. None without any.
template <typename Bounds>
std::optional<std::chrono::microseconds> quantile(const typename Durations<Bounds>::Counts& counts, double share) {
  const std::uint64_t total = counts.total();
  if (total == 0) return std::nullopt;
  double wanted = share * static_cast<double>(total);
  std::int64_t begin = 0;
  for (std::size_t step = 0; step < Bounds::kBounds.size(); ++step) {
    const std::int64_t end = Bounds::kBounds[step];
    const auto here = static_cast<double>(counts.counts[step]);
    if (here > 0 && wanted <= here) {
      return std::chrono::microseconds(begin +
                                       static_cast<std::int64_t>(wanted / here * static_cast<double>(end - begin)));
    }
    wanted -= here;
    begin = end;
  }
  return std::chrono::microseconds(begin);
}

}  // namespace ferry::proxy

#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace ferry::bench {

/// How long things took: a histogram whose buckets are some 3 % wide.
class Latencies {
 public:
  void add(std::chrono::nanoseconds took) {
    ++buckets_[bucket_of(static_cast<std::uint64_t>(took.count()))];
    ++count_;
  }

  std::size_t count() const { return count_; }

  /// In microseconds; 0 without any. `share`: from 0 to 1.
  double percentile(double share) const {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(count_));
    std::size_t seen = 0;
    for (std::size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
      seen += buckets_[bucket];
      if (seen > rank) return value_of(bucket) / 1000.0;
    }
    return 0;
  }

 private:
  static constexpr unsigned kFine = 5;

  static std::size_t bucket_of(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kFine + 1) return value;
    const unsigned shift = width - kFine - 1;
    return (std::size_t{shift} << kFine) + (value >> shift);
  }
  /// The middle of the bucket.
  static double value_of(std::size_t bucket) {
    const std::size_t whole = std::size_t{1} << (kFine + 1);
    if (bucket < whole) return static_cast<double>(bucket);
    const std::size_t shift = (bucket >> kFine) - 1;
    const std::size_t rest = bucket - (shift << kFine);
    return (static_cast<double>(rest) + 0.5) * static_cast<double>(std::uint64_t{1} << shift);
  }

  std::array<std::uint32_t, 64U << kFine> buckets_{};
  std::size_t count_ = 0;
};

}  // namespace ferry::bench

#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/durations.h"

namespace ferry::proxy {

/// What one interval brought, a second where it is not said otherwise.
struct Sample {
  float connections = 0;
  float failures = 0;
  float bytes_to_backend = 0;
  float bytes_to_client = 0;
  /// At the interval's end.
  std::uint32_t open = 0;
  /// Of the dials that succeeded; negative without any.
  float connect_p99_ms = -1;
};

/// The last minutes of a service port, or of everything: about 3 KB.
class History {
 public:
  static constexpr std::size_t kSamples = 60;
  /// Over so many intervals the connect times are told.
  static constexpr std::size_t kConnectSamples = 12;

  /// The state at the end of an interval of this length. The first one only marks the beginning. Where a counter has
  /// fallen, nothing happened.
  void add(const ConnectionCounters& counters, const ConnectTimes::Counts& connect_times,
           std::chrono::duration<double> interval);

  std::size_t size() const { return size_; }
  /// `index` 0 is the oldest.
  const Sample& at(std::size_t index) const { return samples_[(next_ + kSamples - size_ + index) % kSamples]; }
  /// The last interval's; zero without any.
  Sample last() const { return size_ == 0 ? Sample{} : at(size_ - 1); }

  /// Below which `share` of the dials of the last minute stayed, in milliseconds; none without any.
  std::optional<double> connect_ms(double share) const;

 private:
  std::array<Sample, kSamples> samples_{};
  std::size_t next_ = 0;
  std::size_t size_ = 0;
  bool begun_ = false;
  ConnectionCounters counters_;
  /// At the ends of the last intervals, the newest at `newest_`.
  std::array<ConnectTimes::Counts, kConnectSamples + 1> connect_times_{};
  std::size_t newest_ = 0;
};

}  // namespace ferry::proxy

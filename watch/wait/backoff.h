#pragma once

#include <chrono>
#include <optional>

#include "watch/wait/clock.h"

namespace ferry::watch {

/// Grows the wait between attempts that fail: initial, times factor, up to a cap, each with jitter. A stretch without
/// trouble starts it over.
class Backoff {
 public:
  /// The values of client-go's reflector.
  struct Options {
    Clock::Duration initial = std::chrono::milliseconds(800);
    Clock::Duration cap = std::chrono::seconds(30);
    double factor = 2.0;
    double jitter = 1.0;
    /// An attempt that fails this long after the one before starts at `initial` again.
    Clock::Duration reset_after = std::chrono::minutes(2);
  };

  explicit Backoff(Clock& clock) : Backoff(clock, Options{}) {}
  Backoff(Clock& clock, Options options) : clock_(clock), options_(options), next_(options.initial) {}

  /// How long to wait before the next attempt. Call it once for each failure.
  Clock::Duration next();

  void reset() { next_ = options_.initial; }

 private:
  Clock& clock_;
  Options options_;
  Clock::Duration next_;
  std::optional<Clock::TimePoint> last_;
};

}  // namespace ferry::watch

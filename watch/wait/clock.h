#pragma once

#include <chrono>

#include <boost/asio/awaitable.hpp>

namespace ferry::watch {

/// Time, sleep and randomness as one injected thing, so that every schedule is testable without sleeping.
class Clock {
 public:
  using Duration = std::chrono::nanoseconds;
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  /// Completes after `duration`, or throws boost::system::system_error(operation_aborted) when cancelled.
  virtual boost::asio::awaitable<void> sleep(Duration duration) = 0;
  /// Uniform in [0, 1).
  virtual double random() = 0;
};

}  // namespace ferry::watch

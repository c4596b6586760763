#pragma once

#include <cstddef>
#include <deque>
#include <list>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "watch/wait/clock.h"

namespace ferry::testing {

/// Time that moves only when the test says so, and randomness that is scripted. Belongs to the thread that runs the
/// event loop its sleepers are on.
class FakeClock final : public watch::Clock {
 public:
  TimePoint now() const override { return now_; }
  boost::asio::awaitable<void> sleep(Duration duration) override;
  double random() override;

  /// Moves time on and wakes the sleepers whose time has come, the earliest first. They go on when the loop runs.
  void advance(Duration duration);
  /// Moves time to where the earliest sleeper wakes. False: nobody sleeps.
  bool advance_to_next();

  /// random() returns these in turn, and `value` (0 unless told) from then on.
  void script_random(std::deque<double> values) { scripted_ = std::move(values); }
  void set_random(double value) { random_ = value; }

  std::size_t sleepers() const { return sleepers_.size(); }
  /// Every duration sleep() was ever asked for, in order.
  const std::vector<Duration>& slept() const { return slept_; }

 private:
  struct Sleeper {
    TimePoint until;
    boost::asio::steady_timer timer;
    bool due = false;
  };

  void wake_until(TimePoint time);

  // Not the epoch: a time before the start must be expressible.
  TimePoint now_{std::chrono::hours(1000)};
  std::list<Sleeper*> sleepers_;
  std::vector<Duration> slept_;
  std::deque<double> scripted_;
  double random_ = 0.0;
};

}  // namespace ferry::testing

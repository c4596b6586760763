#pragma once

#include <chrono>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/dataplane/dataplane.h"
#include "proxy/metrics/network_programming.h"

namespace ferry::proxy {

/// Waits until the workers act on changes whose triggers are known, and counts how long that took since the triggers.
/// For the thread of its executor, but for collect().
class ProgrammingWait {
 public:
  using WallTime = NetworkProgramming::WallTime;

  /// `dataplane` outlives it.
  ProgrammingWait(const boost::asio::any_io_executor& executor, Dataplane& dataplane)
      : dataplane_(dataplane), timer_(executor) {}

  /// See NetworkProgramming::count_from.
  void count_from(WallTime start) { times_.count_from(start); }
  /// What was triggered at these times is among what the dataplane has been told.
  void handed_over(const std::vector<WallTime>& triggers);
  void stop() { timer_.cancel(); }

  /// Safe from any thread.
  MetricFamilies collect() const { return times_.collect(); }

 private:
  /// Counts what is in force by now, and looks again soon while something is not.
  void look();

  Dataplane& dataplane_;
  NetworkProgramming times_;
  boost::asio::steady_timer timer_;
};

}  // namespace ferry::proxy

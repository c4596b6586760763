#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/e2e/echo_client.h"

namespace ferry::testing {

/// Calls a service all the time, on threads of its own, until it is stopped. The threads are in the network of the one
/// that makes it.
class SteadyLoad {
 public:
  /// `rate` calls a second, shared out among the callers; each makes its next one as soon as the one before is over
  /// when that takes longer.
  explicit SteadyLoad(const boost::asio::ip::tcp::endpoint& target, std::size_t rate = 200, std::size_t callers = 1);
  ~SteadyLoad();
  SteadyLoad(const SteadyLoad&) = delete;
  SteadyLoad& operator=(const SteadyLoad&) = delete;

  /// What became of the calls so far.
  Tally tally() const;
  /// Waits until `count` more calls are over.
  void wait_for_more(std::size_t count);
  /// Returns when no call is under way; none begins until resume(). A backend that is killed in between takes nobody's
  /// connection with it.
  void pause();
  void resume();
  /// Ends the last call and stops.
  Tally stop();

 private:
  void run(const boost::asio::ip::tcp::endpoint& target, std::chrono::nanoseconds pause);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Tally tally_;
  /// Calls under way.
  std::size_t calling_ = 0;
  bool paused_ = false;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace ferry::testing

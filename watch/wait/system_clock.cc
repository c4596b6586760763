#include "watch/wait/system_clock.h"

#include <chrono>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ferry::watch {

namespace asio = boost::asio;

Clock::TimePoint SystemClock::now() const { return std::chrono::steady_clock::now(); }

asio::awaitable<void> SystemClock::sleep(Duration duration) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, std::chrono::steady_clock::duration(duration));
  co_await timer.async_wait(asio::use_awaitable);
}

double SystemClock::random() { return std::uniform_real_distribution<double>(0.0, 1.0)(generator_); }

}  // namespace ferry::watch

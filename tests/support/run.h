#pragma once

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "tests/support/fake_clock.h"

namespace ferry::testing {

/// Far beyond what any test needs: reached only where something hangs.
inline constexpr std::chrono::seconds kHangDeadline{30};

/// Runs the loop until `done()`. Throws when the loop runs dry, or hangs, before that.
template <class Done>
void run_until(boost::asio::io_context& context, Done done) {
  const auto deadline = std::chrono::steady_clock::now() + kHangDeadline;
  while (!done()) {
    context.restart();
    if (context.run_one_until(deadline) > 0) continue;
    throw std::runtime_error(context.stopped() && std::chrono::steady_clock::now() < deadline
                                 ? "the event loop ran out of work"
                                 : "nothing happened for too long");
  }
}

/// Runs a coroutine to its end on the loop and returns what it returned; what it threw is thrown again.
template <class T>
T run(boost::asio::io_context& context, boost::asio::awaitable<T> work) {
  bool done = false;
  std::exception_ptr thrown;
  if constexpr (std::is_void_v<T>) {
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error) {
      thrown = std::move(error);
      done = true;
    });
    run_until(context, [&done] { return done; });
    if (thrown) std::rethrow_exception(thrown);
  } else {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, auto value) {
      thrown = std::move(error);
      if (!thrown) result.emplace(std::move(value));
      done = true;
    });
    run_until(context, [&done] { return done; });
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
  }
}

/// True when the loop has nothing left to wait for, once what is ready has run. For the end of a fixture.
inline bool is_idle(boost::asio::io_context& context) {
  context.restart();
  context.poll();
  return context.stopped();
}

/// Lets time pass for coroutines that wait for nothing but the clock: runs what is ready, moves time to the next
/// sleeper, and so on until `done()`. Throws when nobody is left to wake before that.
template <class Done>
void run_in_virtual_time(boost::asio::io_context& context, FakeClock& clock, Done done) {
  while (!done()) {
    context.restart();
    if (context.poll_one() > 0 || done()) continue;
    if (!clock.advance_to_next()) throw std::runtime_error("everybody waits for something that is not the clock");
  }
}

}  // namespace ferry::testing

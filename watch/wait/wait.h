#pragma once

#include <functional>

#include <boost/asio/awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include "watch/wait/clock.h"

namespace ferry::watch {

enum class WaitError {
  kTimedOut = 1,
};

/// "timed out waiting for the condition"
const boost::system::error_category& wait_category();
boost::system::error_code make_error_code(WaitError error);

/// Asked until it says true. An error ends the wait at once and is what the wait returns.
using Condition = std::function<boost::asio::awaitable<boost::system::result<bool>>()>;

/// Completes when the next look is due; false: there will be no more.
using Ticker = std::function<boost::asio::awaitable<bool>()>;

/// Asks once a tick, and once more when the ticks have ended. WaitError::kTimedOut when it was never true.
boost::asio::awaitable<boost::system::error_code> wait_for(Ticker ticker, Condition condition);

/// Asks every `interval` and, for the last time, at the end of `timeout`; a timeout of 0 means for ever. The first look
/// comes after one interval, and there always is a first; before each later one the deadline is checked, so that a
/// condition slow to answer is not asked again past it. WaitError::kTimedOut when it was never true.
boost::asio::awaitable<boost::system::error_code> poll(Clock& clock, Clock::Duration interval, Clock::Duration timeout,
                                                       Condition condition);

/// `duration` lengthened at random by up to `factor` times itself: uniform in [duration, duration * (1 + factor)).
/// A factor of zero or less counts as 1, so that those who wait together never come back together.
Clock::Duration jitter(Clock& clock, Clock::Duration duration, double factor);

}  // namespace ferry::watch

template <>
struct boost::system::is_error_code_enum<ferry::watch::WaitError> : std::true_type {};

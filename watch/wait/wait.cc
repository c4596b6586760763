#include "watch/wait/wait.h"

#include <algorithm>
#include <string>
#include <utility>

namespace ferry::watch {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class WaitCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "wait"; }
  std::string message(int /*value*/) const override { return "timed out waiting for the condition"; }
};

}  // namespace

const boost::system::error_category& wait_category() {
  static const WaitCategory category;
  return category;
}

error_code make_error_code(WaitError error) { return {static_cast<int>(error), wait_category()}; }

asio::awaitable<error_code> wait_for(Ticker ticker, Condition condition) {
  bool more = true;
  while (more) {
    more = co_await ticker();
    const auto met = co_await condition();
    if (met.has_error()) co_return met.error();
    if (met.value()) co_return error_code();
  }
  co_return WaitError::kTimedOut;
}

asio::awaitable<error_code> poll(Clock& clock, Clock::Duration interval, Clock::Duration timeout, Condition condition) {
  const bool for_ever = timeout.count() <= 0;
  const Clock::TimePoint deadline = clock.now() + timeout;
  for (bool first = true;; first = false) {
    const Clock::Duration left = deadline - clock.now();
    if (!for_ever && !first && left.count() <= 0) co_return WaitError::kTimedOut;
    co_await clock.sleep(for_ever ? interval : std::min(interval, left));
    const auto met = co_await condition();
    if (met.has_error()) co_return met.error();
    if (met.value()) co_return error_code();
  }
}

Clock::Duration jitter(Clock& clock, Clock::Duration duration, double factor) {
  const double most = factor > 0 ? factor : 1.0;
  const auto extra = clock.random() * most * static_cast<double>(duration.count());
  return duration + Clock::Duration(static_cast<Clock::Duration::rep>(extra));
}

}  // namespace ferry::watch

#include "tests/support/fake_clock.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace ferry::testing {

namespace asio = boost::asio;

asio::awaitable<void> FakeClock::sleep(Duration duration) {
  const auto executor = co_await asio::this_coro::executor;
  slept_.push_back(duration);
  if (duration <= Duration::zero()) co_return;
  Sleeper sleeper{now_ + duration, asio::steady_timer(executor, asio::steady_timer::time_point::max())};
  // A sleeper that is destroyed with its loop must not stay listed.
  struct Listed {
    std::list<Sleeper*>& list;
    Sleeper* entry;
    ~Listed() { list.remove(entry); }
  };
  sleepers_.push_back(&sleeper);
  const Listed listed{sleepers_, &sleeper};
  co_await sleeper.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!sleeper.due) throw boost::system::system_error(asio::error::operation_aborted);
}

double FakeClock::random() {
  if (scripted_.empty()) return random_;
  const double value = scripted_.front();
  scripted_.pop_front();
  return value;
}

void FakeClock::advance(Duration duration) { wake_until(now_ + duration); }

bool FakeClock::advance_to_next() {
  const auto earlier = [](const Sleeper* a, const Sleeper* b) { return a->until < b->until; };
  const auto next = std::min_element(sleepers_.begin(), sleepers_.end(), earlier);
  if (next == sleepers_.end()) return false;
  wake_until(std::max(now_, (*next)->until));
  return true;
}

void FakeClock::wake_until(TimePoint time) {
  now_ = time;
  sleepers_.sort([](const Sleeper* a, const Sleeper* b) { return a->until < b->until; });
  while (!sleepers_.empty() && sleepers_.front()->until <= now_) {
    Sleeper& sleeper = *sleepers_.front();
    sleepers_.pop_front();
    sleeper.due = true;
    sleeper.timer.cancel();
  }
}

}  // namespace ferry::testing

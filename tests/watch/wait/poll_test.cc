#include <chrono>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/run.h"
#include "watch/wait/wait.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;
using Times = std::vector<Clock::Duration>;

/// A condition that notes when it was asked, and answers what it was told.
class Asked {
 public:
  explicit Asked(testing::FakeClock& clock) : clock_(clock), start_(clock.now()) {}

  Condition never() { return answering(1'000'000); }
  /// True the `count`-th time.
  Condition answering(int count) {
    return [this, count] { return answer(count); };
  }
  /// Each look takes so long.
  void takes(Clock::Duration duration) { takes_ = duration; }
  void fails(error_code error) { error_ = error; }

  const Times& times() const { return times_; }

 private:
  asio::awaitable<boost::system::result<bool>> answer(int count) {
    times_.push_back(clock_.now() - start_);
    clock_.advance(takes_);
    if (error_.failed()) co_return boost::system::result<bool>(boost::system::in_place_error, error_);
    co_return static_cast<int>(times_.size()) >= count;
  }

  testing::FakeClock& clock_;
  Clock::TimePoint start_;
  Clock::Duration takes_{};
  error_code error_;
  Times times_;
};

class PollTest : public ::testing::Test {
 protected:
  error_code run(asio::awaitable<error_code> wait) {
    bool done = false;
    error_code result;
    asio::co_spawn(context_, std::move(wait), [&](const std::exception_ptr& /*thrown*/, error_code code) {
      result = code;
      done = true;
    });
    testing::run_in_virtual_time(context_, clock_, [&done] { return done; });
    EXPECT_TRUE(testing::is_idle(context_));
    return result;
  }

  asio::io_context context_;
  testing::FakeClock clock_;
  Asked asked_{clock_};
};

TEST_F(PollTest, AsksEveryIntervalUntilItIsTrue) {
  EXPECT_EQ(run(poll(clock_, 1s, 10s, asked_.answering(3))), error_code());
  EXPECT_EQ(asked_.times(), (Times{1s, 2s, 3s}));
}

TEST_F(PollTest, TimesOutWithAnErrorOfItsOwn) {
  const error_code code = run(poll(clock_, 1s, 3s, asked_.never()));
  EXPECT_EQ(code, WaitError::kTimedOut);
  EXPECT_EQ(code.message(), "timed out waiting for the condition");
  EXPECT_EQ(asked_.times(), (Times{1s, 2s, 3s}));
}

TEST_F(PollTest, AsksForTheLastTimeAtTheDeadline) {
  EXPECT_EQ(run(poll(clock_, 2s, 5s, asked_.never())), WaitError::kTimedOut);
  EXPECT_EQ(asked_.times(), (Times{2s, 4s, 5s}));
}

TEST_F(PollTest, AsksOnceWhenTheTimeoutIsShorterThanTheInterval) {
  EXPECT_EQ(run(poll(clock_, 10s, 1s, asked_.answering(1))), error_code());
  EXPECT_EQ(asked_.times(), (Times{1s}));
}

TEST_F(PollTest, DoesNotAskAgainPastTheDeadlineWhenTheConditionIsSlow) {
  asked_.takes(20s);
  EXPECT_EQ(run(poll(clock_, 1s, 5s, asked_.never())), WaitError::kTimedOut);
  EXPECT_EQ(asked_.times(), (Times{1s}));
}

TEST_F(PollTest, ATimeoutOfZeroMeansForEver) {
  EXPECT_EQ(run(poll(clock_, 1h, 0s, asked_.answering(5000))), error_code());
  EXPECT_EQ(asked_.times().size(), 5000U);
}

TEST_F(PollTest, AnErrorOfTheConditionIsReturnedAtOnce) {
  asked_.fails(asio::error::access_denied);
  EXPECT_EQ(run(poll(clock_, 1s, 10s, asked_.never())), asio::error::access_denied);
  EXPECT_EQ(asked_.times(), (Times{1s}));
}

/// A ticker that ends after so many ticks.
Ticker ticks(int count) {
  return [count]() mutable -> asio::awaitable<bool> { co_return count-- > 0; };
}

TEST_F(PollTest, WaitForAsksOnceATickAndOnceMoreWhenTheTicksHaveEnded) {
  EXPECT_EQ(run(wait_for(ticks(2), asked_.never())), WaitError::kTimedOut);
  EXPECT_EQ(asked_.times().size(), 3U);
}

TEST_F(PollTest, WaitForAsksOnceEvenWithoutATick) {
  EXPECT_EQ(run(wait_for(ticks(0), asked_.answering(1))), error_code());
  EXPECT_EQ(asked_.times().size(), 1U);
}

TEST_F(PollTest, WaitForReturnsAnErrorAtOnce) {
  asked_.fails(asio::error::access_denied);
  EXPECT_EQ(run(wait_for(ticks(5), asked_.never())), asio::error::access_denied);
  EXPECT_EQ(asked_.times().size(), 1U);
}

}  // namespace
}  // namespace ferry::watch

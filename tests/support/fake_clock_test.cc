#include "tests/support/fake_clock.h"

#include <string>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <gmock/gmock.h>

#include "tests/support/run.h"

namespace ferry::testing {
namespace {

namespace asio = boost::asio;
using std::chrono::seconds;
using ::testing::ElementsAre;

asio::awaitable<void> sleep_and_tell(FakeClock& clock, seconds time, std::string& told, char name) {
  co_await clock.sleep(time);
  told += name;
}

class FakeClockTest : public ::testing::Test {
 protected:
  void start(seconds time, char name) {
    asio::co_spawn(context_, sleep_and_tell(clock_, time, told_, name), [](std::exception_ptr) {});
  }
  void settle() {
    context_.restart();
    context_.poll();
  }

  asio::io_context context_;
  FakeClock clock_;
  std::string told_;
};

TEST_F(FakeClockTest, NobodySleepsAtFirst) {
  EXPECT_EQ(clock_.sleepers(), 0U);
  EXPECT_FALSE(clock_.advance_to_next());
  EXPECT_TRUE(is_idle(context_));
}

TEST_F(FakeClockTest, ASleeperWakesWhenItsTimeHasComeAndNotBefore) {
  start(seconds(10), 'a');
  settle();
  EXPECT_EQ(clock_.sleepers(), 1U);
  clock_.advance(seconds(9));
  settle();
  EXPECT_EQ(told_, "");
  clock_.advance(seconds(1));
  settle();
  EXPECT_EQ(told_, "a");
  EXPECT_TRUE(is_idle(context_));
}

TEST_F(FakeClockTest, SleepersWakeInTheOrderOfTheirTimes) {
  start(seconds(3), 'c');
  start(seconds(1), 'a');
  start(seconds(2), 'b');
  settle();
  clock_.advance(seconds(5));
  settle();
  EXPECT_EQ(told_, "abc");
  EXPECT_THAT(clock_.slept(), ElementsAre(seconds(3), seconds(1), seconds(2)));
}

TEST_F(FakeClockTest, VirtualTimeRunsUntilWhatIsWaitedFor) {
  start(seconds(3600), 'a');
  start(seconds(7200), 'b');
  const auto before = clock_.now();
  run_in_virtual_time(context_, clock_, [this] { return told_ == "ab"; });
  EXPECT_EQ(clock_.now() - before, seconds(7200));
  EXPECT_THROW(run_in_virtual_time(context_, clock_, [] { return false; }), std::runtime_error);
}

TEST_F(FakeClockTest, ACancelledSleepThrowsAndIsForgotten) {
  asio::cancellation_signal signal;
  bool thrown = false;
  asio::co_spawn(
      context_, sleep_and_tell(clock_, seconds(10), told_, 'a'),
      asio::bind_cancellation_slot(signal.slot(), [&thrown](std::exception_ptr error) { thrown = error != nullptr; }));
  settle();
  signal.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(thrown);
  EXPECT_EQ(clock_.sleepers(), 0U);
}

TEST_F(FakeClockTest, ALoopThatGoesTakesItsSleepersAlong) {
  {
    asio::io_context other;
    asio::co_spawn(other, sleep_and_tell(clock_, seconds(10), told_, 'a'), [](std::exception_ptr) {});
    other.poll();
    EXPECT_EQ(clock_.sleepers(), 1U);
  }
  EXPECT_EQ(clock_.sleepers(), 0U);
}

TEST_F(FakeClockTest, RandomnessIsAsScripted) {
  clock_.script_random({0.25, 0.75});
  EXPECT_EQ(clock_.random(), 0.25);
  EXPECT_EQ(clock_.random(), 0.75);
  EXPECT_EQ(clock_.random(), 0.0);
  clock_.set_random(0.5);
  EXPECT_EQ(clock_.random(), 0.5);
}

}  // namespace
}  // namespace ferry::testing

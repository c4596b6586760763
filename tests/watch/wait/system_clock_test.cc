#include "watch/wait/system_clock.h"

#include <chrono>
#include <exception>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include "tests/support/run.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST(SystemClock, SleepsNoShorterThanAsked) {
  asio::io_context context;
  SystemClock clock;
  const auto start = clock.now();
  testing::run(context, clock.sleep(2ms));
  EXPECT_GE(clock.now() - start, 2ms);
}

TEST(SystemClock, ASleepThatIsCancelledThrowsOperationAborted) {
  asio::io_context context;
  SystemClock clock;
  asio::cancellation_signal cancel;
  boost::system::error_code code;
  asio::co_spawn(context, clock.sleep(1h),
                 asio::bind_cancellation_slot(cancel.slot(), [&code](const std::exception_ptr& thrown) {
                   try {
                     if (thrown) std::rethrow_exception(thrown);
                   } catch (const boost::system::system_error& error) {
                     code = error.code();
                   }
                 }));
  context.poll();
  cancel.emit(asio::cancellation_type::terminal);
  EXPECT_TRUE(testing::is_idle(context));
  EXPECT_EQ(code, asio::error::operation_aborted);
}

TEST(SystemClock, ItsRandomNumbersStayBelowOneAndDiffer) {
  SystemClock clock;
  bool differ = false;
  const double first = clock.random();
  for (int i = 0; i < 1000; ++i) {
    const double value = clock.random();
    EXPECT_GE(value, 0.0);
    EXPECT_LT(value, 1.0);
    differ |= value != first;
  }
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace ferry::watch

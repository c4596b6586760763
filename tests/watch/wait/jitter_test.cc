#include <chrono>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "watch/wait/wait.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;

TEST(Jitter, AddsTheRandomShareOfTheFactor) {
  testing::FakeClock clock;
  clock.script_random({0.0, 0.5, 0.75});
  EXPECT_EQ(jitter(clock, 10s, 0.5), 10s);
  EXPECT_EQ(jitter(clock, 10s, 0.5), 12500ms);
  EXPECT_EQ(jitter(clock, 10s, 2.0), 25s);
}

TEST(Jitter, AFactorOfZeroOrLessCountsAsOne) {
  testing::FakeClock clock;
  clock.set_random(0.5);
  EXPECT_EQ(jitter(clock, 10s, 0.0), 15s);
  EXPECT_EQ(jitter(clock, 10s, -3.0), 15s);
}

TEST(Jitter, NothingStaysNothing) {
  testing::FakeClock clock;
  clock.set_random(0.9);
  EXPECT_EQ(jitter(clock, 0s, 1.0), 0s);
}

}  // namespace
}  // namespace ferry::watch

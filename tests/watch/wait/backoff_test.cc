#include "watch/wait/backoff.h"

#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
using Durations = std::vector<Clock::Duration>;

TEST(Backoff, DoublesUpToItsCap) {
  testing::FakeClock clock;
  Backoff backoff(clock);
  Durations waits;
  for (int attempt = 0; attempt < 8; ++attempt) waits.push_back(backoff.next());
  EXPECT_EQ(waits, (Durations{800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 30s, 30s}));
}

TEST(Backoff, LengthensEachWaitByUpToItself) {
  testing::FakeClock clock;
  clock.script_random({0.5, 0.25});
  Backoff backoff(clock);
  EXPECT_EQ(backoff.next(), 1200ms);
  EXPECT_EQ(backoff.next(), 2000ms);
}

TEST(Backoff, StartsOverAfterTwoMinutesWithoutTrouble) {
  testing::FakeClock clock;
  Backoff backoff(clock);
  backoff.next();
  backoff.next();
  clock.advance(2min - 1ms);
  EXPECT_EQ(backoff.next(), 3200ms);
  clock.advance(2min);
  EXPECT_EQ(backoff.next(), 800ms);
}

TEST(Backoff, StartsOverWhenTold) {
  testing::FakeClock clock;
  Backoff backoff(clock);
  backoff.next();
  backoff.next();
  backoff.reset();
  EXPECT_EQ(backoff.next(), 800ms);
}

}  // namespace
}  // namespace ferry::watch

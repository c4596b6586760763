#include <chrono>
#include <vector>

#include <gtest/gtest.h>

#include "tests/watch/reflector/reflector_fixture.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
using namespace ferry::testing;

/// The fixture's end checks that nothing is left of a reflector that was stopped.
class ReflectorCancellationTest : public ReflectorFixture {
 protected:
  void stop_and_expect_the_end() {
    EXPECT_FALSE(ended_);
    stop();
    EXPECT_TRUE(ended_);
  }
};

TEST_F(ReflectorCancellationTest, WhileListing) {
  play({nothing_ever()}, plain());
  stop_and_expect_the_end();
}

TEST_F(ReflectorCancellationTest, WhileWatching) {
  play({a_list("2", {}), nothing_ever()}, plain());
  stop_and_expect_the_end();
}

TEST_F(ReflectorCancellationTest, WhileGatheringInitialEvents) {
  play({nothing_ever()});
  stop_and_expect_the_end();
}

TEST_F(ReflectorCancellationTest, WhileCheckingAVersion) {
  play({a_list("2", {}), a_watch({}, broken()), nothing_ever()}, plain());
  stop_and_expect_the_end();
}

TEST_F(ReflectorCancellationTest, WhileWaitingToTryAgain) {
  server_.answers({a_failure(refused())});
  start(plain());
  context_.poll();
  EXPECT_EQ(clock_.sleepers(), 1U);
  stop_and_expect_the_end();
}

TEST_F(ReflectorCancellationTest, AClientThatWasClosedEndsIt) {
  play({a_list("2", {}), a_failure(error_of(ApiError::Kind::kCancelled))}, plain());
  EXPECT_TRUE(ended_);
  EXPECT_EQ(result_.kind, ApiError::Kind::kCancelled);
  EXPECT_TRUE(monitor_.status().failures.empty());
}

}  // namespace
}  // namespace ferry::watch

#include "proxy/balancer/ejections.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/balancer/endpoints.h"

namespace ferry::proxy {
namespace {

using ferry::testing::endpoint;
using ferry::testing::set_of_first;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// On a clock of its own.
class EjectionsTest : public ::testing::Test {
 protected:
  bool left_out(std::uint8_t last) { return ejections_.leaves_out(endpoint(last), now_); }
  bool failed(std::uint8_t last, const config::BackendSet& set) { return ejections_.failed(endpoint(last), set, now_); }

  EjectionOptions options_{.max_percent = 50, .first = seconds{1}, .longest = seconds{8}, .seed = 7};
  Ejections ejections_{options_};
  Ejections::TimePoint now_{seconds{1000}};
};

TEST_F(EjectionsTest, AFailureLeavesOutThatEndpointAloneForAWhile) {
  EXPECT_TRUE(failed(1, set_of_first(4)));
  EXPECT_EQ(ejections_.size(), 1U);
  EXPECT_FALSE(left_out(2));
  now_ += milliseconds{999};
  EXPECT_TRUE(left_out(1));
  now_ += milliseconds{252};
  EXPECT_FALSE(left_out(1)) << "a second and a quarter have passed";
}

TEST_F(EjectionsTest, WhenTheTimeIsOverOneConnectionTriesTheEndpoint) {
  failed(1, set_of_first(4));
  now_ += seconds{2};
  EXPECT_FALSE(left_out(1));
  EXPECT_TRUE(left_out(1)) << "it is being tried";
  ejections_.succeeded(endpoint(1));
  EXPECT_FALSE(left_out(1));
  EXPECT_FALSE(left_out(1));
  EXPECT_EQ(ejections_.size(), 0U);
}

TEST_F(EjectionsTest, ATrialThatNobodyTellsTheEndOfIsFollowedByAnother) {
  failed(1, set_of_first(4));
  now_ += seconds{2};
  EXPECT_FALSE(left_out(1));
  now_ += Ejections::kTrial;
  EXPECT_FALSE(left_out(1));
  EXPECT_TRUE(left_out(1));
}

TEST_F(EjectionsTest, EachFailureDoublesTheTimeUpToTheLongest) {
  for (const milliseconds expected :
       {milliseconds{1000}, milliseconds{2000}, milliseconds{4000}, milliseconds{8000}, milliseconds{8000}}) {
    EXPECT_TRUE(failed(1, set_of_first(4)));
    now_ += expected - milliseconds{1};
    EXPECT_TRUE(left_out(1)) << expected.count();
    now_ += expected / 4 + milliseconds{2};
    EXPECT_FALSE(left_out(1)) << expected.count();
  }
}

TEST_F(EjectionsTest, FailuresOfConnectionsThatWereUnderWayChangeNothing) {
  EXPECT_TRUE(failed(1, set_of_first(4)));
  for (int more = 0; more < 10; ++more) EXPECT_FALSE(failed(1, set_of_first(4)));
  now_ += milliseconds{1300};
  EXPECT_FALSE(left_out(1));
}

TEST_F(EjectionsTest, NoMoreThanTheShareIsLeftOut) {
  EXPECT_FALSE(failed(1, set_of_first(1)));
  EXPECT_TRUE(failed(1, set_of_first(3)));
  EXPECT_FALSE(failed(2, set_of_first(3)));
  EXPECT_TRUE(failed(2, set_of_first(4)));
  EXPECT_FALSE(left_out(3));
  options_.max_percent = 0;
  EXPECT_FALSE(failed(3, set_of_first(100)));
}

TEST_F(EjectionsTest, ThoseThatAreInNoSetAnyMoreAreForgotten) {
  failed(1, set_of_first(4));
  failed(2, set_of_first(4));
  ejections_.keep_only([](const config::Backend& other) { return other.address == endpoint(2).address; });
  EXPECT_EQ(ejections_.size(), 1U);
  EXPECT_FALSE(left_out(1));
  EXPECT_TRUE(left_out(2));
}

TEST_F(EjectionsTest, ThreadsAgreeOnWhoTries) {
  failed(1, set_of_first(4));
  now_ += seconds{2};
  std::atomic<int> trials{0};
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] { trials += left_out(1) ? 0 : 1; });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(trials, 1);
}

}  // namespace
}  // namespace ferry::proxy

#include "proxy/balancer/dial_plan.h"

#include <cerrno>
#include <map>

#include <gtest/gtest.h>

#include "tests/proxy/balancer/endpoints.h"

namespace ferry::proxy {
namespace {

using ferry::testing::endpoint;
using ferry::testing::Loads;
using ferry::testing::set_of;
using std::chrono::milliseconds;

const DialPlan::Timeouts kTimeouts{milliseconds{250}, milliseconds{500}, milliseconds{1000}, milliseconds{2000}};

/// A plan on a clock of its own. A step reads "N@T" (dial 10.0.0.N for T ms), "pause T", "wait T" or "give up".
class DialPlanTest : public ::testing::Test {
 protected:
  PickContext by() { return {.now = now_, .random = random_, .loads = loads_, .max_connections = max_connections_}; }

  std::string read(const DialPlan::Dial& dial) {
    timeout_ = dial.timeout;
    dialled_ = dial.backend;
    return std::to_string(dial.backend.address.bytes()[3]) + "@" + std::to_string(dial.timeout.count());
  }
  std::string next(const config::BackendSet& set) {
    const DialPlan::Step step = plan_.next(balancer_, ejections_, set, by());
    if (const auto* const dial = std::get_if<DialPlan::Dial>(&step)) {
      return read(*dial);
    }
    if (const auto* const wait = std::get_if<DialPlan::AwaitPlace>(&step)) {
      now_ += wait->length;
      return "wait " + std::to_string(wait->length.count());
    }
    if (const auto* const pause = std::get_if<DialPlan::Pause>(&step)) {
      now_ += pause->length;
      return "pause " + std::to_string(pause->length.count());
    }
    return "give up";
  }
  std::string next_after(DialFailure failure, const config::BackendSet& set) {
    plan_.failed(dialled_, failure);
    if (failure == DialFailure::kTimedOut) {
      now_ += timeout_;
    }
    return next(set);
  }

  LoadBalancer balancer_;
  EjectionOptions ejection_;
  Ejections ejections_{ejection_};
  DialPlan::TimePoint now_;
  milliseconds timeout_{};
  config::Backend dialled_;
  std::minstd_rand random_;
  Loads loads_;
  std::uint32_t max_connections_ = 0;
  DialPlan plan_{kTimeouts, now_};
};

TEST_F(DialPlanTest, EjectedEndpointsComeAfterAllOthers) {
  const auto set = set_of({1, 2, 3, 4});
  for (const std::size_t at : {0U, 1U}) ejections_.failed(set.backends[at], set, now_);
  EXPECT_EQ(next(set), "3@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "4@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "1@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "2@3750");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "give up");
}

TEST_F(DialPlanTest, AClientLeavesItsEndpointWhileThatIsEjected) {
  const auto set = set_of({1, 2, 3, 4});
  ejections_.failed(set.backends[1], set, now_);
  plan_ = DialPlan(kTimeouts, now_, set.backends[1]);
  EXPECT_EQ(next(set), "1@250");
}

TEST_F(DialPlanTest, TheTurnsOfAnEjectedEndpointAreSharedByTheOthers) {
  const auto set = set_of({1, 2, 3, 4});
  ejections_.failed(set.backends[0], set, now_);
  std::map<std::string, int> dials;
  for (int i = 0; i < 300; ++i) {
    plan_ = DialPlan(kTimeouts, now_);
    ++dials[next(set)];
  }
  EXPECT_EQ(dials, (std::map<std::string, int>{{"2@250", 100}, {"3@250", 100}, {"4@250", 100}}));
}

TEST_F(DialPlanTest, AnEjectedEndpointIsTriedWhenItsTimeIsOver) {
  const auto set = set_of({1, 2});
  ejections_.failed(set.backends[0], set, now_);
  now_ += std::chrono::seconds{2};
  plan_ = DialPlan(kTimeouts, now_, set.backends[0]);
  EXPECT_EQ(next(set), "1@250");
  plan_ = DialPlan(kTimeouts, now_, set.backends[0]);
  EXPECT_EQ(next(set), "2@250") << "one connection at a time";
}

TEST_F(DialPlanTest, WithoutEndpointsGivesUp) { EXPECT_EQ(next({}), "give up"); }

TEST_F(DialPlanTest, ASingleEndpointGetsTheWholeBudgetInOneDial) {
  EXPECT_EQ(next(set_of({1})), "1@3750");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set_of({1})), "give up");
}

TEST_F(DialPlanTest, BeginsWithThePreferredEndpointAndGoesOnWithWhoseTurnItIs) {
  const auto set = set_of({1, 2, 3});
  plan_ = DialPlan(kTimeouts, now_, set.backends[1]);
  EXPECT_EQ(next(set), "2@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "1@250");
}

TEST_F(DialPlanTest, APreferredEndpointThatIsGoneDoesNotCount) {
  plan_ = DialPlan(kTimeouts, now_, set_of({9}).backends[0]);
  EXPECT_EQ(next(set_of({1, 2, 3})), "1@250");
}

TEST_F(DialPlanTest, APreferredEndpointTakesNobodysTurn) {
  const auto set = set_of({1, 2, 3});
  for (int i = 0; i < 3; ++i) {
    plan_ = DialPlan(kTimeouts, now_, set.backends[2]);
    EXPECT_EQ(next(set), "3@250");
  }
  plan_ = DialPlan(kTimeouts, now_);
  EXPECT_EQ(next(set), "1@250");
}

TEST_F(DialPlanTest, SilentEndpointsGetLongerAndLongerTimeouts) {
  const auto set = set_of({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(next(set), "1@250");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "2@500");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "3@1000");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "4@2000");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "give up");
}

TEST_F(DialPlanTest, TheLastUntriedEndpointGetsWhatRemains) {
  const auto set = set_of({1, 2});
  EXPECT_EQ(next(set), "1@250");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "2@3500");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "give up");
}

TEST_F(DialPlanTest, ARefusalCostsNoTimeAndNoTimeout) {
  const auto set = set_of({1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(next(set), "1@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "2@250");
  EXPECT_EQ(next_after(DialFailure::kUnreachable, set), "3@250");
  EXPECT_EQ(next_after(DialFailure::kTimedOut, set), "4@500");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "5@500");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "6@500");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "7@3500");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "give up");
}

TEST_F(DialPlanTest, TheWalkWrapsRoundFromTheBalancersChoice) {
  const auto set = set_of({1, 2, 3});
  balancer_.pick(set);
  balancer_.pick(set);
  EXPECT_EQ(next(set), "3@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "1@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "2@3750");
}

TEST_F(DialPlanTest, ALocalShortageIsNotTheEndpointsFault) {
  EXPECT_EQ(next(set_of({1})), "1@3750");
  EXPECT_EQ(next_after(DialFailure::kLocalShortage, set_of({1})), "pause 50");
  EXPECT_EQ(next(set_of({1})), "1@3700");
}

TEST_F(DialPlanTest, AShortageThatLastsEndsWithTheBudget) {
  std::string step = next(set_of({1}));
  int dials = 0;
  for (; step != "give up" && dials < 1000; ++dials) {
    EXPECT_EQ(next_after(DialFailure::kLocalShortage, set_of({1})), "pause 50");
    step = next(set_of({1}));
  }
  EXPECT_EQ(dials, 3750 / 50);
}

TEST_F(DialPlanTest, ASetThatChangedBetweenDialsIsTheOneUsed) {
  EXPECT_EQ(next(set_of({1, 2, 3})), "1@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set_of({7, 8})), "8@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set_of({1, 8})), "give up");
}

TEST_F(DialPlanTest, LosingTheLastEndpointBetweenDialsGivesUp) {
  EXPECT_EQ(next(set_of({1, 2, 3})), "1@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, {}), "give up");
}

TEST_F(DialPlanTest, AnEndpointWithAllItsConnectionsIsPassedOver) {
  const auto set = set_of({1, 2, 3});
  max_connections_ = 1;
  loads_.of(set.backends[0]).try_open(0);
  EXPECT_EQ(next(set), "2@250");
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "3@250");
}

TEST_F(DialPlanTest, WhenAllHaveTheirConnectionsAPlaceIsWaitedForAWhile) {
  const auto set = set_of({1, 2});
  max_connections_ = 1;
  for (const config::Backend& endpoint : set.backends) loads_.of(endpoint).try_open(0);
  for (int look = 0; look < 25; ++look) EXPECT_EQ(next(set), "wait 10");
  EXPECT_EQ(next(set), "give up");
}

TEST_F(DialPlanTest, APlaceThatIsFreeAgainIsTaken) {
  const auto set = set_of({1, 2});
  max_connections_ = 1;
  for (const config::Backend& endpoint : set.backends) loads_.of(endpoint).try_open(0);
  EXPECT_EQ(next(set), "wait 10");
  loads_.of(set.backends[1]).closed();
  EXPECT_EQ(next(set), "2@250");
}

TEST_F(DialPlanTest, AClientWaitsALittleForItsEndpointThenTakesAnother) {
  const auto set = set_of({1, 2});
  max_connections_ = 1;
  loads_.of(set.backends[1]).try_open(0);
  plan_ = DialPlan(kTimeouts, now_, set.backends[1]);
  for (int look = 0; look < 10; ++look) EXPECT_EQ(next(set), "wait 10");
  EXPECT_EQ(next(set), "1@250");
}

TEST_F(DialPlanTest, AnEndpointThatWasFullAtTheLastMomentMayBeTriedLater) {
  const auto set = set_of({1});
  EXPECT_EQ(next(set), "1@3750");
  plan_.passed_over(dialled_);
  EXPECT_EQ(next(set), "1@3750");
}

TEST_F(DialPlanTest, AHedgeIsAnotherEndpointThatIsFit) {
  const auto set = set_of({1, 2, 3, 4});
  ejections_.failed(set.backends[1], set, now_);
  EXPECT_EQ(next(set), "1@250");
  const auto hedge = plan_.hedge(balancer_, ejections_, set, by());
  ASSERT_TRUE(hedge);
  EXPECT_EQ(read(*hedge), "3@250");
  plan_.failed(set.backends[0], DialFailure::kTimedOut);
  EXPECT_EQ(next_after(DialFailure::kRefused, set), "4@500");
}

TEST_F(DialPlanTest, WithoutAnotherFitEndpointThereIsNoHedge) {
  const auto set = set_of({1, 2});
  ejections_.failed(set.backends[1], set, now_);
  EXPECT_EQ(next(set), "1@250");
  EXPECT_EQ(plan_.hedge(balancer_, ejections_, set, by()), std::nullopt);
  plan_ = DialPlan(kTimeouts, now_);
  EXPECT_EQ(next(set_of({1})), "1@3750");
  EXPECT_EQ(plan_.hedge(balancer_, ejections_, set_of({1}), by()), std::nullopt);
}

TEST(ClassifyDialError, TellsOurShortagesFromTheEndpointsFailures) {
  EXPECT_EQ(classify_dial_error(ECONNREFUSED), DialFailure::kRefused);
  EXPECT_EQ(classify_dial_error(ECONNRESET), DialFailure::kRefused);
  EXPECT_EQ(classify_dial_error(ETIMEDOUT), DialFailure::kTimedOut);
  for (const int error : {EHOSTUNREACH, ENETUNREACH, EACCES, EPERM, ENETDOWN}) {
    EXPECT_EQ(classify_dial_error(error), DialFailure::kUnreachable) << error;
  }
  for (const int error : {EADDRNOTAVAIL, EAGAIN, EMFILE, ENFILE, ENOBUFS, ENOMEM}) {
    EXPECT_EQ(classify_dial_error(error), DialFailure::kLocalShortage) << error;
  }
}

}  // namespace
}  // namespace ferry::proxy

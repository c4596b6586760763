#include <gtest/gtest.h>

#include "proxy/dataplane/drainer.h"
#include "proxy/dataplane/durations.h"
#include "proxy/relay/peer_silence.h"

namespace ferry::proxy {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const DrainPlan::TimePoint kStart{seconds{1000}};

TEST(DrainPlanTest, InTheFirstHalfNothingIsClosed) {
  DrainPlan plan(kStart, seconds{10}, 100);
  EXPECT_EQ(plan.due(kStart, 100).count, 0U);
  EXPECT_EQ(plan.due(kStart + milliseconds{4999}, 100).count, 0U);
  EXPECT_EQ(plan.next(kStart), kStart + seconds{5});
}

TEST(DrainPlanTest, InTheSecondHalfThoseAtRestGoEvenly) {
  DrainPlan plan(kStart, seconds{10}, 100);
  const DrainPlan::Due early = plan.due(kStart + seconds{6}, 100);
  EXPECT_EQ(early.count, 20U);
  EXPECT_TRUE(early.idle_only);
  EXPECT_EQ(plan.due(kStart + seconds{7}, 80).count, 20U);
  EXPECT_EQ(plan.due(kStart + seconds{8}, 30).count, 0U) << "seventy left by themselves";
}

TEST(DrainPlanTest, AfterItTheRestGoesEvenlyWhateverItDoes) {
  DrainPlan plan(kStart, seconds{10}, 100);
  EXPECT_EQ(plan.due(kStart + milliseconds{9999}, 40).count, 39U);
  EXPECT_EQ(plan.due(kStart + seconds{10}, 40).count, 0U);
  const DrainPlan::Due half = plan.due(kStart + milliseconds{11'250}, 40);
  EXPECT_EQ(half.count, 20U);
  EXPECT_FALSE(half.idle_only);
  EXPECT_EQ(plan.due(kStart + milliseconds{12'500}, 20).count, 20U);
  EXPECT_EQ(plan.due(kStart + seconds{60}, 3).count, 3U);
}

TEST(PeerSilenceTest, WhoOwesNothingIsNeverSilent) {
  PeerSilence silence;
  for (int look = 0; look < 100; ++look) {
    EXPECT_FALSE(silence.note({.since_ack = seconds{1000}}, seconds{1}, seconds{5}));
  }
}

TEST(PeerSilenceTest, WhoAcknowledgesNothingForTheLimitIsDead) {
  PeerSilence silence;
  const PeerFacts owing{.owes_answer = true, .since_ack = seconds{60}};
  for (int look = 1; look < 5; ++look) EXPECT_FALSE(silence.note(owing, seconds{1}, seconds{5})) << look;
  EXPECT_TRUE(silence.note(owing, seconds{1}, seconds{5}));
}

TEST(PeerSilenceTest, AnAnswerBeginsTheCountAnew) {
  PeerSilence silence;
  const PeerFacts owing{.owes_answer = true, .since_ack = seconds{60}};
  for (int look = 1; look < 5; ++look) silence.note(owing, seconds{1}, seconds{5});
  EXPECT_FALSE(silence.note({.owes_answer = true, .since_ack = milliseconds{10}}, seconds{1}, seconds{5}));
  EXPECT_FALSE(silence.note(owing, seconds{1}, seconds{5}));
  for (int look = 1; look < 4; ++look) silence.note(owing, seconds{1}, seconds{5});
  silence.heard();
  EXPECT_FALSE(silence.note(owing, seconds{1}, seconds{5}));
}

TEST(PeerSilenceTest, AClosedWindowIsNoSilenceWhileItsQuestionsAreAnswered) {
  PeerSilence silence;
  const PeerFacts closed{.owes_answer = true, .window_closed = true, .since_ack = seconds{100}};
  for (int look = 0; look < 100; ++look) EXPECT_FALSE(silence.note(closed, seconds{1}, seconds{5}));
  PeerFacts unanswered = closed;
  unanswered.unanswered_probes = 3;
  for (int look = 1; look < 5; ++look) EXPECT_FALSE(silence.note(unanswered, seconds{1}, seconds{5}));
  EXPECT_TRUE(silence.note(unanswered, seconds{1}, seconds{5}));
}

TEST(DurationsTest, AQuantileLiesWithinItsStep) {
  ConnectTimes times;
  EXPECT_EQ(quantile<ConnectBounds>(times.counts(), 0.5), std::nullopt);
  for (int i = 0; i < 98; ++i) times.add(microseconds{150});
  times.add(milliseconds{30});
  times.add(seconds{100});
  const auto counts = times.counts();
  EXPECT_EQ(counts.total(), 100U);
  const auto median = quantile<ConnectBounds>(counts, 0.5);
  EXPECT_GE(median, microseconds{100});
  EXPECT_LE(median, microseconds{200});
  EXPECT_EQ(quantile<ConnectBounds>(counts, 0.99), milliseconds{50});
  EXPECT_EQ(quantile<ConnectBounds>(counts, 1), seconds{4});
}

TEST(DurationsTest, CountsAreAddedAndTakenApart) {
  ConnectTimes times;
  times.add(microseconds{10});
  const auto before = times.counts();
  times.add(milliseconds{3});
  auto later = times.counts().since(before);
  EXPECT_EQ(later.total(), 1U);
  EXPECT_EQ(later.sum_microseconds, 3000U);
  later += before;
  EXPECT_EQ(later, times.counts());
}

}  // namespace
}  // namespace ferry::proxy

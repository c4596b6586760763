#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/watch/reflector/reflector_fixture.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
using namespace ferry::testing;

class ReflectorListTest : public ReflectorFixture {
 protected:
  std::vector<Clock::Duration> pauses() const { return clock_.slept(); }
};

TEST_F(ReflectorListTest, ListsThenWatchesFromTheListsVersion) {
  EXPECT_EQ(play({a_list("2", {{"a", 1}, {"b", 2}})}, plain()),
            (Journal{"list version='0'", "  replace a=1 b=2", "watch version='2'"}));
}

TEST_F(ReflectorListTest, AnEmptyCollectionIsHandedOverToo) {
  EXPECT_EQ(play({a_list("2", {})}, plain()), (Journal{"list version='0'", "  replace", "watch version='2'"}));
  EXPECT_TRUE(monitor_.status().synced);
}

TEST_F(ReflectorListTest, AFailedListIsTriedAgainAfterAPauseAndNothingIsWatchedMeanwhile) {
  EXPECT_EQ(play({a_failure(status_error(500)), a_failure(refused()), a_list("2", {})}, plain()),
            (Journal{"list version='0'", "list version='0'", "list version='0'", "  replace", "watch version='2'"}));
  EXPECT_EQ(pauses(), (std::vector<Clock::Duration>{800ms, 1600ms}));
}

TEST_F(ReflectorListTest, WhatTheServerAsksToWaitIsHeededWithinReason) {
  play({a_failure(busy(20s)), a_failure(busy(100h)), a_list("2", {})}, plain());
  EXPECT_EQ(pauses(), (std::vector<Clock::Duration>{20s, 2min}));
}

TEST_F(ReflectorListTest, AWatchTooOldListsAgainFromTheLastVersionAndReplacesTheWholeAtOnce) {
  const ApiError error_event = gone();
  EXPECT_EQ(play({a_list("2", {{"a", 1}, {"b", 2}}), a_watch({modified("3", {"a", 5})}, error_event),
                  a_list("9", {{"b", 2}, {"c", 3}})},
                 plain()),
            (Journal{"list version='0'", "  replace a=1 b=2", "watch version='2'", "  add a=5", "list version='3'",
                     "  replace b=2 c=3", "watch version='9'"}));
  EXPECT_EQ(pauses(), (std::vector<Clock::Duration>{800ms}));
}

TEST_F(ReflectorListTest, AVersionTheServerHasNotReachedIsFollowedByAPagedQuorumRead) {
  EXPECT_EQ(play({a_list("900", {{"a", 1}}), a_watch({}, broken()), a_failure(refused()), a_failure(too_large()),
                  a_list("12", {{"b", 2}}, "more"), a_list("12", {{"c", 3}})},
                 plain()),
            (Journal{"list version='0'", "  replace a=1", "watch version='900'", "check version='900' limit=1",
                     "check version='900' limit=1", "list version='' limit=500",
                     "list continue=more version='' limit=500", "  replace b=2 c=3", "watch version='12'"}));
}

TEST_F(ReflectorListTest, ItemsOfAListThatFailsHalfWayAreNotHandedOver) {
  Answer half = a_list("2", {{"a", 1}});
  half.end = broken();
  EXPECT_EQ(play({half, a_list("3", {{"b", 2}})}, plain()),
            (Journal{"list version='0'", "list version='0'", "  replace b=2", "watch version='3'"}));
}

TEST_F(ReflectorListTest, ACollectionTheServerDoesNotHaveEndsTheReflector) {
  EXPECT_EQ(play({a_failure(status_error(404, "NotFound"))}, plain()), (Journal{"list version='0'"}));
  EXPECT_TRUE(ended_);
  EXPECT_TRUE(result_.is_not_found());
}

TEST_F(ReflectorListTest, AWatchListWhoseEndIsNotMarkedIsNeverHandedOver) {
  EXPECT_EQ(play({a_watch({added("7", {"a", 1}), added("3", {"b", 2}), deleted("8", "b"), modified("9", {"a", 4})})}),
            (Journal{"watch-list version='0'", "list version='0'"}));
}

TEST_F(ReflectorListTest, AWatchListIsOneRequestForTheCollectionAndItsChanges) {
  EXPECT_EQ(play({a_watch({added("7", {"a", 1}), added("3", {"b", 2}), added("4", {"c", 3}), deleted("8", "b"),
                           modified("9", {"a", 4}), initial_end("9"), added("10", {"d", 5}), deleted("11", "c")}),
                  nothing_ever()}),
            (Journal{"watch-list version='0'", "  replace a=4 c=3", "  add d=5", "  remove c",
                     "check version='11' limit=1"}));
}

TEST_F(ReflectorListTest, AnEmptyWatchListIsHandedOverToo) {
  EXPECT_EQ(play({a_watch({initial_end("9")}, broken())}),
            (Journal{"watch-list version='0'", "  replace", "check version='9' limit=1"}));
}

TEST_F(ReflectorListTest, AServerThatRefusesWatchListIsListedAtOnceAndNothingIsAmiss) {
  EXPECT_EQ(play({a_failure(status_error(422, "Invalid")), a_list("2", {{"a", 1}})}),
            (Journal{"watch-list version='0'", "list version='0'", "  replace a=1", "watch version='2'"}));
  EXPECT_TRUE(pauses().empty());
  EXPECT_TRUE(monitor_.status().failures.empty());
}

TEST_F(ReflectorListTest, AServerThatTakesAWatchListForAWatchAndFallsSilentIsListed) {
  EXPECT_EQ(play({a_watch({added("7", {"a", 1})}, silence()), a_list("8", {{"a", 1}})}),
            (Journal{"watch-list version='0'", "list version='0'", "  replace a=1", "watch version='8'"}));
  EXPECT_EQ(server_.watches().front().initial_stall_deadline, 15s);
  EXPECT_EQ(server_.watches().front().stall_deadline, 3min);
}

TEST_F(ReflectorListTest, AServerThatTakesAWatchListForAWatchAndNeverFallsSilentIsListedAfterAMinute) {
  std::vector<Event<Thing>> busy_stream;
  for (int i = 1; i <= 100; ++i) busy_stream.push_back(added(std::to_string(i), {"a", i}));
  EXPECT_EQ(play({a_watch(std::move(busy_stream)), a_list("100", {{"a", 100}})}),
            (Journal{"watch-list version='0'", "list version='0'", "  replace a=100", "watch version='100'"}));
}

TEST_F(ReflectorListTest, AfterAWatchListTheStreamMayLastAsLongAsItLikes) {
  std::vector<Event<Thing>> stream{initial_end("1")};
  for (int i = 2; i <= 50; ++i) stream.push_back(bookmark(std::to_string(i)));
  play({a_watch(std::move(stream))});
  EXPECT_EQ(journal_, (Journal{"watch-list version='0'", "  replace", "watch version='50'"}));
}

}  // namespace
}  // namespace ferry::watch

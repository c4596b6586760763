#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/watch/reflector/reflector_fixture.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
using namespace ferry::testing;

class ReflectorWatchTest : public ReflectorFixture {
 protected:
  /// Begins with a list of nothing at version 2, and returns what happened from its watch on.
  Journal play_watch(std::vector<Answer> answers) {
    answers.insert(answers.begin(), a_list("2", {}));
    Journal journal = play(std::move(answers), plain());
    journal.erase(journal.begin(), journal.begin() + 2);
    return journal;
  }

  /// A watch whose end comes when it is due.
  static Answer a_whole_watch(std::vector<Event<Thing>> events) {
    Answer answer = a_watch(std::move(events));
    answer.pace = 5min;
    return answer;
  }
};

TEST_F(ReflectorWatchTest, HandsOverEachChangeInTheServersOrder) {
  EXPECT_EQ(
      play_watch({a_watch({added("3", {"a", 1}), modified("4", {"a", 2}), added("5", {"b", 1}), deleted("6", "a")})}),
      (Journal{"watch version='2'", "  add a=1", "  add a=2", "  add b=1", "  remove a", "check version='6' limit=1"}));
}

TEST_F(ReflectorWatchTest, AWatchThatEndsInItsTimeResumesFromTheLastVersionSeen) {
  EXPECT_EQ(
      play_watch({a_whole_watch({added("7", {"a", 1})}), a_whole_watch({bookmark("30")}), a_whole_watch({})}),
      (Journal{"watch version='2'", "  add a=1", "watch version='7'", "watch version='30'", "watch version='30'"}));
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(ReflectorWatchTest, AFailedWatchKeepsItsVersionWaitsAndIsTriedAgain) {
  EXPECT_EQ(play_watch({a_failure(status_error(500)), a_failure(status_error(503)), a_whole_watch({})}),
            (Journal{"watch version='2'", "watch version='2'", "watch version='2'", "watch version='2'"}));
  EXPECT_EQ(clock_.slept(), (std::vector<Clock::Duration>{800ms, 1600ms}));
}

TEST_F(ReflectorWatchTest, TooManyRequestsAreNoReasonToListAgain) {
  std::vector<Answer> answers(10, a_failure(busy()));
  answers.push_back(a_whole_watch({added("3", {"a", 1})}));
  Journal expected(11, "watch version='2'");
  expected.insert(expected.end(), {"  add a=1", "watch version='3'"});
  EXPECT_EQ(play_watch(std::move(answers)), expected);
}

TEST_F(ReflectorWatchTest, AServerThatIsAwayIsNoReasonToListAgain) {
  std::vector<Answer> answers(10, a_failure(refused()));
  answers.push_back(a_list("9", {{"x", 1}}));
  Journal expected(10, "check version='2' limit=1");
  expected.insert(expected.begin(), "watch version='2'");
  expected.emplace_back("watch version='2'");
  EXPECT_EQ(play_watch(std::move(answers)), expected);
}

TEST_F(ReflectorWatchTest, AStreamThatBreaksOffResumesWithoutAPause) {
  EXPECT_EQ(play_watch({a_watch({added("3", {"a", 1})}, broken()), a_list("3", {})}),
            (Journal{"watch version='2'", "  add a=1", "check version='3' limit=1", "watch version='3'"}));
  EXPECT_TRUE(clock_.slept().empty());
}

TEST_F(ReflectorWatchTest, EachWatchLastsARandomTimeBetweenFiveAndTenMinutes) {
  clock_.script_random({0.0, 0.5, 0.999});
  play_watch({a_whole_watch({bookmark("3")}), a_whole_watch({bookmark("4")})});
  std::vector<std::chrono::seconds> timeouts;
  for (const WatchOptions& options : server_.watches()) {
    timeouts.push_back(options.timeout);
    EXPECT_TRUE(options.allow_bookmarks);
    EXPECT_EQ(options.stall_deadline, 3min);
  }
  EXPECT_EQ(timeouts, (std::vector<std::chrono::seconds>{300s, 450s, 599s}));
}

TEST_F(ReflectorWatchTest, EventsBeforeAnErrorCountAndTheWatchResumesBehindThem) {
  EXPECT_EQ(play_watch({a_watch({added("3", {"a", 1}), added("4", {"b", 1})}, garbage()), a_whole_watch({})}),
            (Journal{"watch version='2'", "  add a=1", "  add b=1", "watch version='4'", "watch version='4'"}));
}

TEST_F(ReflectorWatchTest, AWatchThatIsSilentFromTheStartFindsOutWhetherItsVersionIsKnown) {
  Answer silent = a_watch({}, silence());
  silent.pace = 3min;
  EXPECT_EQ(play_watch({silent, a_failure(too_large()), a_list("1", {{"a", 1}})}),
            (Journal{"watch version='2'", "check version='2' limit=1", "list version='' limit=500", "  replace a=1",
                     "watch version='1'"}));
}

}  // namespace
}  // namespace ferry::watch

#include "watch/reflector/reflector_state.h"

#include <chrono>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/watch/reflector/errors.h"

namespace ferry::watch {
namespace {

using namespace std::chrono_literals;
using Step = ReflectorState::Step;
using Pause = ReflectorState::Pause;
using testing::broken;
using testing::busy;
using testing::garbage;
using testing::gone;
using testing::refused;
using testing::silence;
using testing::status_error;
using testing::too_large;

constexpr ReflectorState::Server kToday{true, true};
constexpr ReflectorState::Server kWithoutWatchList{false, true};
constexpr ReflectorState::Server kOf2014{false, false};

ReflectorState::WatchEnd ended(Clock::Duration lasted, std::size_t events = 0) {
  return {std::nullopt, lasted, 5min, events};
}

ReflectorState::WatchEnd failed(ApiError error, Clock::Duration lasted = 0s, std::size_t events = 0) {
  return {std::move(error), lasted, 5min, events};
}

ObjectMeta at_version(std::string version) {
  ObjectMeta meta;
  meta.resource_version = std::move(version);
  return meta;
}

std::string text(const ReflectorState::Next& next) {
  static const char* const kSteps[] = {"list", "watch-list", "check-version", "watch", "give-up"};
  std::string text = kSteps[static_cast<int>(next.step)];
  if (next.pause == Pause::kBackoff) text += " after back-off";
  if (next.retry_after) text += " of " + std::to_string(next.retry_after->count()) + " s";
  return text;
}

/// One that listed at `version` and is to watch from there.
ReflectorState watching(const std::string& version = "7", ReflectorState::Server server = kToday) {
  ReflectorState state(server);
  state.on_listed(version);
  return state;
}

TEST(ReflectorState, BeginsWithAWatchListFromWhateverIsAtHand) {
  const ReflectorState state(kToday);
  EXPECT_EQ(text(state.begin()), "watch-list");
  EXPECT_EQ(state.list_version(), "0");
}

TEST(ReflectorState, BeginsWithAnUnpagedListFromWhateverIsAtHandWhereThereIsNoWatchList) {
  const ReflectorState state(kWithoutWatchList);
  EXPECT_EQ(text(state.begin()), "list");
  EXPECT_EQ(state.list_version(), "0");
  EXPECT_EQ(state.page_limit(), 0U);
}

TEST(ReflectorState, WatchesFromTheVersionOfTheList) {
  ReflectorState state(kWithoutWatchList);
  EXPECT_EQ(text(state.on_listed("42")), "watch");
  EXPECT_EQ(state.watch_version(), "42");
}

TEST(ReflectorState, RelistsFromTheLastVersionInOnePiece) {
  ReflectorState state = watching("42");
  state.on_event(EventType::kModified, at_version("50"));
  EXPECT_EQ(text(state.on_watch_ended(failed(gone(), 1min, 1))), "watch-list after back-off");
  EXPECT_EQ(state.list_version(), "50");
  EXPECT_EQ(state.page_limit(), 0U);
}

TEST(ReflectorState, AQuorumReadComesOnlyAfterTheVersionHeldWasRefusedAndIsPaged) {
  ReflectorState state = watching("42", kWithoutWatchList);
  EXPECT_EQ(text(state.on_list_failed(too_large())), "list");
  EXPECT_EQ(state.list_version(), "");
  EXPECT_EQ(state.page_limit(), 500U);
  EXPECT_EQ(text(state.on_list_failed(gone())), "list after back-off");
  state.on_listed("9");
  EXPECT_EQ(state.list_version(), "9");
}

struct Case {
  const char* name;
  ApiError error;
  const char* next;
};
void PrintTo(const Case& of, std::ostream* out) { *out << of.name; }
std::string name_of(const ::testing::TestParamInfo<Case>& of) { return of.param.name; }

class AFailedList : public ::testing::TestWithParam<Case> {};
TEST_P(AFailedList, Leads) {
  ReflectorState state(kWithoutWatchList);
  EXPECT_EQ(text(state.on_list_failed(GetParam().error)), GetParam().next);
}
INSTANTIATE_TEST_SUITE_P(Table, AFailedList,
                         ::testing::Values(Case{"Refused", refused(), "list after back-off"},
                                           Case{"Busy", busy(), "list after back-off"},
                                           Case{"BusyAndSaysHowLong", busy(7s), "list after back-off of 7 s"},
                                           Case{"InternalError", status_error(500), "list after back-off"},
                                           Case{"Forbidden", status_error(403), "list after back-off"},
                                           Case{"Garbage", garbage(), "list after back-off"},
                                           Case{"Silence", silence(), "list after back-off"},
                                           Case{"TooLarge", too_large(), "list"}, Case{"Gone", gone(), "list"},
                                           Case{"NotFound", status_error(404), "give-up"},
                                           Case{"BadRequest", status_error(400), "give-up"}),
                         name_of);

class AWatchThatFailsAtOnce : public ::testing::TestWithParam<Case> {};
TEST_P(AWatchThatFailsAtOnce, Leads) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(failed(GetParam().error))), GetParam().next);
  EXPECT_EQ(state.watch_version(), "7");
}
INSTANTIATE_TEST_SUITE_P(Table, AWatchThatFailsAtOnce,
                         ::testing::Values(Case{"Refused", refused(), "check-version after back-off"},
                                           Case{"Reset", broken(), "check-version after back-off"},
                                           Case{"Busy", busy(3s), "watch after back-off of 3 s"},
                                           Case{"Gone", gone(), "watch-list after back-off"},
                                           Case{"TooLarge", too_large(), "watch-list after back-off of 1 s"},
                                           Case{"NotFound", status_error(404), "watch-list after back-off"},
                                           Case{"InternalError", status_error(500), "watch after back-off"},
                                           Case{"Forbidden", status_error(403), "watch after back-off"},
                                           Case{"Garbage", garbage(), "watch after back-off"},
                                           Case{"Silence", silence(), "check-version after back-off"}),
                         name_of);

class AWatchThatLivedAndFails : public ::testing::TestWithParam<Case> {};
TEST_P(AWatchThatLivedAndFails, Leads) {
  ReflectorState state = watching();
  state.on_event(EventType::kBookmark, at_version("8"));
  EXPECT_EQ(text(state.on_watch_ended(failed(GetParam().error, 2min, 1))), GetParam().next);
}
INSTANTIATE_TEST_SUITE_P(Table, AWatchThatLivedAndFails,
                         ::testing::Values(Case{"Reset", broken(), "check-version"},
                                           Case{"Gone", gone(), "watch-list after back-off"},
                                           Case{"Silence", silence(), "check-version after back-off"},
                                           Case{"Garbage", garbage(), "watch after back-off"}),
                         name_of);

class AFailedWatchList : public ::testing::TestWithParam<Case> {};
TEST_P(AFailedWatchList, Leads) {
  ReflectorState state(kToday);
  EXPECT_EQ(text(state.on_watch_list_failed(failed(GetParam().error))), GetParam().next);
}
INSTANTIATE_TEST_SUITE_P(
    Table, AFailedWatchList,
    ::testing::Values(Case{"Unprocessable", status_error(422), "list"}, Case{"BadRequest", status_error(400), "list"},
                      Case{"NotFound", status_error(404), "list"}, Case{"NotImplemented", status_error(501), "list"},
                      Case{"Silence", silence(), "list"}, Case{"Refused", refused(), "watch-list after back-off"},
                      Case{"Busy", busy(), "watch-list after back-off"},
                      Case{"InternalError", status_error(500), "list after back-off"},
                      Case{"Garbage", garbage(), "list after back-off"}, Case{"TooLarge", too_large(), "watch-list"}),
    name_of);

TEST(ReflectorState, AServerThatDoesNotKnowWatchListIsNotAskedForItAgain) {
  ReflectorState state(kToday);
  state.on_watch_list_failed(failed(status_error(422)));
  state.on_listed("7");
  EXPECT_EQ(text(state.on_watch_ended(failed(gone()))), "list after back-off");
}

TEST(ReflectorState, OneWatchListWithoutAnEndMayBeBadLuck) {
  ReflectorState state(kToday);
  EXPECT_EQ(text(state.on_watch_list_failed(ended(10s, 3))), "list");
  state.on_listed("7");
  EXPECT_EQ(text(state.on_watch_ended(failed(gone()))), "watch-list after back-off");
}

TEST(ReflectorState, TwoWatchListsWithoutAnEndAreAServerThatIgnoresTheQuestion) {
  ReflectorState state(kToday);
  state.on_watch_list_failed(ended(10s, 3));
  state.on_listed("7");
  state.on_watch_list_failed(failed(silence()));
  state.on_listed("8");
  EXPECT_EQ(text(state.on_watch_ended(failed(gone()))), "list after back-off");
}

TEST(ReflectorState, AWatchThatEndsInItsTimeIsOpenedAgainAtOnce) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(ended(5min, 3))), "watch");
  EXPECT_EQ(text(state.on_watch_ended(ended(5min - 4s))), "watch");
}

TEST(ReflectorState, AfterAWatchThatEndedBeforeItsTimeTheVersionIsCheckedFirst) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(ended(1min, 3))), "check-version");
  EXPECT_EQ(text(state.on_version_checked()), "watch");
}

TEST(ReflectorState, AVeryShortWatchIsAFailureAndThreeInARowPutTheVersionInDoubt) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(ended(999ms))), "watch after back-off");
  EXPECT_EQ(text(state.on_watch_ended(ended(0s))), "watch after back-off");
  EXPECT_EQ(text(state.on_watch_ended(ended(0s))), "watch-list after back-off");
}

TEST(ReflectorState, AnEventEndsARowOfFailures) {
  ReflectorState state = watching();
  state.on_watch_ended(ended(0s));
  state.on_watch_ended(failed(status_error(500)));
  state.on_event(EventType::kAdded, at_version("8"));
  EXPECT_EQ(text(state.on_watch_ended(failed(garbage(), 0s, 1))), "watch after back-off");
}

TEST(ReflectorState, AShortWatchWithEventsIsNotRepeatedWithoutAPause) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(ended(10ms, 1))), "watch after back-off");
}

TEST(ReflectorState, SilenceFromTheStartThreeTimesRelists) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_watch_ended(failed(silence(), 3min))), "check-version after back-off");
  EXPECT_EQ(text(state.on_watch_ended(failed(silence(), 3min))), "check-version after back-off");
  EXPECT_EQ(text(state.on_watch_ended(failed(silence(), 3min))), "watch-list after back-off");
}

TEST(ReflectorState, AVersionTheServerHasNotReachedLeadsToAQuorumRead) {
  ReflectorState state = watching("900");
  EXPECT_EQ(text(state.on_watch_ended(failed(refused()))), "check-version after back-off");
  EXPECT_EQ(text(state.on_version_check_failed(refused(), Pause::kBackoff)), "check-version after back-off");
  EXPECT_EQ(text(state.on_version_check_failed(too_large(), Pause::kBackoff)), "watch-list");
  EXPECT_EQ(state.list_version(), "");
  state.on_initial_events_end("12");
  EXPECT_EQ(state.watch_version(), "12");
}

TEST(ReflectorState, AServerThatIsBackAtOnceWithALowerVersionIsNotListedByAllAtOnce) {
  ReflectorState state = watching("900");
  EXPECT_EQ(text(state.on_watch_ended(failed(broken(), 1min, 5))), "check-version");
  EXPECT_EQ(text(state.on_version_check_failed(too_large(), Pause::kNone)), "watch-list after back-off");
  EXPECT_EQ(state.list_version(), "");
}

TEST(ReflectorState, AServerThatCannotCheckAVersionIsWatchedAllTheSame) {
  ReflectorState state = watching();
  EXPECT_EQ(text(state.on_version_check_failed(status_error(422), Pause::kNone)), "watch");
}

TEST(ReflectorState, TheApiOf2014IsNeverAskedToCheckAVersion) {
  ReflectorState state = watching("7", kOf2014);
  EXPECT_EQ(text(state.on_watch_ended(failed(refused()))), "watch after back-off");
  EXPECT_EQ(text(state.on_watch_ended(ended(1min, 1))), "watch");
  EXPECT_EQ(text(state.on_watch_ended(failed(silence(), 3min))), "list after back-off");
}

TEST(ReflectorState, EveryEventMovesTheVersionABookmarkToo) {
  ReflectorState state = watching("7");
  state.on_event(EventType::kAdded, at_version("8"));
  EXPECT_EQ(state.watch_version(), "8");
  state.on_event(EventType::kDeleted, at_version("9"));
  EXPECT_EQ(state.watch_version(), "9");
  state.on_event(EventType::kBookmark, at_version("20"));
  EXPECT_EQ(state.watch_version(), "20");
  state.on_event(EventType::kModified, at_version(""));
  EXPECT_EQ(state.watch_version(), "20");
}

TEST(ReflectorState, InitialEventsOfAWatchFromAnyStateAreInNoOrderAndMoveNothing) {
  for (const char* version : {"", "0"}) {
    ReflectorState state = watching(version);
    state.on_event(EventType::kAdded, at_version("30"));
    state.on_event(EventType::kAdded, at_version("4"));
    EXPECT_EQ(state.watch_version(), version);
    state.on_event(EventType::kBookmark, at_version("31"));
    EXPECT_EQ(state.watch_version(), "31");
    state.on_event(EventType::kAdded, at_version("32"));
    EXPECT_EQ(state.watch_version(), "32");
  }
}

}  // namespace
}  // namespace ferry::watch

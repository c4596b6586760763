#include "watch/reflector/reflector_monitor.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/watch/reflector/reflector_fixture.h"

namespace ferry::watch {
namespace {

using namespace ferry::testing;

class ReflectorMonitorTest : public ReflectorFixture {};

TEST_F(ReflectorMonitorTest, KnowsNothingAtFirst) {
  const ReflectorStatus status = monitor_.status();
  EXPECT_EQ(status.resource, "things");
  EXPECT_FALSE(status.synced);
  EXPECT_FALSE(status.watching);
  EXPECT_EQ(status.lists, 0U);
  EXPECT_FALSE(status.last_event);
}

TEST_F(ReflectorMonitorTest, CountsWhatAReflectorDoesAndHears) {
  play({a_list("2", {{"a", 1}}), a_watch({added("3", {"b", 1}), modified("4", {"b", 2}), bookmark("5")}, gone()),
        a_failure(status_error(500)), a_list("9", {}), a_watch({deleted("10", "b")}, broken()), a_list("10", {})},
       plain());
  const ReflectorStatus status = monitor_.status();
  EXPECT_TRUE(status.synced);
  EXPECT_TRUE(status.watching);
  EXPECT_EQ(status.lists, 2U);
  EXPECT_EQ(status.relists, 1U);
  EXPECT_EQ(status.watches, 3U);
  EXPECT_EQ(status.events, (std::array<std::uint64_t, 4>{1, 1, 1, 1}));
  EXPECT_EQ(status.failures, (std::map<std::string, std::uint64_t>{{"410", 1}, {"500", 1}, {"transport", 1}}));
  EXPECT_EQ(status.resource_version, "10");
  EXPECT_EQ(status.last_error, "");
  EXPECT_TRUE(status.last_event);
}

TEST_F(ReflectorMonitorTest, TellsTheErrorForAsLongAsItLasts) {
  play({a_failure(status_error(503, "ServiceUnavailable")), nothing_ever()}, plain());
  EXPECT_EQ(monitor_.status().last_error, status_error(503, "ServiceUnavailable").to_string());
  EXPECT_FALSE(monitor_.status().watching);
}

TEST_F(ReflectorMonitorTest, CountsTheObjectsThatCouldNotBeRead) {
  monitor_.skipped().skip({"ns/a", "it is bad", "7"});
  EXPECT_EQ(monitor_.status().skipped, 1U);
  EXPECT_EQ(monitor_.status().partly, 0U);
}

}  // namespace
}  // namespace ferry::watch

// Every response recorded from a real API server, byte for byte and cut at every byte.
#include <algorithm>
#include <cctype>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/watch/codec/heard.h"
#include "tests/watch/codec/told.h"
#include "watch/codec/status.h"

namespace ferry::testing {

void PrintTo(const Reading& reading, std::ostream* out) { *out << reading.name; }

namespace {

using ::testing::HasSubstr;

class Recordings : public ::testing::TestWithParam<Reading> {};

TEST_P(Recordings, TellWhatTheyHold) {
  const Reading& expected = GetParam();
  EXPECT_EQ(tell(read_recording(expected.name), expected.how), expected.told) << expected.name;
}

INSTANTIATE_TEST_SUITE_P(All, Recordings, ::testing::ValuesIn(expected_readings()), [](const auto& reading) {
  std::string name = reading.param.name;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(RecordingsFolder, HoldsExactlyWhatIsReplayed) {
  std::vector<std::string> replayed;
  for (const Reading& reading : expected_readings()) replayed.push_back(reading.name);
  std::sort(replayed.begin(), replayed.end());
  EXPECT_EQ(list_recordings(), replayed);
}

TEST(RecordedLesson, AnObjectThatStopsMatchingIsDeletedWithItsOldLabelsAndItsNewVersion) {
  const auto events =
      hear_watch({read_recording("apiserver-library-0.36.4/08-watch-labelselector-stops-matching.http").body}).events;
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].type, "DELETED");
  EXPECT_THAT(events[0].object, HasSubstr(R"("labels":{"tier":"a"})"));
  EXPECT_THAT(events[0].object, HasSubstr(R"("resourceVersion":"27")"));
}

TEST(RecordedLesson, EndpointsAnswersCarryAWarning) {
  EXPECT_THAT(read_recording("apiserver-library-0.36.4/03-endpoints.http").headers["warning"], HasSubstr("deprecated"));
}

TEST(RecordedLesson, ARetryTimeStandsInHeaderAndStatusAlike) {
  Recording recording = read_recording("apiserver-library-0.36.4/10-list-future-rv.http");
  EXPECT_EQ(recording.headers["retry-after"], "1");
  EXPECT_EQ(watch::decode_status(recording.status, recording.body).retry_after, std::chrono::seconds(1));
}

}  // namespace
}  // namespace ferry::testing

#include "watch/codec/rfc3339.h"

#include <gtest/gtest.h>

namespace ferry::watch::codec {
namespace {

/// Nanoseconds since 1970; -1: no time.
std::int64_t nanoseconds(std::string_view text) {
  const auto time = parse_rfc3339(text);
  if (!time) return -1;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time->time_since_epoch()).count();
}

TEST(Rfc3339, NoTextIsNoTime) { EXPECT_EQ(nanoseconds(""), -1); }

TEST(Rfc3339, ATimeIsReadToTheNanosecond) {
  EXPECT_EQ(nanoseconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(nanoseconds("2026-01-02T15:04:05Z"), 1'767'366'245'000'000'000);
  EXPECT_EQ(nanoseconds("2026-01-02T15:04:05.5Z"), 1'767'366'245'500'000'000);
  EXPECT_EQ(nanoseconds("2026-01-02T15:04:05.123456789Z"), 1'767'366'245'123'456'789);
  EXPECT_EQ(nanoseconds("2024-02-29T23:59:60Z"), nanoseconds("2024-03-01T00:00:00Z"));
}

TEST(Rfc3339, AnOffsetIsTakenOff) {
  EXPECT_EQ(nanoseconds("2026-01-02T16:34:05+01:30"), nanoseconds("2026-01-02T15:04:05Z"));
  EXPECT_EQ(nanoseconds("2026-01-01T23:04:05-16:00"), nanoseconds("2026-01-02T15:04:05Z"));
}

TEST(Rfc3339, EveryOtherTextIsNone) {
  for (const char* const text : {"2026-01-02",
                                 "2026-01-02T15:04:05",
                                 "2026-01-02 15:04:05Z",
                                 "2026-01-02T15:04Z",
                                 "2026-02-29T00:00:00Z",
                                 "2026-13-01T00:00:00Z",
                                 "2026-00-01T00:00:00Z",
                                 "2026-01-02T24:00:00Z",
                                 "2026-01-02T15:60:05Z",
                                 "2026-01-02T15:04:61Z",
                                 "2026-01-02T15:04:05.Z",
                                 "2026-01-02T15:04:05.1234567890Z",
                                 "2026-01-02T15:04:05Zz",
                                 "2026-01-02T15:04:05+24:00",
                                 "2026-01-02T15:04:05+01:60",
                                 "2026-01-02T15:04:05+0100",
                                 "1969-12-31T23:59:59Z",
                                 "2262-01-01T00:00:00Z",
                                 "-026-01-02T15:04:05Z",
                                 "now"}) {
    EXPECT_EQ(nanoseconds(text), -1) << text;
  }
}

TEST(Rfc3339, ATextCutShortIsNone) {
  const std::string_view whole = "2026-01-02T15:04:05.123456789+01:00";
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(nanoseconds(whole.substr(0, size)), -1) << size;
}

}  // namespace
}  // namespace ferry::watch::codec

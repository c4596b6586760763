#include "proxy/cli/units.h"

#include <chrono>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::cli {
namespace {

using namespace std::chrono_literals;

TEST(HumanBytes, CountsInUnitsOf1024) {
  const std::vector<std::pair<double, std::string>> table{{0, "0"},
                                                          {1, "1"},
                                                          {10.5, "10"},
                                                          {1023, "1023"},
                                                          {1023.7, "1.0K"},
                                                          {1024, "1.0K"},
                                                          {1229, "1.2K"},
                                                          {1048524, "1023.9K"},
                                                          {1048575, "1.0M"},
                                                          {3.4 * 1024 * 1024, "3.4M"},
                                                          {std::pow(1024, 3), "1.0G"},
                                                          {std::pow(1024, 6) * 5000, "5000.0E"},
                                                          {-1, "0"},
                                                          {std::nan(""), "0"}};
  for (const auto& [bytes, text] : table) EXPECT_EQ(human_bytes(bytes), text) << bytes;
}

TEST(HumanDuration, TellsTheTwoLargestUnits) {
  const std::vector<std::pair<std::chrono::milliseconds, std::string>> table{{0ms, "0s"},
                                                                             {999ms, "0s"},
                                                                             {3s, "3s"},
                                                                             {125s, "2m5s"},
                                                                             {1h, "1h"},
                                                                             {1h + 5s, "1h"},
                                                                             {1h + 2min + 3s, "1h2m"},
                                                                             {76h, "3d4h"},
                                                                             {-5s, "0s"},
                                                                             {59s + 999ms, "59s"}};
  for (const auto& [duration, text] : table) EXPECT_EQ(human_duration(duration), text) << duration.count();
}

TEST(HumanRate, HasOneDecimal) {
  EXPECT_EQ(human_rate(0), "0.0");
  EXPECT_EQ(human_rate(1.25), "1.2");
  EXPECT_EQ(human_rate(12345.67), "12345.7");
  EXPECT_EQ(human_rate(-3), "0.0");
}

TEST(HumanLatency, HasNoMoreDigitsThanMatter) {
  EXPECT_EQ(human_latency(std::nullopt), "-");
  EXPECT_EQ(human_latency(0.23), "0.2ms");
  EXPECT_EQ(human_latency(9.94), "9.9ms");
  EXPECT_EQ(human_latency(9.96), "10ms");
  EXPECT_EQ(human_latency(999.4), "999ms");
  EXPECT_EQ(human_latency(1250), "1.2s");
}

TEST(ParseTime, ReadsUtcAlone) {
  EXPECT_EQ(parse_time("1970-01-02T00:00:01Z"), std::chrono::sys_seconds(24h + 1s));
  EXPECT_EQ(parse_time("1970-01-02T00:00:01.25Z"), std::chrono::sys_seconds(24h + 1s));
  for (const char* const wrong : {"", "1970-01-02", "1970-13-02T00:00:01Z", "1970-01-02T00:00:01+01:00",
                                  "1970-01-02 00:00:01Z", "197x-01-02T00:00:01Z"}) {
    EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace ferry::cli

#include "proxy/settings/duration.h"

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(Duration, ReadsWhatGoReads) {
  const std::vector<std::pair<std::string, nanoseconds>> table{
      {"0", nanoseconds{0}},
      {"0s", nanoseconds{0}},
      {"1ns", nanoseconds{1}},
      {"7us", std::chrono::microseconds{7}},
      {"7µs", std::chrono::microseconds{7}},
      {"500ms", milliseconds{500}},
      {"30s", std::chrono::seconds{30}},
      {"1m30s", std::chrono::seconds{90}},
      {"1.5h", std::chrono::minutes{90}},
      {".5s", milliseconds{500}},
      {"1.s", std::chrono::seconds{1}},
      {"2h3m4.005s", std::chrono::hours{2} + std::chrono::minutes{3} + milliseconds{4005}},
      {"0.1s", milliseconds{100}},
      {"1h1h", std::chrono::hours{2}},
  };
  for (const auto& [text, expected] : table) EXPECT_EQ(parse_duration(text), expected) << text;
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "30", "s", ".s", "-1s", "+1s", "1 s", "1s ", "1d", "1S", "one", "1m30", "1..5s", "1e3s",
                           "99999999999999h", "nan", "0x1s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Duration, WritesWhatItReads) {
  for (const char* text :
       {"0s", "1ms", "999ms", "1s", "1.5s", "1.005s", "59s", "1m", "1m30s", "15m", "1h", "2h3m4.5s"}) {
    const auto duration = parse_duration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(format_duration(std::chrono::duration_cast<milliseconds>(*duration)), text);
  }
}

}  // namespace
}  // namespace ferry::proxy

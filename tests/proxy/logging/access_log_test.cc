#include "proxy/logging/access_log.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

namespace ferry::proxy {
namespace {

ConnectionRecord record() {
  ConnectionRecord made;
  made.service = std::make_shared<const config::ServicePortName>(
      config::ServicePortName{{"default", "we\"b"}, "http", config::Protocol::kTcp});
  made.client = {*config::IpAddress::parse("10.0.0.7"), 40000};
  made.address = {*config::IpAddress::parse("fd00::1"), 80};
  made.endpoint = config::Backend{*config::IpAddress::parse("10.1.0.1"), 8080, false, false};
  made.attempts = 2;
  made.bytes_to_backend = 5;
  made.bytes_to_client = 7;
  made.age = std::chrono::milliseconds{1234};
  made.end = ConnectionEnd::kFinished;
  return made;
}

class AccessLogTest : public ::testing::Test {
 protected:
  AccessLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ferry-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  std::string path() const { return (folder_ / "access.log").string(); }

  std::filesystem::path folder_;
};

TEST_F(AccessLogTest, ALineIsOneJsonObject) {
  const auto json = nlohmann::json::parse(
      AccessLog::line(record(), std::chrono::system_clock::time_point{std::chrono::milliseconds{1764107386042}}));
  EXPECT_EQ(json, (nlohmann::json{{"time", "2025-11-25T21:49:46.042Z"},
                                  {"client", "10.0.0.7:40000"},
                                  {"namespace", "default"},
                                  {"name", "we\"b"},
                                  {"port", "http"},
                                  {"address", "[fd00::1]:80"},
                                  {"endpoint", "10.1.0.1:8080"},
                                  {"attempts", 2},
                                  {"bytesToBackend", 5},
                                  {"bytesToClient", 7},
                                  {"ms", 1234},
                                  {"end", "finished"}}));
}

TEST_F(AccessLogTest, EveryLineIsInTheFileAtTheEnd) {
  {
    AccessLog log(AccessLog::open(path()));
    for (int i = 0; i < 100; ++i) log.write(record());
    EXPECT_EQ(log.dropped(), 0U);
  }
  std::ifstream file(path());
  int lines = 0;
  for (std::string line; std::getline(file, line); ++lines) EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  EXPECT_EQ(lines, 100);
}

TEST_F(AccessLogTest, WhenNobodyTakesTheLinesTheyAreDroppedAndCountedAndNobodyWaits) {
  // A pipe that nobody reads is full after 64 KiB.
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  std::fstream reader(path(), std::ios::in | std::ios::out);
  AccessLog log(AccessLog::open(path()), 16);
  for (int i = 0; i < 5000; ++i) log.write(record());
  EXPECT_GT(log.dropped(), 0U);
  // The writer must come to its end.
  std::string taken;
  std::uint64_t lines = 0;
  while (lines + log.dropped() < 5000 && std::getline(reader, taken)) ++lines;
}

TEST_F(AccessLogTest, AFileThatCannotBeWrittenIsSaidAtTheStart) {
  try {
    const AccessLog log(AccessLog::open("/proc/no/such/file"));
    FAIL() << "it was opened";
  } catch (const std::runtime_error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("--access-log /proc/no/such/file: ")) << error.what();
  }
}

}  // namespace
}  // namespace ferry::proxy

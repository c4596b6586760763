#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/logging/json_log_formatter.h"
#include "proxy/logging/line_sink.h"
#include "proxy/logging/logging.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

using Time = spdlog::log_clock::time_point;

std::string formatted(const std::string& text, spdlog::level::level_enum level, Time at = {}) {
  spdlog::memory_buf_t line;
  JsonLogFormatter().format({at, {}, "dataplane", level, text}, line);
  return {line.data(), line.size()};
}

TEST(JsonLog, ALineHasTheFieldsOfKubernetesComponents) {
  EXPECT_EQ(formatted("ready", spdlog::level::info, Time(std::chrono::microseconds{1764107386042007})),
            "{\"ts\":1764107386042.007,\"level\":\"info\",\"logger\":\"dataplane\",\"msg\":\"ready\"}\n");
  EXPECT_EQ(formatted("", spdlog::level::trace),
            "{\"ts\":0.000,\"level\":\"debug\",\"logger\":\"dataplane\",\"msg\":\"\",\"v\":6}\n");
}

TEST(JsonLog, WhateverAMessageHoldsALineIsOneObject) {
  const std::vector<std::string> texts{"a \"b\" \\ c", "two\nlines\r", std::string("nul\0esc\x1b", 8), "caf\xc3\xa9",
                                       "no utf-8: \xff\xc3"};
  for (const std::string& text : texts) {
    const std::string line = formatted(text, spdlog::level::err);
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["level"], "error");
    if (text.find('\xff') == std::string::npos) {
      EXPECT_EQ(json["msg"], text);
    }
  }
}

TEST(LogVerbosity, GoesUpAndDownByTheStepsThatDiffer) {
  EXPECT_EQ(more_verbose(0), 4);
  EXPECT_EQ(more_verbose(2), 4);
  EXPECT_EQ(more_verbose(4), 6);
  EXPECT_EQ(more_verbose(10), 10);
  EXPECT_EQ(less_verbose(10), 4);
  EXPECT_EQ(less_verbose(4), 2);
  EXPECT_EQ(less_verbose(0), 0);
}

class LineSinkTest : public ::testing::Test {
 protected:
  static void log(LineSink& sink, const std::string& text) { sink.log({Time(), {}, "", spdlog::level::info, text}); }
  void listen_to(LineSink& sink) {
    sink.set_pattern("%v");
    sink.set_on_change([this](const std::string& why, std::uint64_t lost) { told_.emplace_back(why, lost); });
  }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_.path() / name).rdbuf();
    return text.str();
  }

  ferry::testing::TemporaryFolder folder_;
  std::vector<std::pair<std::string, std::uint64_t>> told_;
};

TEST_F(LineSinkTest, LinesThatTheDiskHasNoRoomForAreCountedAndTheSpellIsTold) {
  LineSink sink(open_to_append("/dev/full"));
  listen_to(sink);
  for (int i = 0; i < 3; ++i) log(sink, "lost");
  EXPECT_EQ(sink.lost(), 3U);
  EXPECT_EQ(sink.take_untold(), 0U) << "not before it can be told";
  sink.write_to(open_to_append(folder_.path() / "log"));
  log(sink, "kept");
  EXPECT_EQ(content("log"), "kept\n");
  EXPECT_THAT(told_, ElementsAre(Pair("No space left on device", 0U), Pair("", 3U)));
  EXPECT_EQ(sink.take_untold(), 3U);
  EXPECT_EQ(sink.take_untold(), 0U);
}

TEST_F(LineSinkTest, AReaderThatHangsStopsNobodyAndTheNextLineIsWhole) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  LineSink sink(writer.get(), LineSink::Patience::kShort);
  listen_to(sink);
  // Longer than a pipe.
  const std::string long_line(100'000, 'x');
  log(sink, long_line);
  for (int i = 0; i < 1000; ++i) log(sink, "lost");
  EXPECT_EQ(sink.lost(), 1001U);
  std::string taken(1 << 20, '\0');
  ASSERT_GT(::read(reader.get(), taken.data(), taken.size()), 0);
  log(sink, "after it");
  const ssize_t size = ::read(reader.get(), taken.data(), taken.size());
  EXPECT_EQ(taken.substr(0, static_cast<std::size_t>(size)), "\nafter it\n") << "the torn line is ended first";
}

TEST_F(LineSinkTest, AFileThatWasMovedAwayIsLeftForTheNewOne) {
  const std::string path = folder_.path() / "log";
  LineSink sink(open_to_append(path));
  sink.set_pattern("%v");
  log(sink, "before");
  std::filesystem::rename(path, path + ".1");
  log(sink, "still there");
  sink.write_to(open_to_append(path));
  log(sink, "after");
  EXPECT_EQ(content("log.1"), "before\nstill there\n");
  EXPECT_EQ(content("log"), "after\n");
}

TEST_F(LineSinkTest, APipeThatNobodyReadsIsAnErrorRatherThanAWait) {
  const std::string path = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THROW(open_to_append(path), std::system_error);
}

}  // namespace
}  // namespace ferry::proxy

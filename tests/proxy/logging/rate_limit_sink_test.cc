#include "proxy/logging/rate_limit_sink.h"

#include <vector>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using Time = spdlog::log_clock::time_point;

/// Records the text of what reaches it.
class RecordingSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> texts;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    texts.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}
};

class RateLimitSinkTest : public ::testing::Test {
 protected:
  void log(const std::string& text, Time at, spdlog::level::level_enum level = spdlog::level::warn) {
    limited_.log({at, {}, "component", level, text});
  }

  const Time start_{std::chrono::hours{1000}};
  std::shared_ptr<RecordingSink> passed_ = std::make_shared<RecordingSink>();
  RateLimitSink limited_{passed_};
};

TEST_F(RateLimitSinkTest, ABurstPassesAndTheRestIsHeldBack) {
  for (std::uint32_t i = 0; i < RateLimitSink::kBurst + 5; ++i) log("refused", start_);
  EXPECT_EQ(passed_->texts, std::vector<std::string>(RateLimitSink::kBurst, "refused"));
}

TEST_F(RateLimitSinkTest, MessagesThatDifferOnlyInDigitsAreOneMessage) {
  for (std::uint32_t i = 0; i < RateLimitSink::kBurst; ++i) log("port " + std::to_string(i), start_);
  log("port 70000", start_);
  EXPECT_EQ(passed_->texts.size(), RateLimitSink::kBurst);
  log("another port 1", start_);
  EXPECT_EQ(passed_->texts.back(), "another port 1");
}

TEST_F(RateLimitSinkTest, WhatWasHeldBackIsSaidOnceWhenItsWindowIsOver) {
  for (std::uint32_t i = 0; i < RateLimitSink::kBurst + 3; ++i) log("refused", start_);
  passed_->texts.clear();
  limited_.settle(start_ + RateLimitSink::kWindow / 2);
  EXPECT_TRUE(passed_->texts.empty());
  limited_.settle(start_ + RateLimitSink::kWindow);
  EXPECT_EQ(passed_->texts, (std::vector<std::string>{"held back 3 messages such as: refused"}));
  EXPECT_EQ(limited_.held_back(), 3U);
  log("refused", start_ + RateLimitSink::kWindow);
  log("refused", start_ + 2 * RateLimitSink::kWindow);
  EXPECT_EQ(passed_->texts.size(), 3U);
}

TEST_F(RateLimitSinkTest, AnotherMessageHasItSaid) {
  for (std::uint32_t i = 0; i < RateLimitSink::kBurst + 1; ++i) log("refused", start_);
  passed_->texts.clear();
  log("something else", start_ + RateLimitSink::kWindow);
  EXPECT_EQ(passed_->texts, (std::vector<std::string>{"held back 1 messages such as: refused", "something else"}));
}

TEST_F(RateLimitSinkTest, DebuggingIsNotLimited) {
  for (std::uint32_t i = 0; i < 3 * RateLimitSink::kBurst; ++i) log("detail", start_, spdlog::level::debug);
  EXPECT_EQ(passed_->texts.size(), 3 * RateLimitSink::kBurst);
}

TEST_F(RateLimitSinkTest, AFloodOfDifferentMessagesIsBoundedAndSaid) {
  const auto different = [](std::size_t i) {
    return std::string(1, static_cast<char>('a' + i % 26)) + std::string(i / 26, '.');
  };
  const std::size_t flood = 3 * RateLimitSink::kMaxMessages;
  for (std::size_t i = 0; i < flood; ++i) log(different(i), start_);
  EXPECT_EQ(passed_->texts.size(), RateLimitSink::kMaxMessages + RateLimitSink::kBurst);
  EXPECT_EQ(limited_.held_back(), flood - passed_->texts.size());
  passed_->texts.clear();
  limited_.settle(start_ + RateLimitSink::kWindow);
  ASSERT_EQ(passed_->texts.size(), 1U);
  EXPECT_EQ(passed_->texts[0].rfind("held back 2028 messages such as: ", 0), 0U) << passed_->texts[0];
}

TEST_F(RateLimitSinkTest, OfALongMessageOnlyTheBeginningIsKept) {
  for (std::uint32_t i = 0; i < RateLimitSink::kBurst + 1; ++i) log(std::string(1 << 20, 'x') + "\xc3\xa9", start_);
  passed_->texts.clear();
  limited_.settle(start_ + RateLimitSink::kWindow);
  ASSERT_EQ(passed_->texts.size(), 1U);
  EXPECT_LT(passed_->texts[0].size(), 2 * RateLimitSink::kMaxText);
}

}  // namespace
}  // namespace ferry::proxy

#include "proxy/daemon/stale_rules_notice.h"

#include <cerrno>
#include <sstream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

namespace ferry::proxy {
namespace {

class StaleRulesNoticeTest : public ::testing::Test {
 protected:
  StaleRulesNoticeTest() {
    logger_->set_pattern("%l: %v");
    logger_->set_level(spdlog::level::debug);
  }

  /// What is logged on finding this.
  std::string on(StaleRules found) {
    found_ = std::move(found);
    log_.str("");
    notice_.look();
    return log_.str();
  }
  /// -1: there is no sample.
  double metric() const {
    const prometheus::MetricFamily family = notice_.collect().at(0);
    return family.metric.empty() ? -1 : family.metric[0].gauge.value;
  }
  static std::string warning(const std::string& places) {
    return "warning: kube-proxy's rules take connections to services before they come here: " + places +
           "; once it no longer runs on this node, `kube-proxy --cleanup` removes them\n";
  }

  StaleRules found_;
  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> logger_ =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(log_));
  boost::asio::io_context loop_{1};
  StaleRulesNotice notice_{loop_.get_executor(), [this] { return found_; }, logger_};
};

TEST_F(StaleRulesNoticeTest, NothingFoundIsNothingToTell) {
  EXPECT_EQ(metric(), -1);
  EXPECT_EQ(on({}), "");
  EXPECT_EQ(metric(), 0);
}

TEST_F(StaleRulesNoticeTest, TellsOfWhatItFoundOnceAndOfItsEnd) {
  EXPECT_EQ(on({{"a", "b"}, 0}), warning("a, b"));
  EXPECT_EQ(metric(), 2);
  EXPECT_EQ(on({{"a", "b"}, 0}), "");
  EXPECT_EQ(on({{"b"}, 0}), warning("b"));
  EXPECT_EQ(on({}), "info: kube-proxy's rules are gone\n");
  EXPECT_EQ(metric(), 0);
  EXPECT_EQ(on({}), "");
}

TEST_F(StaleRulesNoticeTest, WhatTheKernelDoesNotTellIsNotKnown) {
  EXPECT_EQ(on({{}, EPERM}),
            "debug: whether kube-proxy left rules behind cannot be told everywhere: Operation not permitted\n");
  EXPECT_EQ(metric(), -1);
  EXPECT_EQ(on({{}, EPERM}), "");
  EXPECT_EQ(on({{"a"}, EPERM}), warning("a"));
  EXPECT_EQ(metric(), 1);
  EXPECT_EQ(on({{}, EPERM}), "") << "gone, or not told";
}

}  // namespace
}  // namespace ferry::proxy

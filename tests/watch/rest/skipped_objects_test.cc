#include "watch/rest/skipped_objects.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace ferry::watch {
namespace {

/// Keeps what is logged while it stands.
class SkippedObjectsTest : public ::testing::Test {
 protected:
  SkippedObjectsTest() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
  }
  ~SkippedObjectsTest() override { spdlog::set_default_logger(before_); }

  std::size_t lines() const {
    const std::string text = log_.str();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  std::ostringstream log_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  SkippedObjects skipped_{"services"};
};

TEST_F(SkippedObjectsTest, EachObjectAndReasonIsLoggedOnceAndCountedEachTime) {
  for (int i = 0; i < 5; ++i) {
    skipped_.skip({"default/a", "spec.ports[0].port: 70000 is not a port", "7"});
    skipped_.skip({"default/b", "spec.ports[0].port: 70000 is not a port", "7"});
    skipped_.skip({"default/b", "metadata: missing", "7"});
    skipped_.skip({"", "not JSON", ""});
  }
  EXPECT_EQ(skipped_.skipped(), 20U);
  EXPECT_EQ(lines(), 4U);
  EXPECT_NE(log_.str().find("skipped default/a of services: spec.ports[0].port: 70000 is not a port"),
            std::string::npos);
}

TEST_F(SkippedObjectsTest, WhatWasLeftOutOfAGoodObjectIsCountedApart) {
  ObjectMeta meta;
  meta.name = {"default", "a"};
  skipped_.leave_out(meta, "1 endpoint without an address");
  skipped_.leave_out(meta, "1 endpoint without an address");
  EXPECT_EQ(skipped_.skipped(), 0U);
  EXPECT_EQ(skipped_.partly(), 2U);
  EXPECT_EQ(lines(), 1U);
}

TEST_F(SkippedObjectsTest, ObjectsThatAreTooLargeAreLoggedOnce) {
  skipped_.skip_oversized(5000000);
  skipped_.skip_oversized(6000000);
  EXPECT_EQ(skipped_.skipped(), 2U);
  EXPECT_EQ(lines(), 1U);
}

TEST_F(SkippedObjectsTest, BeyondABoundObjectsAreOnlyCounted) {
  for (int i = 0; i < 5000; ++i) skipped_.skip({"default/" + std::to_string(i), "bad", ""});
  EXPECT_EQ(skipped_.skipped(), 5000U);
  EXPECT_LT(lines(), 1100U);
  EXPECT_NE(log_.str().find("more are only counted"), std::string::npos);
}

}  // namespace
}  // namespace ferry::watch

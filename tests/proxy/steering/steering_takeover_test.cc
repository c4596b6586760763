#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "proxy/steering/steering_layout.h"
#include "tests/proxy/steering/steering_fixture.h"

namespace ferry::proxy {
namespace {

using ::testing::HasSubstr;

TEST_F(SteeringTest, SteeringGoesOnWithoutAProcessWhereItIsPinned) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_TRUE(remove_pins(pins()));
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_FALSE(remove_pins(pins())) << "nothing is left there";
}

TEST_F(SteeringTest, TheNextProcessGoesOnWithWhatItFinds) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place c = listen("127.0.0.3");
  attach(pinned(), {info({a, b})});
  ASSERT_EQ(connect(service_), 0);
  UniqueFd held = std::move(socket_);
  steering_.reset();
  attach(pinned(), {info({b, c})});
  EXPECT_EQ(counters().dialled, 1U) << "what was counted counts";
  EXPECT_EQ(counters().open(), 1U);
  socket_ = std::move(held);
  EXPECT_EQ(peer(), service_) << "of a connection made before, too";
  arrived(a), arrived(b);
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 0U);
  EXPECT_EQ(arrived(b), 2U);
  EXPECT_EQ(arrived(c), 2U);
  EXPECT_EQ(steering_->snapshot().maps[1].entries, 2U);
}

TEST_F(SteeringTest, WhatIsGoneWhenTheNextProcessComesIsSteeredNoMore) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  const auto other = info({a});
  other->name.service.name = "other";
  other->cluster_ips = {ip("10.96.0.11")};
  attach(pinned(), {other});
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_EQ(connect({ip("10.96.0.11"), kPort}), 0);
}

TEST_F(SteeringTest, MapsOfOtherSizesTakeOverWhatIsThere) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  attach(pinned(), {info({a, b})});
  ASSERT_EQ(connect(service_), 0);
  const UniqueFd held = std::move(socket_);
  steering_.reset();
  SteeringOptions options = pinned();
  options.most_service_ports = 64;
  options.most_endpoints = 64;
  options.most_affinities = 64;
  options.most_connections = 64;
  attach(options, {info({a, b})});
  EXPECT_EQ(counters().dialled, 1U);
  arrived(a), arrived(b);
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 2U);
  EXPECT_EQ(arrived(b), 2U);
  steering_.reset();
  attach(options, {info({b})});
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(b), 1U);
  EXPECT_EQ(counters().dialled, 6U);
}

// More and less slots, and more and less of those whose slot another has.
TEST_F(SteeringTest, MapsOfOtherSizesGoOnRememberingTheSockets) {
  SteeringOptions options = pinned();
  const Place a = listen("127.0.0.1");
  const auto service = info({a});
  std::vector<UniqueFd> held;
  for (const std::size_t most : {16U, 64U, 8U, 9U}) {
    options.most_connections = most;
    steering_.reset();
    attach(options, {service});
    if (held.empty()) held = connect_as_many_as_fit(6);
    ASSERT_EQ(held.size(), 6U);
    EXPECT_EQ(counters().open(), 6U);
    for (UniqueFd& one : held) {
      std::swap(one, socket_);
      EXPECT_EQ(peer(), service_) << most;
      std::swap(one, socket_);
    }
  }
  EXPECT_EQ(arrived(a), 6U);
  held.clear();
  EXPECT_EQ(counters().closed, 6U) << "one process's programs hear of each";
  EXPECT_EQ(connect_as_many_as_fit(9).size(), 9U);
}

TEST_F(SteeringTest, PinsOfAnotherVersionGo) {
  attach(pinned());
  const std::string now = pins() + "/services-" + std::to_string(FERRY_STEERING_LAYOUT);
  const std::string old = pins() + "/services-0";
  std::filesystem::rename(now, old);
  steering_.reset();
  attach(pinned(), {info({listen("127.0.0.1")})});
  EXPECT_FALSE(std::filesystem::exists(old));
  EXPECT_TRUE(std::filesystem::exists(now));
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, AffinitiesOutliveTheProcess) {
  std::vector<Place> places;
  for (int count = 0; count < 8; ++count) places.push_back(listen("127.0.0.1"));
  const auto sticky = info(places);
  sticky->session_affinity = config::SessionAffinity::kClientIp;
  attach(pinned(), {sticky});
  for (int process = 0; process < 2; ++process) {
    for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
    steering_.reset();
    attach(pinned(), {sticky});
  }
  std::vector<std::size_t> came;
  for (const Place& place : places) came.push_back(arrived(place));
  EXPECT_EQ(*std::max_element(came.begin(), came.end()), 8U);
}

TEST_F(SteeringTest, AProcessWhosePlaceWasTakenWritesNothingAnyMore) {
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  attach(pinned(), {info({a})});
  const auto next = attached(pinned(), {info({a})});
  serve(info({b}));
  EXPECT_THAT(steering_->why_not(), HasSubstr("another kube-ferry"));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_EQ(next->why_not(), "");
}

TEST_F(SteeringTest, AnotherControlGroupTakesThePlaceOfTheOneBefore) {
  const Place a = listen("127.0.0.1");
  attach(pinned(), {info({a})});
  steering_.reset();
  const std::string other = own_->path() + "/other";
  ASSERT_EQ(::mkdir(other.c_str(), 0755), 0);
  SteeringOptions options = pinned();
  options.cgroup = other;
  steering_ = Steering::attach(
      loop_.get_executor(), options, {info({a})}, [](const SteeringTrouble&) {}, spdlog::default_logger());
  EXPECT_EQ(connect(service_), ENETUNREACH);
  testing::OwnControlGroup::move_to(other);
  EXPECT_EQ(connect(service_), 0);
  testing::OwnControlGroup::move_to(own_->path());
  steering_.reset();
  remove_pins(pins());
  EXPECT_EQ(::rmdir(other.c_str()), 0);
}

TEST_F(SteeringTest, APinPathThatCannotBeIsRefused) {
  SteeringOptions options;
  options.pin_path = "/tmp/kube-ferry";
  try {
    attach(options);
    FAIL() << "pinned in /tmp";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/tmp is in no BPF file system");
  }
}

}  // namespace
}  // namespace ferry::proxy

#include "proxy/steering/steering.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/proxy/steering/steering_fixture.h"

namespace ferry::proxy {
namespace {

using ::testing::HasSubstr;

/// This thread does without these, for as long as this object lives.
class WithoutCapabilities {
 public:
  explicit WithoutCapabilities(const std::vector<unsigned>& capabilities) {
    EXPECT_EQ(::syscall(SYS_capget, &header_, before_.data()), 0) << std::strerror(errno);
    auto fewer = before_;
    for (const unsigned capability : capabilities) fewer.at(capability / 32).effective &= ~(1U << capability % 32);
    EXPECT_EQ(::syscall(SYS_capset, &header_, fewer.data()), 0) << std::strerror(errno);
  }
  ~WithoutCapabilities() { ::syscall(SYS_capset, &header_, before_.data()); }
  WithoutCapabilities(const WithoutCapabilities&) = delete;
  WithoutCapabilities& operator=(const WithoutCapabilities&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> before_{};
};

TEST_F(SteeringTest, ConnectionsGoToTheEndpointsInTurnAndSeeTheService) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a, b}));
  for (int count = 0; count < 10; ++count) {
    ASSERT_EQ(connect(service_, false), 0);
    EXPECT_EQ(peer(), service_);
  }
  EXPECT_EQ(arrived(a), 5U);
  EXPECT_EQ(arrived(b), 5U);
  EXPECT_EQ(why_not(), "");
}

TEST_F(SteeringTest, SocketsOfIpv6ReachServicesOfBothFamilies) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("::1");
  serve(info({a, b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(peer(), service_);
  EXPECT_EQ(arrived(a), 1U);
  ASSERT_EQ(connect(service6_), 0);
  EXPECT_EQ(peer(), service6_);
  EXPECT_EQ(arrived(b), 1U);
}

TEST_F(SteeringTest, WhatChangesIsInForceForTheNextConnection) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  serve(info({a}));
  ASSERT_EQ(connect(service_), 0);
  serve(info({b}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(a), 1U);
  EXPECT_EQ(arrived(b), 1U);
  serve(nullptr);
  EXPECT_EQ(connect(service_), ENETUNREACH) << "it is left as it is";
}

TEST_F(SteeringTest, AnotherPortOfTheServiceIsNotTouched) {
  attach();
  serve(info({listen("127.0.0.1")}));
  EXPECT_EQ(connect({service_.address, 81}), ENETUNREACH);
}

TEST_F(SteeringTest, APausedServicePortIsLeftToTheRelay) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  steering_->pause(name_, true);
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_THAT(why_not(), HasSubstr("has not taken a connection"));
  serve(info({a, listen("127.0.0.2")}));
  EXPECT_EQ(connect(service_), ENETUNREACH) << "a change does not end the pause";
  steering_->pause(name_, false);
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, WithoutCapPerfmonItSaysThatTheKernelRefuses) {
  const WithoutCapabilities fewer({CAP_PERFMON, CAP_SYS_ADMIN});
  try {
    attach();
    ADD_FAILURE() << "it steers";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the kernel refuses the programs: "));
  }
}

TEST_F(SteeringTest, EveryEndpointHasItsShareAfterEachChange) {
  attach();
  std::vector<Place> places;
  for (int count = 0; count < 6; ++count) places.push_back(listen("127.0.0.1"));
  const auto expect_shares = [&](const std::vector<Place>& used) {
    serve(info(used));
    for (std::size_t count = 0; count < 2 * used.size(); ++count) ASSERT_EQ(connect(service_), 0);
    for (const Place& place : places) {
      const bool is_used = std::find(used.begin(), used.end(), place) != used.end();
      EXPECT_EQ(arrived(place), is_used ? 2U : 0U) << place.port;
    }
  };
  expect_shares({places[0], places[1], places[2]});
  expect_shares({places[1], places[2], places[3], places[4]});
  expect_shares({places[0]});
  expect_shares(places);
  expect_shares({places[5], places[0]});
  const auto maps = steering_->snapshot().maps;
  EXPECT_EQ(maps[1].name, "endpoints");
  EXPECT_EQ(maps[1].entries, 2U);
}

TEST_F(SteeringTest, AClientKeepsItsEndpointWhileItIsThere) {
  attach();
  const Place a = listen("127.0.0.1");
  const Place b = listen("127.0.0.2");
  const Place c = listen("127.0.0.3");
  const auto with_affinity = [this](const std::vector<Place>& endpoints) {
    const auto made = info(endpoints);
    made->session_affinity = config::SessionAffinity::kClientIp;
    return made;
  };
  serve(with_affinity({a, b, c}));
  for (int count = 0; count < 6; ++count) ASSERT_EQ(connect(service_), 0);
  const std::map<std::uint16_t, std::size_t> came{{a.port, arrived(a)}, {b.port, arrived(b)}, {c.port, arrived(c)}};
  const auto chosen = std::find_if(came.begin(), came.end(), [](const auto& one) { return one.second == 6; });
  ASSERT_NE(chosen, came.end()) << "all six go to one";
  // Where it stands in the list does not matter.
  std::vector<Place> kept;
  for (const Place& place : {a, b, c}) {
    if (place.port == chosen->first) kept.push_back(place);
  }
  const Place late = listen("127.0.0.4");
  serve(with_affinity({late, kept[0]}));
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(kept[0]), 4U);
  serve(with_affinity({late}));
  ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(late), 1U);
  serve(info({late, kept[0]}));
  for (int count = 0; count < 4; ++count) ASSERT_EQ(connect(service_), 0);
  EXPECT_EQ(arrived(late), 2U) << "without affinity they take turns";
}

TEST_F(SteeringTest, TwoServicePortsOfOneAddressAreLeftToTheRelay) {
  attach();
  const Place a = listen("127.0.0.1");
  serve(info({a}));
  const auto other = info({a});
  other->name.service.name = "other";
  steering_->apply({config::ServicePortChange{other->name, nullptr, other}});
  EXPECT_EQ(connect(service_), ENETUNREACH);
  EXPECT_THAT(why_not(), HasSubstr("another service port has its address"));
  steering_->apply({config::ServicePortChange{other->name, other, nullptr}});
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, CountersOfARemovedServicePortStayInTheTotals) {
  attach();
  const Place a = listen("127.0.0.1");
  for (int count = 0; count < 3; ++count) {
    serve(info({a}));
    EXPECT_EQ(counters().dialled, 0U);
    ASSERT_EQ(connect(service_), 0);
    EXPECT_EQ(counters().dialled, 1U);
    serve(nullptr);
    const std::uint64_t made = count + 1;
    EXPECT_EQ(steering_->totals().dialled, made);
    EXPECT_EQ(steering_->totals().open(), 1U);
    UniqueFd server(::accept4(listeners_.at(a.port).get(), nullptr, nullptr, 0));
    server.reset();
    socket_.reset();
    EXPECT_EQ(steering_->totals().open(), 0U);
  }
}

TEST_F(SteeringTest, WhatThereIsNoRoomForIsLeftToTheRelay) {
  SteeringOptions options;
  options.most_endpoints = 1;
  attach(options);
  serve(info({listen("127.0.0.1"), listen("127.0.0.2")}));
  EXPECT_THAT(why_not(), HasSubstr("no room"));
  EXPECT_EQ(connect(service_), ENETUNREACH);
}

TEST_F(SteeringTest, AMapThatIsNearlyFullIsWarnedOfOnce) {
  std::ostringstream said;
  SteeringOptions options;
  options.cgroup = own_->path();
  options.most_endpoints = 4;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(said);
  steering_ = Steering::attach(
      loop_.get_executor(), options, {}, [](const SteeringTrouble&) {}, std::make_shared<spdlog::logger>("t", sink));
  serve(info({listen("127.0.0.1")}));
  steering_->snapshot();
  EXPECT_EQ(said.str(), "");
  serve(info({listen("127.0.0.1"), listen("127.0.0.2"), listen("127.0.0.3"), listen("127.0.0.4")}));
  steering_->snapshot();
  EXPECT_THAT(said.str(), HasSubstr("the steering map of endpoints holds 4 entries of 4"));
  said.str("");
  steering_->snapshot();
  EXPECT_EQ(said.str(), "");
}

TEST_F(SteeringTest, WhatThereWasNoRoomForIsSteeredWhenSomeComes) {
  SteeringOptions options;
  options.most_endpoints = 2;
  attach(options);
  const Place a = listen("127.0.0.1");
  const auto other = info({listen("127.0.0.2"), listen("127.0.0.3")});
  other->name.service.name = "other";
  other->cluster_ips = {ip("10.96.0.11")};
  steering_->apply({config::ServicePortChange{other->name, nullptr, other}});
  serve(info({a}));
  EXPECT_THAT(why_not(), HasSubstr("no room"));
  steering_->apply({config::ServicePortChange{other->name, other, nullptr}});
  EXPECT_EQ(why_not(), "");
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, ProcessesOutsideOfTheGroupAreNotSteered) {
  attach();
  serve(info({listen("127.0.0.1")}));
  testing::OwnControlGroup::move_to(own_->root());
  EXPECT_EQ(connect(service_), ENETUNREACH);
  testing::OwnControlGroup::move_to(own_->path());
  EXPECT_EQ(connect(service_), 0);
}

TEST_F(SteeringTest, NothingIsSteeredOnceItIsGone) {
  attach();
  serve(info({listen("127.0.0.1")}));
  steering_.reset();
  EXPECT_EQ(connect(service_), ENETUNREACH);
}

TEST_F(SteeringTest, AFolderThatIsNoControlGroupIsRefused) {
  SteeringOptions options;
  options.cgroup = "/tmp";
  try {
    Steering::attach(
        loop_.get_executor(), options, {}, [](const SteeringTrouble&) {}, spdlog::default_logger());
    FAIL() << "attached to /tmp";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "/tmp is no control group of version 2");
  }
}

}  // namespace
}  // namespace ferry::proxy

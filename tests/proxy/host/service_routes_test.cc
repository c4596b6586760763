#include "proxy/host/service_routes.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include "proxy/host/external_rules.h"
#include "proxy/host/local_routes.h"
#include "proxy/host/reply_device.h"
#include "tests/proxy/host/without_net_admin.h"
#include "tests/support/addresses.h"
#include "tests/support/own_network.h"

namespace ferry::proxy {
namespace {

using config::ServicePortChange;
using config::ServicePortInfo;
using ferry::testing::address;
using ferry::testing::ip;
using ferry::testing::prefix;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

ListenAddress port(const std::string& text, std::uint16_t number, config::Protocol protocol = config::Protocol::kTcp) {
  return {address(text), number, protocol};
}

class ServiceRoutesTest : public ::testing::Test {
 protected:
  ServiceRoutesTest() {
    ferry::testing::enter_own_network();
    ip("link set lo up");
    ip("address add 192.0.2.1/32 dev lo");
    routes_.move_to({address("192.0.2.1")}, {address("192.0.2.1")});
  }

  using Info = std::shared_ptr<const ServicePortInfo>;

  static Info info(const std::string& name, const std::vector<std::string>& cluster,
                   const std::vector<std::string>& external = {}) {
    auto made = std::make_shared<ServicePortInfo>();
    made->name = {{"ns", name}, "", config::Protocol::kTcp};
    made->port = 80;
    for (const std::string& text : cluster) made->cluster_ips.push_back(address(text));
    for (const std::string& text : external) made->external_ips.push_back(address(text));
    return made;
  }
  void change(const Info& before, const Info& after) {
    routes_.apply({ServicePortChange{before ? before->name : after->name, before, after}});
  }
  void sweep(bool busy = false) {
    routes_.sweep([busy](const config::ServicePortName&) { return busy; });
  }

  std::ostringstream log_;
  ServiceRoutes routes_{
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_))};
};

TEST_F(ServiceRoutesTest, AnAddressIsRoutedUntilNoServicePortNeedsItOrCarriesAnything) {
  const Info web = info("web", {"10.96.0.1"});
  const Info other = info("other", {"10.96.0.1"});
  change(nullptr, web);
  change(nullptr, other);
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  change(web, nullptr);
  sweep();
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  change(other, nullptr);
  sweep(true);
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  EXPECT_TRUE(routes_.has_unneeded());
  sweep();
  EXPECT_THAT(LocalRoutes::list(), IsEmpty());
  EXPECT_FALSE(routes_.has_unneeded());
}

TEST_F(ServiceRoutesTest, WhatComesBackBeforeTheSweepStays) {
  const Info web = info("web", {"10.96.0.1"}, {"203.0.113.5"});
  change(nullptr, web);
  change(web, nullptr);
  change(nullptr, web);
  sweep();
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  EXPECT_THAT(ExternalRules::list(), ElementsAre(port("203.0.113.5", 80)));
}

TEST_F(ServiceRoutesTest, RangesAndTheHostsOwnAddressesNeedNone) {
  change(nullptr, info("web", {"10.96.0.1", "127.96.0.1"}, {"192.0.2.1", "203.0.113.5"}));
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  EXPECT_THAT(ExternalRules::list(), ElementsAre(port("203.0.113.5", 80)));
  routes_.set_ranges({prefix("10.96.0.0/16")});
  EXPECT_THAT(LocalRoutes::list(), IsEmpty());
  routes_.move_to({address("192.0.2.1"), address("203.0.113.5")}, {address("192.0.2.1")});
  EXPECT_THAT(ExternalRules::list(), IsEmpty());
  routes_.move_to({address("192.0.2.1")}, {address("192.0.2.1")});
  EXPECT_THAT(ExternalRules::list(), ElementsAre(port("203.0.113.5", 80)));
}

TEST_F(ServiceRoutesTest, WhatCannotBeTakenAwayForWantOfPrivilegeIsLeftAndTold) {
  ip("route add local 10.96.0.0/16 dev lo");
  change(nullptr, info("web", {"10.96.0.1"}));
  const testing::WithoutNetAdmin unprivileged;
  routes_.set_ranges({prefix("10.96.0.0/16")});
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.1/32")));
  EXPECT_THAT(log_.str(), HasSubstr("cannot take away the route of 10.96.0.1/32: Operation not permitted"));
}

TEST_F(ServiceRoutesTest, LeftoversOfAnEarlierRunGoAndWhatIsNeededAndWhatIsOthersStays) {
  LocalRoutes::add({prefix("10.96.0.1/32"), prefix("10.96.0.2/32"), prefix("10.97.0.0/16")}, {});
  ip("route add local 10.96.0.3/32 dev lo table local");
  ExternalRules::add(port("203.0.113.5", 80));
  ExternalRules::add(port("203.0.113.6", 80));
  ip("rule add to 203.0.113.7 ipproto tcp dport 80 lookup 7070");
  routes_.set_ranges({prefix("10.97.0.0/16")});
  change(nullptr, info("web", {"10.96.0.1"}, {"203.0.113.5"}));
  routes_.remove_leftovers();
  EXPECT_THAT(LocalRoutes::list(), UnorderedElementsAre(prefix("10.96.0.1/32"), prefix("10.97.0.0/16")));
  EXPECT_THAT(ExternalRules::list(), ElementsAre(port("203.0.113.5", 80)));
  EXPECT_EQ(ExternalRules::remove_all(), 1U);
  EXPECT_EQ(std::system("ip rule show | grep -q 203.0.113.7"), 0);
  EXPECT_EQ(std::system("ip route show table local | grep -q 10.96.0.3"), 0);
}

TEST_F(ServiceRoutesTest, RulesAreOfBothFamiliesAndProtocols) {
  routes_.move_to({address("192.0.2.1")}, {address("192.0.2.1"), address("::1")});
  auto dns = std::make_shared<ServicePortInfo>(*info("dns", {}, {"203.0.113.5", "2001:db8::5"}));
  dns->name.protocol = config::Protocol::kUdp;
  change(nullptr, dns);
  EXPECT_THAT(ExternalRules::list(), UnorderedElementsAre(port("203.0.113.5", 80, config::Protocol::kUdp),
                                                          port("2001:db8::5", 80, config::Protocol::kUdp)));
  EXPECT_EQ(log_.str(), "");
}

TEST_F(ServiceRoutesTest, TheKernelMayRefuseAtAnExternalAddressAsLongAsItHasARule) {
  const Info web = info("web", {}, {"203.0.113.5"});
  auto dns = std::make_shared<ServicePortInfo>(*info("dns", {}, {"203.0.113.5", "2001:db8::5"}));
  dns->name.protocol = config::Protocol::kUdp;
  change(nullptr, web);
  change(nullptr, dns);
  EXPECT_THAT(ReplyDevice::list(), ElementsAre(address("203.0.113.5")));
  EXPECT_EQ(std::system("ip route show table local | grep -q 203.0.113.5"), 256) << "the whole address is local";
  change(web, nullptr);
  sweep();
  EXPECT_THAT(ReplyDevice::list(), ElementsAre(address("203.0.113.5")));
  change(dns, nullptr);
  sweep();
  EXPECT_THAT(ReplyDevice::list(), IsEmpty());
  EXPECT_EQ(log_.str(), "");
}

TEST_F(ServiceRoutesTest, AddressesThatAnEarlierRunMadeTheKernelRefuseAtGo) {
  for (const char* const text : {"203.0.113.5", "203.0.113.6"}) EXPECT_EQ(ReplyDevice::add(address(text)), 0);
  EXPECT_EQ(ReplyDevice::add(address("203.0.113.5")), 0);
  change(nullptr, info("web", {}, {"203.0.113.5"}));
  routes_.remove_leftovers();
  EXPECT_THAT(ReplyDevice::list(), ElementsAre(address("203.0.113.5")));
  ExternalRules::remove_all();
  EXPECT_EQ(std::system("ip link show kube-ferry0 2>/dev/null"), 256) << "the device is still there";
}

}  // namespace
}  // namespace ferry::proxy

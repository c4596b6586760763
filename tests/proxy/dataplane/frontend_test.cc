#include "proxy/dataplane/frontend.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/dataplane/served_port.h"

namespace ferry::proxy {
namespace {

using config::TrafficPolicy;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::IpAddress address(const char* text) { return config::IpAddress::parse(text).value(); }
config::IpPrefix prefix(const char* text) { return config::IpPrefix::parse(text).value(); }

std::shared_ptr<const config::BackendSet> set_of(std::size_t size) {
  config::BackendSet set;
  for (std::size_t i = 0; i < size; ++i) {
    set.backends.push_back({address("10.1.0.1"), static_cast<std::uint16_t>(80 + i), false, false});
  }
  return std::make_shared<const config::BackendSet>(std::move(set));
}

/// A frontend as a line: "10.96.0.1:80 cluster everyone", "… refused", "… local from 10.0.0.0/8 insiders".
std::string line_of(const Frontend& frontend) {
  std::string line = frontend.at.address.to_string() + ":" + std::to_string(frontend.at.port);
  if (frontend.refused) return line + " refused";
  line += frontend.scope == Scope::kLocal ? " local" : " cluster";
  if (frontend.admission.everyone) {
    line += " everyone";
  } else {
    line += frontend.admission.sources.empty() ? " nobody" : " from";
    for (const config::IpPrefix& source : frontend.admission.sources) line += " " + source.to_string();
  }
  return frontend.insiders ? line + " +insiders" : line;
}

class FrontendTest : public ::testing::Test {
 protected:
  FrontendTest() {
    info_.port = 80;
    info_.cluster_ips = {address("10.96.0.1")};
    have(2, 1);
  }

  void have(std::size_t cluster, std::size_t local) {
    info_.backends[0].cluster = set_of(cluster);
    info_.backends[0].local = set_of(local);
    info_.backends[0].any_usable = cluster > 0;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    for (const Frontend& frontend : frontends_of(info_, Surroundings(node_))) lines.push_back(line_of(frontend));
    return lines;
  }

  config::ServicePortInfo info_;
  NodeView node_{{address("192.168.0.7"), address("fd00::7")}, {}, {prefix("10.1.0.0/16")}};
};

TEST_F(FrontendTest, AServiceWithoutAddressesIsReachedNowhere) {
  info_.cluster_ips.clear();
  EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(FrontendTest, AClusterAddressIsEverybodysAndRefusesWithoutEndpoints) {
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone"));
  have(0, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 refused"));
}

TEST_F(FrontendTest, EachFamilyHasItsOwnEndpoints) {
  info_.cluster_ips.push_back(address("fd00:96::1"));
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone", "fd00:96::1:80 refused"));
}

TEST_F(FrontendTest, TheInternalLocalPolicyIgnoresWhileEndpointsAreElsewhereAndRefusesWhenThereAreNone) {
  info_.internal_traffic_policy = TrafficPolicy::kLocal;
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 local everyone"));
  have(2, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 local nobody"));
  have(0, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 refused"));
}

TEST_F(FrontendTest, TheInternalPolicyDoesNotTouchExternalAddresses) {
  info_.internal_traffic_policy = TrafficPolicy::kLocal;
  info_.external_ips = {address("203.0.113.1")};
  have(2, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 local nobody", "203.0.113.1:80 cluster everyone"));
}

TEST_F(FrontendTest, TheExternalLocalPolicyIsNotForInsidersNorForClusterAddresses) {
  info_.external_traffic_policy = TrafficPolicy::kLocal;
  info_.external_ips = {address("203.0.113.1")};
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone", "203.0.113.1:80 local everyone +insiders"));
  have(2, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone",
                                   "203.0.113.1:80 local from 10.1.0.0/16 192.168.0.7/32 fd00::7/128 127.0.0.0/8 "
                                   "::1/128 +insiders"));
  have(0, 0);
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 refused", "203.0.113.1:80 refused"));
}

TEST_F(FrontendTest, InsidersArePodsAndTheNodeItself) {
  info_.external_traffic_policy = TrafficPolicy::kLocal;
  info_.external_ips = {address("203.0.113.1")};
  const Frontend frontend = frontends_of(info_, Surroundings(node_)).at(1);
  for (const char* insider : {"10.1.2.3", "192.168.0.7", "127.0.0.1", "::1"}) {
    EXPECT_EQ(frontend.scope_for(address(insider)), Scope::kCluster) << insider;
  }
  for (const char* outsider : {"192.168.0.8", "10.2.0.1", "fd00::8"}) {
    EXPECT_EQ(frontend.scope_for(address(outsider)), Scope::kLocal) << outsider;
  }
}

TEST_F(FrontendTest, AClientLetInWhileThereWereLocalEndpointsIsCarriedElsewhereWhenTheyAreGone) {
  info_.external_traffic_policy = TrafficPolicy::kLocal;
  info_.external_ips = {address("203.0.113.1")};
  const Frontend frontend = frontends_of(info_, Surroundings(node_)).at(1);
  PortState state;
  state.sets[SetChoice{config::AddressFamily::kIpv4, Scope::kCluster}.index()] = set_of(2);
  EXPECT_EQ(choose_set(frontend, state, address("192.168.0.8")).scope, Scope::kCluster);
  state.sets[SetChoice{config::AddressFamily::kIpv4, Scope::kLocal}.index()] = set_of(1);
  EXPECT_EQ(choose_set(frontend, state, address("192.168.0.8")).scope, Scope::kLocal);
  EXPECT_EQ(choose_set(frontend, state, address("10.1.0.1")).scope, Scope::kCluster);
}

TEST_F(FrontendTest, SourceRangesHoldForLoadBalancerAddressesAlone) {
  info_.load_balancer_source_ranges = {prefix("198.51.100.0/24")};
  info_.load_balancer_ips = {address("203.0.113.2")};
  info_.external_ips = {address("203.0.113.1")};
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone", "203.0.113.1:80 cluster everyone",
                                   "203.0.113.2:80 cluster from 198.51.100.0/24"));
}

TEST_F(FrontendTest, SourceRangesWithTheNodeInThemLetItComeFromTheLoadBalancerAddress) {
  info_.load_balancer_source_ranges = {prefix("192.168.0.0/24")};
  info_.load_balancer_ips = {address("203.0.113.2")};
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone",
                                   "203.0.113.2:80 cluster from 192.168.0.0/24 203.0.113.2/32"));
}

TEST_F(FrontendTest, WithoutLocalEndpointsOnlyInsidersWithinTheSourceRangesAreLeft) {
  info_.external_traffic_policy = TrafficPolicy::kLocal;
  info_.load_balancer_source_ranges = {prefix("10.1.7.0/24"), prefix("192.168.0.0/16"), prefix("198.51.100.0/24")};
  info_.load_balancer_ips = {address("203.0.113.2")};
  have(2, 0);
  EXPECT_EQ(lines().at(1), "203.0.113.2:80 local from 10.1.7.0/24 192.168.0.7/32 +insiders");
}

TEST_F(FrontendTest, NodePortsAreServedAtTheNodesAddresses) {
  info_.node_port = 30080;
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone"));
  node_.node_port_addresses = {address("192.168.0.7"), address("127.0.0.1")};
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone", "192.168.0.7:30080 cluster everyone",
                                   "127.0.0.1:30080 cluster everyone"));
}

TEST_F(FrontendTest, AnAddressNamedTwiceCountsOnce) {
  info_.external_ips = {address("203.0.113.1")};
  info_.load_balancer_ips = {address("203.0.113.1")};
  info_.load_balancer_source_ranges = {prefix("198.51.100.0/24")};
  EXPECT_THAT(lines(), ElementsAre("10.96.0.1:80 cluster everyone", "203.0.113.1:80 cluster everyone"));
}

}  // namespace
}  // namespace ferry::proxy

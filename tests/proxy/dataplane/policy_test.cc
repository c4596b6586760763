#include <cerrno>
#include <chrono>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "tests/proxy/dataplane/dataplane_fixture.h"

namespace ferry::proxy::testing {
namespace {

using config::IpAddress;
using config::IpPrefix;
using config::ServicePortInfo;
using config::TrafficPolicy;

/// Two backends; the second runs on this node.
class Policy : public DataplaneFixture {
 protected:
  std::vector<config::Backend> both() const { return {backend_at(far_), local_backend_at(near_)}; }

  /// Who gets the next connection: "far" or "near".
  std::string reached(const TestService& service, const std::string& from = {}) const {
    return reached_at(service.addresses[0], service.port, from);
  }
  std::string reached_at(const std::string& address, std::uint16_t port, const std::string& from = {}) const {
    const TestSocket client = TestSocket::connect(address, port, from);
    EXPECT_TRUE(client.send("x"));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (std::chrono::steady_clock::now() < deadline) {
      if (far_.pending()) return far_.accept().receive(1) == "x" ? "far" : "garbled";
      if (near_.pending()) return near_.accept().receive(1) == "x" ? "near" : "garbled";
    }
    return "nobody";
  }
  std::map<std::string, int> reached_by_six(const TestService& service, const std::string& from = {}) const {
    std::map<std::string, int> counts;
    for (int i = 0; i < 6; ++i) ++counts[reached(service, from)];
    return counts;
  }

  /// A further address of this test's own.
  static std::string another_address(const TestService& service) {
    std::string address = service.addresses[0];
    return address.replace(0, 7, "127.97.");
  }

  using Counts = std::map<std::string, int>;

  TestListener far_;
  TestListener near_;
};

TEST_F(Policy, TheClusterPolicyTakesEveryEndpointInTurn) {
  const TestService service = new_service("cluster", both());
  set(service);
  EXPECT_EQ(reached_by_six(service), (Counts{{"far", 3}, {"near", 3}}));
}

TEST_F(Policy, TheInternalLocalPolicyTakesTheEndpointsOfThisNode) {
  TestService service = new_service("local", both());
  service.also = [](ServicePortInfo& info) { info.internal_traffic_policy = TrafficPolicy::kLocal; };
  set(service);
  EXPECT_EQ(reached_by_six(service), (Counts{{"near", 6}}));
}

TEST_F(Policy, WithoutLocalEndpointsItIsSilentAndWithoutAnyItRefuses) {
  TestService service = new_service("local", {backend_at(far_)});
  service.also = [](ServicePortInfo& info) { info.internal_traffic_policy = TrafficPolicy::kLocal; };
  set(service);
  EXPECT_TRUE(is_ignored(service.addresses[0], service.port));
  service.backends.clear();
  set(service);
  EXPECT_EQ(connect_error(service), ECONNREFUSED);
  service.backends = both();
  set(service);
  EXPECT_EQ(reached(service), "near");
}

TEST_F(Policy, APolicyThatChangesTakesEffectOnTheOpenListener) {
  TestService service = new_service("changing", both());
  set(service);
  service.also = [](ServicePortInfo& info) { info.internal_traffic_policy = TrafficPolicy::kLocal; };
  set(service);
  EXPECT_EQ(reached_by_six(service), (Counts{{"near", 6}}));
  service.also = nullptr;
  set(service);
  EXPECT_EQ(reached_by_six(service), (Counts{{"far", 3}, {"near", 3}}));
}

TEST_F(Policy, ALoadBalancerAddressAnswersItsSourceRangesAlone) {
  TestService service = new_service("balanced", both());
  const std::string address = another_address(service);
  const auto allow = [&](const char* range) {
    service.also = [&address, range](ServicePortInfo& info) {
      info.load_balancer_ips = {IpAddress::parse(address).value()};
      info.load_balancer_source_ranges = {IpPrefix::parse(range).value()};
    };
    set(service);
  };
  allow("127.5.0.0/16");
  reached_at(address, service.port, "127.5.1.1");
  EXPECT_TRUE(is_ignored(address, service.port, "127.6.1.1"));
  allow("127.6.0.0/16");
  EXPECT_TRUE(is_ignored(address, service.port, "127.5.1.1"));
  reached_at(address, service.port, "127.6.1.1");
  reached(service, "127.7.1.1");
}

TEST_F(Policy, NodePortsFollowTheNodesAddresses) {
  TestService service = new_service("ported", both());
  const std::string first = another_address(service);
  const std::uint16_t node_port = free_port(first);
  service.also = [node_port](ServicePortInfo& info) { info.node_port = node_port; };
  set(service);
  EXPECT_EQ(testing::connect_error(first, node_port), ECONNREFUSED);

  const IpAddress address = IpAddress::parse(first).value();
  dataplane().move_to(NodeView{{address}, {address}, {}});
  ASSERT_TRUE(wait_until_done());
  const TestSocket carried = TestSocket::connect(first, node_port);
  dataplane().move_to(NodeView{});
  ASSERT_TRUE(wait_until_done());
  EXPECT_EQ(testing::connect_error(first, node_port), ECONNREFUSED);
  EXPECT_TRUE(carried.send("x"));
  reached(service);
}

TEST_F(Policy, AClientWithAffinityKeepsItsEndpointAndOthersGetTheirTurn) {
  TestService service = new_service("sticky", both());
  service.also = [](ServicePortInfo& info) { info.session_affinity = config::SessionAffinity::kClientIp; };
  set(service);
  const std::string first = reached(service, "127.5.0.1");
  const std::string second = reached(service, "127.5.0.2");
  EXPECT_NE(first, second);
  EXPECT_EQ(reached_by_six(service, "127.5.0.1"), (Counts{{first, 6}}));
  EXPECT_EQ(reached_by_six(service, "127.5.0.2"), (Counts{{second, 6}}));
}

TEST_F(Policy, AffinityOutlastsANewEndpointAndMovesOnWhenItsOwnIsGone) {
  TestService service = new_service("sticky", {backend_at(far_)});
  service.also = [](ServicePortInfo& info) { info.session_affinity = config::SessionAffinity::kClientIp; };
  set(service);
  EXPECT_EQ(reached(service, "127.5.0.1"), "far");
  service.backends = both();
  set(service);
  EXPECT_EQ(reached_by_six(service, "127.5.0.1"), (Counts{{"far", 6}}));
  service.backends = {local_backend_at(near_)};
  set(service);
  EXPECT_EQ(reached(service, "127.5.0.1"), "near");
  service.backends = both();
  set(service);
  EXPECT_EQ(reached_by_six(service, "127.5.0.1"), (Counts{{"near", 6}}));
}

TEST_F(Policy, AffinityMovesOnWhenItsEndpointDoesNotAnswer) {
  TestService service = new_service("sticky", both());
  service.also = [](ServicePortInfo& info) { info.session_affinity = config::SessionAffinity::kClientIp; };
  set(service);
  const std::string first = reached(service, "127.5.0.1");
  TestListener& lost = first == "far" ? far_ : near_;
  const std::string other = first == "far" ? "near" : "far";
  const std::uint16_t port = lost.port();
  lost.close();
  const TestListener& left = first == "far" ? near_ : far_;
  for (int i = 0; i < 3; ++i) {
    const TestSocket client = TestSocket::connect(service.addresses[0], service.port, "127.5.0.1");
    EXPECT_TRUE(client.send("x"));
    EXPECT_EQ(left.accept().receive(1), "x");
  }
  lost = TestListener("127.0.0.1", port);
  EXPECT_EQ(reached(service, "127.5.0.1"), other);
}

}  // namespace
}  // namespace ferry::proxy::testing

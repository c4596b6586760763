#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/cluster_network.h"
#include "tests/e2e/eventually.h"
#include "tests/support/own_network.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string output_of(const std::vector<std::string>& command) { return run(command).output; }

/// How what is sent to service addresses comes to the node, by either capture.
class ServiceRoutes : public ClusterNetwork, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "sk_lookup" && ::getuid() != 0) {
      GTEST_SKIP() << "capture by sk_lookup is for root alone";
    }
    ClusterNetwork::SetUp();
    start_proxy_without_ranges({"--capture", GetParam()});
  }
};
INSTANTIATE_TEST_SUITE_P(Capture, ServiceRoutes, ::testing::Values("sk_lookup", "bind"),
                         [](const auto& capture) { return std::string(capture.param); });

TEST_P(ServiceRoutes, AClusterAddressOutsideEveryRangeIsRoutedAsLongAsItIsNeeded) {
  const Json service = create_service("web");
  set_pods("web", {"here-1"});
  const std::string address = service["spec"]["clusterIP"];
  for (const Guest* const from : {client(), node()}) wait_for_answers(from, cluster_address(service), {"here-1"});
  EXPECT_THAT(output_of({"ip", "route", "show", "table", "local", address}), HasSubstr("proto 70"));
  delete_service("web");
  eventually("the route is gone", [&] {
    return output_of({"ip", "route", "show", "table", "local", address}).empty();
  });
}

TEST_P(ServiceRoutes, TheRangesOfServiceCidrObjectsTakeThePlaceOfARouteForEachAddress) {
  const std::string objects = "/apis/networking.k8s.io/v1/servicecidrs";
  const Json service = create_service("web");
  set_pods("web", {"here-1"});
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  api().create(objects, Json{{"apiVersion", "networking.k8s.io/v1"},
                             {"kind", "ServiceCIDR"},
                             {"metadata", {{"name", "kubernetes"}}},
                             {"spec", {{"cidrs", Json::array({"10.96.0.0/16"})}}}});
  const auto routes = [] { return output_of({"ip", "route", "show", "table", "local", "proto", "70"}); };
  eventually("the range is routed, and no address",
             [&] { return routes().starts_with("local 10.96.0.0/16 ") && routes().find("local", 1) == routes().npos; });
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  api().remove(objects + "/kubernetes");
  const std::string address = service["spec"]["clusterIP"];
  eventually("the address is routed again", [&] {
    return routes().find(address + " ") != std::string::npos && routes().find("10.96.0.0/16") == std::string::npos;
  });
  wait_for_answers(client(), cluster_address(service), {"here-1"});
}

TEST_P(ServiceRoutes, RoutesOfAnEarlierRunAreKeptWhereTheyAreNeededAndElseTakenAway) {
  const Json kept = create_service("kept");
  const Json gone = create_service("gone", Json{{"externalIPs", Json::array({"203.0.113.5"})}});
  set_pods("kept", {"here-1"});
  set_pods("gone", {"here-1"});
  wait_for_answers(client(), cluster_address(kept), {"here-1"});
  wait_for_answers(client(), "203.0.113.5:80", {"here-1"});
  proxy().signal(SIGKILL);
  proxy().wait();
  delete_service("gone");
  start_proxy_without_ranges({"--capture", GetParam()});
  eventually("what nobody needs is gone", [&] {
    const std::string routes = output_of({"ip", "route", "show", "table", "local", "proto", "70"});
    return routes.find(gone["spec"]["clusterIP"]) == std::string::npos &&
           output_of({"ip", "rule", "show"}).find("203.0.113.5") == std::string::npos;
  });
  wait_for_answers(client(), cluster_address(kept), {"here-1"});
  const Finished cleaned = run({program("kube-ferry"), "--cleanup"});
  EXPECT_EQ(cleaned.output, "1 route and 0 rules taken away\n");
  EXPECT_EQ(output_of({"ip", "route", "show", "table", "7070"}), "");
}

TEST_P(ServiceRoutes, AnExternalAddressOfNobodyHereIsServedAndItsOtherPortsReachTheirOwner) {
  std::ofstream("/proc/sys/net/ipv4/ip_forward") << "1";
  pod("node-2")->ip_inside("address add 203.0.113.5/32 dev lo");
  ip("route add 203.0.113.5/32 via 192.0.2.2 dev node-2 onlink");
  const auto owner = pod("node-2")->inside([] {
    return std::make_unique<EchoServer>(
        "owner", boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("203.0.113.5"), 7000));
  });
  create_service("web", Json{{"externalIPs", Json::array({"203.0.113.5"})}});
  set_pods("web", {"here-1", "there-1"});
  for (const Guest* const from : {client(), outside(), node()}) {
    wait_for_answers(from, "203.0.113.5:80", {"here-1", "there-1"});
    EXPECT_EQ(call(from, "203.0.113.5:7000", 2).answers, (std::map<std::string, std::size_t>{{"owner", 2}}));
  }
}

TEST_P(ServiceRoutes, AnExternalAddressRefusesWithoutEndpoints) {
  ip("address add 2001:db8::1/128 dev lo");
  create_service("web", Json{{"externalIPs", Json::array({"203.0.113.5"})}});
  create_service("six", Json{{"externalIPs", Json::array({"2001:db8::5"})}, {"ipFamilies", Json::array({"IPv6"})}});
  for (const Guest* const from : {client(), outside(), node()}) wait_until_refused(from, "203.0.113.5:80");
  for (const Guest* const from : {client(), node()}) wait_until_refused(from, "[2001:db8::5]:80");
  set_pods("web", {"here-1"});
  wait_for_answers(outside(), "203.0.113.5:80", {"here-1"});
  set_pods("web", {});
  wait_until_refused(outside(), "203.0.113.5:80");
}

TEST_P(ServiceRoutes, IPv6AddressesOutsideEveryRangeAreServedAndNotSaidToBeTheNodes) {
  ip("address add 2001:db8::1/128 dev lo");
  const Json service =
      create_service("six", Json{{"externalIPs", Json::array({"2001:db8::5"})}, {"ipFamilies", Json::array({"IPv6"})}});
  api().create(kSlices, Json{{"apiVersion", "discovery.k8s.io/v1"},
                             {"kind", "EndpointSlice"},
                             {"metadata", {{"name", "six"}, {"labels", {{"kubernetes.io/service-name", "six"}}}}},
                             {"addressType", "IPv6"},
                             {"ports", Json::array({{{"name", "stream"}, {"port", 9000}, {"protocol", "TCP"}},
                                                    {{"name", "datagrams"}, {"port", 9000}, {"protocol", "UDP"}}})},
                             {"endpoints", Json::array({{{"addresses", Json::array({"fd00:244::3"})}}})}});
  for (const Guest* const from : {client(), node()}) {
    wait_for_answers(from, cluster_address(service), {"here-1"});
    wait_for_answers(from, "[2001:db8::5]:80", {"here-1"});
  }
  // As if it were a neighbour: who has it is asked by a neighbour solicitation.
  client()->ip_inside("route add 2001:db8::5/128 dev eth0");
  EXPECT_THAT(call(client(), "[2001:db8::5]:80", 1).to_string(), HasSubstr("No route to host"));
  EXPECT_THAT(output_of(client()->command({"ip", "neigh", "show", "2001:db8::5"})), Not(HasSubstr("lladdr")));
}

TEST_P(ServiceRoutes, TheNodeDoesNotSayThatAnExternalAddressIsItsOwn) {
  create_service("web", Json{{"externalIPs", Json::array({"192.0.2.60"})}});
  set_pods("web", {"here-1"});
  wait_for_answers(outside(), "192.0.2.60:80", {"here-1"});
  // As if it were a neighbour: who has it is asked by ARP.
  outside()->ip_inside("route add 192.0.2.60/32 dev eth0");
  EXPECT_THAT(call(outside(), "192.0.2.60:80", 1).to_string(), HasSubstr("No route to host"));
  EXPECT_THAT(output_of(outside()->command({"ip", "neigh", "show", "192.0.2.60"})), Not(HasSubstr("lladdr")));
  EXPECT_THAT(output_of(outside()->command({"ip", "neigh", "show", "192.0.2.1"})), HasSubstr("lladdr"));
}

TEST_P(ServiceRoutes, AnExternalAddressThatBecomesTheNodesOwnNeedsNoRule) {
  create_service("web", Json{{"externalIPs", Json::array({"203.0.113.5"})}});
  set_pods("web", {"here-1"});
  wait_for_answers(client(), "203.0.113.5:80", {"here-1"});
  EXPECT_THAT(output_of({"ip", "rule", "show"}), HasSubstr("203.0.113.5"));
  ip("address add 203.0.113.5/32 dev lo");
  eventually("its rules are gone", [] {
    return output_of({"ip", "rule", "show"}).find("203.0.113.5") == std::string::npos;
  });
  wait_for_answers(client(), "203.0.113.5:80", {"here-1"});
}

}  // namespace
}  // namespace ferry::testing

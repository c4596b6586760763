#include <random>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/objects.h"

namespace ferry::testing {
namespace {

using boost::asio::ip::tcp;

/// What a Service's fields ask for, and what the node's own object says.
class ServiceFields : public WebTest {
 protected:
  void patch_service(const Json& spec) { api().merge_patch(kServices + "/web", Json{{"spec", spec}}); }

  /// A port of the API server's range for node ports that nobody here listens at. Two suites that run at the same time
  /// hardly ever draw the same.
  static std::uint16_t free_node_port() {
    std::random_device random;
    while (true) {
      const auto port = static_cast<std::uint16_t>(std::uniform_int_distribution<>(30000, 32767)(random));
      boost::asio::io_context loop;
      tcp::acceptor probe(loop, tcp::v4());
      boost::system::error_code error;
      probe.bind({boost::asio::ip::address_v4::any(), port}, error);
      if (!error.failed()) return port;
    }
  }
};

TEST_F(ServiceFields, ANodePortIsServedAtTheNodesAddressesAndClosedAgain) {
  const std::uint16_t node_port = free_node_port();
  const tcp::endpoint at_the_node(boost::asio::ip::address_v4::loopback(), node_port);
  patch_service(
      {{"type", "NodePort"},
       {"ports", Json::array({{{"port", kServicePort}, {"targetPort", backend_port()}, {"nodePort", node_port}}})}});
  wait_for_answers(at_the_node, {"a", "b", "c"});
  wait_for_answers(web_, {"a", "b", "c"});
  patch_service(
      {{"type", "ClusterIP"}, {"ports", Json::array({{{"port", kServicePort}, {"targetPort", backend_port()}}})}});
  wait_until_refused(at_the_node);
  wait_for_answers(web_, {"a", "b", "c"});
}

TEST_F(ServiceFields, AnExternalAddressIsServedToo) {
  // An address of this process, outside its service range.
  const std::string external = addresses().pod_address(100);
  patch_service({{"externalIPs", Json::array({external})}});
  wait_for_answers({boost::asio::ip::make_address(external), kServicePort}, {"a", "b", "c"});
}

TEST_F(ServiceFields, ClientIpAffinityKeepsAClientWithItsBackendUntilItIsGone) {
  patch_service({{"sessionAffinity", "ClientIP"}});
  std::string first;
  eventually("calls stay with one backend", [&] {
    const Tally tally = call_times(web_, 12);
    first = tally.answers.begin()->first;
    return tally.failed == 0 && tally.answers.size() == 1;
  });
  add_pod("d", "web");
  remove_pod(first);
  std::string second;
  eventually("calls stay with another backend", [&] {
    const Tally tally = call_times(web_, 12);
    second = tally.answers.begin()->first;
    return tally.failed == 0 && tally.answers.size() == 1 && second != first;
  });
  patch_service({{"sessionAffinity", "None"}});
  std::set<std::string> all = {"a", "b", "c", "d"};
  all.erase(first);
  wait_for_answers(web_, all);
}

TEST_F(ServiceFields, AHealthCheckNodePortTellsHowManyEndpointsAreHere) {
  const std::uint16_t check_port = free_node_port();
  const std::string url = "http://127.0.0.1:" + std::to_string(check_port);
  patch_service({{"type", "LoadBalancer"}, {"externalTrafficPolicy", "Local"}, {"healthCheckNodePort", check_port}});
  const auto tells = [&url](int status, std::size_t count) {
    const HttpReply reply = http("GET", url + "/");
    return reply.status == status &&
           reply.body.find("\"localEndpoints\": " + std::to_string(count)) != std::string::npos;
  };
  eventually("three endpoints are told of", [&] { return tells(200, 3); });
  remove_pod("a");
  eventually("two endpoints are told of", [&] { return tells(200, 2); });
  remove_pod("b");
  remove_pod("c");
  eventually("none is left", [&] { return tells(503, 0); });
}

TEST_F(ServiceFields, ANodeThatIsGoingAwayTurnsLoadBalancersAwayAndServesOn) {
  eventually("the node is eligible", [&] { return page("/healthz").status == 200; });
  api().merge_patch(
      kNodes + "/node-1",
      Json{{"spec",
            {{"taints", Json::array({{{"key", "ToBeDeletedByClusterAutoscaler"}, {"effect", "NoSchedule"}}})}}}});
  eventually("the node is not eligible", [&] { return page("/healthz").status == 503; });
  EXPECT_NE(page("/healthz").body.find("\"nodeEligible\": false"), std::string::npos);
  EXPECT_EQ(page("/livez").status, 200);
  wait_for_answers(web_, {"a", "b", "c"});
  api().merge_patch(kNodes + "/node-1", Json{{"spec", {{"taints", nullptr}}}});
  eventually("the node is eligible again", [&] { return page("/healthz").status == 200; });
}

}  // namespace
}  // namespace ferry::testing

#include <chrono>
#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/ip/udp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/cluster_network.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/http_client.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;

const Json kNodePort{{"type", "NodePort"}};
const Json kExternalLocal{{"type", "NodePort"}, {"externalTrafficPolicy", "Local"}};

Json label(const std::string& name, const Json& value) { return Json{{"metadata", {{"labels", {{name, value}}}}}}; }
Json spec(const Json& fields) { return Json{{"spec", fields}}; }
Json conditions(bool ready, bool serving, bool terminating) {
  return Json{{"conditions", {{"ready", ready}, {"serving", serving}, {"terminating", terminating}}}};
}

/// What Kubernetes' own network tests ask of a service proxy (test/e2e/network), from inside a pod, from the node, and
/// from outside.
class Conformance : public ClusterNetwork {
 protected:
  void SetUp() override {
    ClusterNetwork::SetUp();
    start_proxy();
  }
};

TEST_F(Conformance, ServicesServeBasicEndpointsFromPodNodeAndOutside) {
  const Json service = create_service("web", kNodePort);
  set_pods("web", {"here-1", "there-1"});
  const std::set<std::string> both{"here-1", "there-1"};
  wait_for_answers(client(), cluster_address(service), both);
  wait_for_answers(node(), cluster_address(service), both);
  for (const Guest* const from : {client(), node(), outside()}) wait_for_answers(from, node_port_of(service), both);
}

TEST_F(Conformance, ServicesRejectWhenThereAreNoEndpoints) {
  const Json service = create_service("empty", kNodePort);
  for (const Guest* const from : {client(), node()}) wait_until_refused(from, cluster_address(service));
  for (const Guest* const from : {client(), node(), outside()}) wait_until_refused(from, node_port_of(service));
}

TEST_F(Conformance, PodsBehindASelectorAreFoundAndEvictedOnesRefuse) {
  const Json service = create_service("chosen", Json{{"selector", {{"app", "chosen"}}}});
  api().create(kPods, pod_object("here-1", "chosen"));
  api().merge_patch(kPods + "/here-1/status", running_status("10.244.0.3"));
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  api().merge_patch(kPods + "/here-1/status",
                    Json{{"status",
                          {{"phase", "Failed"},
                           {"reason", "Evicted"},
                           {"conditions", Json::array({{{"type", "Ready"}, {"status", "False"}}})}}}});
  wait_until_refused(client(), cluster_address(service));
}

TEST_F(Conformance, AServiceWithLocalPolicyIsSilentWithoutLocalEndpoint) {
  const Json external = create_service("external", kExternalLocal);
  const Json internal = create_service("internal", Json{{"internalTrafficPolicy", "Local"}});
  for (const char* const name : {"external", "internal"}) set_pods(name, {"there-1"});
  wait_until_ignored(outside(), node_port_of(external));
  wait_until_ignored(client(), cluster_address(internal));
  wait_for_answers(client(), node_port_of(external), {"there-1"});
  set_pods("internal", {"there-1", "here-2"});
  wait_for_answers(client(), cluster_address(internal), {"here-2"});
  set_pods("internal", {});
  wait_until_refused(client(), cluster_address(internal));
}

TEST_F(Conformance, APodReachesItselfThroughItsService) {
  const Json service = create_service("hairpin");
  set_pods("hairpin", {"here-1"});
  wait_for_answers(pod("here-1"), cluster_address(service), {"here-1"});
}

TEST_F(Conformance, ServicesGoUpAndDownAndOutliveRestarts) {
  const Json first = create_service("first");
  const Json second = create_service("second");
  const Json third = create_service("third");
  set_pods("first", {"here-1"});
  set_pods("second", {"here-2"});
  set_pods("third", {"there-1"});
  wait_for_answers(client(), cluster_address(first), {"here-1"});
  wait_for_answers(client(), cluster_address(second), {"here-2"});
  delete_service("first");
  wait_until_refused(client(), cluster_address(first));
  wait_for_answers(client(), cluster_address(third), {"there-1"});
  const Json again = create_service("first", Json{{"clusterIP", first["spec"]["clusterIP"]}});
  set_pods("first", {"there-2"});
  wait_for_answers(client(), cluster_address(again), {"there-2"});

  proxy().signal(SIGTERM);
  EXPECT_EQ(proxy().wait(), 0);
  start_proxy();
  wait_for_answers(client(), cluster_address(again), {"there-2"});
  wait_for_answers(client(), cluster_address(second), {"here-2"});

  kill_api_server();
  EXPECT_EQ(call(client(), cluster_address(second), 4).failed, 0U);
  restart_api_server();
  const Json later = create_service("later", Json{{"clusterIP", "10.96.77.77"}});
  set_pods("later", {"here-1"});
  wait_for_answers(client(), cluster_address(later), {"here-1"});
  wait_until_refused(client(), cluster_address(second));
}

TEST_F(Conformance, PublishNotReadyAddressesServesPodsThatAreNotReady) {
  const Json service = create_service("early", Json{{"selector", {{"app", "early"}}}});
  api().create(kPods, pod_object("here-1", "early"));
  Json status = running_status("10.244.0.3");
  status["status"]["conditions"][0]["status"] = "False";
  api().merge_patch(kPods + "/here-1/status", status);
  wait_until_refused(client(), cluster_address(service));
  patch_service("early", spec({{"publishNotReadyAddresses", true}}));
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  patch_service("early", spec({{"publishNotReadyAddresses", false}}));
  wait_until_refused(client(), cluster_address(service));
}

TEST_F(Conformance, SessionAffinityHoldsIsSwitchedAndTimesOut) {
  const Json service = create_service("sticky", Json{{"type", "NodePort"}, {"sessionAffinity", "ClientIP"}});
  set_pods("sticky", {"here-1", "here-2", "there-1"});
  // As many equal answers in a row as Kubernetes takes for a proof.
  const auto holds = [&](const Guest* from, const std::string& target) {
    const Tally tally = call(from, target, 15);
    return tally.failed == 0 && tally.answers.size() == 1;
  };
  eventually("affinity holds at the cluster address", [&] { return holds(client(), cluster_address(service)); });
  EXPECT_TRUE(holds(outside(), node_port_of(service)));
  patch_service("sticky", spec({{"sessionAffinity", "None"}}));
  wait_for_answers(client(), cluster_address(service), {"here-1", "here-2", "there-1"});
  patch_service("sticky", spec({{"sessionAffinity", "ClientIP"},
                                {"sessionAffinityConfig", {{"clientIP", {{"timeoutSeconds", 1}}}}}}));
  eventually("affinity holds again", [&] { return holds(client(), cluster_address(service)); });
  std::set<std::string> seen;
  eventually("after the timeout the turn goes on", [&] {
    const auto wait = std::chrono::steady_clock::now() + std::chrono::milliseconds(1200);
    eventually("the timeout is over", [&] { return std::chrono::steady_clock::now() > wait; });
    for (const auto& entry : call(client(), cluster_address(service), 1).answers) seen.insert(entry.first);
    return seen.size() > 1;
  });
}

/// A client that keeps its socket, as DNS resolvers do.
class SteadyAsker {
 public:
  SteadyAsker(const std::string& address, std::uint16_t port)
      : target_(boost::asio::ip::make_address(address), port), socket_(loop_) {
    socket_.open(boost::asio::ip::udp::v4());
    socket_.bind({boost::asio::ip::udp::v4(), 12345});
    socket_.non_blocking(true);
  }

  /// Sends a question and takes what answers there are. The name of the last one that answered.
  std::string ask() {
    boost::system::error_code ignored;
    socket_.send_to(boost::asio::buffer("hostname", 8), target_, 0, ignored);
    std::string answer(64, '\0');
    for (;;) {
      boost::asio::ip::udp::endpoint from;
      boost::system::error_code error;
      const std::size_t size = socket_.receive_from(boost::asio::buffer(answer), from, 0, error);
      if (error == boost::asio::error::would_block) break;
      if (!error.failed()) last_ = answer.substr(0, answer.substr(0, size).find(' '));
    }
    return last_;
  }

 private:
  boost::asio::ip::udp::endpoint target_;
  boost::asio::io_context loop_;
  boost::asio::ip::udp::socket socket_;
  std::string last_;
};

/// A socket in the pod's network.
std::unique_ptr<SteadyAsker> asker_in(const Guest* where, const std::string& target) {
  const std::size_t colon = target.find(':');
  return where->inside([&] {
    return std::make_unique<SteadyAsker>(target.substr(0, colon),
                                         static_cast<std::uint16_t>(std::stoul(target.substr(colon + 1))));
  });
}

TEST_F(Conformance, AUdpClientWithAFixedPortFollowsWhenItsPodIsReplaced) {
  const Json service = create_service("cycle", kNodePort);
  for (const std::string& target : {cluster_address(service), node_port_of(service)}) {
    set_pods("cycle", {"here-1"});
    const auto asker = asker_in(client(), target);
    eventually("the first pod answers", [&] { return asker->ask() == "here-1"; });
    set_pods("cycle", {"here-1", "there-1"});
    set_pods("cycle", {"there-1"});
    eventually("the second pod answers the same client", [&] { return asker->ask() == "there-1"; });
  }
}

TEST_F(Conformance, AUdpClientThatSendsAllTheTimeReachesAnEndpointThatBecomesReady) {
  const Json service = create_service("unready");
  set_slice("unready", "unready", {endpoint("here-1", conditions(false, false, false))});
  wait_until_refused(client(), cluster_address(service));
  const auto asker = asker_in(client(), cluster_address(service));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(asker->ask(), "");
  set_pods("unready", {"here-1"});
  eventually("it is answered", [&] { return asker->ask() == "here-1"; });
}

TEST_F(Conformance, TheServiceProxyNameLabelLeavesAServiceToOthers) {
  const Json service = create_service("foreign");
  set_pods("foreign", {"here-1"});
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  for (const char* const name : {"service.kubernetes.io/service-proxy-name", "service.kubernetes.io/headless"}) {
    patch_service("foreign", label(name, "other"));
    wait_until_refused(client(), cluster_address(service));
    patch_service("foreign", label(name, nullptr));
    wait_for_answers(client(), cluster_address(service), {"here-1"});
  }
}

TEST_F(Conformance, TcpAndUdpShareAPortAndEachCanBeTakenAway) {
  const Json service = create_service("both");
  set_pods("both", {"here-1"});
  const std::string target = cluster_address(service);
  wait_for_answers(client(), target, {"here-1"});
  const Json stream{{"name", "stream"}, {"port", 80}, {"targetPort", 9000}};
  const Json datagrams{{"name", "datagrams"}, {"port", 80}, {"targetPort", 9000}, {"protocol", "UDP"}};
  patch_service("both", spec({{"ports", Json::array({stream})}}));
  eventually("UDP is refused", [&] { return ask(client(), target, 1).failed == 1; });
  EXPECT_EQ(call(client(), target, 4).failed, 0U);
  patch_service("both", spec({{"ports", Json::array({datagrams})}}));
  eventually("TCP is refused", [&] { return call(client(), target, 1).failed == 1; });
  eventually("UDP is answered", [&] { return ask(client(), target, 4).failed == 0; });
}

TEST_F(Conformance, AServiceChangesItsType) {
  const Json service = create_service("type", Json{{"type", "ExternalName"}, {"externalName", "example.org"}});
  set_pods("type", {"here-1"});
  patch_service("type", spec({{"type", "ClusterIP"}, {"externalName", nullptr}, {"clusterIP", "10.96.50.50"}}));
  wait_for_answers(client(), "10.96.50.50:80", {"here-1"});
  Json ports = service["spec"]["ports"];
  for (Json& port : ports) port["nodePort"] = 30500;
  patch_service("type", spec({{"type", "NodePort"}, {"ports", ports}}));
  wait_for_answers(outside(), "192.0.2.1:30500", {"here-1"});
  patch_service("type", spec({{"type", "ExternalName"},
                              {"externalName", "example.org"},
                              {"clusterIP", nullptr},
                              {"clusterIPs", nullptr}}));
  wait_until_refused(client(), "10.96.50.50:80");
  wait_until_refused(outside(), "192.0.2.1:30500");
}

TEST_F(Conformance, EndpointsOfSeveralSlicesAreServedAndMayMoveBetweenThem) {
  const Json service = create_service("sliced");
  set_slice("sliced-1", "sliced", {endpoint("here-1"), endpoint("here-2")});
  set_slice("sliced-2", "sliced", {endpoint("there-1"), endpoint("here-1")});
  wait_for_answers(client(), cluster_address(service), {"here-1", "here-2", "there-1"});
  set_slice("sliced-2", "sliced", {endpoint("there-1"), endpoint("here-1"), endpoint("here-2")});
  set_slice("sliced-1", "sliced", {});
  wait_for_answers(client(), cluster_address(service), {"here-1", "here-2", "there-1"});
  api().remove(kSlices + "/sliced-2");
  wait_until_refused(client(), cluster_address(service));
}

TEST_F(Conformance, TerminatingEndpointsServeWhenNoReadyOneIsLeftUnderEveryPolicy) {
  const Json cluster = create_service("c", kNodePort);
  const Json internal = create_service("i", Json{{"internalTrafficPolicy", "Local"}});
  const Json external = create_service("e", kExternalLocal);
  const Json leaving = conditions(false, true, true);
  const auto ask_all = [&](const std::set<std::string>& everywhere, const std::set<std::string>& here) {
    wait_for_answers(client(), cluster_address(cluster), everywhere);
    wait_for_answers(outside(), node_port_of(cluster), everywhere);
    wait_for_answers(client(), cluster_address(internal), here);
    wait_for_answers(outside(), node_port_of(external), here);
  };
  for (const char* const name : {"c", "i", "e"}) {
    set_slice(name, name, {endpoint("here-1", leaving), endpoint("there-1", leaving)});
  }
  ask_all({"here-1", "there-1"}, {"here-1"});
  for (const char* const name : {"c", "i", "e"}) {
    set_slice(name, name, {endpoint("here-1", leaving), endpoint("here-2"), endpoint("there-1", leaving)});
  }
  ask_all({"here-2"}, {"here-2"});
  for (const char* const name : {"c", "i", "e"}) {
    set_slice(name, name, {endpoint("here-1", leaving), endpoint("there-1")});
  }
  ask_all({"there-1"}, {"here-1"});
}

TEST_F(Conformance, TheHealthCheckNodePortTellsOfReadyLocalEndpointsAlone) {
  const Json service = create_service("checked", Json{{"type", "LoadBalancer"}, {"externalTrafficPolicy", "Local"}});
  const int port = service["spec"]["healthCheckNodePort"].get<int>();
  const auto status = [&] {
    return outside()->inside([&] { return http("GET", "http://192.0.2.1:" + std::to_string(port) + "/").status; });
  };
  set_slice("checked", "checked", {endpoint("here-1"), endpoint("there-1")});
  eventually("an endpoint is here", [&] { return status() == 200; });
  set_slice("checked", "checked", {endpoint("here-1", conditions(false, true, true)), endpoint("there-1")});
  eventually("only one that terminates is here", [&] { return status() == 503; });
}

TEST_F(Conformance, LargeRequestsAreCarriedWhole) {
  const Json service = create_service("large");
  set_pods("large", {"here-1", "there-1"});
  const std::string cluster = cluster_address(service);
  wait_for_answers(client(), cluster, {"here-1", "there-1"});
  const std::string host = cluster.substr(0, cluster.find(':'));
  client()->inside([&] {
    EchoConnection connection({boost::asio::ip::make_address(host), 80});
    EXPECT_TRUE(connection.echo(std::string(4 << 20, 'x'))) << connection.error();
    EXPECT_TRUE(connection.finish()) << connection.error();
    boost::asio::io_context loop;
    boost::asio::ip::udp::socket socket(loop, boost::asio::ip::udp::v4());
    const std::string question(60000, 'y');
    socket.send_to(boost::asio::buffer(question), {boost::asio::ip::make_address(host), 80});
    std::string answer(65536, '\0');
    boost::asio::ip::udp::endpoint from;
    answer.resize(socket.receive_from(boost::asio::buffer(answer), from));
    EXPECT_THAT(answer, ::testing::EndsWith(question));
  });
}

TEST_F(Conformance, AFunnyExternalAddressIsReadAsDecimal) {
  ASSERT_EQ(run({"ip", "address", "add", "192.0.2.10/32", "dev", "lo"}).status, 0);
  // API servers take no such text any more; what was stored before they refused it is still there.
  start_proxy({"--source-file", write_file("funny.yaml", R"(
apiVersion: v1
kind: Service
metadata: {name: funny, namespace: default}
spec:
  clusterIP: 10.96.66.66
  externalIPs: [192.000.002.010]
  ports: [{name: stream, port: 80}, {name: datagrams, port: 80, protocol: UDP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: funny, namespace: default, labels: {kubernetes.io/service-name: funny}}
addressType: IPv4
ports: [{name: stream, port: 9000}, {name: datagrams, port: 9000, protocol: UDP}]
endpoints: [{addresses: [10.244.0.3]}]
)")});
  wait_for_answers(client(), "192.0.2.10:80", {"here-1"});
}

TEST_F(Conformance, NodePortsAreServedOnLoopbackOfBothFamilies) {
  const Json service = create_service(
      "local", Json{{"type", "NodePort"}, {"ipFamilyPolicy", "RequireDualStack"}, {"sessionAffinity", "None"}});
  set_pods("local", {"here-1", "there-1"});
  Json slice = endpoint("here-1");
  slice["addresses"] = Json::array({"fd00:244::3"});
  api().create(kSlices, Json{{"apiVersion", "discovery.k8s.io/v1"},
                             {"kind", "EndpointSlice"},
                             {"metadata", {{"name", "local-6"}, {"labels", {{"kubernetes.io/service-name", "local"}}}}},
                             {"addressType", "IPv6"},
                             {"ports", Json::array({{{"name", "stream"}, {"port", 9000}, {"protocol", "TCP"}},
                                                    {{"name", "datagrams"}, {"port", 9000}, {"protocol", "UDP"}}})},
                             {"endpoints", Json::array({slice})}});
  wait_for_answers(node(), node_port_of(service, "127.0.0.1"), {"here-1", "there-1"});
  wait_for_answers(node(), node_port_of(service, "::1"), {"here-1"});
  wait_for_answers(client(), "[" + service["spec"]["clusterIPs"][1].get<std::string>() + "]:80", {"here-1"});
  patch_service("local", spec({{"sessionAffinity", "ClientIP"}}));
  eventually("affinity pins loopback too", [&] {
    const Tally tally = call(node(), node_port_of(service, "127.0.0.1"), 15);
    return tally.failed == 0 && tally.answers.size() == 1;
  });
}

TEST_F(Conformance, TrafficDistributionKeepsToTheZoneAndTheNodeAndFailsOver) {
  const Json zoned = create_service("zoned");
  const auto for_zone = [](const char* zone) {
    return Json{{"hints", {{"forZones", Json::array({{{"name", zone}}})}}}};
  };
  const auto for_node = [](const char* name, const char* zone) {
    return Json{
        {"hints", {{"forZones", Json::array({{{"name", zone}}})}, {"forNodes", Json::array({{{"name", name}}})}}}};
  };
  set_slice("zoned", "zoned", {endpoint("here-1", for_zone("a")), endpoint("there-1", for_zone("b"))});
  wait_for_answers(client(), cluster_address(zoned), {"here-1"});
  set_slice("zoned", "zoned", {endpoint("there-1", for_zone("b")), endpoint("there-2", for_zone("b"))});
  wait_for_answers(client(), cluster_address(zoned), {"there-1", "there-2"});
  const Json pinned = create_service("pinned");
  set_slice("pinned", "pinned",
            {endpoint("here-1", for_node("node-1", "a")), endpoint("there-1", for_node("node-2", "b"))});
  wait_for_answers(client(), cluster_address(pinned), {"here-1"});
}

TEST_F(Conformance, WhoIsOutsideTheSourceRangesSeesNoPacketAtAll) {
  ASSERT_EQ(run({"ip", "address", "add", "192.0.2.50/32", "dev", "lo"}).status, 0);
  create_service("ranged",
                 Json{{"type", "LoadBalancer"}, {"loadBalancerSourceRanges", Json::array({"10.244.0.0/16"})}});
  set_pods("ranged", {"here-1"});
  api().merge_patch(kServices + "/ranged/status",
                    Json{{"status", {{"loadBalancer", {{"ingress", Json::array({{{"ip", "192.0.2.50"}}})}}}}}});
  wait_for_answers(client(), "192.0.2.50:80", {"here-1"});
  ChildProcess capture(outside()->command({"tcpdump", "-nn", "-l", "-i", "eth0", "host", "192.0.2.50"}));
  capture.wait_for_output("listening on eth0");
  wait_until_ignored(outside(), "192.0.2.50:80");
  capture.wait_for_output("192\\.0\\.2\\.50\\.80: UDP");
  capture.signal(SIGINT);
  capture.wait();
  EXPECT_THAT(capture.output(), HasSubstr("192.0.2.9.")) << "the capture saw nothing";
  EXPECT_THAT(capture.output(), ::testing::Not(HasSubstr("IP 192.0.2.50"))) << "something was answered";
}

TEST_F(Conformance, WhoIsDroppedByALocalPolicySeesNoPacketAtAll) {
  const Json service = create_service("elsewhere", kExternalLocal);
  set_pods("elsewhere", {"there-1"});
  const std::string target = node_port_of(service);
  wait_for_answers(client(), target, {"there-1"});
  const std::string port = target.substr(target.find(':') + 1);
  ChildProcess capture(outside()->command({"tcpdump", "-nn", "-l", "-i", "eth0", "port", port}));
  capture.wait_for_output("listening on eth0");
  wait_until_ignored(outside(), target);
  capture.wait_for_output("192\\.0\\.2\\.1\\." + port + ": UDP");
  capture.signal(SIGINT);
  capture.wait();
  EXPECT_THAT(capture.output(), HasSubstr("> 192.0.2.1." + port + ": Flags [S]")) << "the capture saw no SYN";
  EXPECT_THAT(capture.output(), ::testing::Not(HasSubstr("IP 192.0.2.1." + port))) << "something was answered";
}

TEST_F(Conformance, AHostProcessAtEveryAddressAndAServiceLiveSideBySide) {
  if (::getuid() != 0) GTEST_SKIP() << "capture by sk_lookup is for root alone";
  const EchoServer host("host", {boost::asio::ip::tcp::v4(), 80});
  const Json service = create_service("web");
  set_pods("web", {"here-1"});
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  const std::string address = cluster_address(service);
  EXPECT_THAT(call(client(), address.substr(0, address.find(':')) + ":22", 1).to_string(), HasSubstr("refused"));
  EXPECT_EQ(call(client(), "192.0.2.1:80", 4).answers, (std::map<std::string, std::size_t>{{"host", 4}}));
}

TEST_F(Conformance, DeletingAllServicesAtOnceRefusesThemAll) {
  std::vector<std::string> addresses;
  for (const char* const name : {"a", "b", "c"}) {
    addresses.push_back(cluster_address(create_service(name)));
    set_pods(name, {"here-1"});
  }
  for (const std::string& address : addresses) wait_for_answers(client(), address, {"here-1"});
  api().remove(kServices);
  for (const std::string& address : addresses) wait_until_refused(client(), address);
}

}  // namespace
}  // namespace ferry::testing

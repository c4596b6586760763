#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/relay/unique_fd.h"
#include "tests/e2e/cluster.h"
#include "tests/e2e/cluster_network.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/steady_load.h"
#include "tests/support/own_control_group.h"

namespace ferry::testing {
namespace {

using boost::asio::ip::tcp;
using ::testing::HasSubstr;

constexpr std::size_t kCallers = 6;
constexpr std::size_t kRate = 300;

/// A node whose proxy steers what this test and its pods connect to.
class Steering : public ClusterNetwork {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "steering is for root alone";
    ClusterNetwork::SetUp();
    // Pods reach each other by way of their node.
    for (const char* family : {"ipv4/ip_forward", "ipv6/conf/all/forwarding"}) {
      std::ofstream(std::string("/proc/sys/net/") + family) << "1";
    }
    own_ = std::make_unique<OwnControlGroup>();
    start();
  }

  void start() {
    start_proxy({"--steering=require", "--steering-cgroup=" + own_->path(), "--steering-pin-path=" + pins()});
    wait_until_steering();
  }
  void wait_until_steering() { proxy().wait_for_output("steering connections of the processes in"); }
  std::string pins() const { return own_->bpf_filesystem() + "/kube-ferry"; }

  /// A service "web" with these pods, called until it is steered to them.
  Json serve(const std::set<std::string>& pods, const Json& spec = Json::object(),
             const Json& metadata = Json::object()) {
    const Json service = create_service("web", spec, metadata);
    set_pods("web", {pods.begin(), pods.end()});
    wait_for_answers(client(), cluster_address(service), pods);
    return service;
  }
  static tcp::endpoint endpoint_of(const Json& service) {
    return {boost::asio::ip::make_address(service["spec"]["clusterIP"].get<std::string>()), 80};
  }
  std::unique_ptr<SteadyLoad> start_load(const Json& service) const {
    return client()->inside([&] { return std::make_unique<SteadyLoad>(endpoint_of(service), kRate, kCallers); });
  }

  std::unique_ptr<OwnControlGroup> own_;
};

TEST_F(Steering, APodSeesWhoConnects) {
  const Json service = serve({"here-1"});
  EXPECT_EQ(last_client_of("here-1"), "10.244.0.2");
  const Tally tally = call(node(), cluster_address(service), 10);
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  EXPECT_EQ(last_client_of("here-1"), "10.244.0.1") << "the node's own address beside its pods";
}

TEST_F(Steering, PodsOfAllNodesAreReachedInTurnAndQuestionsGoThroughTheRelay) {
  const Json service = serve({"here-1", "there-1"});
  for (const Guest* from : {client(), node()}) {
    const Tally calls = call(from, cluster_address(service), 20);
    EXPECT_EQ(calls.failed, 0U) << calls.to_string();
    EXPECT_EQ(calls.answers.at("here-1"), 10U);
    EXPECT_EQ(calls.answers.at("there-1"), 10U);
    const Tally questions = ask(from, cluster_address(service), 20);
    EXPECT_EQ(questions.failed, 0U) << questions.to_string();
  }
  EXPECT_EQ(last_client_of("there-1"), "192.0.2.1");
}

TEST_F(Steering, BothFamiliesOfAServiceAreSteered) {
  const Json service =
      create_service("web", {{"ipFamilyPolicy", "RequireDualStack"}, {"ipFamilies", {"IPv4", "IPv6"}}});
  set_pods("web", {"here-1"});
  Json slice{{"apiVersion", "discovery.k8s.io/v1"},
             {"kind", "EndpointSlice"},
             {"metadata", {{"name", "web-6"}, {"labels", {{"kubernetes.io/service-name", "web"}}}}},
             {"addressType", "IPv6"},
             {"ports", Json::array({{{"name", "stream"}, {"port", 9000}, {"protocol", "TCP"}}})},
             {"endpoints", Json::array({{{"addresses", {"fd00:244::3"}}, {"conditions", {{"ready", true}}}}})}};
  api().create(kSlices, slice);
  for (const auto& [address, client_address] : {std::pair(service["spec"]["clusterIPs"][0], "10.244.0.2"),
                                                std::pair(service["spec"]["clusterIPs"][1], "fd00:244::2")}) {
    const std::string text = address.get<std::string>();
    const std::string target = (text.find(':') == std::string::npos ? text : "[" + text + "]") + ":80";
    // The first packet of IPv6 may be lost, whereupon the proxy looks for itself.
    eventually("the pod sees the client", [&, seen = client_address] {
      return call(client(), target, 1).failed == 0 && last_client_of("here-1") == seen;
    });
  }
}

TEST_F(Steering, TheClientGoesOnSeeingTheService) {
  const Json service = serve({"here-1"});
  const std::string seen = client()->inside([&] {
    const tcp::endpoint target = endpoint_of(service);
    const proxy::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(socket.get(), target.data(), static_cast<socklen_t>(target.size())), 0);
    tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    EXPECT_EQ(::getpeername(socket.get(), peer.data(), &size), 0);
    return peer.address().to_string() + ":" + std::to_string(peer.port());
  });
  EXPECT_EQ(seen, cluster_address(service));
}

TEST_F(Steering, AClientKeepsItsPodWhileItIsThere) {
  const Json service = create_service("web", {{"sessionAffinity", "ClientIP"}});
  set_pods("web", {"here-1", "here-2", "there-1", "there-2"});
  const std::string target = cluster_address(service);
  eventually("it is answered", [&] { return call(client(), target, 1).failed == 0; });
  const Tally first = call(client(), target, 20);
  ASSERT_EQ(first.answers.size(), 1U) << first.to_string();
  const std::string chosen = first.answers.begin()->first;
  std::vector<std::string> others;
  for (const char* name : {"here-1", "here-2", "there-1", "there-2"}) {
    if (name != chosen) others.emplace_back(name);
  }
  set_pods("web", {chosen, others[0]});
  EXPECT_EQ(call(client(), target, 20).answers.size(), 1U);
  set_pods("web", {others[0], others[1]});
  eventually("it is given another", [&] { return call(client(), target, 1).answers.count(chosen) == 0; });
  const Tally second = call(client(), target, 20);
  EXPECT_EQ(second.answers.size(), 1U) << second.to_string();
}

TEST_F(Steering, WhatOnlyTheRelayCanDoGoesThroughIt) {
  serve({"here-1"}, Json::object(), {{"annotations", {{"kube-ferry.io/max-connections", "100"}}}});
  EXPECT_EQ(last_client_of("here-1"), "10.244.0.1") << "the relay's own address";
  api().merge_patch(kServices + "/web",
                    {{"metadata", {{"annotations", {{"kube-ferry.io/max-connections", nullptr}}}}}});
  const std::string target = cluster_address(api().get(kServices + "/web"));
  eventually("it is steered", [&] {
    call(client(), target, 1);
    return last_client_of("here-1") == "10.244.0.2";
  });
  api().merge_patch(kServices + "/web", {{"metadata", {{"annotations", {{"kube-ferry.io/steering", "off"}}}}}});
  eventually("it is steered no more", [&] {
    call(client(), target, 1);
    return last_client_of("here-1") == "10.244.0.1";
  });
}

TEST_F(Steering, WithoutEndpointsAServiceRefuses) {
  const Json service = serve({"here-1"});
  set_pods("web", {});
  wait_until_refused(client(), cluster_address(service));
  set_pods("web", {"here-2"});
  wait_for_answers(client(), cluster_address(service), {"here-2"});
}

TEST_F(Steering, AnEndpointThatDiesTakesOnlyTheCallsAtThatMomentWithIt) {
  const Json service = serve({"here-1", "here-2", "there-1"});
  const auto load = start_load(service);
  load->wait_for_more(200);
  stop_pod("here-2");
  proxy().wait_for_output("10\\.244\\.0\\.4:9000 has not taken a connection");
  load->wait_for_more(2 * kCallers);
  const std::size_t failed = load->tally().failed;
  EXPECT_LE(failed, 2 * kCallers) << load->tally().to_string()
                                  << "\nof each caller one that it carried, and one that was refused";
  // Long enough for the relay to try it again.
  load->wait_for_more(4 * kRate);
  EXPECT_EQ(load->tally().failed, failed) << load->tally().to_string();
  restart_pod("here-2");
  proxy().wait_for_output("steering again", std::chrono::seconds(60));
  eventually("it has its share again", [&] {
    load->wait_for_more(30);
    return call(client(), cluster_address(service), 6).answers["here-2"] == 2;
  });
  EXPECT_EQ(load->stop().failed, failed);
}

TEST_F(Steering, AnEndpointThatGoesDarkTakesOnlyTheCallsAtThatMomentWithIt) {
  const Json service = serve({"here-1", "here-2", "there-1"});
  const auto load = start_load(service);
  load->wait_for_more(200);
  pod("here-2")->go_dark();
  proxy().wait_for_output("10\\.244\\.0\\.4:9000 has not answered");
  // Each of those under way waits until its client gives up.
  load->wait_for_more(kRate);
  eventually(
      "those under way have ended", [&] { return load->tally().failed > 0; }, std::chrono::seconds(20));
  load->wait_for_more(4 * kRate);
  const Tally tally = load->stop();
  EXPECT_LE(tally.failed, kCallers) << tally.to_string();
}

TEST_F(Steering, APodThatIsKeptOutIsNotLetInThroughTheRelay) {
  const Json service = serve({"here-1"});
  const std::string rules =
      "add table ip guard; add chain ip guard input { type filter hook input priority 0; }; "
      "add rule ip guard input ip saddr 10.244.0.2 drop";
  ASSERT_EQ(run(pod("here-1")->command({"nft", rules})).status, 0);
  const Tally tally = call(client(), cluster_address(service), 1);
  EXPECT_EQ(tally.succeeded(), 0U) << tally.to_string();
  EXPECT_THAT(metrics(), HasSubstr("kube_ferry_steering_pauses_total 0"));
  EXPECT_EQ(call(node(), cluster_address(service), 3).failed, 0U);
}

TEST_F(Steering, TheDaemonsDeathIsNoticedByNobody) {
  const Json service = serve({"here-1", "here-2", "there-1"});
  const auto load = start_load(service);
  std::vector<std::unique_ptr<EchoConnection>> held;
  client()->inside([&] {
    for (int count = 0; count < 5; ++count) held.push_back(std::make_unique<EchoConnection>(endpoint_of(service)));
  });
  for (int time = 0; time < 3; ++time) {
    load->wait_for_more(50);
    proxy().kill();
    load->wait_for_more(100);
    start();
    load->wait_for_more(50);
  }
  set_pods("web", {"here-1"});
  eventually("changes are followed", [&] {
    Tally tally = call(client(), cluster_address(service), 6);
    return tally.answers["here-1"] == 6;
  });
  for (const auto& connection : held) EXPECT_TRUE(connection->echo("still here")) << connection->error();
  const Tally tally = load->stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

TEST_F(Steering, UpgradesAreNoticedByNobody) {
  start_proxy({"--steering=require", "--steering-cgroup=" + own_->path(), "--steering-pin-path=" + pins(),
               "--takeover-socket=" + folder() + "/take.sock"});
  wait_until_steering();
  const Json service = serve({"here-1", "here-2"});
  const auto load = start_load(service);
  for (int time = 0; time < 3; ++time) {
    load->wait_for_more(50);
    upgrade_proxy();
    wait_until_steering();
  }
  load->wait_for_more(50);
  set_pods("web", {"there-1"});
  wait_for_answers(client(), cluster_address(service), {"there-1"});
  const Tally tally = load->stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

TEST_F(Steering, AnOrderlyEndLeavesItAndCleanupTakesItAway) {
  const Json service = serve({"here-1"});
  proxy().signal(SIGTERM);
  EXPECT_EQ(proxy().wait(), 0);
  EXPECT_EQ(call(client(), cluster_address(service), 10).failed, 0U);
  const Finished cleaned = run({program("kube-ferry"), "--cleanup", "--steering-pin-path=" + pins()});
  EXPECT_EQ(cleaned.status, 0);
  EXPECT_THAT(cleaned.output, HasSubstr("and what steered"));
  EXPECT_EQ(call(client(), cluster_address(service), 1).succeeded(), 0U);
}

TEST_F(Steering, OffEndsWhatAnEarlierProcessHasPinned) {
  const Json service = serve({"here-1"});
  proxy().kill();
  start_proxy({"--steering=off", "--steering-pin-path=" + pins()});
  proxy().wait_for_output("ended the steering that was pinned");
  wait_for_answers(client(), cluster_address(service), {"here-1"});
  EXPECT_EQ(last_client_of("here-1"), "10.244.0.1") << "the relay's own address";
}

TEST_F(Steering, ReplacingAllEndpointsOneByOneFailsNoCall) {
  const Json service = serve({"here-1", "there-1"});
  const auto load = start_load(service);
  load->wait_for_more(50);
  const std::array<std::vector<std::string>, 4> rollout{{{"here-1", "there-1", "here-2"},
                                                         {"there-1", "here-2"},
                                                         {"there-1", "here-2", "there-2"},
                                                         {"here-2", "there-2"}}};
  for (int round = 0; round < 5; ++round) {
    for (const std::vector<std::string>& pods : rollout) {
      set_pods("web", pods);
      load->wait_for_more(10);
    }
  }
  wait_for_answers(client(), cluster_address(service), {"here-2", "there-2"});
  const Tally tally = load->stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

}  // namespace
}  // namespace ferry::testing

#include <csignal>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/child_process.h"
#include "tests/e2e/cluster.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/guest.h"
#include "tests/support/own_network.h"
#include "tests/support/temporary_folder.h"

namespace ferry::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

/// What came of 100 calls in turn. A client's port that is drawn twice belongs to the flow it had.
const auto kHalfEach = ContainsRegex("100 connections, 0 failed; here [45][0-9], there [45][0-9]\n");
const auto kSomeEach = ContainsRegex("10 connections, 0 failed; here [1-9], there [1-9]\n");

/// A node between pods and the outside, all in networks of this test. The daemon follows a file.
class NodeNetwork : public ::testing::Test {
 protected:
  static constexpr const char* kService = "10.96.0.10:80";
  static constexpr const char* kNodePort = "192.0.2.1:30080";

  void SetUp() override {
    enter_own_network();
    ip("link set lo up");
    client_ = std::make_unique<Guest>("client", Guest::Addresses{"10.244.0.2", "10.244.0.1"});
    here_ = std::make_unique<Guest>("here", Guest::Addresses{"10.244.0.3", "10.244.0.1"});
    there_ = std::make_unique<Guest>("there", Guest::Addresses{"10.244.1.3", "10.244.0.1"});
    outside_ = std::make_unique<Guest>("outside", Guest::Addresses{"192.0.2.9", "192.0.2.1"});
    serve(*here_, "here", "10.244.0.3");
    serve(*there_, "there", "10.244.1.3");
  }

  void serve(const Guest& guest, const std::string& name, const std::string& address) {
    for (const char* how : {"serve", "answer"}) {
      backends_.push_back(
          std::make_unique<ChildProcess>(guest.command({program("kube-ferry-echo"), how, name, address + ":9000"})));
      backends_.back()->wait_for_output(address + ":9000");
    }
  }

  /// Brings the daemon to a Service with this in its spec, behind which these of the two pods are.
  void serve_service(const std::string& spec, const std::set<std::string>& pods) {
    std::string endpoints;
    if (pods.contains("here")) endpoints += "{addresses: [10.244.0.3], nodeName: node-1}, ";
    if (pods.contains("there")) endpoints += "{addresses: [10.244.1.3], nodeName: node-2}, ";
    const std::string file = folder_.write("services.yaml", R"(
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: 10.96.0.10
  clusterIPs: [10.96.0.10]
  ports:
  - {name: http, port: 80, nodePort: 30080}
  - {name: dns, port: 80, protocol: UDP, nodePort: 30080}
)" + spec + R"(
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 9000}, {name: dns, port: 9000, protocol: UDP}]
endpoints: [)" + endpoints + "]\n");
    if (daemon_) return;
    daemon_ = std::make_unique<ChildProcess>(std::vector<std::string>{
        program("kube-ferry"), "--source-file", file, "--hostname-override", "node-1", "--service-cidr", "10.96.0.0/12",
        "--cluster-cidr", "10.244.0.0/16", "--healthz-bind-address", "127.0.0.1:0", "--metrics-bind-address",
        "127.0.0.1:0", "--admin-socket=", "--steering=off", "--steering-pin-path=/none"});
  }

  /// What came of `count` calls made from there.
  static std::string call(const Guest& from, const std::string& target, int count) {
    return echo(from, "call", target, count);
  }
  /// The same for UDP.
  static std::string ask(const Guest& from, const std::string& target, int count) {
    return echo(from, "ask", target, count);
  }
  static std::string echo(const Guest& from, const std::string& how, const std::string& target, int count) {
    return run(from.command({program("kube-ferry-echo"), how, target, std::to_string(count)})).output;
  }
  static std::string call_from_node(const std::string& target, int count) {
    return run({program("kube-ferry-echo"), "call", target, std::to_string(count)}).output;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Guest> client_;
  std::unique_ptr<Guest> here_;
  std::unique_ptr<Guest> there_;
  std::unique_ptr<Guest> outside_;
  std::vector<std::unique_ptr<ChildProcess>> backends_;
  std::unique_ptr<ChildProcess> daemon_;
};

TEST_F(NodeNetwork, AServiceAddressIsReachedFromAPodAndFromTheNode) {
  serve_service("", {"here", "there"});
  eventually("a pod is answered", [&] { return call(*client_, kService, 1).starts_with("1 connections, 0 failed"); });
  EXPECT_THAT(call(*client_, kService, 100), kHalfEach);
  EXPECT_THAT(call_from_node(kService, 100), kHalfEach);
  EXPECT_THAT(ask(*client_, kService, 100), kHalfEach);
  EXPECT_THAT(ask(*client_, "10.96.0.10:53", 1), HasSubstr("Connection refused"));
  EXPECT_THAT(call(*client_, "10.96.0.10:22", 1), HasSubstr("Connection refused"));
  EXPECT_THAT(call(*client_, "10.96.0.11:80", 1), HasSubstr("Connection refused"));
}

TEST_F(NodeNetwork, APodReachesItselfThroughItsService) {
  serve_service("", {"here"});
  eventually("it is answered",
             [&] { return call(*here_, kService, 1).starts_with("1 connections, 0 failed; here 1"); });
}

TEST_F(NodeNetwork, ANodePortIsReachedFromOutside) {
  serve_service("  type: NodePort", {"here", "there"});
  eventually("the outside is answered",
             [&] { return call(*outside_, kNodePort, 1).starts_with("1 connections, 0 failed"); });
  EXPECT_THAT(call(*outside_, kNodePort, 100), kHalfEach);
  EXPECT_THAT(ask(*outside_, kNodePort, 100), kHalfEach);
}

TEST_F(NodeNetwork, UnderTheExternalLocalPolicyTheOutsideGetsThisNodesEndpointsAndPodsGetAll) {
  const std::string local = "  type: NodePort\n  externalTrafficPolicy: Local";
  serve_service(local, {"here", "there"});
  eventually("the outside is answered here",
             [&] { return call(*outside_, kNodePort, 10).starts_with("10 connections, 0 failed; here 10"); });
  EXPECT_THAT(ask(*outside_, kNodePort, 10), HasSubstr("10 connections, 0 failed; here 10"));
  EXPECT_THAT(call(*client_, kNodePort, 10), kSomeEach);
  EXPECT_THAT(ask(*client_, kNodePort, 10), kSomeEach);

  serve_service(local, {"there"});
  eventually("pods are answered there",
             [&] { return call(*client_, kNodePort, 4).starts_with("4 connections, 0 failed; there 4"); });
  EXPECT_THAT(call(*outside_, kNodePort, 1), HasSubstr("connect: no answer in time"));
  EXPECT_THAT(ask(*outside_, kNodePort, 1), HasSubstr("receive: no answer in time"));
  EXPECT_THAT(ask(*client_, kNodePort, 4), HasSubstr("4 connections, 0 failed; there 4"));
  EXPECT_THAT(call_from_node(kNodePort, 4), HasSubstr("4 connections, 0 failed; there 4"));
}

TEST_F(NodeNetwork, WhatOutlivesTheDaemonCleanupTakesAway) {
  serve_service("", {"here"});
  eventually("a pod is answered", [&] { return call(*client_, kService, 1).starts_with("1 connections, 0 failed"); });
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0);
  EXPECT_THAT(call(*client_, kService, 1), HasSubstr("Connection refused"));
  const Finished cleaned = run({program("kube-ferry"), "--cleanup"});
  EXPECT_EQ(cleaned.status, 0);
  EXPECT_EQ(cleaned.output, "1 route and 0 rules taken away\n");
  EXPECT_EQ(run({"ip", "route", "show", "table", "local", "10.96.0.0/12"}).output, "");
}

}  // namespace
}  // namespace ferry::testing

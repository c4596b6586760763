#include "proxy/inspect/service_detail.h"

#include <gtest/gtest.h>

#include "tests/proxy/inspect/served.h"
#include "tests/proxy/steering/fake_steering.h"

namespace ferry::proxy {
namespace {

using config::EndpointUse;
using std::chrono::seconds;
using testing::endpoint;
using testing::Served;

config::DescribedEndpoint said(const std::string& address, EndpointUse use) {
  return {*config::IpAddress::parse(address), 8080, "node-1", true, use};
}

class ServiceDetail : public ::testing::Test {
 protected:
  ServiceDetail() {
    service_.service.name = {"default", "web"};
    service_.service.cluster_ips = {*config::IpAddress::parse("10.96.0.1")};
    service_.service.ports = {{.name = "http", .protocol = config::Protocol::kTcp, .port = 80}};
    service_.served = true;
    service_.ports = {{*web_.port->name(),
                       {said("10.0.0.1", EndpointUse::kUsed), said("10.0.0.2", EndpointUse::kUsed),
                        said("10.0.0.3", EndpointUse::kNotReady), said("10.0.0.4", EndpointUse::kTerminating)}}};
  }
  Json port() { return service_detail_json(service_, {web_.shown()}, histories_, steering_, now_)["ports"][0]; }
  /// "state: why" of the endpoint.
  std::string state_of(const std::string& address) {
    const Json endpoints = port()["endpointList"];
    for (const Json& one : endpoints) {
      if (one["address"] == address) return std::string(one["state"]) + ": " + std::string(one["why"]);
    }
    return "none";
  }
  std::string words() {
    std::string all;
    const Json lines = port()["words"];
    for (const Json& line : lines) all += std::string(line) + "\n";
    return all;
  }

  Served web_{"web", {endpoint("10.0.0.1"), endpoint("10.0.0.2")}};
  config::ServiceDescription service_;
  HistoryBook histories_;
  testing::FakeSteering seen_;
  const SteeringView* steering_ = nullptr;
  std::chrono::steady_clock::time_point now_{seconds{1000}};
};

TEST_F(ServiceDetail, EveryEndpointHasAStateAndAReason) {
  EXPECT_EQ(state_of("10.0.0.1"), "used: ");
  EXPECT_EQ(state_of("10.0.0.3"), "unused: is not ready");
  EXPECT_EQ(state_of("10.0.0.4"), "unused: terminates");
  EXPECT_EQ(port()["endpointList"][0]["node"], "node-1");
  EXPECT_EQ(port()["endpointList"][0]["connectMs"], nullptr);
}

TEST_F(ServiceDetail, AnEjectedEndpointSaysWhatItDidAndUntilWhen) {
  web_.port->ejections().failed(endpoint("10.0.0.2"), web_.set(), now_, EjectionCause::kTimedOut);
  now_ += std::chrono::milliseconds{400};
  EXPECT_EQ(state_of("10.0.0.2"), "ejected: did not answer a dial 1s ago; left out for 1s more");
  EXPECT_NE(words().find("1 of them left out for now"), std::string::npos) << words();
  now_ += seconds{5};
  EXPECT_EQ(state_of("10.0.0.2"), "ejected: did not answer a dial 6s ago; the next connection tries it");
}

TEST_F(ServiceDetail, AnUnusedEndpointWithConnectionsDrains) {
  web_.carry(endpoint("10.0.0.4"), 3);
  EXPECT_EQ(state_of("10.0.0.4"), "draining: terminates; 3 connections go on");
}

TEST_F(ServiceDetail, AnEndpointThatNobodyNamesAnyMoreIsShownWhileItHasConnections) {
  web_.carry(endpoint("10.0.0.9"), 1);
  EXPECT_EQ(state_of("10.0.0.9"), "draining: is gone; 1 connections go on");
  web_.port->endpoints().of(endpoint("10.0.0.9"))->load.closed();
  EXPECT_EQ(state_of("10.0.0.9"), "none");
}

TEST_F(ServiceDetail, WordsSayWhereConnectionsGo) {
  EXPECT_EQ(words(), "connections to 10.96.0.1:80 are carried to 2 of 4 endpoints, round-robin\n");
}

class SteeredServiceDetail : public ServiceDetail {
 protected:
  SteeredServiceDetail() { steering_ = &seen_; }
  SteeredPort& steered() { return seen_.shown.service_ports[*web_.port->name()]; }
  /// What the words say beyond where connections go.
  std::string told() {
    const std::string all = words();
    return all.substr(all.find('\n') + 1);
  }
};

TEST_F(SteeredServiceDetail, WordsSayWhichWayConnectionsGoAndWhatBecameOfThem) {
  steered().connections = {.dialled = 345, .failed = 1, .closed = 332};
  EXPECT_EQ(told(),
            "new connections from this node go straight to an endpoint (steered): 12 open, 345 made, 1 failed\n");
  steered().connections.given_up = 2;
  EXPECT_NE(told().find(": 10 open, 345 made, 1 failed, 2 given up by their client\n"), std::string::npos) << told();
  EXPECT_EQ(port()["steering"]["connections"]["open"], 10);
}

TEST_F(SteeredServiceDetail, WordsSayWhyTheRelayCarriesThem) {
  steered().why_not = "it has session affinity";
  EXPECT_EQ(told(), "the relay carries every new connection: it has session affinity\n");
  steered().connections.dialled = 3;
  EXPECT_EQ(told(),
            "the relay carries every new connection: it has session affinity; "
            "steered so far: 3 open, 3 made, 0 failed\n");
}

TEST_F(SteeredServiceDetail, WordsSayThatAPausePasses) {
  steered() = testing::paused();
  EXPECT_EQ(told(), "the relay carries new connections for now: an endpoint has not taken a connection lately\n");
}

TEST_F(SteeredServiceDetail, WordsSayOnceThatNothingIsSteered) {
  seen_.shown.why_not = "the kernel is older than 5.11";
  EXPECT_EQ(told(), "steering is off: the kernel is older than 5.11\n");
}

TEST_F(SteeredServiceDetail, WhatIsNotKnownIsNotTold) { EXPECT_EQ(told(), ""); }

TEST_F(ServiceDetail, WordsSayWhyAServiceIsNotServed) {
  service_.served = false;
  EXPECT_NE(words().find("names another proxy"), std::string::npos) << words();
  service_.service.cluster_ips.clear();
  EXPECT_EQ(words(), "not served: it has no cluster address\n");
  service_.service.type = config::ServiceType::kExternalName;
  EXPECT_EQ(words(), "not served: an ExternalName is the DNS's\n");
}

TEST_F(ServiceDetail, SettingsAreShownWithWhatIsInForce) {
  web_.info->annotations = service_.service.annotations = {{"load-balancing", "fastest"}};
  EXPECT_EQ(port()["settings"][0],
            (Json{{"key", "kube-ferry.io/load-balancing"},
                  {"value", "fastest"},
                  {"inForce", "round-robin"},
                  {"error", "write round-robin, least-connections, peak-ewma, maglev or random"}}));
  EXPECT_NE(words().find("kube-ferry.io/load-balancing is not understood"), std::string::npos);
}

TEST_F(ServiceDetail, AServiceThatIsGoneShowsWhatIsLeft) {
  web_.carry(endpoint("10.0.0.1"), 2);
  const Json gone = removed_service_json({"default", "web"}, {{web_.port, nullptr}}, histories_);
  EXPECT_EQ(gone["ports"][0]["removed"], true);
  EXPECT_EQ(gone["ports"][0]["endpointList"][0]["state"], "draining");
}

}  // namespace
}  // namespace ferry::proxy

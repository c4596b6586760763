#include <string>

#include <gtest/gtest.h>

#include "watch/codec/v1/formats.h"

namespace ferry::watch::codec::v1 {
namespace {

using config::Endpoint;
using config::EndpointSlice;
using config::EndpointSubset;
using config::IpAddress;
using config::IpPrefix;
using config::Node;
using config::Protocol;
using config::Service;

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }
IpPrefix range(std::string_view text) { return IpPrefix::parse(text).value(); }

Decoded<Service> service(const std::string& json) {
  auto decoded = kServices.decode(json);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().reason;
  return decoded.has_value() ? decoded.value() : Decoded<Service>{};
}

/// A service of the name ns/a with one port, and these further fields of its spec.
std::string with_spec(const std::string& fields) {
  return R"({"metadata":{"name":"a","namespace":"ns"},"spec":{"ports":[{"port":80}])" + fields + "}}";
}

TEST(V1Service, EveryFieldAProxyActsOnIsRead) {
  const Decoded<Service> decoded = service(R"({
    "kind": "Service", "apiVersion": "v1",
    "status": {"loadBalancer": {"ingress": [
      {"ip": "192.0.2.1"}, {"ip": "192.0.2.2", "ipMode": "VIP", "ports": [{"port": 80}]},
      {"ip": "192.0.2.3", "ipMode": "Proxy"}, {"ipMode": "Proxy", "ip": "192.0.2.4"}, {"hostname": "lb.example"}]},
      "conditions": [{"type": "x"}]},
    "spec": {
      "type": "LoadBalancer", "clusterIP": "10.96.0.5", "clusterIPs": ["10.96.0.5", "fd00::5"],
      "ipFamilies": ["IPv4", "IPv6"], "selector": {"app": "a"},
      "ports": [
        {"name": "http", "port": 80, "targetPort": "web", "nodePort": 30080, "appProtocol": "http"},
        {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 5353},
        {"name": "sig", "protocol": "SCTP", "port": 65535}],
      "externalIPs": ["198.51.100.1", "2001:db8::1"],
      "loadBalancerSourceRanges": [" 10.0.0.0/8 ", "2001:db8::/32"],
      "internalTrafficPolicy": "Local", "externalTrafficPolicy": "Local",
      "sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
      "healthCheckNodePort": 32000, "publishNotReadyAddresses": true},
    "metadata": {
      "name": "a", "namespace": "ns", "resourceVersion": "17", "uid": "u",
      "labels": {"service.kubernetes.io/service-proxy-name": "other", "x": "y"},
      "annotations": {"kube-ferry.io/policy": "least-connections", "kube-ferry.io/": "bare", "kubectl.kubernetes.io/x": "{}"},
      "managedFields": [{"fieldsV1": {"f:spec": {}}}]}})");
  EXPECT_EQ(decoded.meta.name, (config::NamespacedName{"ns", "a"}));
  EXPECT_EQ(decoded.meta.resource_version, "17");
  EXPECT_FALSE(decoded.meta.initial_events_end);
  EXPECT_EQ(decoded.left_out, "");
  Service expected;
  expected.name = {"ns", "a"};
  expected.type = config::ServiceType::kLoadBalancer;
  expected.cluster_ips = {ip("10.96.0.5"), ip("fd00::5")};
  expected.ports = {
      {"http", Protocol::kTcp, 80, 30080}, {"dns", Protocol::kUdp, 53, 0}, {"sig", Protocol::kSctp, 65535, 0}};
  expected.external_ips = {ip("198.51.100.1"), ip("2001:db8::1")};
  expected.load_balancer_ips = {ip("192.0.2.1"), ip("192.0.2.2")};
  expected.load_balancer_source_ranges = {range("10.0.0.0/8"), range("2001:db8::/32")};
  expected.internal_traffic_policy = config::TrafficPolicy::kLocal;
  expected.external_traffic_policy = config::TrafficPolicy::kLocal;
  expected.session_affinity = config::SessionAffinity::kClientIp;
  expected.affinity_timeout = std::chrono::seconds(60);
  expected.health_check_node_port = 32000;
  expected.service_proxy_name = "other";
  expected.annotations = {{"policy", "least-connections"}, {"", "bare"}};
  EXPECT_EQ(decoded.value, expected);
}

TEST(V1Service, WhatIsAbsentOrNullHasKubernetesDefaults) {
  Service expected;
  expected.name = {"ns", "a"};
  EXPECT_EQ(service(R"({"metadata":{"name":"a","namespace":"ns"}})").value, expected);
  EXPECT_EQ(
      service(R"({"metadata":{"name":"a","namespace":"ns","labels":null,"annotations":null,"resourceVersion":null},
                        "spec":{"ports":null,"clusterIP":null,"clusterIPs":null,"type":null,"externalIPs":null,
                        "sessionAffinity":null,"sessionAffinityConfig":null,"internalTrafficPolicy":null},
                        "status":{"loadBalancer":{"ingress":null}}})")
          .value,
      expected);
  expected.ports = {{"", Protocol::kTcp, 80, 0}};
  EXPECT_EQ(service(with_spec(R"(,"sessionAffinityConfig":{"clientIP":{"timeoutSeconds":0}})")).value, expected);
}

TEST(V1Service, AHeadlessServiceHasNoClusterAddress) {
  EXPECT_TRUE(service(with_spec(R"(,"clusterIP":"None","clusterIPs":["None"])")).value.cluster_ips.empty());
  EXPECT_TRUE(service(with_spec(R"(,"clusterIP":"")")).value.cluster_ips.empty());
  const Decoded<Service> labelled = service(
      R"({"metadata":{"name":"a","namespace":"ns","labels":{"service.kubernetes.io/headless":""}},"spec":{"clusterIP":"10.96.0.1"}})");
  EXPECT_TRUE(labelled.value.cluster_ips.empty());
}

TEST(V1Service, TheFirstAddressOfEachFamilyCountsAndClusterIpAloneIsEnough) {
  EXPECT_EQ(service(with_spec(R"(,"clusterIP":"10.96.0.1")")).value.cluster_ips, std::vector{ip("10.96.0.1")});
  EXPECT_EQ(service(with_spec(R"(,"clusterIPs":["fd00::1","10.96.0.1","10.96.0.2"],"clusterIP":"fd00::1")"))
                .value.cluster_ips,
            (std::vector{ip("fd00::1"), ip("10.96.0.1")}));
}

TEST(V1Service, AnExternalNameKeepsItsType) {
  EXPECT_EQ(service(with_spec(R"(,"type":"ExternalName","externalName":"x.example")")).value.type,
            config::ServiceType::kExternalName);
  EXPECT_EQ(service(with_spec(R"(,"type":"NodePort")")).value.type, config::ServiceType::kNodePort);
}

TEST(V1Service, APartThatOnlyMattersToItselfIsLeftOutAndTold) {
  const Decoded<Service> addresses = service(with_spec(R"(,"externalIPs":["198.51.100.1","not\u001b an ip",""])"));
  EXPECT_EQ(addresses.value.external_ips, std::vector{ip("198.51.100.1")});
  EXPECT_EQ(addresses.left_out, "spec.externalIPs[1]: \"not an ip\" is not an IP address");
  const Decoded<Service> protocol = service(
      R"({"metadata":{"name":"a","namespace":"ns"},"spec":{"ports":[{"port":1,"protocol":"QUIC"},{"port":2}],"type":"New",
              "internalTrafficPolicy":"PreferLocal"}})");
  EXPECT_EQ(protocol.value.ports, (std::vector<config::ServicePort>{{"", Protocol::kTcp, 2, 0}}));
  EXPECT_EQ(protocol.value.type, config::ServiceType::kClusterIp);
  EXPECT_EQ(protocol.left_out, "spec.ports[0]: its protocol is not known (and 2 more)");
}

Decoded<EndpointSlice> endpoints(const std::string& json) {
  auto decoded = kEndpoints.decode(json);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().reason;
  return decoded.has_value() ? decoded.value() : Decoded<EndpointSlice>{};
}

Endpoint endpoint(std::string_view address, bool ready, std::string_view node = {}) {
  Endpoint made;
  made.address = ip(address);
  made.ready = ready;
  made.serving = ready;
  made.node_name = node;
  return made;
}

TEST(V1Endpoints, EachSubsetKeepsItsAddressesWithItsPorts) {
  const Decoded<EndpointSlice> decoded = endpoints(R"({"kind":"Endpoints","apiVersion":"v1",
    "metadata":{"name":"a","namespace":"ns","resourceVersion":"3","labels":{"endpointslice.kubernetes.io/skip-mirror":"true"},
                "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"1970-01-01T00:00:02Z"}},
    "subsets":[
      {"addresses":[{"ip":"10.1.0.1","nodeName":"n1","targetRef":{"kind":"Pod"}},{"ip":"fd00::1"}],
       "notReadyAddresses":[{"ip":"10.1.0.2"}],
       "ports":[{"name":"http","port":8080,"protocol":"TCP"},{"name":"dns","port":53,"protocol":"UDP"}]},
      {"ports":[{"port":81}],"addresses":[{"ip":"10.1.0.3"}]}]})");
  EXPECT_EQ(decoded.left_out, "");
  EXPECT_EQ(decoded.meta.resource_version, "3");
  EndpointSlice expected;
  expected.name = {"ns", "a"};
  expected.service = "a";
  expected.triggered_at = std::chrono::system_clock::time_point{std::chrono::seconds{2}};
  expected.subsets = {
      EndpointSubset{{endpoint("10.1.0.1", true, "n1"), endpoint("fd00::1", true), endpoint("10.1.0.2", false)},
                     {{"http", Protocol::kTcp, 8080}, {"dns", Protocol::kUdp, 53}}},
      EndpointSubset{{endpoint("10.1.0.3", true)}, {{"", Protocol::kTcp, 81}}}};
  EXPECT_EQ(decoded.value, expected);
}

TEST(V1Endpoints, AnObjectWithoutSubsetsHasNone) {
  EndpointSlice expected;
  expected.name = {"ns", "a"};
  expected.service = "a";
  EXPECT_EQ(endpoints(R"({"metadata":{"name":"a","namespace":"ns"}})").value, expected);
  EXPECT_EQ(endpoints(R"({"metadata":{"name":"a","namespace":"ns"},"subsets":null})").value, expected);
}

TEST(V1Endpoints, AnAddressOrPortThatDoesNotReadIsLeftOut) {
  const Decoded<EndpointSlice> decoded = endpoints(R"({"metadata":{"name":"a","namespace":"ns"},"subsets":[
      {"addresses":[{"ip":"x"},{"hostname":"h"},{"ip":"10.1.0.1"}],"ports":[{"port":0},{"name":"n"},{"port":1,"protocol":"X"},{"port":2}]}]})");
  EXPECT_EQ(decoded.value.subsets,
            std::vector{(EndpointSubset{{endpoint("10.1.0.1", true)}, {{"", Protocol::kTcp, 2}}})});
  EXPECT_EQ(decoded.left_out, "subsets[0].addresses[0]: \"x\" is not an IP address (and 4 more)");
}

TEST(V1Node, ItsPlaceAddressesAndFateAreRead) {
  const auto decoded = kNodes.decode(R"({"kind":"Node","apiVersion":"v1",
    "metadata":{"name":"n1","resourceVersion":"9","labels":{"topology.kubernetes.io/zone":"z1","kubernetes.io/hostname":"n1"}},
    "spec":{"podCIDR":"10.244.1.0/24","podCIDRs":["10.244.1.0/24","fd00:1::/64"],"taints":[{"key":"node.kubernetes.io/x"}]},
    "status":{"addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"192.168.0.5"},
                           {"address":"203.0.113.5","type":"ExternalIP"},{"type":"InternalDNS","address":"n1.local"}]}})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().reason;
  Node expected;
  expected.name = "n1";
  expected.zone = "z1";
  expected.addresses = {ip("192.168.0.5"), ip("203.0.113.5")};
  expected.pod_cidrs = {range("10.244.1.0/24"), range("fd00:1::/64")};
  EXPECT_EQ(decoded->value, expected);
  EXPECT_EQ(decoded->meta.name, (config::NamespacedName{"", "n1"}));
  EXPECT_EQ(decoded->left_out, "");
}

TEST(V1Node, OneThatIsDrainedOrDeletedIsGoingAway) {
  EXPECT_TRUE(
      kNodes
          .decode(
              R"({"metadata":{"name":"n"},"spec":{"taints":[{"effect":"NoSchedule","key":"ToBeDeletedByClusterAutoscaler"}]}})")
          ->value.going_away);
  EXPECT_TRUE(
      kNodes.decode(R"({"metadata":{"name":"n","deletionTimestamp":"2026-01-01T00:00:00Z"}})")->value.going_away);
  EXPECT_FALSE(
      kNodes.decode(R"({"metadata":{"name":"n","deletionTimestamp":null},"spec":{"taints":null}})")->value.going_away);
}

TEST(V1Node, TheOlderPodRangeStandsInForTheList) {
  EXPECT_EQ(kNodes.decode(R"({"metadata":{"name":"n"},"spec":{"podCIDR":"10.244.1.0/24"}})")->value.pod_cidrs,
            std::vector{range("10.244.1.0/24")});
}

TEST(V1Node, AnAddressOrRangeThatDoesNotReadIsLeftOut) {
  const auto decoded = kNodes.decode(
      R"({"metadata":{"name":"n"},"spec":{"podCIDRs":["x"]},"status":{"addresses":[{"type":"InternalIP","address":"?"}]}})");
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->left_out, "spec.podCIDRs[0]: \"x\" is not an address range (and 1 more)");
}

}  // namespace
}  // namespace ferry::watch::codec::v1

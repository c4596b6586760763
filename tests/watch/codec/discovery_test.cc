#include <string>

#include <gtest/gtest.h>

#include "watch/codec/discovery_v1/formats.h"
#include "watch/codec/discovery_v1beta1/formats.h"

namespace ferry::watch::codec {
namespace {

using config::Endpoint;
using config::EndpointSlice;
using config::EndpointSubset;
using config::IpAddress;
using config::Protocol;

using Format = WireFormat<EndpointSlice>;

Decoded<EndpointSlice> decode_slice(const Format& format, const std::string& json) {
  auto decoded = format.decode(json);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().reason;
  return decoded.has_value() ? decoded.value() : Decoded<EndpointSlice>{};
}

/// A slice of the service "a" with these endpoints and ports.
std::string slice(const std::string& endpoints, const std::string& ports = R"([{"name":"http","port":80}])",
                  const std::string& type = "IPv4") {
  return R"({"metadata":{"name":"a-1","namespace":"ns","labels":{"kubernetes.io/service-name":"a"}},"addressType":")" +
         type + R"(","endpoints":)" + endpoints + R"(,"ports":)" + ports + "}";
}

std::vector<Endpoint> endpoints_of(const Format& format, const std::string& endpoints) {
  const Decoded<EndpointSlice> decoded = decode_slice(format, slice(endpoints));
  return decoded.value.subsets.empty() ? std::vector<Endpoint>{} : decoded.value.subsets[0].endpoints;
}

Endpoint endpoint(std::string_view address) {
  Endpoint made;
  made.address = IpAddress::parse(address).value();
  return made;
}

/// Both versions, for what they share.
class EndpointSlices : public ::testing::TestWithParam<const Format*> {};

INSTANTIATE_TEST_SUITE_P(BothVersions, EndpointSlices,
                         ::testing::Values(&discovery_v1::kEndpointSlices, &discovery_v1beta1::kEndpointSlices),
                         [](const auto& version) {
                           return version.param == &discovery_v1::kEndpointSlices ? "v1" : "v1beta1";
                         });

TEST_P(EndpointSlices, OneSubsetHoldsEndpointsAndPorts) {
  const Decoded<EndpointSlice> decoded = decode_slice(
      *GetParam(),
      R"({"kind":"EndpointSlice","apiVersion":")" + std::string(GetParam()->api_version) +
          R"(","metadata":{"name":"a-1","namespace":"ns","resourceVersion":"16","labels":{"kubernetes.io/service-name":"a"}},
        "ports":[{"name":"http","protocol":"TCP","port":8080},{"name":"","port":53,"protocol":"UDP"}],
        "endpoints":[{"addresses":["10.1.0.1","10.1.0.99"],"conditions":{"ready":true},"hostname":"h","targetRef":{"kind":"Pod"},
                      "hints":{"forZones":[{"name":"z1"},{"name":"z2"}],"forNodes":[{"name":"n1"}]}}],
        "addressType":"IPv4"})");
  EndpointSlice expected;
  expected.name = {"ns", "a-1"};
  expected.service = "a";
  Endpoint first = endpoint("10.1.0.1");
  using Kind = config::TopologyHint::Kind;
  first.hints = {{Kind::kZone, "z1"}, {Kind::kZone, "z2"}, {Kind::kNode, "n1"}};
  expected.subsets = {EndpointSubset{{first}, {{"http", Protocol::kTcp, 8080}, {"", Protocol::kUdp, 53}}}};
  EXPECT_EQ(decoded.value, expected);
  EXPECT_EQ(decoded.meta.resource_version, "16");
  EXPECT_EQ(decoded.left_out, "");
}

TEST_P(EndpointSlices, TheTriggerOfTheLastChangeIsRead) {
  const auto read = [](const std::string& time) {
    return decode_slice(*GetParam(), R"({"metadata":{"name":"a-1","namespace":"ns","annotations":{
        "other":"x","endpoints.kubernetes.io/last-change-trigger-time":")" +
                                         time + R"("}},"addressType":"IPv4"})");
  };
  EXPECT_EQ(decode_slice(*GetParam(), slice("[]")).value.triggered_at, std::nullopt);
  EXPECT_EQ(read("1970-01-01T00:00:02.5Z").value.triggered_at,
            std::chrono::system_clock::time_point{std::chrono::milliseconds{2500}});
  EXPECT_EQ(read("yesterday").value.triggered_at, std::nullopt);
  EXPECT_EQ(
      read("yesterday").left_out,
      R"(metadata.annotations.endpoints.kubernetes.io/last-change-trigger-time: "yesterday" is not a time such as )"
      "2026-01-02T15:04:05Z");
}

TEST_P(EndpointSlices, ConditionsThatAreAbsentMeanReadyAndNotTerminating) {
  Endpoint terminating = endpoint("10.1.0.4");
  terminating.ready = false;
  terminating.terminating = true;
  EXPECT_EQ(endpoints_of(*GetParam(), R"([{"addresses":["10.1.0.1"]},{"addresses":["10.1.0.2"],"conditions":null},
      {"addresses":["10.1.0.3"],"conditions":{"ready":null,"serving":null,"terminating":null}},
      {"addresses":["10.1.0.4"],"conditions":{"serving":true,"terminating":true,"ready":false}}])"),
            (std::vector{endpoint("10.1.0.1"), endpoint("10.1.0.2"), endpoint("10.1.0.3"), terminating}));
}

TEST_P(EndpointSlices, ASliceWithoutTheServiceLabelBelongsToNone) {
  const Decoded<EndpointSlice> decoded = decode_slice(
      *GetParam(), R"({"metadata":{"name":"x","namespace":"ns"},"addressType":"IPv4","endpoints":null,"ports":null})");
  EXPECT_EQ(decoded.value.service, "");
  EXPECT_EQ(decoded.value.subsets, std::vector{EndpointSubset{}});
}

TEST_P(EndpointSlices, AddressesOfAnotherFamilyOrNoneAreLeftOut) {
  const Decoded<EndpointSlice> v4 = decode_slice(
      *GetParam(),
      slice(R"([{"addresses":["fd00::1"]},{"addresses":["10.1.0.1"]},{"addresses":[]},{"addresses":["host"]},{}])"));
  EXPECT_EQ(v4.value.subsets[0].endpoints, std::vector{endpoint("10.1.0.1")});
  EXPECT_EQ(v4.left_out, "endpoints[2]: it has no IP address (and 3 more)");
  const Decoded<EndpointSlice> v6 =
      decode_slice(*GetParam(), slice(R"([{"addresses":["10.1.0.1"]},{"addresses":["fd00::1"]}])", "[]", "IPv6"));
  EXPECT_EQ(v6.value.subsets[0].endpoints, std::vector{endpoint("fd00::1")});
  EXPECT_EQ(v6.left_out, "endpoints: 10.1.0.1 in a slice of IPv6");
}

TEST_P(EndpointSlices, ASliceOfHostNamesIsIgnoredWithoutAWord) {
  const Decoded<EndpointSlice> decoded =
      decode_slice(*GetParam(), slice(R"([{"addresses":["a.example"]}])", "[]", "FQDN"));
  EXPECT_TRUE(decoded.value.subsets.empty());
  EXPECT_EQ(decoded.left_out, "");
}

TEST_P(EndpointSlices, APortWithoutNameOrNumberIsLeftOut) {
  const Decoded<EndpointSlice> decoded = decode_slice(
      *GetParam(),
      slice("[]",
            R"([{"port":1},{"name":"a"},{"name":"b","port":null},{"name":null,"port":2},{"name":"c","port":3}])"));
  EXPECT_EQ(decoded.value.subsets[0].ports, (std::vector<config::EndpointPort>{{"c", Protocol::kTcp, 3}}));
  EXPECT_EQ(decoded.left_out, "");
  const Decoded<EndpointSlice> wrong = decode_slice(
      *GetParam(),
      slice("[]", R"([{"name":"a","port":0},{"name":"b","port":2,"protocol":"X"},{"name":"c","port":3}])"));
  EXPECT_EQ(wrong.value.subsets[0].ports, (std::vector<config::EndpointPort>{{"c", Protocol::kTcp, 3}}));
  EXPECT_EQ(wrong.left_out, "ports[0]: 0 is not a port (1 to 65535) (and 1 more)");
}

TEST(DiscoveryV1, AnEndpointNamesItsNodeAndZone) {
  Endpoint expected = endpoint("10.1.0.1");
  expected.node_name = "n1";
  EXPECT_EQ(
      endpoints_of(
          discovery_v1::kEndpointSlices,
          R"([{"addresses":["10.1.0.1"],"nodeName":"n1","zone":"z1","deprecatedTopology":{"kubernetes.io/hostname":"n2"}}])"),
      std::vector{expected});
}

TEST(DiscoveryV1, AnEndpointThatDoesNotSayWhetherItServesDoes) {
  Endpoint expected = endpoint("10.1.0.1");
  expected.ready = false;
  EXPECT_EQ(endpoints_of(discovery_v1::kEndpointSlices, R"([{"addresses":["10.1.0.1"],"conditions":{"ready":false}}])"),
            std::vector{expected});
}

TEST(DiscoveryV1beta1, TheTopologyMapTellsNodeAndZone) {
  Endpoint expected = endpoint("10.1.0.1");
  expected.node_name = "n1";
  const Format& format = discovery_v1beta1::kEndpointSlices;
  const std::string topology =
      R"("topology":{"kubernetes.io/hostname":"n1","topology.kubernetes.io/zone":"z1","topology.kubernetes.io/region":"r"})";
  EXPECT_EQ(endpoints_of(format, R"([{"addresses":["10.1.0.1"],)" + topology + "}]"), std::vector{expected});
  expected.node_name = "n2";
  EXPECT_EQ(endpoints_of(format, R"([{"addresses":["10.1.0.1"],"nodeName":"n2",)" + topology + "}]"),
            std::vector{expected});
  EXPECT_EQ(endpoints_of(format, R"([{"addresses":["10.1.0.1"],)" + topology + R"(,"nodeName":"n2"}])"),
            std::vector{expected});
}

TEST(DiscoveryV1beta1, AnEndpointThatIsNotReadyDoesNotServeUnlessItSaysSo) {
  Endpoint expected = endpoint("10.1.0.1");
  expected.ready = false;
  expected.serving = false;
  EXPECT_EQ(
      endpoints_of(discovery_v1beta1::kEndpointSlices, R"([{"addresses":["10.1.0.1"],"conditions":{"ready":false}}])"),
      std::vector{expected});
}

}  // namespace
}  // namespace ferry::watch::codec

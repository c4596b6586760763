#include <string>

#include <gtest/gtest.h>

#include "watch/codec/v1beta1/formats.h"

namespace ferry::watch::codec::v1beta1 {
namespace {

using config::Endpoint;
using config::EndpointSlice;
using config::EndpointSubset;
using config::IpAddress;
using config::Protocol;
using config::Service;

TEST(HistoricalService, ThePortalAddressIsItsClusterAddress) {
  const auto decoded = kServices.decode(
      R"({"kind":"Service","id":"frontend","creationTimestamp":"2014-09-19T00:00:00Z","selfLink":"/api/v1beta1/services/frontend",
          "resourceVersion":10421,"apiVersion":"v1beta1","port":9998,"protocol":"UDP","labels":{"a":"b"},"selector":{"name":"frontend"},
          "createExternalLoadBalancer":true,"containerPort":"web","portalIP":"10.0.0.7","proxyPort":35711})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().reason;
  Service expected;
  expected.name = {"default", "frontend"};
  expected.cluster_ips = {IpAddress::parse("10.0.0.7").value()};
  expected.ports = {{"", Protocol::kUdp, 9998, 0}};
  EXPECT_EQ(decoded->value, expected);
  EXPECT_EQ(decoded->meta.name, expected.name);
  EXPECT_EQ(decoded->meta.resource_version, "10421");
}

TEST(HistoricalService, WithoutAPortalItHasNoAddress) {
  const auto decoded = kServices.decode(R"({"id":"a","port":80,"containerPort":8080})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().reason;
  Service expected;
  expected.name = {"default", "a"};
  expected.ports = {{"", Protocol::kTcp, 80, 0}};
  EXPECT_EQ(decoded->value, expected);
  EXPECT_EQ(decoded->meta.resource_version, "");
}

TEST(HistoricalService, WhatItCannotServeIsAnError) {
  const auto reason = [](const char* json) { return kServices.decode(json).error().reason; };
  EXPECT_EQ(reason(R"({"port":80})"), "id: missing");
  EXPECT_EQ(reason(R"({"id":"a"})"), "port: a service needs a port from 1 to 65535");
  EXPECT_EQ(reason(R"({"id":"a","port":70000})"), "port: 70000 is not a port (1 to 65535)");
  EXPECT_EQ(reason(R"({"id":"a","port":80,"portalIP":"x"})"), "portalIP: \"x\" is not an IP address");
  EXPECT_EQ(reason(R"({"id":"a","port":80,"protocol":"X"})"), "protocol: not known");
  EXPECT_EQ(reason(R"({"id":"a","port":80,"resourceVersion":-1})"), "resourceVersion: -1 is not a version");
  EXPECT_EQ(reason(R"({"id":"a","port":80,"apiVersion":"v1"})"), "apiVersion: \"v1\" where v1beta1 was expected");
}

TEST(HistoricalEndpoints, EntriesOfOnePortAreOneSubsetForTcpAndUdp) {
  const auto decoded = kEndpoints.decode(
      R"({"kind":"Endpoints","id":"frontend","resourceVersion":3,"apiVersion":"v1beta1",
          "endpoints":["10.0.0.1:80","10.0.0.2:80","10.0.0.1:81","[fd00::1]:80"]})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().reason;
  const auto endpoint = [](std::string_view address) {
    Endpoint made;
    made.address = IpAddress::parse(address).value();
    return made;
  };
  EndpointSlice expected;
  expected.name = {"default", "frontend"};
  expected.service = "frontend";
  expected.subsets = {EndpointSubset{{endpoint("10.0.0.1"), endpoint("10.0.0.2"), endpoint("fd00::1")},
                                     {{"", Protocol::kTcp, 80}, {"", Protocol::kUdp, 80}}},
                      EndpointSubset{{endpoint("10.0.0.1")}, {{"", Protocol::kTcp, 81}, {"", Protocol::kUdp, 81}}}};
  EXPECT_EQ(decoded->value, expected);
  EXPECT_EQ(decoded->left_out, "");
}

TEST(HistoricalEndpoints, EntriesThatNameNoAddressAndPortAreLeftOut) {
  const auto decoded = kEndpoints.decode(
      R"({"id":"a","endpoints":["foobar:8080","foobar","10.0.0.1","10.0.0.1:-1","10.0.0.1:0","10.0.0.1:70000","10.0.0.1:80x",
          "10.0.0.1:","fd00::1:80","[10.0.0.1]:80","[]:80",":80","",null,"10.0.0.1:80"]})");
  ASSERT_TRUE(decoded.has_value()) << decoded.error().reason;
  ASSERT_EQ(decoded->value.subsets.size(), 1U);
  EXPECT_EQ(decoded->value.subsets[0].endpoints.size(), 1U);
  EXPECT_EQ(decoded->left_out, "endpoints[0]: \"foobar:8080\" is not an endpoint (ADDRESS:PORT) (and 12 more)");
}

TEST(HistoricalEndpoints, NoneIsNone) {
  const auto decoded = kEndpoints.decode(R"({"id":"a","endpoints":null})");
  ASSERT_TRUE(decoded.has_value());
  EXPECT_TRUE(decoded->value.subsets.empty());
}

TEST(Historical, MetadataOfADeletionNamesTheOneNamespace) {
  const auto meta = kServices.decode_meta(R"({"id":"a","resourceVersion":5,"port":0})");
  ASSERT_TRUE(meta.has_value());
  EXPECT_EQ(meta->name, (config::NamespacedName{"default", "a"}));
  EXPECT_EQ(meta->resource_version, "5");
  EXPECT_EQ(kServices.decode_meta(R"({"namespace":"ns","id":"a"})")->name.ns, "ns");
  EXPECT_EQ(kServices.decode_meta(R"({"id":"a","namespace":"ns"})")->name.ns, "ns");
}

}  // namespace
}  // namespace ferry::watch::codec::v1beta1

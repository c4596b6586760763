#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/steering/steering.h"

namespace ferry::proxy {
namespace {

using ::testing::HasSubstr;

config::ServicePortInfo info(const std::string& key = {}, const std::string& value = {}) {
  config::ServicePortInfo made;
  made.name = {{"default", "web"}, "http", config::Protocol::kTcp};
  made.cluster_ips = {*config::IpAddress::parse("10.96.0.10")};
  if (!key.empty()) made.annotations[key] = value;
  return made;
}

TEST(Eligibility, AServicePortThatAsksForNothingIsSteered) {
  EXPECT_EQ(why_not_steered(info()), "");
  EXPECT_EQ(why_not_steered(info("load-balancing", "random")), "");
}

TEST(Eligibility, WhatOnlyARelayCanDoIsLeftToIt) {
  EXPECT_THAT(why_not_steered(info("load-balancing", "peak-ewma")), HasSubstr("load balancing"));
  EXPECT_THAT(why_not_steered(info("proxy-protocol", "v2")), HasSubstr("PROXY"));
  EXPECT_THAT(why_not_steered(info("max-connections", "10")), HasSubstr("bound of connections"));
  EXPECT_THAT(why_not_steered(info("drain-timeout", "10s")), HasSubstr("deadline"));
  EXPECT_THAT(why_not_steered(info("idle-timeout", "10s")), HasSubstr("idle"));
  EXPECT_THAT(why_not_steered(info("slow-start", "10s")), HasSubstr("slowly"));
  EXPECT_THAT(why_not_steered(info("hedged-dial", "true")), HasSubstr("hedged"));
}

TEST(Eligibility, AnAnnotationLeavesAServiceToTheRelay) {
  EXPECT_THAT(why_not_steered(info("steering", "off")), HasSubstr("annotation"));
  EXPECT_EQ(why_not_steered(info("steering", "on")), "");
}

TEST(Eligibility, ClientsMayKeepTheirEndpoints) {
  config::ServicePortInfo made = info();
  made.session_affinity = config::SessionAffinity::kClientIp;
  EXPECT_EQ(why_not_steered(made), "");
}

TEST(Eligibility, OtherProtocolsAndServicesWithoutAnAddressAreNotSteered) {
  config::ServicePortInfo made = info();
  made.name.protocol = config::Protocol::kUdp;
  EXPECT_THAT(why_not_steered(made), HasSubstr("only TCP"));
  made = info();
  made.cluster_ips.clear();
  EXPECT_THAT(why_not_steered(made), HasSubstr("no cluster address"));
}

}  // namespace
}  // namespace ferry::proxy

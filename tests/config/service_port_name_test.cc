#include "config/service_port_name.h"

#include <unordered_set>

#include <gtest/gtest.h>

namespace ferry::config {
namespace {

TEST(ServicePortName, ReadsLikeKubeProxysLogs) {
  EXPECT_EQ((ServicePortName{{"shop", "cart"}, "http", Protocol::kTcp}).to_string(), "shop/cart:http/TCP");
  EXPECT_EQ((ServicePortName{{"kube-system", "dns"}, "", Protocol::kUdp}).to_string(), "kube-system/dns/UDP");
}

TEST(ServicePortName, DiffersByEachOfItsParts) {
  const std::unordered_set<ServicePortName> names = {
      {{"a", "b"}, "c", Protocol::kTcp}, {{"x", "b"}, "c", Protocol::kTcp}, {{"a", "x"}, "c", Protocol::kTcp},
      {{"a", "b"}, "x", Protocol::kTcp}, {{"a", "b"}, "c", Protocol::kUdp}, {{"a", "b"}, "c", Protocol::kTcp}};
  EXPECT_EQ(names.size(), 5U);
}

TEST(Protocol, ReadsOnlyKubernetesOwnSpelling) {
  EXPECT_EQ(parse_protocol("TCP"), Protocol::kTcp);
  EXPECT_EQ(parse_protocol("UDP"), Protocol::kUdp);
  EXPECT_EQ(parse_protocol("SCTP"), Protocol::kSctp);
  EXPECT_EQ(parse_protocol("tcp"), std::nullopt);
  EXPECT_EQ(parse_protocol(""), std::nullopt);
}

}  // namespace
}  // namespace ferry::config

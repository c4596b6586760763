#include "proxy/host/route_list.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/own_network.h"

namespace ferry::proxy {
namespace {

using ::testing::Contains;

Route route(const char* range, const char* device, bool local) {
  return {*config::IpPrefix::parse(range), device, local};
}

TEST(RouteList, HasWhatLeavesTheHostAndWhatEndsThereButNoDefaultRoute) {
  ferry::testing::enter_own_network();
  ferry::testing::ip("link set lo up");
  ferry::testing::ip("route add 10.97.0.0/16 dev lo");
  ferry::testing::ip("route add local 10.96.0.0/16 dev lo");
  ferry::testing::ip("route add default dev lo");
  ferry::testing::ip("-6 route add fd00:1::/64 dev lo");
  const std::vector<Route> routes = read_routes();
  EXPECT_THAT(routes, Contains(route("10.97.0.0/16", "lo", false)));
  EXPECT_THAT(routes, Contains(route("10.96.0.0/16", "lo", true)));
  EXPECT_THAT(routes, Contains(route("127.0.0.0/8", "lo", true)));
  EXPECT_THAT(routes, Contains(route("fd00:1::/64", "lo", false)));
  EXPECT_TRUE(std::none_of(routes.begin(), routes.end(), [](const Route& one) { return one.range.length() == 0; }));
}

}  // namespace
}  // namespace ferry::proxy

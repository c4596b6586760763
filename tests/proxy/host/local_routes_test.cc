#include "proxy/host/local_routes.h"

#include <array>
#include <cerrno>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "proxy/relay/tcp_socket.h"
#include "tests/proxy/host/without_net_admin.h"
#include "tests/proxy/relay/test_sockets.h"
#include "tests/support/addresses.h"
#include "tests/support/own_network.h"

namespace ferry::proxy {
namespace {

using ferry::testing::address;
using ferry::testing::ip;
using ferry::testing::prefix;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LocalRoutesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ferry::testing::enter_own_network();
    ip("link set lo up");
    ip("address add 192.0.2.1/32 dev lo");
  }
};

TEST_F(LocalRoutesTest, ThereAreNoneAtFirst) {
  EXPECT_THAT(LocalRoutes::list(), IsEmpty());
  EXPECT_EQ(LocalRoutes::remove_all(), 0U);
}

TEST_F(LocalRoutesTest, MakeAddressesOfBothFamiliesLocal) {
  EXPECT_THAT(LocalRoutes::add({prefix("10.96.0.0/12"), prefix("fd00:96::/108")}, {}), IsEmpty());
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.0/12"), prefix("fd00:96::/108")));
  for (const char* service : {"10.96.0.1", "10.111.255.254", "fd00:96::1"}) {
    const SocketResult listener = open_listener(address(service), 8080, 1);
    ASSERT_EQ(listener.error, 0) << service;
    EXPECT_EQ(testing::connect_error(service, 8080), 0) << service;
  }
}

TEST_F(LocalRoutesTest, TheHostsOwnConnectionsComeFromItsAddress) {
  LocalRoutes::add({prefix("10.96.0.0/12")}, {address("2001:db8::1"), address("192.0.2.1")});
  const testing::TestListener listener("10.96.0.1");
  const testing::TestSocket client = testing::TestSocket::connect("10.96.0.1", listener.port());
  EXPECT_EQ(client.own_address(), address("192.0.2.1"));
}

TEST_F(LocalRoutesTest, AddingThemAgainChangesNothing) {
  LocalRoutes::add({prefix("10.96.0.0/12")}, {});
  EXPECT_THAT(LocalRoutes::add({prefix("10.96.0.0/12")}, {}), IsEmpty());
  EXPECT_THAT(LocalRoutes::list(), ElementsAre(prefix("10.96.0.0/12")));
}

TEST_F(LocalRoutesTest, LoopbackNeedsNone) {
  EXPECT_THAT(LocalRoutes::add({prefix("127.96.0.0/16"), prefix("::1/128")}, {}), IsEmpty());
  EXPECT_THAT(LocalRoutes::list(), IsEmpty());
}

TEST_F(LocalRoutesTest, OnlyOurOwnAreTakenAway) {
  ip("route add local 10.200.0.0/16 dev lo");
  LocalRoutes::add({prefix("10.96.0.0/12"), prefix("10.200.0.0/16"), prefix("fd00:96::/108")}, {});
  EXPECT_EQ(LocalRoutes::remove_all(), 2U);
  EXPECT_THAT(LocalRoutes::list(), IsEmpty());
  const testing::TestListener left("10.200.0.1");
  testing::TestSocket::connect("10.200.0.1", left.port());
  EXPECT_TRUE(left.pending());
  EXPECT_NE(testing::connect_error("10.96.0.1", 80), 0);
}

TEST_F(LocalRoutesTest, WithoutThePrivilegeARangeIsNamedUnlessItIsLocalAlready) {
  ip("route add local 10.200.0.0/16 dev lo");
  const testing::WithoutNetAdmin unprivileged;
  const std::vector<LocalRoutes::Failure> expected{{prefix("10.96.0.0/12"), EPERM}};
  EXPECT_EQ(LocalRoutes::add({prefix("10.96.0.0/12"), prefix("10.200.0.0/16")}, {}), expected);
}

TEST_F(LocalRoutesTest, ARangeThatCannotBeHadIsNamed) {
  const auto failures = LocalRoutes::add({prefix("10.96.0.0/12")}, {address("198.51.100.1")});
  ASSERT_EQ(failures.size(), 1U);
  EXPECT_EQ(failures[0].range, prefix("10.96.0.0/12"));
  EXPECT_EQ(failures[0].error, EINVAL);
}

}  // namespace
}  // namespace ferry::proxy

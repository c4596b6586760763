#include "proxy/host/host_addresses.h"

#include <algorithm>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/host/reply_device.h"
#include "tests/support/addresses.h"
#include "tests/support/own_network.h"
#include "tests/support/run.h"

namespace ferry::proxy {
namespace {

using ferry::testing::address;
using ferry::testing::ip;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class HostAddressesTest : public ::testing::Test {
 protected:
  void SetUp() override { ferry::testing::enter_own_network(); }

  boost::asio::io_context loop_;
};

TEST_F(HostAddressesTest, WithoutAnyThereAreNone) { EXPECT_THAT(read_host_addresses(), IsEmpty()); }

TEST_F(HostAddressesTest, ReadsBothFamiliesAndLeavesOutWhatHoldsOnOneLinkAlone) {
  ip("link set lo up");
  ip("address add 192.0.2.1/24 dev lo");
  // Else it counts only once the kernel knows that nobody else has it.
  ip("address add 2001:db8::1/64 dev lo nodad");
  ip("address add fe80::1/64 dev lo");
  EXPECT_THAT(read_host_addresses(),
              ElementsAre(address("127.0.0.1"), address("192.0.2.1"), address("::1"), address("2001:db8::1")));
}

TEST_F(HostAddressesTest, AnAddressFromWhichTheKernelMayRefuseIsNotTheHostsOwn) {
  ASSERT_EQ(ReplyDevice::add(address("203.0.113.5")), 0);
  EXPECT_THAT(read_host_addresses(), IsEmpty());
}

TEST_F(HostAddressesTest, AnIpv6AddressCountsOnceTheKernelKnowsThatNobodyElseHasIt) {
  ip("link add here type veth peer name there");
  ip("link set here up");
  ip("link set there up");
  std::vector<config::IpAddress> told;
  HostAddresses host(loop_.get_executor(), [&told](const auto& now) { told = now; });
  ip("address add 2001:db8::7/64 dev here");
  EXPECT_THAT(read_host_addresses(), Not(Contains(address("2001:db8::7"))));
  testing::run_until(loop_, [&] { return !told.empty(); });
  EXPECT_THAT(told, Contains(address("2001:db8::7")));
  host.stop();
}

TEST_F(HostAddressesTest, TellsWhenOneComesAndWhenItGoes) {
  ip("link set lo up");
  std::vector<std::vector<config::IpAddress>> told;
  HostAddresses host(loop_.get_executor(), [&told](const auto& now) { told.push_back(now); });
  EXPECT_THAT(host.now(), Contains(address("127.0.0.1")));

  ip("address add 192.0.2.1/32 dev lo");
  testing::run_until(loop_, [&] { return told.size() == 1; });
  EXPECT_THAT(told.back(), Contains(address("192.0.2.1")));
  ip("address del 192.0.2.1/32 dev lo");
  testing::run_until(loop_, [&] { return told.size() == 2; });
  EXPECT_THAT(told.back(), Not(Contains(address("192.0.2.1"))));

  host.stop();
  EXPECT_TRUE(testing::is_idle(loop_));
}

}  // namespace
}  // namespace ferry::proxy

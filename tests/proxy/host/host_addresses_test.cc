#include "proxy/host/host_addresses.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "tests/support/run.h"

namespace ferry::proxy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

config::IpAddress address(const char* text) { return config::IpAddress::parse(text).value(); }

/// A network of this thread's own, with a loopback device that is down, so that nothing of the machine is touched.
class HostAddressesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const uid_t user = ::getuid();
    ASSERT_EQ(::unshare(user == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET), 0)
        << "needs a network namespace: run as root, or allow user namespaces";
    if (user != 0) std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
  }
  static void ip(const std::string& arguments) { ASSERT_EQ(std::system(("ip " + arguments).c_str()), 0) << arguments; }

  boost::asio::io_context loop_;
};

TEST_F(HostAddressesTest, WithoutAnyThereAreNone) { EXPECT_THAT(read_host_addresses(), IsEmpty()); }

TEST_F(HostAddressesTest, ReadsBothFamiliesAndLeavesOutWhatHoldsOnOneLinkAlone) {
  ip("link set lo up");
  ip("address add 192.0.2.1/24 dev lo");
  ip("address add 2001:db8::1/64 dev lo");
  ip("address add fe80::1/64 dev lo");
  EXPECT_THAT(read_host_addresses(),
              ElementsAre(address("127.0.0.1"), address("192.0.2.1"), address("::1"), address("2001:db8::1")));
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

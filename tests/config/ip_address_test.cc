#include "config/ip_address.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/addresses.h"

namespace ferry::config {
namespace {

using ferry::testing::address;

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  EXPECT_EQ(address("10.96.0.1").to_string(), "10.96.0.1");
  EXPECT_EQ(address("fd00:0:0::1").to_string(), "fd00::1");
  EXPECT_EQ(address("10.96.0.1").family(), AddressFamily::kIpv4);
  EXPECT_EQ(address("::").family(), AddressFamily::kIpv6);
}

TEST(IpAddress, ReadsLeadingZerosAsDecimal) { EXPECT_EQ(address("192.168.001.010"), address("192.168.1.10")); }

TEST(IpAddress, TakesAMappedAddressForTheIpv4AddressItStandsFor) {
  EXPECT_EQ(address("::ffff:10.0.0.1"), address("10.0.0.1"));
}

TEST(IpAddress, RefusesWhatIsNoAddress) {
  const std::string with_nul("::1\0", 4);
  for (const std::string& text :
       {std::string(""), std::string("10.0.0"), std::string("10.0.0.256"), std::string("10.0.0.1 "),
        std::string(" ::1"), std::string("10.0.0.0001"), std::string("10..0.1"), std::string("10.0.0.1.2"),
        std::string("-1.0.0.1"), std::string("+1.0.0.1"), std::string("0x1.0.0.1"), std::string("fe80::1%eth0"),
        std::string("None"), std::string("1:2:3:4:5:6:7:8:9"), std::string(64, ':'), with_nul}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsTheAddressesNothingMayBeCarriedTo) {
  EXPECT_TRUE(address("127.3.2.1").is_loopback());
  EXPECT_TRUE(address("::1").is_loopback());
  EXPECT_FALSE(address("128.0.0.1").is_loopback());
  EXPECT_TRUE(address("169.254.169.254").is_link_local());
  EXPECT_TRUE(address("fe80::1").is_link_local());
  EXPECT_TRUE(address("febf::1").is_link_local());
  EXPECT_FALSE(address("fec0::1").is_link_local());
  EXPECT_TRUE(address("0.0.0.0").is_unspecified());
  EXPECT_TRUE(address("::").is_unspecified());
  EXPECT_TRUE(address("224.0.0.1").is_multicast());
  EXPECT_TRUE(address("239.255.255.255").is_multicast());
  EXPECT_TRUE(address("255.255.255.255").is_multicast());
  EXPECT_TRUE(address("ff02::1").is_multicast());
  EXPECT_FALSE(address("240.0.0.1").is_multicast());
}

TEST(IpPrefix, ContainsWhatItsBitsCover) {
  const IpPrefix range = IpPrefix::parse("10.96.128.7/17").value();
  EXPECT_EQ(range.to_string(), "10.96.128.0/17");
  EXPECT_TRUE(range.contains(address("10.96.128.0")));
  EXPECT_TRUE(range.contains(address("10.96.255.255")));
  EXPECT_FALSE(range.contains(address("10.96.127.255")));
  EXPECT_FALSE(range.contains(address("::ffff:0:1")));
}

TEST(IpPrefix, CoversEverythingOrOneAddressAtItsEnds) {
  EXPECT_TRUE(IpPrefix::parse("0.0.0.0/0")->contains(address("255.1.2.3")));
  EXPECT_TRUE(IpPrefix::parse("fd00::1/128")->contains(address("fd00::1")));
  EXPECT_FALSE(IpPrefix::parse("fd00::1/128")->contains(address("fd00::2")));
  EXPECT_FALSE(IpPrefix::parse("0.0.0.0/0")->contains(address("fd00::1")));
}

TEST(IpPrefix, RefusesWhatIsNoRange) {
  for (const char* text : {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/8 ",
                           "10.0.0.0/0008", "x/8"}) {
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
  }
}

}  // namespace
}  // namespace ferry::config

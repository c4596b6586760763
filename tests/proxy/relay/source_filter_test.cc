#include "proxy/relay/source_filter.h"

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/proxy/relay/test_sockets.h"

namespace ferry::proxy {
namespace {

using testing::is_ignored;
using testing::TestListener;
using testing::TestSocket;

std::vector<config::IpPrefix> ranges(std::initializer_list<const char*> texts) {
  std::vector<config::IpPrefix> ranges;
  for (const char* text : texts) ranges.push_back(config::IpPrefix::parse(text).value());
  return ranges;
}

class SynFilter : public ::testing::Test {
 protected:
  void admit(std::initializer_list<const char*> texts) {
    ASSERT_EQ(admit_only(listener_.fd(), listener_.address().family(), ranges(texts)), 0);
  }
  bool lets_in(const std::string& from) const {
    if (is_ignored(listener_.address().to_string(), listener_.port(), from)) return false;
    TestSocket::connect(listener_.address().to_string(), listener_.port(), from);
    return true;
  }

  TestListener listener_;
};

class SynFilterV6 : public SynFilter {
 protected:
  void SetUp() override { listener_ = TestListener("::1"); }
};

TEST_F(SynFilter, WithoutOneEverybodyIsAnswered) { EXPECT_TRUE(lets_in("127.5.0.1")); }

TEST_F(SynFilter, OfNobodyAnswersNobody) {
  admit({});
  EXPECT_FALSE(lets_in("127.0.0.1"));
}

TEST_F(SynFilter, AnswersThoseInTheRangesAlone) {
  admit({"127.5.0.0/16", "127.6.7.8/32", "127.7.0.128/25"});
  for (const char* friendly : {"127.5.0.0", "127.5.255.255", "127.6.7.8", "127.7.0.128", "127.7.0.255"}) {
    EXPECT_TRUE(lets_in(friendly)) << friendly;
  }
  for (const char* stranger : {"127.4.255.255", "127.6.0.0", "127.6.7.9", "127.7.0.127", "127.7.1.0", "127.0.0.1"}) {
    EXPECT_FALSE(lets_in(stranger)) << stranger;
  }
}

TEST_F(SynFilter, ARangeOfEverythingAnswersEverybody) {
  admit({"0.0.0.0/0"});
  EXPECT_TRUE(lets_in("127.9.9.9"));
}

TEST_F(SynFilter, RangesOfTheOtherFamilyDoNotCount) {
  admit({"::/0"});
  EXPECT_FALSE(lets_in("127.0.0.1"));
}

TEST_F(SynFilter, TheLastOneCounts) {
  admit({"127.5.0.0/16"});
  admit({"127.6.0.0/16"});
  EXPECT_FALSE(lets_in("127.5.0.1"));
  EXPECT_TRUE(lets_in("127.6.0.1"));
  ASSERT_EQ(admit_everyone(listener_.fd()), 0);
  EXPECT_TRUE(lets_in("127.5.0.1"));
}

TEST_F(SynFilter, AdmittingEveryoneTwiceIsNoError) {
  EXPECT_EQ(admit_everyone(listener_.fd()), 0);
  EXPECT_EQ(admit_everyone(listener_.fd()), 0);
}

TEST_F(SynFilter, AConnectionMadeBeforeGoesOn) {
  const TestSocket client = TestSocket::connect("127.0.0.1", listener_.port());
  const TestSocket server = listener_.accept();
  admit({});
  EXPECT_TRUE(client.send("still here"));
  EXPECT_EQ(server.receive(10), "still here");
}

TEST_F(SynFilter, AConnectionThroughItCarriesBytes) {
  admit({"127.5.0.0/16"});
  const TestSocket client = TestSocket::connect("127.0.0.1", listener_.port(), "127.5.0.1");
  const TestSocket server = listener_.accept();
  EXPECT_TRUE(client.send("hello"));
  EXPECT_EQ(server.receive(5), "hello");
}

TEST_F(SynFilter, MoreRangesThanTheKernelTakesAreRefusedAndChangeNothing) {
  const std::vector<config::IpPrefix> many(5000, config::IpPrefix::parse("10.0.0.0/8").value());
  EXPECT_EQ(admit_only(listener_.fd(), config::AddressFamily::kIpv4, many), ENOMEM);
  EXPECT_TRUE(lets_in("127.0.0.1"));
}

TEST_F(SynFilterV6, ComparesEveryWordOfTheAddress) {
  for (const char* match : {"::1/128", "::/0", "::/1", "::/64", "::/127", "::/100"}) {
    admit({match});
    EXPECT_TRUE(lets_in("::1")) << match;
  }
  for (const char* other : {"::2/128", "8000::/1", "0:0:1::/48", "0:0:0:1::/64", "::1:0:0/96", "::/128", "::/128"}) {
    admit({other});
    EXPECT_FALSE(lets_in("::1")) << other;
  }
  admit({"fd00::/8", "::2/128", "::/126", "fe80::/10"});
  EXPECT_TRUE(lets_in("::1"));
}

}  // namespace
}  // namespace ferry::proxy

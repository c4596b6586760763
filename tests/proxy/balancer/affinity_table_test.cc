#include "proxy/balancer/affinity_table.h"

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::seconds;

config::IpAddress address(std::uint32_t number) {
  return config::IpAddress::from_v4_bytes({static_cast<std::uint8_t>(number >> 24U),
                                           static_cast<std::uint8_t>(number >> 16U),
                                           static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)});
}

const config::Backend kFirst{address(0x0A000001), 80, false, false};
const config::Backend kSecond{address(0x0A000002), 80, false, false};
constexpr seconds kTimeout{100};

class AffinityTableTest : public ::testing::Test {
 protected:
  AffinityTable table_;
  AffinityTable::TimePoint now_;
  const AffinityTable::Key client_{1, address(1)};
};

TEST_F(AffinityTableTest, AStrangerHasNoBackend) { EXPECT_EQ(table_.find(client_, kTimeout, now_), std::nullopt); }

TEST_F(AffinityTableTest, AClientIsRememberedForEachServicePortAlone) {
  table_.remember(client_, kFirst, now_);
  EXPECT_EQ(table_.find(client_, kTimeout, now_), kFirst);
  EXPECT_EQ(table_.find({2, client_.client}, kTimeout, now_), std::nullopt);
  EXPECT_EQ(table_.find({1, address(2)}, kTimeout, now_), std::nullopt);
}

TEST_F(AffinityTableTest, TheLastBackendCounts) {
  table_.remember(client_, kFirst, now_);
  table_.remember(client_, kSecond, now_);
  EXPECT_EQ(table_.find(client_, kTimeout, now_), kSecond);
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(AffinityTableTest, EachConnectionStartsTheTimeAnew) {
  table_.remember(client_, kFirst, now_);
  for (int i = 0; i < 5; ++i) {
    now_ += kTimeout - seconds{1};
    EXPECT_EQ(table_.find(client_, kTimeout, now_), kFirst);
  }
  EXPECT_EQ(table_.find(client_, kTimeout, now_ + kTimeout), std::nullopt);
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(AffinityTableTest, AChangedTimeoutCountsForThoseKnownToo) {
  table_.remember(client_, kFirst, now_);
  EXPECT_EQ(table_.find(client_, seconds{1000}, now_ + seconds{500}), kFirst);
  EXPECT_EQ(table_.find(client_, seconds{10}, now_ + seconds{600}), std::nullopt);
}

TEST_F(AffinityTableTest, HoldsNoMoreThanItsCapacityAndForgetsTheLeastRecentlyUsed) {
  constexpr std::size_t kCapacity = 640;
  AffinityTable small(kCapacity);
  small.remember(client_, kFirst, now_);
  for (std::uint32_t number = 0; number < 20'000; ++number) {
    now_ += seconds{1};
    small.remember({1, address(100 + number)}, kSecond, now_);
    ASSERT_EQ(small.find(client_, seconds{86400}, now_), kFirst) << "after " << number;
  }
  EXPECT_LE(small.size(), kCapacity);
  EXPECT_GE(small.size(), kCapacity / 2);
}

}  // namespace
}  // namespace ferry::proxy

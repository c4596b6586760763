#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "proxy/balancer/load_balancer.h"
#include "tests/proxy/balancer/endpoints.h"

namespace ferry::proxy {
namespace {

using ferry::testing::endpoint;
using ferry::testing::Loads;
using ferry::testing::set_of_first;
using std::chrono::milliseconds;
using std::chrono::seconds;

class Algorithms : public ::testing::Test {
 protected:
  PickContext by(LoadBalancing algorithm) {
    return {.now = now_, .random = random_, .loads = loads_, .algorithm = algorithm};
  }
  /// How often each position was picked.
  std::map<std::size_t, int> picks(const config::BackendSet& set, const PickContext& by, int count) {
    std::map<std::size_t, int> picked;
    for (int i = 0; i < count; ++i) ++picked[balancer_.pick(set, by)];
    return picked;
  }

  LoadBalancer balancer_;
  Loads loads_;
  std::minstd_rand random_{7};
  PickContext::TimePoint now_{seconds{1000}};
};

TEST_F(Algorithms, RandomReachesEveryEndpointAboutAsOften) {
  const auto picked = picks(set_of_first(4), by(LoadBalancing::kRandom), 4000);
  ASSERT_EQ(picked.size(), 4U);
  for (const auto& [position, times] : picked) EXPECT_NEAR(times, 1000, 150) << position;
}

TEST_F(Algorithms, ASingleEndpointIsWhatEveryAlgorithmPicks) {
  const auto set = set_of_first(1);
  const MaglevTable table(set);
  for (const auto algorithm : {LoadBalancing::kRoundRobin, LoadBalancing::kLeastConnections, LoadBalancing::kPeakEwma,
                               LoadBalancing::kMaglev, LoadBalancing::kRandom}) {
    PickContext context = by(algorithm);
    context.maglev = &table;
    EXPECT_EQ(balancer_.pick(set, context), 0U);
  }
}

TEST_F(Algorithms, LeastConnectionsEvensOutWhatIsOpen) {
  const auto set = set_of_first(10);
  for (int i = 0; i < 100; ++i) loads_.of(set.backends[0]).try_open(0);
  for (int i = 0; i < 900; ++i) {
    loads_.of(set.backends[balancer_.pick(set, by(LoadBalancing::kLeastConnections))]).try_open(0);
  }
  for (const config::Backend& endpoint : set.backends) {
    EXPECT_NEAR(loads_.of(endpoint).open(), 100, 10) << endpoint.address.to_string();
  }
}

TEST_F(Algorithms, PeakEwmaLeavesASlowEndpointAlone) {
  const auto set = set_of_first(5);
  for (const config::Backend& endpoint : set.backends) loads_.of(endpoint).latency.observe(milliseconds{1}, now_);
  loads_.of(set.backends[2]).latency.observe(milliseconds{50}, now_);
  EXPECT_FALSE(picks(set, by(LoadBalancing::kPeakEwma), 1000).contains(2));
  now_ += seconds{60};
  EXPECT_TRUE(picks(set, by(LoadBalancing::kPeakEwma), 1000).contains(2) ||
              loads_.of(set.backends[2]).latency.at(now_) < 1000)
      << "what it took a minute ago is forgotten";
}

TEST_F(Algorithms, PeakEwmaWeighsWhatIsOpen) {
  const auto set = set_of_first(2);
  loads_.of(set.backends[0]).latency.observe(milliseconds{1}, now_);
  loads_.of(set.backends[1]).latency.observe(milliseconds{3}, now_);
  EXPECT_EQ(balancer_.pick(set, by(LoadBalancing::kPeakEwma)), 0U);
  for (int i = 0; i < 3; ++i) loads_.of(set.backends[0]).try_open(0);
  EXPECT_EQ(balancer_.pick(set, by(LoadBalancing::kPeakEwma)), 1U) << "1 ms for each of 4 is more than 3 ms";
}

TEST_F(Algorithms, AnEndpointNobodyKnowsIsTriedButNotFlooded) {
  const auto set = set_of_first(2);
  loads_.of(set.backends[0]).latency.observe(milliseconds{1}, now_);
  EXPECT_EQ(balancer_.pick(set, by(LoadBalancing::kPeakEwma)), 1U);
  loads_.of(set.backends[1]).try_open(0);
  EXPECT_EQ(balancer_.pick(set, by(LoadBalancing::kPeakEwma)), 0U);
}

TEST(PeakEwmaTest, APeakCountsAtOnceAndIsForgottenInTime) {
  PeakEwma average;
  const PeakEwma::TimePoint start{seconds{1000}};
  EXPECT_EQ(average.at(start), 0);
  average.observe(milliseconds{10}, start);
  average.observe(milliseconds{100}, start);
  EXPECT_NEAR(average.at(start), 100'000, 1);
  average.observe(milliseconds{10}, start + seconds{10});
  EXPECT_NEAR(average.last(), 10'000 + 90'000 * std::exp(-1.0), 100);
  EXPECT_LT(average.at(start + seconds{100}), 100);
}

TEST(Maglev, TheTableIsAPrimeLargerThanAHundredTimesTheEndpoints) {
  EXPECT_EQ(MaglevTable::size_for(1), 65537U);
  EXPECT_EQ(MaglevTable::size_for(655), 65537U);
  EXPECT_EQ(MaglevTable::size_for(656), 102407U);
  EXPECT_EQ(MaglevTable::size_for(1024), 102407U);
  EXPECT_EQ(MaglevTable::size_for(1025), 204803U);
}

std::uint64_t client(int number) {
  return stable_hash(config::IpAddress::from_v4_bytes(
      {10, 1, static_cast<std::uint8_t>(number / 256), static_cast<std::uint8_t>(number % 256)}));
}

TEST(Maglev, EveryEndpointHasTheSameShareOfTheTable) {
  const MaglevTable table(set_of_first(100));
  std::map<std::size_t, int> share;
  for (std::uint64_t entry = 0; entry < table.size(); ++entry) ++share[table.pick(entry)];
  ASSERT_EQ(share.size(), 100U);
  for (const auto& [position, entries] : share) EXPECT_NEAR(entries, 655, 1) << position;
}

TEST(Maglev, WhenOneOfAHundredEndpointsLeavesUnderThreePercentOfClientsMove) {
  const config::BackendSet before = set_of_first(100);
  const MaglevTable table(before);
  constexpr int kClients = 20'000;
  for (const std::size_t leaving : {0U, 42U, 99U}) {
    config::BackendSet after = before;
    after.backends.erase(after.backends.begin() + static_cast<std::ptrdiff_t>(leaving));
    const MaglevTable smaller(after);
    int moved = 0;
    for (int number = 0; number < kClients; ++number) {
      const config::Backend& then = before.backends[table.pick(client(number))];
      moved += same_endpoint(then, after.backends[smaller.pick(client(number))]) ? 0 : 1;
    }
    EXPECT_GT(moved, kClients / 200) << "its own clients must";
    EXPECT_LT(moved, kClients * 3 / 100) << leaving;
  }
}

TEST(Maglev, AnotherDrawIsAnotherChoice) {
  const MaglevTable table(set_of_first(50));
  std::set<std::size_t> choices;
  for (unsigned draw = 0; draw < 8; ++draw) choices.insert(table.pick(client(1), draw));
  EXPECT_GT(choices.size(), 4U);
}

TEST(Maglev, TheHashIsTheSameOnEveryNodeAndInEveryVersion) {
  EXPECT_EQ(stable_hash(*config::IpAddress::parse("10.1.2.3")), 0x3F6C8884B815C067U);
  EXPECT_EQ(stable_hash(*config::IpAddress::parse("fd00::1"), 7), 0x6AF5A5C7BE6DA3FEU);
}

std::vector<std::shared_ptr<const config::BackendSet>> sets(config::BackendSet set) {
  return {std::make_shared<const config::BackendSet>(std::move(set))};
}

TEST_F(Algorithms, AnEndpointThatJoinsGetsItsShareLittleByLittle) {
  const config::BackendSet all = set_of_first(4);
  const auto warm_ups = WarmUps::next(nullptr, sets(set_of_first(3)), sets(all), seconds{10}, now_);
  ASSERT_TRUE(warm_ups);
  for (const auto algorithm : {LoadBalancing::kRoundRobin, LoadBalancing::kRandom}) {
    PickContext context = by(algorithm);
    context.warm_ups = warm_ups.get();
    EXPECT_LT(picks(all, context, 1000)[3], 60);
    context.now = now_ + seconds{5};
    EXPECT_NEAR(picks(all, context, 1000)[3], 1000.0 / 7, 50) << "half a share beside three whole ones";
    context.now = now_ + seconds{10};
    EXPECT_NEAR(picks(all, context, 1000)[3], 250, 60);
  }
}

TEST_F(Algorithms, NobodyWarmsUpWhereAllAreNew) {
  EXPECT_EQ(WarmUps::next(nullptr, sets({}), sets(set_of_first(4)), seconds{10}, now_), nullptr);
  EXPECT_EQ(WarmUps::next(nullptr, sets(set_of_first(4)), sets(set_of_first(4)), seconds{10}, now_), nullptr);
}

TEST_F(Algorithms, WarmingUpGoesOnThroughOtherChangesAndEnds) {
  const auto begun = WarmUps::next(nullptr, sets(set_of_first(1)), sets(set_of_first(2)), seconds{10}, now_);
  const auto later = WarmUps::next(begun, sets(set_of_first(2)), sets(set_of_first(3)), seconds{10}, now_ + seconds{5});
  ASSERT_TRUE(later);
  int admitted = 0;
  for (int i = 0; i < 1000; ++i)
    admitted += later->admits(set_of_first(2).backends[1], now_ + seconds{5}, random_) ? 1 : 0;
  EXPECT_NEAR(admitted, 500, 80);
  EXPECT_EQ(WarmUps::next(later, sets(set_of_first(3)), sets(set_of_first(3)), seconds{10}, now_ + seconds{15}),
            nullptr);
}

}  // namespace
}  // namespace ferry::proxy

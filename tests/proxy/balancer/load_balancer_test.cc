#include "proxy/balancer/load_balancer.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/proxy/balancer/endpoints.h"

namespace ferry::proxy {
namespace {

using ferry::testing::set_of;

/// The last byte of the address picked, `count` times.
std::vector<int> picks(LoadBalancer& balancer, const config::BackendSet& set, int count) {
  std::vector<int> picked;
  for (int i = 0; i < count; ++i) {
    const auto position = balancer.pick(set);
    picked.push_back(position ? set.backends.at(*position).address.bytes()[3] : -1);
  }
  return picked;
}

using Picked = std::vector<int>;

TEST(RoundRobin, AnEmptySetLeavesNothingToPick) {
  LoadBalancer balancer;
  EXPECT_EQ(balancer.pick({}), std::nullopt);
}

TEST(RoundRobin, ASingleBackendIsPickedEachTime) {
  LoadBalancer balancer;
  EXPECT_EQ(picks(balancer, set_of({1}), 4), (Picked{1, 1, 1, 1}));
}

TEST(RoundRobin, ThreeBackendsTakeTurns) {
  LoadBalancer balancer;
  EXPECT_EQ(picks(balancer, set_of({1, 2, 3}), 4), (Picked{1, 2, 3, 1}));
}

TEST(RoundRobin, ASetOfOthersStartsAtItsFirstAndAnEmptyOneHasNone) {
  LoadBalancer balancer;
  const auto before = set_of({1, 2, 3});
  const auto after = set_of({8, 9});
  EXPECT_EQ(picks(balancer, before, 5), (Picked{1, 2, 3, 1, 2}));
  balancer.set_changed(before, after);
  EXPECT_EQ(picks(balancer, after, 4), (Picked{8, 9, 8, 9}));
  balancer.set_changed(after, {});
  EXPECT_EQ(picks(balancer, {}, 1), (Picked{-1}));
}

TEST(RoundRobin, ASetThatKeepsSomeBackendsGoesOnWhereItWas) {
  LoadBalancer balancer;
  const auto before = set_of({1, 2, 3});
  const auto after = set_of({1, 2, 3, 4});
  EXPECT_EQ(picks(balancer, before, 2), (Picked{1, 2}));
  balancer.set_changed(before, after);
  EXPECT_EQ(picks(balancer, after, 3), (Picked{3, 4, 1}));
}

TEST(RoundRobin, RemovingOneServiceLeavesTheOthersTurnAlone) {
  const auto set = set_of({1, 2, 3});
  LoadBalancer bar;
  {
    LoadBalancer foo;
    picks(foo, set, 5);
    EXPECT_EQ(picks(bar, set, 5), (Picked{1, 2, 3, 1, 2}));
  }
  EXPECT_EQ(picks(bar, set, 4), (Picked{3, 1, 2, 3}));
}

TEST(RoundRobin, LosingTheLastBackendLeavesNothingToPick) {
  LoadBalancer balancer;
  const auto set = set_of({1});
  EXPECT_EQ(picks(balancer, set, 2), (Picked{1, 1}));
  balancer.set_changed(set, {});
  EXPECT_EQ(balancer.pick({}), std::nullopt);
}

TEST(RoundRobin, ThreadsShareOneTurn) {
  constexpr int kThreads = 4;
  constexpr int kPicks = 30000;
  LoadBalancer balancer;
  const auto set = set_of({1, 2, 3});
  std::array<std::array<int, 3>, kThreads> counts{};
  std::vector<std::thread> threads;
  for (auto& own : counts) {
    threads.emplace_back([&] {
      for (int i = 0; i < kPicks; ++i) {
        ++own.at(*balancer.pick(set));
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (std::size_t backend = 0; backend < 3; ++backend) {
    int total = 0;
    for (const auto& own : counts) {
      total += own.at(backend);
    }
    EXPECT_EQ(total, kThreads * kPicks / 3);
  }
}

TEST(PositionAfter, FollowsTheOrderAndWrapsEvenFromABackendThatIsGone) {
  const auto set = set_of({2, 4, 6});
  EXPECT_EQ(position_after(set, set_of({2}).backends[0]), 1U);
  EXPECT_EQ(position_after(set, set_of({6}).backends[0]), 0U);
  EXPECT_EQ(position_after(set, set_of({5}).backends[0]), 2U);
  EXPECT_EQ(position_after(set, set_of({9}).backends[0]), 0U);
}

}  // namespace
}  // namespace ferry::proxy

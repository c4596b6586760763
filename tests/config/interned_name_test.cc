#include "config/interned_name.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::config {
namespace {

TEST(InternedName, EqualTextsAreKeptOnceAndNoLongerThanAnybodyHasThem) {
  const std::size_t before = InternedName::existing();
  {
    const InternedName one("node-1");
    InternedName other(std::string("node-") + "1");
    EXPECT_EQ(one, other);
    EXPECT_EQ(InternedName::existing(), before + 1);
    other = "node-2";
    EXPECT_NE(one, other);
    EXPECT_EQ(InternedName::existing(), before + 2);
    other = one;
    EXPECT_EQ(InternedName::existing(), before + 1);
    EXPECT_EQ(other.text(), "node-1");
  }
  EXPECT_EQ(InternedName::existing(), before);
}

TEST(InternedName, TheEmptyTextIsNoEntry) {
  const std::size_t before = InternedName::existing();
  const InternedName none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none, InternedName(""));
  EXPECT_EQ(none.text(), "");
  EXPECT_EQ(InternedName::existing(), before);
}

TEST(InternedName, ManyThreadsMayTakeAndLeaveTheSameNames) {
  const std::size_t before = InternedName::existing();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([] {
      for (int round = 0; round < 20'000; ++round) {
        const InternedName name("node-" + std::to_string(round % 3));
        InternedName other("node-x");
        other = name;
        ASSERT_EQ(other, name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(InternedName::existing(), before);
}

}  // namespace
}  // namespace ferry::config

#include "proxy/relay/timing_wheel.h"

#include <vector>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;

struct Element : ListHook {
  explicit Element(int name_in) : name(name_in) {}
  int name;
};

class TimingWheelTest : public ::testing::Test {
 protected:
  using Wheel = TimingWheel<Element>;

  std::vector<int> expire_at(milliseconds at) {
    std::vector<int> fired;
    wheel_.expire(start_ + at, [&](Element& element) { fired.push_back(element.name); });
    return fired;
  }

  const Wheel::TimePoint start_{std::chrono::hours{1000}};
  Wheel wheel_{start_};
  Element one_{1};
  Element two_{2};
};

TEST_F(TimingWheelTest, AnEmptyWheelHasNoDeadline) {
  EXPECT_EQ(wheel_.next(), std::nullopt);
  EXPECT_EQ(expire_at(milliseconds{10'000}), std::vector<int>{});
}

TEST_F(TimingWheelTest, FiresNeverEarlyAndAtMostTwoTicksLate) {
  for (int delay = 0; delay < 4000; delay += 7) {
    Wheel wheel(start_);
    wheel.arm(one_, start_ + milliseconds{delay});
    ASSERT_GE(*wheel.next(), start_ + milliseconds{delay}) << delay;
    ASSERT_LE(*wheel.next(), start_ + milliseconds{delay} + 2 * Wheel::kTick) << delay;
    one_.unlink();
  }
}

TEST_F(TimingWheelTest, FiresInOrderAndOnce) {
  wheel_.arm(two_, start_ + milliseconds{500});
  wheel_.arm(one_, start_ + milliseconds{250});
  EXPECT_EQ(expire_at(milliseconds{249}), std::vector<int>{});
  EXPECT_EQ(expire_at(milliseconds{300}), std::vector<int>{1});
  EXPECT_EQ(expire_at(milliseconds{600}), std::vector<int>{2});
  EXPECT_EQ(expire_at(milliseconds{60'000}), std::vector<int>{});
  EXPECT_EQ(wheel_.next(), std::nullopt);
}

TEST_F(TimingWheelTest, UnlinkingDisarms) {
  wheel_.arm(one_, start_ + milliseconds{100});
  one_.unlink();
  EXPECT_EQ(wheel_.next(), std::nullopt);
  EXPECT_EQ(expire_at(milliseconds{200}), std::vector<int>{});
}

TEST_F(TimingWheelTest, MayBeArmedAgainWhileFiring) {
  wheel_.arm(one_, start_ + milliseconds{10});
  int fired = 0;
  for (int now = 0; now <= 1000; now += 8) {
    wheel_.expire(start_ + milliseconds{now}, [&](Element& element) {
      ++fired;
      wheel_.arm(element, start_ + milliseconds{now + 100});
    });
  }
  EXPECT_GE(fired, 8);
  EXPECT_LE(fired, 10);
}

TEST_F(TimingWheelTest, ADeadlineBeyondTheReachFiresAtTheReach) {
  wheel_.arm(one_, start_ + std::chrono::hours{1});
  ASSERT_TRUE(wheel_.next());
  EXPECT_LE(*wheel_.next() - start_, Wheel::kTick * (Wheel::kSlots + 1));
}

TEST_F(TimingWheelTest, ALongSilenceFiresEverything) {
  wheel_.arm(one_, start_ + milliseconds{100});
  wheel_.arm(two_, start_ + milliseconds{3900});
  EXPECT_EQ(expire_at(std::chrono::hours{3}), (std::vector<int>{1, 2}));
}

TEST_F(TimingWheelTest, ClearTakesEveryElementOut) {
  wheel_.arm(one_, start_ + milliseconds{100});
  wheel_.arm(two_, start_ + milliseconds{200});
  std::vector<int> cleared;
  wheel_.clear([&](Element& element) { cleared.push_back(element.name); });
  EXPECT_EQ(cleared, (std::vector<int>{1, 2}));
  EXPECT_EQ(wheel_.next(), std::nullopt);
}

}  // namespace
}  // namespace ferry::proxy

#include "proxy/steering/steering_view.h"

#include <gtest/gtest.h>

#include "proxy/steering/service_ports_by_path.h"
#include "proxy/steering/snapshot_of.h"
#include "tests/proxy/steering/fake_steering.h"

namespace ferry::proxy {
namespace {

TEST(SteeredCounters, AddUpEachByItself) {
  SteeredCounters sum{1, 2, 3, 4, 5, 6};
  sum += {10, 20, 30, 40, 50, 60};
  EXPECT_EQ(sum, (SteeredCounters{11, 22, 33, 44, 55, 66}));
}

TEST(SteeredCounters, OpenAreThoseThatHaveNotEnded) {
  EXPECT_EQ((SteeredCounters{.dialled = 10, .failed = 2, .given_up = 1, .closed = 3}).open(), 4U);
  // Read one after the other while they grow.
  EXPECT_EQ((SteeredCounters{.dialled = 1, .closed = 2}).open(), 0U);
}

TEST(ServicePortsByPath, APauseIsNeitherSteeredNorForGood) {
  SteeringSnapshot steering;
  steering.service_ports = {{{{"ns", "a"}, "", config::Protocol::kTcp}, {}},
                            {{{"ns", "b"}, "", config::Protocol::kTcp}, testing::paused()},
                            {{{"ns", "c"}, "", config::Protocol::kTcp}, testing::relayed("it has session affinity")},
                            {{{"ns", "d"}, "", config::Protocol::kTcp}, {}}};
  const ServicePortsByPath ports = by_path(steering);
  EXPECT_EQ(ports.steered, 2U);
  EXPECT_EQ(ports.paused, 1U);
  EXPECT_EQ(ports.relayed, 1U);
}

TEST(SnapshotOf, WithoutSteeringNothingIsSteeredAndWhyIsSaid) {
  EXPECT_EQ(snapshot_of(nullptr).why_not, "off");
  EXPECT_TRUE(snapshot_of(nullptr).service_ports.empty());
}

}  // namespace
}  // namespace ferry::proxy

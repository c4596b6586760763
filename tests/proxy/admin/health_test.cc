#include "proxy/admin/health.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace ferry::proxy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// 2026-01-02 03:04:05.000000006 UTC
const Health::WallTime kWall{seconds{1767323045} + std::chrono::nanoseconds{6}};
const Health::SteadyTime kStart{seconds{1000}};

constexpr const char* kZero = "0001-01-01 00:00:00 +0000 UTC";
constexpr const char* kWallText = "2026-01-02 03:04:05.000000006 +0000 UTC";

TEST(Health, BeforeTheClusterWasReadNothingIsWell) {
  const Health health(kStart);
  EXPECT_EQ(health.healthz(kStart, kWall).status, 503U);
  EXPECT_EQ(health.livez(kStart, kWall).status, 503U);
}

TEST(Health, TheBodyIsKubeProxys) {
  Health health(kStart);
  EXPECT_EQ(health.healthz(kStart, kWall).body, std::string(R"({"lastUpdated": ")") + kZero + R"(","currentTime": ")" +
                                                    kWallText + R"(", "nodeEligible": true})");
  health.set_synced();
  const Response well = health.healthz(kStart, kWall);
  EXPECT_EQ(well.content_type, "application/json");
  EXPECT_EQ(well.body, std::string(R"({"lastUpdated": ")") + kWallText + R"(","currentTime": ")" + kWallText +
                           R"(", "nodeEligible": true})");
  EXPECT_TRUE(nlohmann::json::accept(well.body));
}

TEST(Health, AControlThreadThatStoppedMovingFailsBothAfterAMinute) {
  Health health(kStart);
  health.set_synced();
  health.set_applied(kWall);
  const auto nearly = kStart + Health::kStallLimit - milliseconds{1};
  EXPECT_EQ(health.livez(nearly, kWall).status, 200U);

  const auto stalled = kStart + Health::kStallLimit;
  EXPECT_EQ(health.healthz(stalled, kWall + seconds{60}).status, 503U);
  EXPECT_EQ(health.livez(stalled, kWall).status, 503U);
  const auto body = nlohmann::json::parse(health.livez(stalled, kWall + seconds{60}).body);
  EXPECT_EQ(body["lastUpdated"], kWallText);

  health.beat(stalled);
  EXPECT_EQ(health.livez(stalled, kWall).status, 200U);
}

TEST(Health, ANodeThatGoesAwayIsAliveButNotHealthy) {
  Health health(kStart);
  health.set_synced();
  health.set_node_eligible(false);
  EXPECT_EQ(health.healthz(kStart, kWall).status, 503U);
  EXPECT_EQ(health.livez(kStart, kWall).status, 200U);
  EXPECT_EQ(nlohmann::json::parse(health.livez(kStart, kWall).body)["nodeEligible"], false);

  health.set_node_eligible(true);
  EXPECT_EQ(health.healthz(kStart, kWall).status, 200U);
}

TEST(Health, ADrainingProxyIsAliveButNotHealthy) {
  Health health(kStart);
  health.set_synced();
  health.set_draining();
  EXPECT_EQ(health.healthz(kStart, kWall).status, 503U);
  EXPECT_EQ(health.livez(kStart, kWall).status, 200U);
}

}  // namespace
}  // namespace ferry::proxy

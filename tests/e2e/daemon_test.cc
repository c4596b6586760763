#include <csignal>
#include <string>

#include <gtest/gtest.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/objects.h"

namespace ferry::testing {
namespace {

/// How kube-ferry starts and ends.
class Daemon : public ClusterTest {};

TEST_F(Daemon, SigtermStopsAcceptingCarriesWhatIsOpenToItsEndAndExitsZero) {
  start_api_server();
  add_pod("a", "web");
  const auto web = create_service("web");
  start_proxy();
  wait_for_answers(web, {"a"});
  EchoConnection carried(web);
  ASSERT_TRUE(carried.echo("before")) << carried.error();

  proxy().signal(SIGTERM);
  wait_until_refused(web);
  EXPECT_TRUE(proxy().running());
  EXPECT_TRUE(carried.echo("after")) << carried.error();
  EXPECT_TRUE(carried.finish()) << carried.error();
  EXPECT_EQ(proxy().wait(), 0);
}

TEST_F(Daemon, AConnectionStillOpenAfterTheGraceIsCutAndTheExitStatusIsZero) {
  start_api_server();
  add_pod("a", "web");
  const auto web = create_service("web");
  start_proxy({"--shutdown-grace", "100ms"});
  wait_for_answers(web, {"a"});
  EchoConnection carried(web);
  ASSERT_TRUE(carried.echo("before")) << carried.error();

  proxy().signal(SIGTERM);
  EXPECT_EQ(proxy().wait(std::chrono::seconds(10)), 0);
  EXPECT_FALSE(carried.echo("after"));
}

TEST_F(Daemon, ItWaitsForAnApiServerThatComesLater) {
  start_api_server();
  add_pod("a", "web");
  const auto web = create_service("web");
  const std::string seed =
      write_file("seed.json", Json{{"apiVersion", "v1"},
                                   {"kind", "List"},
                                   {"items", Json::array({api().get(kNodes + "/node-1"), api().get(kPods + "/a"),
                                                          api().get(kServices + "/web")})}}
                                  .dump());
  kill_api_server();
  start_proxy();
  restart_api_server(seed);
  wait_for_answers(web, {"a"});
}

TEST_F(Daemon, TheMetricsCountTheConnectionsItCarried) {
  start_api_server();
  add_pod("a", "web");
  const auto web = create_service("web");
  start_proxy();
  wait_for_answers(web, {"a"});
  const Tally tally = call_times(web, 10);
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  EXPECT_NE(metrics().find("kubeproxy_sync_proxy_rules_duration_seconds"), std::string::npos);
}

}  // namespace
}  // namespace ferry::testing

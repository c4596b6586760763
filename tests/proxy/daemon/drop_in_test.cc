#include <functional>
#include <future>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/daemon/oom_score.h"
#include "tests/proxy/daemon/running_daemon.h"
#include "tests/support/own_network.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;

/// Runs it on a thread that is in a network of its own; the rest of the program stays where it is.
void in_own_network(const std::function<void()>& body) {
  std::async(std::launch::async, [&body] {
    enter_own_network();
    ip("link set lo up");
    body();
  }).get();
}

/// kube-proxy's command lines, given to kube-ferry.
class DropIn : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string none_ = folder_.write("none.yaml", "");
};

TEST_F(DropIn, FlagsThatSayNothingAreNamedInOneNote) {
  RunningDaemon daemon(
      {"--source-file", none_, "--proxy-mode=iptables", "--iptables-min-sync-period=1s", "--oom-score-adj=0"});
  daemon.wait_until_healthy();
  EXPECT_EQ(daemon.process().wait_for_output("these flags say nothing here: (.*)\n"),
            "--proxy-mode, --iptables-min-sync-period");
}

TEST_F(DropIn, TheConfigurationIsAPage) {
  const RunningDaemon daemon({"--source-file", none_, "--hostname-override=node-1"});
  EXPECT_THAT(daemon.metrics("/configz").body, HasSubstr(R"("hostnameOverride":"node-1")"));
  EXPECT_EQ(daemon.health("/configz").status, 404);
}

TEST_F(DropIn, TheOomScoreIsTheOneAskedFor) {
  // More than it was needs no privilege.
  RunningDaemon daemon({"--source-file", none_, "--oom-score-adj=900"});
  EXPECT_EQ(content_of("/proc/" + std::to_string(daemon.process().pid()) + "/oom_score_adj"), "900\n");
}

TEST_F(DropIn, AnOomScoreThatTheKernelRefusesIsAnError) {
  EXPECT_EQ(proxy::set_oom_score_adj(1001), std::errc::invalid_argument);
}

TEST_F(DropIn, WritesTheConfigurationAndEnds) {
  const std::string path = (folder_.path() / "written.yaml").string();
  const Finished written = run(kube_ferry({"--write-config-to", path, "--hostname-override=node-1"}));
  EXPECT_EQ(written.status, 0) << written.output;
  EXPECT_THAT(content_of(path), HasSubstr("\"kind\": \"KubeProxyConfiguration\""));

  const Finished refused = run(kube_ferry({"--write-config-to", (folder_.path() / "no" / "where").string()}));
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("no/where: No such file or directory; name a file that may be written"));
}

TEST_F(DropIn, RulesThatKubeProxyLeftAreNamed) {
  in_own_network([this] {
    run({"nft", "add", "table", "ip", "kube-proxy"});
    RunningDaemon daemon({"--source-file", none_});
    EXPECT_THAT(daemon.process().wait_for_output("rules take connections to services [^:]*: (.*)\n"),
                HasSubstr("table kube-proxy of nftables (IPv4); "));
    EXPECT_THAT(daemon.metrics("/metrics").body, HasSubstr("\nkube_ferry_stale_kube_proxy_rules 1\n"));
  });
}

TEST_F(DropIn, InitOnlyLeavesTheServiceRangesLocal) {
  in_own_network([] {
    const auto routes = [] { return run({"ip", "route", "show", "table", "local", "10.96.0.0/12"}).output; };
    EXPECT_EQ(routes(), "");
    const Finished done = run(kube_ferry({"--init-only", "--service-cidr=10.96.0.0/12"}));
    EXPECT_EQ(done.status, 0) << done.output;
    EXPECT_THAT(routes(), HasSubstr("local 10.96.0.0/12 dev lo"));

    run({"ip", "route", "flush", "table", "local"});
    std::vector<std::string> without_privilege = kube_ferry({"--init-only", "--service-cidr=10.96.0.0/12"});
    without_privilege.insert(without_privilege.begin(), {"setpriv", "--bounding-set=-net_admin"});
    const Finished failed = run(without_privilege);
    EXPECT_EQ(failed.status, 1);
    EXPECT_THAT(failed.output,
                HasSubstr("--init-only: 10.96.0.0/12 cannot be made local to this host: Operation not permitted"));
  });
}

}  // namespace
}  // namespace ferry::testing

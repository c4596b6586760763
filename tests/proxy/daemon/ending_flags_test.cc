#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/proxy/daemon/running_daemon.h"
#include "tests/support/own_network.h"

/// Flags that do one thing and end.
namespace ferry::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;
using Words = std::vector<std::string>;

Finished run_with(Words flags) { return run(kube_ferry(std::move(flags))); }

TEST(WriteConfigTo, WhatWasWrittenReadsBackTheSame) {
  const TemporaryFolder folder;
  const std::string first = (folder.path() / "first.json").string();
  const std::string second = (folder.path() / "second.json").string();
  const Finished written = run_with(
      {"--cluster-cidr=10.244.0.0/16", "--nodeport-addresses=primary", "--v=4", "--hostname-override=n1",
       "--healthz-bind-address=10.0.0.1:99", "--oom-score-adj=-5", "--kubeconfig=/k", "--service-cidr=10.96.0.0/12",
       "--capture=bind", "--takeover-socket=/t", "--after-takeover=wait", "--write-config-to", first});
  EXPECT_EQ(written.status, 0);
  EXPECT_THAT(written.output, IsEmpty());
  EXPECT_EQ(run_with({"--config", first, "--write-config-to", second}).status, 0);
  EXPECT_THAT(content_of(first), AllOf(HasSubstr("10.0.0.1:99"), HasSubstr("10.96.0.0/12"), HasSubstr("\"wait\"")));
  EXPECT_EQ(content_of(first), content_of(second));
  EXPECT_EQ(run_with({"--config", first, "--write-config-to=-"}).output, content_of(first));
}

TEST(WriteConfigTo, FlagsThatAreLostInItAreNamed) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "config.json").string();
  const Finished one = run_with({"--capture=bind", "--metrics-bind-address=", "--write-config-to", path});
  EXPECT_EQ(one.output,
            "kube-ferry: the configuration does not hold --metrics-bind-address=''; give it beside --config\n");
  const Finished two = run_with({"--healthz-bind-address=", "--metrics-bind-address=", "--write-config-to", path});
  EXPECT_THAT(two.output, HasSubstr("does not hold --healthz-bind-address='', --metrics-bind-address=''; give them "
                                    "beside --config\n"));
}

TEST(WriteConfigTo, WhereNothingCanBeWrittenIsNamed) {
  const TemporaryFolder folder;
  for (const std::string& path :
       {folder.path().string(), (folder.path() / "none/config.json").string(), std::string("/dev/full")}) {
    const Finished finished = run_with({"--write-config-to", path});
    EXPECT_EQ(finished.status, 1) << path;
    EXPECT_THAT(finished.output, StartsWith("kube-ferry: --write-config-to " + path + ": "));
    EXPECT_THAT(finished.output, HasSubstr("; name a file that may be written\n"));
  }
  EXPECT_EQ(run_with({"--write-config-to="}).status, 2);
}

TEST(Cleanup, WhereNothingIsThereNothingIsTakenAway) {
  enter_own_network();
  const Finished finished = run_with({"--cleanup"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.output, "0 routes and 0 rules taken away\n");
}

TEST(Cleanup, WhoMayNotIsToldWhatItTakes) {
  enter_own_network();
  ip("link set lo up");
  ip("route add local 10.96.0.0/16 dev lo proto 70");
  // Without any capability, whoever runs the tests.
  Words command = kube_ferry({"--cleanup"});
  command.insert(command.begin(), {"setpriv", "--inh-caps=-all", "--bounding-set=-all"});
  const Finished refused = run(command);
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(
      refused.output,
      "kube-ferry: --cleanup: cannot take away the route of 10.96.0.0/16: Operation not permitted; run it as root, "
      "or with CAP_NET_ADMIN\n");
  EXPECT_EQ(run_with({"--cleanup"}).output, "1 route and 0 rules taken away\n");
}

TEST(Version, HasTheCommitAndTheFeatures) {
  const Finished finished = run_with({"--version"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output,
              MatchesRegex("kube-ferry [0-9.]+ \\(commit [0-9a-z-]+\\)\nfeatures: .*\nbuilt with: .*\n"));
}

}  // namespace
}  // namespace ferry::testing

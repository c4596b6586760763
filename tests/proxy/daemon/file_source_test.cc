#include <csignal>

#include <gtest/gtest.h>

#include "tests/e2e/echo_client.h"
#include "tests/e2e/echo_server.h"
#include "tests/e2e/eventually.h"
#include "tests/proxy/daemon/running_daemon.h"

namespace ferry::testing {
namespace {

/// kube-ferry serving one Service from a file, in front of a backend called "a".
class FileSource : public ::testing::Test {
 protected:
  FileSource()
      : backend_("a", {boost::asio::ip::make_address(block_.pod_address(1)), 0}),
        service_(free_service_address(block_)) {
    write({backend_.endpoint()});
  }

  void write(std::vector<boost::asio::ip::tcp::endpoint> backends) {
    const Manifest manifest{service_.address().to_string(), service_.port(), std::move(backends)};
    file_ = folder_.write("services.yaml", manifest.to_yaml());
  }

  std::vector<std::string> flags(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--source-file", file_, "--service-cidr", block_.service_range()});
    return more;
  }

  void wait_for_answer(const std::string& name) const {
    eventually("an answer from '" + name + "'", [&] { return call(service_).name == name; });
  }

  AddressBlock block_;
  TemporaryFolder folder_;
  std::string file_;
  EchoServer backend_;
  boost::asio::ip::tcp::endpoint service_;
};

TEST_F(FileSource, CarriesConnectionsToTheEndpointsOfTheFile) {
  const RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  const Tally tally = call_times(service_, 20);
  EXPECT_EQ(tally.answers, (std::map<std::string, std::size_t>{{"a", 20}})) << tally.to_string();
}

TEST_F(FileSource, AChangedFileChangesWhoAnswersAndCutsNobody) {
  const EchoServer other("b", {boost::asio::ip::make_address(block_.pod_address(2)), 0});
  const RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  EchoConnection carried(service_);
  write({other.endpoint()});
  wait_for_answer("b");
  EXPECT_TRUE(carried.echo("still here")) << carried.error();
}

TEST_F(FileSource, AChangeOfASliceCountsInTheNetworkProgrammingLatency) {
  const auto write_changed_at = [this](const std::string& time, std::vector<boost::asio::ip::tcp::endpoint> backends) {
    std::string text = Manifest{service_.address().to_string(), service_.port(), std::move(backends)}.to_yaml();
    const std::string before = "labels: {kubernetes.io/service-name: web}";
    text.insert(text.find(before),
                "annotations: {endpoints.kubernetes.io/last-change-trigger-time: \"" + time + "\"}, ");
    folder_.write("services.yaml", text);
  };
  const EchoServer other("b", {boost::asio::ip::make_address(block_.pod_address(2)), 0});
  const RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  write_changed_at("2001-01-01T00:00:00Z", {other.endpoint()});
  wait_for_answer("b");
  // In a time to come, so that no clock decides.
  write_changed_at("2201-01-01T00:00:00Z", {backend_.endpoint()});
  wait_for_answer("a");
  eventually("one change in the metric", [&] {
    return daemon.metrics("/metrics").body.find("\nkubeproxy_network_programming_duration_seconds_count 1\n") !=
           std::string::npos;
  });
}

TEST_F(FileSource, AnSctpPortIsNamedAndCountedAsNotServed) {
  std::string text = Manifest{service_.address().to_string(), service_.port(), {}}.to_yaml();
  text.replace(text.find("{port: "), 7, "{protocol: SCTP, port: ");
  folder_.write("services.yaml", text);
  RunningDaemon daemon(flags());
  daemon.process().wait_for_output("default/web[^ ]*/SCTP: not served, for SCTP is not carried");
  EXPECT_NE(daemon.metrics("/metrics").body.find("\nkube_ferry_service_ports_not_served{protocol=\"SCTP\"} 1\n"),
            std::string::npos);
}

TEST_F(FileSource, AFileThatBreaksLeavesTheLastGoodStateInForce) {
  RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  folder_.write("services.yaml", "kind: Service\nmetadata: {name: x\n");
  daemon.process().wait_for_output("services\\.yaml:[0-9]+");
  EXPECT_EQ(call(service_).name, "a");
  EXPECT_EQ(daemon.health("/healthz").status, 200);

  write({});
  eventually("a refusal", [this] { return !call(service_).ok(); });
}

TEST_F(FileSource, SigtermLetsAnOpenConnectionEndAndExitsZero) {
  RunningDaemon daemon(flags());
  daemon.wait_until_healthy();
  EchoConnection carried(service_);
  daemon.process().signal(SIGTERM);
  eventually("a refusal", [this] { return !call(service_).ok(); });
  EXPECT_EQ(daemon.health("/healthz").status, 503);
  EXPECT_EQ(daemon.health("/livez").status, 200);
  EXPECT_TRUE(carried.echo("last words")) << carried.error();
  EXPECT_TRUE(carried.finish()) << carried.error();
  EXPECT_EQ(daemon.process().wait(), 0);
}

TEST_F(FileSource, AConnectionBeyondTheGraceIsCut) {
  RunningDaemon daemon(flags({"--shutdown-grace=50ms"}));
  daemon.wait_until_healthy();
  EchoConnection carried(service_);
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_FALSE(carried.echo("too late"));
}

TEST_F(FileSource, ASecondSignalDoesNotWait) {
  RunningDaemon daemon(flags({"--shutdown-grace=10m"}));
  daemon.wait_until_healthy();
  EchoConnection carried(service_);
  daemon.process().signal(SIGINT);
  daemon.process().wait_for_output("SIGINT: taking no new connections, 1 open ones have 10m to end");
  daemon.process().signal(SIGTERM);
  EXPECT_EQ(daemon.process().wait(), 0);
  EXPECT_FALSE(carried.echo("too late"));
}

}  // namespace
}  // namespace ferry::testing

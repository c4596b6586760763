#include <regex>
#include <set>
#include <sstream>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>

#include "tests/proxy/daemon/running_daemon.h"

namespace ferry::testing {
namespace {

TEST(Probes, BeforeTheApiServerWasHeardTheProxyIsNotHealthy) {
  // Bound, but not listening: connections are refused, and nobody else takes the port.
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor nobody(loop, boost::asio::ip::tcp::v4());
  nobody.bind({boost::asio::ip::address_v4::loopback(), 0});
  RunningDaemon daemon({"--master", fmt::format("http://127.0.0.1:{}", nobody.local_endpoint().port()),
                        "--service-cidr", AddressBlock().service_range()});
  EXPECT_EQ(daemon.health("/healthz").status, 503);
  EXPECT_EQ(daemon.health("/livez").status, 503);
  EXPECT_EQ(daemon.metrics("/metrics").status, 200);
  daemon.process().wait_for_output("onnection refused");
}

TEST(Probes, ANodeWithoutServicesIsHealthy) {
  const TemporaryFolder folder;
  const RunningDaemon daemon({"--source-file", folder.write("none.yaml", "")});
  daemon.wait_until_healthy();
  EXPECT_EQ(daemon.health("/livez").status, 200);
  EXPECT_EQ(daemon.health("/metrics").status, 404);
  EXPECT_EQ(daemon.metrics("/healthz").status, 200);
  EXPECT_EQ(daemon.metrics("/livez").status, 200);
  EXPECT_EQ(daemon.metrics("/proxyMode").body, "userspace");
}

TEST(Probes, AKubeProxyConfigurationStandsForFlagsAndAFlagCountsMore) {
  const TemporaryFolder folder;
  const std::string config = folder.write("config.yaml", R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ipvs
healthzBindAddress: 127.0.0.1:0
metricsBindAddress: 192.0.2.1:10249
)");
  RunningDaemon daemon({"--config", config, "--source-file", folder.write("none.yaml", "")});
  daemon.wait_until_healthy();
  EXPECT_EQ(daemon.process().wait_for_output("config.yaml: these say nothing here: (.*)\n"), "mode");
}

/// The names of the families in a text of Prometheus' format; a line that does not parse fails the test.
std::set<std::string> families_of(const std::string& text) {
  static const std::regex comment(
      R"(# (HELP [a-zA-Z_:][a-zA-Z0-9_:]* .*|TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)))");
  static const std::regex sample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\]|\\.)*",?)*\})? ([-+0-9.eE]+|[+-]Inf|Nan))");
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    const bool is_comment = line.starts_with('#');
    EXPECT_TRUE(std::regex_match(line, match, is_comment ? comment : sample)) << line;
    if (is_comment && match[2].matched) {
      EXPECT_TRUE(names.insert(match[2]).second) << "twice: " << line;
    }
  }
  return names;
}

TEST(Probes, TheMetricsParseAndHaveTheirNames) {
  const TemporaryFolder folder;
  const RunningDaemon daemon({"--source-file", folder.write("none.yaml", "")});
  daemon.wait_until_healthy();
  const std::set<std::string> names = families_of(daemon.metrics("/metrics").body);
  for (const char* name : {"kubeproxy_proxy_healthz_total",
                           "kubeproxy_proxy_livez_total",
                           "kubeproxy_network_programming_duration_seconds",
                           "kubeproxy_sync_proxy_rules_duration_seconds",
                           "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
                           "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
                           "kube_ferry_connections_open",
                           "kube_ferry_connections_accepted_total",
                           "kube_ferry_connections_failed_total",
                           "kube_ferry_dial_retries_total",
                           "kube_ferry_bytes_total",
                           "kube_ferry_dial_failures_total",
                           "kube_ferry_steering_enabled",
                           "kube_ferry_steering_service_ports",
                           "kube_ferry_listeners",
                           "kube_ferry_bind_failures_total",
                           "kube_ferry_store_objects",
                           "kube_ferry_refused_endpoints",
                           "kube_ferry_synced",
                           "kube_ferry_file_loads_total",
                           "kube_ferry_build_info",
                           "process_resident_memory_bytes",
                           "process_cpu_seconds_total",
                           "process_open_fds",
                           "process_max_fds"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

}  // namespace
}  // namespace ferry::testing

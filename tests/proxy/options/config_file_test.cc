#include "proxy/options/config_file.h"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/options/options.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kHead = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";

class ConfigFileTest : public ::testing::Test {
 protected:
  ConfigFile read(const std::string& text) const { return read_config_file(folder_.write("config.yaml", text)); }
  /// Without the path before it.
  std::string refusal(const std::string& text) const {
    try {
      read(text);
    } catch (const std::runtime_error& error) {
      const std::string path = (folder_.path() / "config.yaml").string();
      EXPECT_THAT(error.what(), HasSubstr(path));
      return std::string(error.what()).substr(path.size());
    }
    return "accepted";
  }

  ferry::testing::TemporaryFolder folder_;
};

TEST_F(ConfigFileTest, AnEmptyConfigurationSaysNothing) {
  EXPECT_THAT(read(kHead).arguments, IsEmpty());
  EXPECT_THAT(read(kHead).without_effect, IsEmpty());
}

TEST_F(ConfigFileTest, FieldsStandForFlags) {
  const ConfigFile file = read(kHead + R"(clientConnection: {kubeconfig: /var/lib/kube-proxy/kubeconfig.conf}
hostnameOverride: node-1
healthzBindAddress: 0.0.0.0:10256
metricsBindAddress: 127.0.0.1:10249
clusterCIDR: 10.244.0.0/16,fd00:244::/56
nodePortAddresses: [10.0.0.0/8, "fd00::/8"]
logging: {verbosity: 4}
bindAddress: fd00::1
oomScoreAdj: 0
)");
  EXPECT_THAT(file.arguments,
              ElementsAre("--kubeconfig=/var/lib/kube-proxy/kubeconfig.conf", "--hostname-override=node-1",
                          "--healthz-bind-address=0.0.0.0:10256", "--metrics-bind-address=127.0.0.1:10249",
                          "--cluster-cidr=10.244.0.0/16,fd00:244::/56", "--nodeport-addresses=10.0.0.0/8,fd00::/8",
                          "--v=4", "--bind-address=fd00::1", "--oom-score-adj=0"));
  const auto options = std::get<Options>(parse_options(file.arguments));
  EXPECT_EQ(options.node_name, "node-1");
  EXPECT_EQ(options.node_port_addresses.ranges.size(), 2U);
}

TEST_F(ConfigFileTest, WhatKubeadmWritesIsRead) {
  const ConfigFile file = read(R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
kind: KubeProxyConfiguration
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
)");
  EXPECT_THAT(file.arguments, ElementsAre("--bind-address=0.0.0.0", "--kubeconfig=/var/lib/kube-proxy/kubeconfig.conf",
                                          "--cluster-cidr=10.244.0.0/16"));
  EXPECT_THAT(file.without_effect, ElementsAre("logging.flushFrequency", "logging.options"));
}

TEST_F(ConfigFileTest, FieldsOfOtherModesAreAcceptedAndNamed) {
  const ConfigFile file = read(kHead +
                               "mode: ipvs\nipvs: {scheduler: rr, syncPeriod: 30s}\nfeatureGates: {X: true}\n"
                               "conntrack: {min: 131072}\n");
  EXPECT_THAT(file.arguments, IsEmpty());
  EXPECT_THAT(file.without_effect,
              ElementsAre("mode", "ipvs.scheduler", "ipvs.syncPeriod", "featureGates", "conntrack.min"));
}

TEST_F(ConfigFileTest, EachMistakeIsOneSentenceWithItsLine) {
  EXPECT_EQ(refusal(kHead + "clusterCIRD: 10.0.0.0/8\n"),
            ":3: unknown field 'clusterCIRD'; KubeProxyConfiguration has none of that name");
  EXPECT_EQ(refusal(kHead + "iptables:\n  masqueradAll: true\n"),
            ":4: unknown field 'iptables.masqueradAll'; KubeProxyConfiguration has none of that name");
  EXPECT_EQ(refusal(kHead + "iptables: true\n"), ":3: iptables must be a map");
  EXPECT_EQ(refusal(kHead + "iptables: {masqueradeAll: 1}\n"),
            ":3: iptables.masqueradeAll must be true or false, not '1'");
  EXPECT_EQ(refusal(kHead + "oomScoreAdj: low\n"), ":3: oomScoreAdj must be a number, not 'low'");
  EXPECT_EQ(refusal(kHead + "configSyncPeriod: 15\n"), ":3: configSyncPeriod must be a duration such as 30s, not '15'");
  EXPECT_EQ(refusal(kHead + "nodePortAddresses: 10.0.0.0/8\n"), ":3: nodePortAddresses must be a list");
  EXPECT_EQ(refusal(kHead + "hostnameOverride: [a]\n"), ":3: hostnameOverride must be text");
  EXPECT_THAT(refusal(kHead + "\nclusterCIDR: 10.0.0.0\n"),
              HasSubstr(":4: clusterCIDR: --cluster-cidr 10.0.0.0: '10.0.0.0' is no address range"));
  EXPECT_THAT(refusal("kind: [\n"), HasSubstr("this is not YAML"));
  EXPECT_EQ(refusal("- a\n"), ":1: a KubeProxyConfiguration is a map");
  EXPECT_EQ(refusal("kind: KubeProxyConfiguration\n"),
            ":1: apiVersion is missing; it must be kubeproxy.config.k8s.io/v1alpha1");
  EXPECT_EQ(refusal("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeletConfiguration\n"),
            ":2: kind must be KubeProxyConfiguration");
}

const std::string kOwnHead = "apiVersion: kube-ferry.io/v1alpha1\nkind: KubeFerryConfiguration\n";

TEST_F(ConfigFileTest, ASecondObjectStandsForWhatKubeProxyKnowsNothingOf) {
  const ConfigFile file = read(kHead + "logging: {format: json}\n---\n" + kOwnHead + R"(sourceFiles: [a.yaml, b.yaml]
serviceCIDR: 10.96.0.0/12
workers: 3
halfCloseTimeout: 10m
deadPeerTimeout: 0s
maxEjectedEndpoints: 0
showClients: false
accessLog: ""
)");
  EXPECT_THAT(file.arguments, ElementsAre("--log-format=json", "--source-file=a.yaml", "--source-file=b.yaml",
                                          "--service-cidr=10.96.0.0/12", "--workers=3", "--half-close-timeout=10m",
                                          "--dead-peer-timeout=0s", "--max-ejected-endpoints=0", "--show-clients=false",
                                          "--access-log="));
  const auto options = std::get<Options>(parse_options(file.arguments));
  EXPECT_EQ(options.log_format, LogFormat::kJson);
  EXPECT_EQ(options.max_ejected_endpoints, 0U);
  EXPECT_EQ(options.source_files.size(), 2U);
}

TEST_F(ConfigFileTest, EachObjectHasItsOwnFieldsAndStandsOnce) {
  EXPECT_THAT(read(kOwnHead).arguments, IsEmpty());
  EXPECT_EQ(refusal(kHead + "workers: 2\n"),
            ":3: unknown field 'workers'; KubeProxyConfiguration has none of that name");
  EXPECT_EQ(refusal(kOwnHead + "clusterCIDR: ''\n"),
            ":3: unknown field 'clusterCIDR'; KubeFerryConfiguration has none of that name");
  EXPECT_EQ(refusal(kHead + "---\n" + kHead), ":4: there is another KubeProxyConfiguration before");
  EXPECT_THAT(refusal(kOwnHead + "workers: 0\n"), HasSubstr(":3: workers: --workers 0: give a whole number"));
  EXPECT_EQ(refusal(""), ":1: a KubeProxyConfiguration is a map");
}

TEST_F(ConfigFileTest, AFileThatCannotBeReadIsNamed) {
  EXPECT_THROW(read_config_file("/does/not/exist"), std::runtime_error);
  EXPECT_THROW(read_config_file(folder_.path()), std::runtime_error);
}

}  // namespace
}  // namespace ferry::proxy

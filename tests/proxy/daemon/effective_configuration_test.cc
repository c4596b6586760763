#include "proxy/daemon/effective_configuration.h"

#include <string>
#include <variant>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/options/config_file.h"
#include "proxy/options/options.h"
#include "tests/support/temporary_folder.h"

namespace ferry::proxy {
namespace {

using ::testing::IsEmpty;

TEST(EffectiveConfiguration, ReadsBackAsItself) {
  const ferry::testing::TemporaryFolder folder;
  const std::vector<std::vector<std::string>> command_lines{
      {"--hostname-override=node-1"},
      {"--hostname-override=node-1", "--kubeconfig=/k \"x\"", "--cluster-cidr=10.1.0.0/16,fd00:1::/64",
       "--nodeport-addresses=10.0.0.0/8,fd00::/8", "--bind-address=10.0.0.1", "--oom-score-adj=0", "--v=4",
       "--healthz-bind-address=[::1]:80", "--metrics-bind-address=127.0.0.1:0", "--bind-address-hard-fail"},
      {"--hostname-override=node-1", "--nodeport-addresses=primary", "--log-format=json"},
      {"--hostname-override=node-1",
       "--master=http://10.0.0.1",
       "--source-file=a",
       "--source-file=b",
       "--api-version=v1beta1",
       "--service-cidr=10.96.0.0/12",
       "--capture=bind",
       "--proxy-protocol-from=10.9.0.0/16",
       "--steering=require",
       "--steering-cgroup=/c",
       "--steering-pin-path=/p",
       "--steering-max-service-ports=1",
       "--steering-max-endpoints=2",
       "--steering-max-connections=4",
       "--steering-max-affinities=3",
       "--workers=3",
       "--half-close-timeout=1m30s",
       "--udp-idle-timeout=5s",
       "--dead-peer-timeout=0",
       "--max-ejected-endpoints=0",
       "--shutdown-grace=0",
       "--admin-socket=",
       "--show-clients",
       "--metrics-endpoints=0",
       "--access-log=/a.log"}};
  for (const std::vector<std::string>& command_line : command_lines) {
    const std::string text = effective_configuration(std::get<Options>(parse_options(command_line)));
    const ConfigFile file = read_config_file(folder.write("config.yaml", text));
    EXPECT_THAT(file.without_effect, IsEmpty());
    EXPECT_EQ(effective_configuration(std::get<Options>(parse_options(file.arguments))), text);
  }
}

TEST(EffectiveConfiguration, ThePageHoldsEachConfigurationUnderItsGroup) {
  EXPECT_EQ(
      configz(std::get<Options>(
          parse_options({"--hostname-override=node-1", "--kubeconfig=/k\xff", "--master=https://user:secret@10.0.0.1",
                         "--nodeport-addresses=primary", "--metrics-bind-address=", "--workers=2"}))),
      R"({"kubeproxy.config.k8s.io":{"kind":"KubeProxyConfiguration",)"
      R"("apiVersion":"kubeproxy.config.k8s.io/v1alpha1","clientConnection":{"kubeconfig":"/k�"},)"
      R"("logging":{"format":"text","verbosity":2},"hostnameOverride":"node-1","bindAddress":"0.0.0.0",)"
      R"("healthzBindAddress":"0.0.0.0:10256","metricsBindAddress":"","bindAddressHardFail":false,"clusterCIDR":"",)"
      R"("nodePortAddresses":["primary"],"oomScoreAdj":-999},)"
      R"("kube-ferry.io":{"kind":"KubeFerryConfiguration","apiVersion":"kube-ferry.io/v1alpha1",)"
      R"("master":"https://...@10.0.0.1","sourceFiles":[],"serverAPIVersion":"auto","serviceCIDR":"","capture":"auto",)"
      R"("steering":"auto","steeringCgroup":"","steeringPinPath":"","steeringMaxServicePorts":16384,)"
      R"("steeringMaxEndpoints":131072,"steeringMaxConnections":65536,"steeringMaxAffinities":8192,)"
      R"("proxyProtocolFrom":[],"workers":2,"halfCloseTimeout":"15m","udpIdleTimeout":"30s","deadPeerTimeout":"30s",)"
      R"("maxEjectedEndpoints":50,"shutdownGrace":"30s","takeoverSocket":"","afterTakeover":"exit",)"
      R"("adminSocket":"/run/kube-ferry/admin.sock",)"
      R"("showClients":false,"metricsEndpoints":1000,"accessLog":""}})");
}

}  // namespace
}  // namespace ferry::proxy

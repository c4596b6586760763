#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/fmt/fmt.h>

#include "tests/proxy/daemon/running_daemon.h"

namespace ferry::testing {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// Outside a pod, whatever the machine.
Finished start(std::vector<std::string> flags) {
  return run(kube_ferry(std::move(flags)), {"KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT="});
}

constexpr const char* kAnyHealth = "--healthz-bind-address=127.0.0.1:0";
constexpr const char* kAnyMetrics = "--metrics-bind-address=127.0.0.1:0";

TEST(BadStart, AWrongCommandLineIsOneSentenceAndExitCodeTwo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> table{
      {{},
       "nothing says where the services come from; give --kubeconfig FILE, --master URL or --source-file FILE, or run "
       "in a "
       "pod, whose service account is used then"},
      {{"--workers=none"}, "--workers none: give a whole number from 1 to 1024"},
      {{"--no-such-flag"}, "unknown flag --no-such-flag; kube-ferry --help lists those there are"},
      {{"--kubeconfig"}, "--kubeconfig needs a value; kube-ferry --help explains it"},
      {{"start"}, "unexpected argument 'start'; every value belongs to a flag, as kube-ferry --help shows"},
      {{"gett"}, "unexpected argument 'gett'; did you mean kube-ferry get, with nothing before it?"},
      {{"--v=2", "top"}, "unexpected argument 'top'; did you mean kube-ferry top, with nothing before it?"},
      {{"--service-cidr=10.96.0.0"},
       "--service-cidr 10.96.0.0: '10.96.0.0' is no address range; write ADDRESS/LENGTH, such as 10.96.0.0/12 or "
       "10.96.0.0/12,fd00:10:96::/108"},
      {{"--healthz-bind-address=here"},
       "--healthz-bind-address here: 'here' is no IP address; write ADDRESS:PORT, such as 0.0.0.0:10256 or [::]:10256"},
      {{"--shutdown-grace=30"},
       "--shutdown-grace 30: not a duration; write a number and a unit, such as 500ms, 30s or 1m30s"},
  };
  for (const auto& [flags, sentence] : table) {
    const Finished finished = start(flags);
    EXPECT_EQ(finished.output, "kube-ferry: " + sentence + "\n");
    EXPECT_EQ(finished.status, 2) << sentence;
  }
}

TEST(BadStart, AMasterThatIsNoUrlNamesTheFlag) {
  for (const char* master : {"ftp://10.0.0.1", "http://", "http://10.0.0.1:70000", ""}) {
    const Finished finished = start({"--master", master});
    EXPECT_EQ(finished.status, 2) << finished.output;
    EXPECT_THAT(finished.output, HasSubstr("--master"));
  }
}

/// One line of output, naming `part`, and exit code 1.
void expect_failure(const Finished& finished, const std::string& part) {
  EXPECT_EQ(finished.status, 1) << finished.output;
  EXPECT_THAT(finished.output, HasSubstr("kube-ferry: "));
  EXPECT_THAT(finished.output, HasSubstr(part));
}

TEST(BadStart, AKubeconfigThatIsMissingOrBrokenIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing").string();
  expect_failure(start({"--kubeconfig", missing}), missing + ": ");
  const std::string no_yaml = folder.write("no-yaml", "clusters:\n  - {\n");
  expect_failure(start({"--kubeconfig", no_yaml}), no_yaml + ":");
  const std::string empty = folder.write("empty", "");
  expect_failure(start({"--kubeconfig", empty}), empty);
  const std::string exec = folder.write("exec", R"(
current-context: a
contexts: [{name: a, context: {cluster: a, user: a}}]
clusters: [{name: a, cluster: {server: "https://10.0.0.1"}}]
users: [{name: a, user: {exec: {command: aws}}}]
)");
  expect_failure(start({"--kubeconfig", exec}), "exec");
}

TEST(BadStart, ASourceFileThatIsMissingOrBrokenIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing.yaml").string();
  expect_failure(start({"--source-file", missing, kAnyHealth, kAnyMetrics}), missing);
  const std::string broken = folder.write("broken.yaml", "kind: Service\nmetadata: {name: x\n");
  expect_failure(start({"--source-file", broken, kAnyHealth, kAnyMetrics}), broken + ":");
}

TEST(BadStart, AConfigurationWithAMistakeIsNamedWithItsLine) {
  const TemporaryFolder folder;
  const std::string head = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
  const std::string wrong = folder.write("wrong.yaml", head + "clusterCIRD: 10.0.0.0/8\n");
  expect_failure(start({"--config", wrong}), wrong + ":3: unknown field 'clusterCIRD'");
  const std::string missing = (folder.path() / "missing.yaml").string();
  expect_failure(start({"--config", missing}), missing);
}

TEST(BadStart, AnApiServerAtAServiceAddressIsRefused) {
  const Finished finished = start({"--master=https://10.96.0.1", "--service-cidr=10.96.0.0/12"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_EQ(
      finished.output,
      "kube-ferry: the API server https://10.96.0.1:443 is inside the service range 10.96.0.0/12, so the proxy would "
      "wait for itself; name one of its own addresses with --master\n");
}

TEST(BadStart, AnAdminAddressThatIsTakenNamesItsFlag) {
  const TemporaryFolder folder;
  const std::string services = folder.write("none.yaml", "");
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor taken(loop, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string address = fmt::format("127.0.0.1:{}", taken.local_endpoint().port());
  const std::string hard = "--bind-address-hard-fail";
  expect_failure(start({"--source-file", services, hard, "--healthz-bind-address", address, kAnyMetrics}),
                 "--healthz-bind-address " + address + ": Address already in use");
  expect_failure(start({"--source-file", services, hard, "--metrics-bind-address", address, kAnyHealth}),
                 "--metrics-bind-address " + address + ": Address already in use");
}

TEST(BadStart, AnAdminAddressThatIsTakenIsServedOnceItIsFree) {
  const TemporaryFolder folder;
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor taken(loop, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string address = fmt::format("127.0.0.1:{}", taken.local_endpoint().port());
  ChildProcess daemon(kube_ferry({"--source-file", folder.write("none.yaml", ""), "--healthz-bind-address", address,
                                  kAnyMetrics, "--steering=off", "--steering-pin-path=/none"}));
  daemon.wait_for_output("--healthz-bind-address " + address + ": Address already in use");
  taken.close();
  EXPECT_EQ(daemon.wait_for_output("serving health on (http://[^\n]*)"), "http://" + address + "/healthz");
}

TEST(BadStart, AnAdminSocketThatIsAskedForAndCannotBeHadNamesItsFlag) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "none/admin.sock").string();
  expect_failure(
      start({"--source-file", folder.write("none.yaml", ""), "--admin-socket", path, kAnyHealth, kAnyMetrics}),
      "--admin-socket " + path + ": No such file or directory");
}

TEST(BadStart, HelpAndVersionGoToTheOutputAndSucceed) {
  const Finished help = start({"--help", "--master=nonsense://"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.output, HasSubstr("Usage: kube-ferry"));
  const Finished version = start({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_THAT(version.output, HasSubstr("kube-ferry 0."));
  EXPECT_THAT(version.output, EndsWith("\n"));
}

}  // namespace
}  // namespace ferry::testing

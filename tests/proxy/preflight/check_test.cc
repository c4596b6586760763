#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include "tests/e2e/child_process.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"

namespace ferry::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

constexpr const char* kSeed = R"(
apiVersion: v1
kind: Node
metadata: {name: node-1}
---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 127.96.0.1, ports: [{name: https, port: 443}]}
)";

std::string program(const std::string& name) { return std::string(FERRY_BINARY_DIR) + "/" + name; }

/// `kube-ferry check` beside an API server, at addresses that are free.
class Check : public ::testing::Test {
 protected:
  /// Its URL.
  std::string start_api_server(Words flags = {}) {
    flags.insert(flags.begin(), {program("kube-ferry-apiserver"), "--listen", "127.0.0.1:0", "--seed",
                                 folder_.write("seed.yaml", kSeed), "--service-cluster-ip-range", "127.96.0.0/16"});
    server_ = std::make_unique<ChildProcess>(std::move(flags));
    return server_->wait_for_output("https?://[0-9.:]+");
  }

  Finished check(Words flags) const {
    Words command{program("kube-ferry"),
                  "check",
                  "--hostname-override=node-1",
                  "--service-cidr=127.96.0.0/16",
                  "--capture=bind",
                  "--healthz-bind-address=127.0.0.1:0",
                  "--metrics-bind-address=127.0.0.1:0",
                  "--admin-socket=" + (folder_.path() / "admin.sock").string()};
    command.insert(command.end(), flags.begin(), flags.end());
    return run(std::move(command), {"KUBERNETES_SERVICE_HOST=", "KUBERNETES_SERVICE_PORT="});
  }

  /// The findings of one kind, as "LEVEL: what was found".
  static Words findings(const Finished& finished, const std::string& about) {
    const Json json = Json::parse(finished.output, nullptr, false);
    EXPECT_FALSE(json.is_discarded()) << finished.output;
    Words found;
    if (json.is_discarded()) return found;
    for (const Json& one : json["findings"]) {
      EXPECT_EQ(one["remedy"] == "", one["level"] == "ok") << one;
      if (one["check"] == about)
        found.push_back(one["level"].get<std::string>() + ": " + one["found"].get<std::string>());
    }
    return found;
  }

  const TemporaryFolder& folder() const { return folder_; }

 private:
  TemporaryFolder folder_;
  std::unique_ptr<ChildProcess> server_;
};

TEST_F(Check, WhereNothingStandsInTheWayTheExitCodeIsZero) {
  const std::string url = start_api_server();
  const Finished finished = check({"--master", url, "-o", "json"});
  EXPECT_EQ(finished.status, 0) << finished.output;
  EXPECT_THAT(findings(finished, "API server"), Contains(HasSubstr("ok: " + url + " answered within ")));
  EXPECT_THAT(findings(finished, "rights"),
              Contains("ok: it may list and watch services, endpointslices.discovery.k8s.io, nodes"));
  EXPECT_THAT(findings(finished, "node"), Contains("ok: the cluster has a node node-1"));
  EXPECT_THAT(findings(finished, "admin socket"), Contains(HasSubstr("ok: ")));
  const Finished for_people = check({"--master", url});
  EXPECT_EQ(for_people.status, 0);
  EXPECT_THAT(for_people.output, AllOf(HasSubstr("ok       node "), HasSubstr("\n0 errors, ")));
}

TEST_F(Check, DeniedRightsAreNamed) {
  const std::string url = start_api_server({"--deny", "watch services", "--deny", "list nodes"});
  const Finished finished = check({"--master", url, "-o", "json"});
  EXPECT_EQ(finished.status, 1) << finished.output;
  EXPECT_THAT(findings(finished, "rights"), AllOf(Contains("error: it may not watch services"),
                                                  Contains(HasSubstr("warning: it may not list nodes"))));
  EXPECT_THAT(findings(finished, "node"), Contains(HasSubstr("warning: whether the cluster has a node node-1")));
}

TEST_F(Check, EndpointsAreAskedForWhereThereAreNoSlicesAndRangesWhereNoneAreGiven) {
  const std::string url = start_api_server({"--no-endpointslices"});
  const Finished finished = check({"--master", url, "--service-cidr=", "-o", "json"});
  EXPECT_THAT(findings(finished, "rights"),
              Contains("ok: it may list and watch services, endpoints, nodes, servicecidrs.networking.k8s.io"));
}

TEST_F(Check, AServerThatRefusesIsToldAndTheRestIsLookedAtAllTheSame) {
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor nobody(loop, boost::asio::ip::tcp::v4());
  nobody.bind({boost::asio::ip::address_v4::loopback(), 0});
  const std::string url = fmt::format("http://127.0.0.1:{}", nobody.local_endpoint().port());
  const Finished finished = check({"--master", url, "-o", "json"});
  EXPECT_EQ(finished.status, 1) << finished.output;
  EXPECT_THAT(findings(finished, "API server"), Contains(AllOf(HasSubstr("error: " + url), HasSubstr("efused"))));
  EXPECT_THAT(findings(finished, "rights"), ::testing::IsEmpty());
  EXPECT_THAT(findings(finished, "descriptors"), Not(::testing::IsEmpty()));
}

class CheckTls : public Check {
 protected:
  std::string kubeconfig(const std::string& url, const TestAuthority& trusted, const std::string& token) const {
    return folder().write("kubeconfig", fmt::format(R"(apiVersion: v1
kind: Config
current-context: a
contexts: [{{name: a, context: {{cluster: a, user: a}}}}]
clusters: [{{name: a, cluster: {{server: "{}", certificate-authority: "{}"}}}}]
users: [{{name: a, user: {{token: "{}"}}}}]
)",
                                                    url, folder().write("ca.pem", trusted.certificate()), token));
  }
  std::string start_tls_server() {
    const CertificateAndKey own = authority_.issue({"apiserver", {"IP:127.0.0.1"}});
    return start_api_server({"--tls-cert-file", folder().write("cert.pem", own.certificate), "--tls-private-key-file",
                             folder().write("key.pem", own.key), "--token-file",
                             folder().write("tokens", "right,proxy,1,\"system:node-proxier\"\n")});
  }

  TestAuthority authority_;
};

TEST_F(CheckTls, TheRightAuthorityAndTokenAreWell) {
  const Finished finished = check({"--kubeconfig", kubeconfig(start_tls_server(), authority_, "right"), "-o", "json"});
  EXPECT_EQ(finished.status, 0) << finished.output;
}

TEST_F(CheckTls, AnotherAuthorityIsToldFromAnotherToken) {
  const std::string url = start_tls_server();
  const Finished stranger = check({"--kubeconfig", kubeconfig(url, TestAuthority("other"), "right"), "-o", "json"});
  EXPECT_EQ(stranger.status, 1);
  EXPECT_THAT(findings(stranger, "API server"), Contains(HasSubstr("TLS handshake with 127.0.0.1 failed")));
  EXPECT_THAT(stranger.output, HasSubstr("certificate-authority in the kubeconfig"));
  const Finished unknown = check({"--kubeconfig", kubeconfig(url, authority_, "wrong"), "-o", "json"});
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.output, HasSubstr("renew the token"));
}

TEST_F(Check, ATakenPortIsToldWithWhoHasIt) {
  boost::asio::io_context loop;
  boost::asio::ip::tcp::acceptor holder(loop, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string address = fmt::format("127.0.0.1:{}", holder.local_endpoint().port());
  const Finished finished =
      check({"--source-file", folder().write("none.yaml", ""), "--metrics-bind-address", address, "-o", "json"});
  EXPECT_EQ(finished.status, 1) << finished.output;
  EXPECT_THAT(findings(finished, "addresses"),
              Contains(AllOf(HasSubstr("error: --metrics-bind-address " + address + " is taken, by "),
                             HasSubstr(fmt::format("(pid {})", ::getpid())))));
}

TEST_F(Check, AConfigurationFileCountsToo) {
  const std::string config = folder().write("config.yaml", R"(apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
hostnameOverride: node-2
)");
  const std::string url = start_api_server();
  const Finished finished = run({program("kube-ferry"), "check", "--config", config, "--master", url, "-o", "json"});
  EXPECT_THAT(findings(finished, "node"), Contains(HasSubstr("error: the cluster has no node node-2")));
}

TEST_F(Check, ABrokenKubeconfigIsAFinding) {
  const Finished finished = check({"--kubeconfig", folder().write("empty", ""), "-o", "json"});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(findings(finished, "API server"), Contains(HasSubstr("error: " + (folder().path() / "empty").string())));
}

TEST_F(Check, AWrongCommandLineIsOneSentenceAndExitCodeTwo) {
  for (const auto& [flags, sentence] : std::vector<std::pair<Words, std::string>>{
           {{"--no-such-flag"}, "unknown flag --no-such-flag; kube-ferry --help lists those there are"},
           {{"-o", "yaml", "--master=http://127.0.0.1:1"}, "-o yaml: give json, or leave it out"},
           {{"--master=http://127.0.0.1:1", "-o"}, "-o needs a value; give json"},
           {{},
            "nothing says where the services come from; give --kubeconfig FILE, --master URL or --source-file FILE, or "
            "run in a pod, whose service account is used then"}}) {
    const Finished finished = check(flags);
    EXPECT_EQ(finished.output, "kube-ferry: " + sentence + "\n");
    EXPECT_EQ(finished.status, 2) << sentence;
  }
}

TEST_F(Check, WithoutPrivilegesItSaysWhatItCouldNotLookAt) {
  Words command{program("kube-ferry"), "check", "--source-file", "/dev/null", "-o", "json"};
  // Whoever runs the tests has none of root's rights, or gives them up.
  if (::getuid() == 0) command.insert(command.begin(), {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"});
  const Finished finished = run(command);
  EXPECT_THAT(findings(finished, "kube-proxy"), Contains(HasSubstr("warning: whether it left rules behind could not be "
                                                                   "looked at: Operation not permitted")));
  EXPECT_THAT(findings(finished, "capture"), Contains(HasSubstr("sk_lookup cannot be had")));
  EXPECT_THAT(findings(finished, "admin socket"), Contains(HasSubstr("Permission denied")));
}

TEST_F(Check, HelpTellsItsFlagsAndExitCodes) {
  const Finished finished = check({"--help"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_THAT(finished.output,
              AllOf(HasSubstr("Usage: kube-ferry check [FLAGS] [-o json]"), HasSubstr("Exit code: 0")));
}

TEST_F(Check, SaysWhetherConnectionsWouldBeSteered) {
  const std::string url = start_api_server();
  EXPECT_THAT(findings(check({"--master", url, "-o", "json"}), "steering"),
              ::testing::ElementsAre(HasSubstr("ok: left off, for service addresses are loopback's")));
  const Finished required =

      check({"--master", url, "-o", "json", "--steering=require", "--steering-cgroup=" + folder().path().string()});
  EXPECT_THAT(findings(required, "steering"), ::testing::ElementsAre(HasSubstr("error: --steering require: ")));
  EXPECT_EQ(required.status, 1);
}

}  // namespace
}  // namespace ferry::testing

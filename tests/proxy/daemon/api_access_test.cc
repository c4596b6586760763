#include "proxy/daemon/api_access.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"
#include "watch/kubeconfig/kubeconfig.h"

namespace ferry::proxy {
namespace {

constexpr const char* kKubeconfig = R"(
apiVersion: v1
kind: Config
current-context: here
contexts: [{name: here, context: {cluster: here, user: me}}]
clusters: [{name: here, cluster: {server: "https://10.96.0.1:6443"}}]
users: [{name: me, user: {token: secret}}]
)";

class ApiAccess : public ::testing::Test {
 protected:
  ApiAccess() {
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    options_.kubeconfig = folder_.write("kubeconfig", kKubeconfig);
  }

  std::vector<config::IpPrefix> range(const char* text) { return {*config::IpPrefix::parse(text)}; }

  testing::TemporaryFolder folder_;
  Options options_;
};

TEST_F(ApiAccess, FilesAloneNeedNoServer) {
  options_.kubeconfig.clear();
  options_.source_files = {"services.yaml"};
  EXPECT_EQ(api_access(options_), std::nullopt);
}

TEST_F(ApiAccess, NothingAtAllIsAMistakeOfTheCommandLine) {
  options_.kubeconfig.clear();
  EXPECT_THROW(api_access(options_), UsageError);
}

TEST_F(ApiAccess, TheKubeconfigGivesServerAndCredentials) {
  const auto config = api_access(options_);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server.to_string(), "https://10.96.0.1:6443");
  EXPECT_EQ(config->token.data, "secret");
}

TEST_F(ApiAccess, MasterTakesThePlaceOfTheServerAndLeavesTheCredentials) {
  options_.master = "https://10.0.0.10:6443";
  const auto config = api_access(options_);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->server.to_string(), "https://10.0.0.10:6443");
  EXPECT_EQ(config->token.data, "secret");
}

TEST_F(ApiAccess, MasterThatIsNoUrlIsAMistakeOfTheCommandLine) {
  options_.master = "ftp://10.0.0.10";
  EXPECT_THROW(api_access(options_), UsageError);
}

TEST_F(ApiAccess, AServerAtAServiceAddressIsRefused) {
  options_.service_cidrs = range("10.96.0.0/12");
  EXPECT_THROW(api_access(options_), watch::ClientConfigError);
  options_.master = "https://10.0.0.10:6443";
  EXPECT_TRUE(api_access(options_));
}

}  // namespace
}  // namespace ferry::proxy

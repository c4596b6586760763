#include <cstdlib>
#include <string>

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"
#include "watch/kubeconfig/kubeconfig.h"

namespace ferry::watch {
namespace {

using ::testing::HasSubstr;

/// Sets the variables that a pod finds, and puts back what was there.
class ServiceAccount : public ::testing::Test {
 protected:
  ServiceAccount() {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }
  ~ServiceAccount() override {
    ::unsetenv("KUBERNETES_SERVICE_HOST");
    ::unsetenv("KUBERNETES_SERVICE_PORT");
  }

  static void in_a_pod(const char* host, const char* port) {
    ::setenv("KUBERNETES_SERVICE_HOST", host, 1);
    ::setenv("KUBERNETES_SERVICE_PORT", port, 1);
  }

  std::string mistake() const {
    try {
      load_service_account(folder.path());
    } catch (const ClientConfigError& error) {
      return error.what();
    }
    return "no mistake";
  }

  testing::TemporaryFolder folder;
};

TEST_F(ServiceAccount, APodFindsItsServerTokenAndAuthority) {
  in_a_pod("10.96.0.1", "443");
  ClientConfig expected;
  expected.server = *parse_url("https://10.96.0.1:443");
  expected.token.file = folder.write("token", "t");
  expected.certificate_authority.file = folder.write("ca.crt", "c");
  EXPECT_TRUE(in_cluster());
  EXPECT_EQ(load_service_account(folder.path()), expected);
}

TEST_F(ServiceAccount, AnIpv6ServerGetsItsBrackets) {
  in_a_pod("fd00::1", "443");
  folder.write("token", "t");
  folder.write("ca.crt", "c");
  EXPECT_EQ(load_service_account(folder.path()).server.to_string(), "https://[fd00::1]:443");
}

TEST_F(ServiceAccount, OutsideAPodThereIsNone) {
  EXPECT_FALSE(in_cluster());
  EXPECT_THAT(mistake(), HasSubstr("this is not a pod"));
}

TEST_F(ServiceAccount, WhatIsMissingOrWrongIsNamed) {
  in_a_pod("10.96.0.1", "https");
  EXPECT_THAT(mistake(), HasSubstr("KUBERNETES_SERVICE_PORT give no address"));
  in_a_pod("10.96.0.1", "443");
  EXPECT_THAT(mistake(), HasSubstr("/token is missing"));
  folder.write("token", "t");
  EXPECT_THAT(mistake(), HasSubstr("/ca.crt is missing"));
}

TEST(MasterFlag, TakesTheServersPlaceAndKeepsTheRest) {
  ClientConfig config;
  config.server = *parse_url("https://one.test");
  config.token.data = "t";
  override_server(config, "https://10.0.0.1:6443/base");
  EXPECT_EQ(config.server.to_string(), "https://10.0.0.1:6443/base");
  EXPECT_EQ(config.token.data, "t");
}

TEST(MasterFlag, AMistakeNamesTheFlag) {
  ClientConfig config;
  try {
    override_server(config, "host/path");
    ADD_FAILURE();
  } catch (const ClientConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "--master: 'host/path' is no address: host must be a URL or a host:port pair; give a URL such as "
                 "https://10.0.0.1:6443");
  }
}

TEST(ServiceRange, AServerInsideOneIsRefusedInOneSentence) {
  ClientConfig config;
  config.server = *parse_url("https://10.96.0.1:443");
  const auto range = [](const char* text) { return *config::IpPrefix::parse(text); };
  EXPECT_NO_THROW(refuse_service_address(config, {}));
  EXPECT_NO_THROW(refuse_service_address(config, {range("10.97.0.0/16"), range("fd00::/108")}));
  try {
    refuse_service_address(config, {range("fd00::/108"), range("10.96.0.0/16")});
    ADD_FAILURE();
  } catch (const ClientConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "the API server https://10.96.0.1:443 is inside the service range 10.96.0.0/16, so the proxy would "
                 "wait for itself; name one of its own addresses with --master");
  }
  config.server.host = "fd00::1";
  EXPECT_THROW(refuse_service_address(config, {range("fd00::/108")}), ClientConfigError);
  config.server.host = "api.test";
  EXPECT_NO_THROW(refuse_service_address(config, {range("0.0.0.0/0")})) << "a name is checked when it is looked up";
}

}  // namespace
}  // namespace ferry::watch

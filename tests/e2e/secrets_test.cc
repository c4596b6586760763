#include <csignal>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "tests/e2e/child_process.h"
#include "tests/e2e/cluster.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/http_client.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/test_certificates.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kToken = "token-that-nobody-may-see";
const std::string kWrongToken = "wrong-token-that-nobody-may-see";
const std::string kPassword = "password-that-nobody-may-see";

std::string base64(const std::string& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// An API server that asks for a token, and kube-ferry with a kubeconfig full of secrets.
class Secrets : public ::testing::Test {
 protected:
  Secrets() {
    const CertificateAndKey served = authority_.issue({.common_name = "kubernetes", .names = {"IP:127.0.0.1"}});
    server_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{program("kube-ferry-apiserver"), "--listen=127.0.0.1:0",
                                 "--tls-cert-file=" + folder_.write("tls.crt", served.certificate),
                                 "--tls-private-key-file=" + folder_.write("tls.key", served.key),
                                 "--token-file=" + folder_.write("tokens", kToken + ",kube-proxy,1\n")});
    url_ = server_->wait_for_output("(https://[0-9.]+:[0-9]+)");
    client_ = authority_.issue({.common_name = "kube-proxy", .names = {}});
  }

  std::string write_kubeconfig(const std::string& user, const std::string& server = {}) const {
    return folder_.write("kubeconfig",
                         "current-context: a\n"
                         "contexts: [{name: a, context: {cluster: a, user: a}}]\n"
                         "clusters: [{name: a, cluster: {server: '" +
                             (server.empty() ? url_ : server) + "', certificate-authority-data: " +
                             base64(authority_.certificate()) + "}}]\nusers:\n- name: a\n  user:\n" + user);
  }
  std::string user_with(const std::string& token) const {
    return "    token: " + token + "\n    username: admin\n    password: " + kPassword +
           "\n    client-certificate-data: " + base64(client_.certificate) +
           "\n    client-key-data: " + base64(client_.key) + "\n";
  }

  static std::vector<std::string> command(std::vector<std::string> flags) {
    flags.insert(flags.begin(), program("kube-ferry"));
    flags.insert(flags.end(), {"-v=10", "--workers=1", "--healthz-bind-address=", "--hostname-override=node-1",
                               "--metrics-bind-address=127.0.0.1:0", "--admin-socket=", "--steering=off",
                               "--steering-pin-path=/none"});
    return flags;
  }

  void expect_no_secret(const std::string& text) const {
    std::vector<std::string> secrets{
        kToken, kWrongToken, kPassword, base64("admin:" + kPassword), "BEGIN PRIVATE KEY", "BEGIN RSA PRIVATE KEY"};
    std::istringstream lines(client_.key);
    for (std::string line; std::getline(lines, line);) {
      if (line.size() > 32) secrets.push_back(line);
    }
    const std::string encoded = base64(client_.key);
    for (std::size_t at = 0; at + 40 <= encoded.size(); at += 40) secrets.push_back(encoded.substr(at, 40));
    for (const std::string& secret : secrets) EXPECT_THAT(text, Not(HasSubstr(secret)));
  }

  TemporaryFolder folder_;
  TestAuthority authority_;
  CertificateAndKey client_;
  std::unique_ptr<ChildProcess> server_;
  std::string url_;
};

TEST_F(Secrets, NothingThatIsLoggedOrServedHoldsOne) {
  ChildProcess daemon(command({"--kubeconfig=" + write_kubeconfig(user_with(kToken)), "--log-format=json"}));
  const std::string metrics = daemon.wait_for_output("serving metrics on (http://[0-9.]+:[0-9]+)");
  daemon.wait_for_output("synced: ");
  // One that the server refuses, and a file that is broken, are told of without what they hold.
  write_kubeconfig(user_with(kWrongToken));
  daemon.wait_for_output("asking the API server with the credentials that [^ ]* holds now");
  server_->kill();
  daemon.wait_for_output("\"level\":\"warn\"");
  write_kubeconfig("    token: [" + kToken + "]\n");
  daemon.wait_for_output("token must be text");
  for (const char* const page : {"/metrics", "/configz", "/api/status", "/healthz"}) {
    expect_no_secret(http("GET", metrics + page).body);
  }
  daemon.signal(SIGTERM);
  EXPECT_EQ(daemon.wait(), 0);
  expect_no_secret(daemon.output());
}

TEST_F(Secrets, ABrokenKubeconfigIsExplainedWithoutWhatItHolds) {
  const std::string user = user_with(kToken);
  const std::string with_password = "https://admin:" + kPassword + "@10.0.0.1:6443";
  const std::vector<std::vector<std::string>> starts{
      {"--kubeconfig=" + folder_.write("1", "users: [{user: {token: " + kToken + "}\n")},
      {"--kubeconfig=" + folder_.write("2", "token: \"" + kToken + "\n")},
      {"--kubeconfig=" + folder_.write("3", kToken + "\n")},
      {"--kubeconfig=" + folder_.write("4", "current-context: {a: " + kToken + "}\n")},
      {"--master=" + with_password},
      {"--master=" + with_password.substr(8)},
      {"--master", "ftp://admin:" + kPassword + "@10.0.0.1"},
  };
  for (const std::vector<std::string>& flags : starts) {
    const Finished finished = run(command(flags));
    EXPECT_NE(finished.status, 0) << flags[0];
    EXPECT_THAT(finished.output, HasSubstr("kube-ferry: "));
    expect_no_secret(finished.output);
  }
  for (const std::string& broken :
       {"    client-certificate-data: AAAA\n    client-key-data: '!" + kPassword + "'\n",
        "    password: {of: " + kPassword + "}\n", "    token: [" + kToken + "]\n", user + "    tokenFile: /none\n",
        user + "    exec: {command: " + kPassword + "}\n", user + "   bad: [\n"}) {
    const Finished finished = run(command({"--kubeconfig=" + write_kubeconfig(broken)}));
    EXPECT_NE(finished.status, 0) << broken;
    expect_no_secret(finished.output);
  }
  const Finished finished = run(command({"--kubeconfig=" + write_kubeconfig(user, with_password)}));
  EXPECT_NE(finished.status, 0);
  EXPECT_THAT(finished.output, HasSubstr("the server 'https://...@10.0.0.1:6443' is no address: it has an '@'"));
  expect_no_secret(finished.output);
}

TEST_F(Secrets, ARotatedKubeconfigIsTakenWithoutARestart) {
  ChildProcess daemon(command({"--kubeconfig=" + write_kubeconfig(user_with(kWrongToken))}));
  daemon.wait_for_output("401|Unauthorized");
  write_kubeconfig(user_with(kToken));
  daemon.wait_for_output("asking the API server with the credentials that [^ ]* holds now");
  daemon.wait_for_output("synced: ");
  // Another server may be another cluster.
  write_kubeconfig(user_with(kToken), "https://127.0.0.2:1");
  daemon.wait_for_output("the kubeconfig's server has another value, which needs a restart");
}

}  // namespace
}  // namespace ferry::testing

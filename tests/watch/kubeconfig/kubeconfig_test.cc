#include "watch/kubeconfig/kubeconfig.h"

#include <string>

#include <gmock/gmock.h>

#include "tests/support/temporary_folder.h"

namespace ferry::watch {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kWhole[] = R"(apiVersion: v1
kind: Config
current-context: second
clusters:
- name: one
  cluster:
    server: https://one.test:6443
- name: two
  cluster:
    server: https://two.test:6443/prefix
    certificate-authority: pki/ca.crt
    tls-server-name: kubernetes
contexts:
- name: first
  context: {cluster: one, user: nobody}
- name: second
  context:
    cluster: two
    user: node
users:
- name: nobody
- name: node
  user:
    client-certificate: /dev/null/not-read
    client-certificate-data: Y2VydGlmaWNhdGU=
    client-key-data: a2V5
    tokenFile: token
    token: ignored
)";

class KubeconfigTest : public ::testing::Test {
 protected:
  ClientConfig load(const std::string& text) { return load_kubeconfig(folder.write("kubeconfig", text)); }

  /// The sentence that says what is wrong, without the folder's name before it.
  std::string mistake(const std::string& text) {
    try {
      load(text);
    } catch (const ClientConfigError& error) {
      const std::string sentence = error.what();
      EXPECT_THAT(sentence, StartsWith(folder.path().string() + "/"));
      EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
      return sentence.substr(folder.path().string().size() + 1);
    }
    return "no mistake";
  }

  /// A kubeconfig of one cluster and one user with these fields, each on a line of its own.
  static std::string with(const std::string& cluster, const std::string& user = "") {
    return "current-context: c\n"                                     // 1
           "contexts: [{name: c, context: {cluster: k, user: u}}]\n"  // 2
           "clusters:\n- name: k\n  cluster:\n    " +
           cluster +
           "\n"  // 3 to 6
           "users:\n- name: u\n  user:\n    " +
           (user.empty() ? "{}" : user) + "\n";  // 7 to 10
  }

  testing::TemporaryFolder folder;
};

TEST_F(KubeconfigTest, TheCurrentContextsClusterAndUserCount) {
  std::filesystem::create_directory(folder.path() / "pki");
  const std::string authority = folder.write("pki/ca.crt", "authority");
  folder.write("token", "t");
  const ClientConfig config = load(kWhole);
  ClientConfig expected;
  expected.server = *parse_url("https://two.test:6443/prefix");
  expected.certificate_authority.file = authority;
  expected.tls_server_name = "kubernetes";
  expected.client_certificate.data = "certificate";
  expected.client_key.data = "key";
  expected.token = {"ignored", (folder.path() / "token").string()};
  EXPECT_EQ(config, expected);
}

TEST_F(KubeconfigTest, JsonIsYaml) {
  const ClientConfig config =
      load(R"({"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u"}}],)"
           R"("clusters":[{"name":"k","cluster":{"server":"http://127.0.0.1:8080"}}],)"
           R"("users":[{"name":"u","user":{"username":"me","password":"secret"}}]})");
  EXPECT_EQ(config.server.to_string(), "http://127.0.0.1:8080");
  EXPECT_EQ(config.username, "me");
  EXPECT_EQ(config.password, "secret");
}

TEST_F(KubeconfigTest, AContextNeedsNoUser) {
  const ClientConfig config = load(
      "{current-context: c, contexts: [{name: c, context: {cluster: k}}],"
      " clusters: [{name: k, cluster: {server: 'host:8080'}}]}");
  EXPECT_EQ(config.server.to_string(), "http://host:8080");
}

TEST_F(KubeconfigTest, ATokenAndAServerWithoutChecksAreTaken) {
  const ClientConfig config = load(with("{server: 'https://h', insecure-skip-tls-verify: true}", "token: abc"));
  EXPECT_TRUE(config.insecure_skip_tls_verify);
  EXPECT_EQ(config.token.data, "abc");
}

TEST_F(KubeconfigTest, DataCountsMoreThanTheFileBesideIt) {
  folder.write("ca.crt", "from the file");
  const ClientConfig config =
      load(with("{server: 'https://h', certificate-authority: ca.crt, certificate-authority-data: Y2E=}"));
  EXPECT_EQ(config.certificate_authority.data, "ca");
  EXPECT_EQ(config.certificate_authority.file, "");
}

TEST_F(KubeconfigTest, AFileThatIsMissingOrNoYamlIsNamed) {
  try {
    load_kubeconfig(folder.path() / "missing");
    ADD_FAILURE();
  } catch (const ClientConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing: the kubeconfig cannot be read"));
  }
  EXPECT_THAT(mistake("a: [1\nb: }"), StartsWith("kubeconfig:2: this is not YAML"));
  EXPECT_THAT(mistake(""), StartsWith("kubeconfig: a kubeconfig is a map"));
  EXPECT_THAT(mistake("- a\n- b\n"), HasSubstr("a kubeconfig is a map"));
}

TEST_F(KubeconfigTest, APathThatIsAFolderIsNamed) {
  try {
    load_kubeconfig(folder.path());
    FAIL() << "a folder was taken for a kubeconfig";
  } catch (const ClientConfigError& error) {
    EXPECT_EQ(error.what(), folder.path().string() + ": this is a folder; name the kubeconfig in it");
  }
}

TEST_F(KubeconfigTest, NamesThatLeadNowhereAreNamed) {
  EXPECT_THAT(mistake("kind: Config\n"), HasSubstr("current-context is not set"));
  EXPECT_THAT(mistake("current-context: c\n"), HasSubstr("current-context names 'c', which is not among the contexts"));
  EXPECT_THAT(mistake("current-context: c\ncontexts: [{name: c}]\n"), HasSubstr("the entry 'c' of contexts has no"));
  EXPECT_THAT(mistake("current-context: c\ncontexts: [{name: c, context: {user: u}}]\n"),
              HasSubstr("the context 'c' names no cluster"));
  EXPECT_THAT(mistake("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"),
              HasSubstr("the context 'c' names 'k', which is not among the clusters"));
  EXPECT_THAT(mistake("current-context: c\ncontexts: 5\n"), HasSubstr("kubeconfig:2: contexts must be a list"));
}

TEST_F(KubeconfigTest, AMistakeInAClusterNamesItsLine) {
  EXPECT_THAT(mistake(with("{}")), HasSubstr("kubeconfig:6: the cluster 'k' has no server"));
  EXPECT_THAT(mistake(with("server: ftp://h")), HasSubstr("kubeconfig:6: the server 'ftp://h' is no address: "));
  EXPECT_THAT(mistake(with("server: [1]")), HasSubstr("kubeconfig:6: server must be text"));
  EXPECT_THAT(mistake(with("{server: h, certificate-authority-data: '%'}")),
              HasSubstr("kubeconfig:6: certificate-authority-data is not base64"));
  EXPECT_THAT(mistake(with("{server: h, certificate-authority: nowhere.crt}")),
              HasSubstr("nowhere.crt, which is not a readable file"));
  EXPECT_THAT(mistake(with("{server: h, insecure-skip-tls-verify: maybe}")), HasSubstr("must be true or false"));
  EXPECT_THAT(mistake(with("{server: h, insecure-skip-tls-verify: true, certificate-authority-data: Y2E=}")),
              HasSubstr("exclude each other"));
  EXPECT_THAT(mistake(with("{server: h, proxy-url: 'http://p'}")), HasSubstr("proxy-url is not supported"));
}

TEST_F(KubeconfigTest, AMistakeInAUserNamesItsLine) {
  const std::string cluster = "server: https://h";
  EXPECT_THAT(mistake(with(cluster, "exec: {command: aws}")),
              HasSubstr("kubeconfig:10: the user 'u' gets its credentials from another program (exec)"));
  EXPECT_THAT(mistake(with(cluster, "auth-provider: {name: gcp}")), HasSubstr("(auth-provider)"));
  EXPECT_THAT(mistake(with(cluster, "client-key-data: a2V5")), HasSubstr("only one of client-certificate and"));
  EXPECT_THAT(mistake(with(cluster, "token: [a]")), HasSubstr("kubeconfig:10: token must be text"));
  EXPECT_THAT(mistake(with(cluster, "as: admin")), HasSubstr("(impersonation) is not supported"));
  EXPECT_THAT(mistake(with(cluster, "tokenFile: gone")), HasSubstr("gone, which is not a readable file"));
}

TEST_F(KubeconfigTest, NoCutOfAFileCrashes) {
  std::filesystem::create_directory(folder.path() / "pki");
  folder.write("pki/ca.crt", "authority");
  folder.write("token", "t");
  const std::string whole = kWhole;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    try {
      load(whole.substr(0, size));
    } catch (const ClientConfigError&) {
      continue;
    }
  }
}

}  // namespace
}  // namespace ferry::watch

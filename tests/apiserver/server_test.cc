#include "tests/apiserver/server.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {
namespace {

using apiserver::Options;
using apiserver::Release;
using apiserver::Server;

/// A file with a text in it, gone with this object.
class TextFile {
 public:
  explicit TextFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "ferry-XXXXXX").string();
    const int file = mkstemp(name.data());
    ::close(file);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~TextFile() { std::filesystem::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string failure_of(const Options& options) {
  boost::asio::io_context loop;
  try {
    Server server(loop, options);
    server.start();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

TEST(Server, ComesBackOnItsPortWithItsStateKept) {
  ServerThread server;
  ASSERT_EQ(RawClient(server.address()).post(kServices, service("a").dump()).status, 201);
  Options options;
  options.storage = server.on_loop([](Server& running) { return running.shared_storage(); });
  server.restart(options);
  EXPECT_EQ(RawClient(server.address()).get(std::string(kServices) + "/a").status, 200);
  // The addresses in use are known to the new one too.
  const auto next = RawClient(server.address()).post(kServices, service("b").dump()).json();
  EXPECT_EQ(next["spec"]["clusterIP"], "10.96.0.11");
}

TEST(Server, ComesBackWithItsStateLost) {
  ServerThread server;
  ASSERT_EQ(RawClient(server.address()).post(kServices, service("a").dump()).status, 201);
  server.restart({});
  EXPECT_EQ(RawClient(server.address()).get(std::string(kServices) + "/a").status, 404);
}

TEST(Server, ComesBackWithALowerVersion) {
  ServerThread server;
  RawClient client(server.address());
  ASSERT_EQ(client.post(kServices, service("a").dump()).status, 201);
  Options options;
  options.storage = server.on_loop([](Server& running) { return running.shared_storage(); });
  options.storage->restore_at(2);
  server.restart(options);
  EXPECT_EQ(RawClient(server.address()).get(kServices).json()["metadata"]["resourceVersion"], "2");
}

TEST(Server, CutsEveryConnectionWhenItStops) {
  ServerThread server;
  RawClient client(server.address());
  client.open("/api/v1/services?watch=1");
  server.on_loop([](Server& running) { running.stop(); });
  EXPECT_THROW(client.next_line(), std::exception);
}

TEST(Server, EndsWatchesProperlyWhenItDrains) {
  ServerThread server;
  RawClient client(server.address());
  client.open("/api/v1/services?watch=1");
  RawClient idle(server.address());
  ASSERT_EQ(idle.get("/healthz").status, 200);
  server.on_loop([](Server& running) { running.drain(); });
  EXPECT_EQ(client.next_line(), std::nullopt);
  EXPECT_EQ(client.read_rest(), "");
  EXPECT_EQ(idle.read_rest(), "");
}

TEST(Server, RemembersWhatItWasAsked) {
  ServerThread server;
  RawClient(server.address()).get("/api/v1/services?limit=5");
  const auto requests = server.on_loop([](Server& running) { return running.requests(); });
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].verb, "list");
  EXPECT_EQ(requests[0].target, "/api/v1/services?limit=5");
  EXPECT_EQ(requests[0].status, 200);
}

TEST(Server, StartsWithWhatItsSeedDescribes) {
  const TextFile seed(
      "kind: Service\napiVersion: v1\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n---\n---\n"
      "{\"kind\":\"Node\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n1\"}}\n---\n"
      "kind: Pod\napiVersion: v1\nmetadata: {name: p, namespace: shop}\n"
      "spec: {containers: [{name: c, image: i}]}\nstatus: {phase: Running, podIP: 10.1.0.9}\n");
  Options options;
  options.seed_file = seed.path();
  const ServerThread server(options);
  EXPECT_EQ(RawClient(server.address()).get("/api/v1/namespaces/shop/services/web").json()["spec"]["type"],
            "ClusterIP");
  EXPECT_EQ(RawClient(server.address()).get("/api/v1/nodes/n1").status, 200);
  EXPECT_EQ(RawClient(server.address()).get("/api/v1/namespaces/shop/pods/p").json()["status"]["podIP"], "10.1.0.9");
}

TEST(Server, SaysInOneSentenceWhatIsWrongWithItsOptions) {
  const auto with = [](auto change) {
    Options options;
    change(options);
    return failure_of(options);
  };
  EXPECT_EQ(with([](Options& o) { o.listen = "localhost"; }),
            "--listen \"localhost\": wants ADDRESS:PORT, such as 127.0.0.1:8080");
  EXPECT_EQ(with([](Options& o) { o.service_cluster_ip_range = "10.0.0.0/33"; }),
            "--service-cluster-ip-range \"10.0.0.0/33\": wants a CIDR such as 10.96.0.0/12 or fd00:10::/112");
  EXPECT_EQ(with([](Options& o) { o.tls_cert_file = "/none"; }), "--tls-cert-file: wants --tls-private-key-file too");
  EXPECT_EQ(with([](Options& o) { o.token_file = "/none"; }), "--token-file /none: cannot be read");
  EXPECT_EQ(with([](Options& o) { o.seed_file = "/none"; }), "--seed /none: cannot be read");
  const TextFile broken("a: b\nc: [d\n");
  EXPECT_NE(with([&](Options& o) { o.seed_file = broken.path(); }).find("line "), std::string::npos);
  const TextFile strange("kind: Moon\napiVersion: v1\nmetadata: {name: a}\n");
  EXPECT_EQ(with([&](Options& o) { o.seed_file = strange.path(); }),
            "--seed " + strange.path() + ": document 1: v1 Moon is not served here");
  const TextFile token("only-a-token\n");
  EXPECT_EQ(with([&](Options& o) { o.token_file = token.path(); }),
            "--token-file " + token.path() + ":1: wants token,user,uid[,\"groups\"]");
}

TEST(Server, ChecksTokens) {
  const TextFile tokens("t1,admin,1\nt2,kube-proxy,2,\"system:node-proxier\"\nt3,nobody,3,nobodies\n");
  Options options;
  options.token_file = tokens.path();
  const ServerThread server(options);
  RawClient client(server.address());
  const auto get = [&](const std::string& token) {
    return client.get("/api/v1/services", {{"Authorization", "Bearer " + token}});
  };
  EXPECT_EQ(get("t1").status, 200);
  EXPECT_EQ(get("t2").status, 200);
  EXPECT_EQ(get("wrong").status, 401);
  EXPECT_EQ(get("wrong").json()["reason"], "Unauthorized");
  EXPECT_EQ(get("t3").json()["message"],
            "services is forbidden: User \"nobody\" cannot list resource \"services\" in API group \"\" at the cluster "
            "scope");
  EXPECT_EQ(client.get("/api/v1/services").status, 403);
  EXPECT_EQ(client.get("/healthz").status, 200);
  EXPECT_EQ(client.send("DELETE", std::string(kServices) + "/a", {}, {{"Authorization", "Bearer t2"}}).status, 403);
}

TEST(Server, EmulatesAnOldRelease) {
  Options options;
  options.release = Release::k1_20;
  const ServerThread server(options);
  RawClient client(server.address());
  EXPECT_EQ(client.get("/version").json()["minor"], "20");
  EXPECT_EQ(client.get("/apis/discovery.k8s.io/v1").status, 404);
  EXPECT_EQ(client.get("/apis/discovery.k8s.io/v1beta1").status, 200);
  EXPECT_EQ(client.get("/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan").status,
            422);
  EXPECT_EQ(client.get("/api/v1/services?resourceVersion=abc").status, 500);
  EXPECT_FALSE(client.get("/api/v1/endpoints").headers.contains("warning"));
}

TEST(Server, CanBeWithoutEndpointSlices) {
  Options options;
  options.endpoint_slices = false;
  const ServerThread server(options);
  RawClient client(server.address());
  const auto groups = client.get("/apis").json()["groups"];
  std::vector<std::string> names;
  for (const auto& group : groups) names.push_back(group["name"].get<std::string>());
  EXPECT_THAT(names, ::testing::Contains("networking.k8s.io"));
  EXPECT_THAT(names, ::testing::Not(::testing::Contains("discovery.k8s.io")));
  EXPECT_EQ(client.get("/apis/discovery.k8s.io/v1").status, 404);
  EXPECT_EQ(client.get("/apis/discovery.k8s.io/v1/endpointslices").status, 404);
}

TEST(Server, AGroupIsToldWithAllItsResourcesAndAStatusWhereItHasNone) {
  const ServerThread server;
  RawClient client(server.address());
  std::vector<std::string> names;
  const auto list = client.get("/apis/rbac.authorization.k8s.io/v1").json();
  for (const auto& resource : list["resources"]) {
    names.push_back(resource["name"].get<std::string>());
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("clusterroles", "clusterrolebindings"));
  EXPECT_EQ(client.get("/apis/rbac.authorization.k8s.io").json()["versions"].size(), 1U);
  EXPECT_EQ(client.get("/apis/apps/v1/deployments").json()["kind"], "Status");
  EXPECT_EQ(client.get("/apis/batch/v1/jobs").body, "404 page not found\n");
}

TEST(Server, AnswersHeadersAsARealServerDoes) {
  const ServerThread server;
  RawClient client(server.address());
  const auto small = client.get("/api/v1/services");
  EXPECT_EQ(small.headers.at("cache-control"), "no-cache, private");
  EXPECT_EQ(small.headers.at("content-type"), "application/json");
  EXPECT_TRUE(small.headers.contains("content-length"));
  EXPECT_TRUE(client.get("/api/v1?pretty=true").headers.contains("transfer-encoding"));
  EXPECT_TRUE(client.get("/api/v1/endpoints").headers.contains("warning"));
}

TEST(Server, GivesUpOnWhatIsNoHttp) {
  const ServerThread server;
  RawClient client(server.address());
  EXPECT_EQ(client.send("\x01\x02", "/").status, 400);
  EXPECT_EQ(client.read_rest(), "");
}

}  // namespace
}  // namespace ferry::testing

#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {
namespace {

using apiserver::Json;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kDaemonSets = "/apis/apps/v1/namespaces/default/daemonsets";
constexpr const char* kSlices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";

Json pod(const std::string& name) {
  return {{"metadata", {{"name", name}}}, {"spec", {{"containers", Json::array({{{"name", "c"}, {"image", "web"}}})}}}};
}

Json slice(const std::string& address, const Json& port = 8080) {
  return {{"metadata", {{"name", "s"}}},
          {"addressType", "IPv4"},
          {"endpoints", Json::array({{{"addresses", {address}}, {"nodeName", "n1"}, {"zone", "z1"}}})},
          {"ports", Json::array({{{"port", port}}})}};
}

class Write : public ::testing::Test {
 protected:
  Write() : client_(server_.address()) {}

  Json created(const std::string& path, const Json& object) {
    const auto answer = client_.post(path, object.dump());
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.json();
  }

  /// The fields named by the causes of a 422.
  std::vector<std::string> causes(const std::string& path, const Json& object) {
    const auto answer = client_.post(path, object.dump());
    EXPECT_EQ(answer.status, 422) << answer.body;
    std::vector<std::string> fields;
    const auto json = answer.json();
    for (const auto& cause : json["details"]["causes"]) fields.push_back(cause["field"].get<std::string>());
    return fields;
  }

  ServerThread server_;
  RawClient client_;
};

using Fields = std::vector<std::string>;

TEST_F(Write, AServiceGetsItsDefaultsAndAnAddress) {
  const auto made = created(kServices, service("a"));
  EXPECT_EQ(made["kind"], "Service");
  EXPECT_EQ(made["spec"].dump(),
            R"({"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":80}],"clusterIP":"10.96.0.10",)"
            R"("clusterIPs":["10.96.0.10"],"type":"ClusterIP","sessionAffinity":"None","ipFamilies":["IPv4"],)"
            R"("ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"})");
  EXPECT_EQ(created(kServices, service("b"))["spec"]["clusterIP"], "10.96.0.11");
}

TEST_F(Write, AnAddressMustBeInTheRangeAndFree) {
  auto wanted = service("a");
  wanted["spec"]["clusterIP"] = "10.96.1.1";
  created(kServices, wanted);
  wanted["metadata"]["name"] = "b";
  EXPECT_EQ(causes(kServices, wanted), Fields{"spec.clusterIPs[0]"});
  wanted["spec"]["clusterIP"] = "192.168.0.1";
  EXPECT_EQ(causes(kServices, wanted), Fields{"spec.clusterIPs[0]"});
  wanted["spec"]["clusterIP"] = "nonsense";
  EXPECT_EQ(causes(kServices, wanted), Fields{"spec.clusterIPs[0]"});
  ASSERT_EQ(client_.send("DELETE", std::string(kServices) + "/a").status, 200);
  wanted["spec"]["clusterIP"] = "10.96.1.1";
  created(kServices, wanted);
}

TEST_F(Write, AnAddressMayNotChangeAndIsKeptWhenNotNamed) {
  auto made = created(kServices, service("a"));
  const auto address = made["spec"]["clusterIP"];
  const auto path = std::string(kServices) + "/a";
  auto silent = service("a", "b");
  EXPECT_EQ(client_.send("PUT", path, silent.dump()).json()["spec"]["clusterIP"], address);
  silent["spec"]["clusterIP"] = "10.96.9.9";
  EXPECT_EQ(client_.send("PUT", path, silent.dump()).status, 422);
}

TEST_F(Write, NodePortsAreGivenKeptAndHeldApart) {
  auto wanted = service("a");
  wanted["spec"]["type"] = "NodePort";
  const auto made = created(kServices, wanted);
  const auto node_port = made["spec"]["ports"][0]["nodePort"];
  EXPECT_GE(node_port.get<int>(), 30000);
  EXPECT_EQ(client_.send("PUT", std::string(kServices) + "/a", wanted.dump()).json()["spec"]["ports"][0]["nodePort"],
            node_port);
  wanted["metadata"]["name"] = "b";
  wanted["spec"]["ports"][0]["nodePort"] = node_port;
  EXPECT_EQ(causes(kServices, wanted), Fields{"spec.ports[0].nodePort"});
  wanted["spec"]["ports"][0]["nodePort"] = 80;
  EXPECT_EQ(causes(kServices, wanted), Fields{"spec.ports[0].nodePort"});
}

TEST_F(Write, HeadlessAndExternalServicesGetNoAddress) {
  auto headless = service("a");
  headless["spec"]["clusterIP"] = "None";
  EXPECT_EQ(created(kServices, headless)["spec"]["clusterIPs"], Json::parse(R"(["None"])"));
  const Json external = {{"metadata", {{"name", "b"}}}, {"spec", {{"type", "ExternalName"}, {"externalName", "x.y"}}}};
  EXPECT_FALSE(created(kServices, external)["spec"].contains("clusterIP"));
}

TEST_F(Write, WhatIsWrongWithAServiceIsNamed) {
  EXPECT_EQ(causes(kServices, service("Bad_Name")), Fields{"metadata.name"});
  auto object = service("a");
  object["spec"]["ports"] = Json::array();
  EXPECT_EQ(causes(kServices, object), Fields{"spec.ports"});
  object["spec"]["ports"] = Json::parse(R"([{"port":80},{"port":81}])");
  EXPECT_EQ(causes(kServices, object), (Fields{"spec.ports[0].name", "spec.ports[1].name"}));
  object["spec"]["ports"] = Json::parse(R"([{"port":0},{"port":70000}])");
  EXPECT_EQ(causes(kServices, object).size(), 6U) << "ports, target ports and missing names";
  object["spec"]["ports"] = Json::parse(R"([{"name":"a","port":80},{"name":"a","port":80}])");
  EXPECT_EQ(causes(kServices, object), (Fields{"spec.ports[1].name", "spec.ports[1]"}));
  object = service("a");
  object["spec"]["type"] = "Wrong";
  object["spec"]["sessionAffinity"] = "Sometimes";
  EXPECT_EQ(causes(kServices, object), (Fields{"spec.type", "spec.sessionAffinity"}));
}

TEST_F(Write, EndpointsOfASliceMustBeAddressesThatMayBeDialled) {
  for (const char* address : {"127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1", "fd00::1", "host"}) {
    EXPECT_EQ(causes(kSlices, slice(address)), Fields{"endpoints[0].addresses[0]"}) << address;
  }
  EXPECT_EQ(causes(kSlices, slice("10.0.0.1", 70000)), Fields{"ports[0].port"});
  created(kSlices, slice("10.0.0.1"));
}

TEST_F(Write, ASliceIsTheSameInBothVersions) {
  created(kSlices, slice("10.0.0.1"));
  const auto old = client_.get("/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices/s").json();
  EXPECT_EQ(old["apiVersion"], "discovery.k8s.io/v1beta1");
  EXPECT_EQ(old["endpoints"][0]["topology"],
            Json::parse(R"({"kubernetes.io/hostname":"n1","topology.kubernetes.io/zone":"z1"})"));
  auto changed = old;
  changed["endpoints"][0]["topology"]["kubernetes.io/hostname"] = "n2";
  ASSERT_EQ(
      client_.send("PUT", "/apis/discovery.k8s.io/v1beta1/namespaces/default/endpointslices/s", changed.dump()).status,
      200);
  const auto now = client_.get(std::string(kSlices) + "/s").json();
  EXPECT_EQ(now["endpoints"][0]["nodeName"], "n2");
  EXPECT_EQ(now["endpoints"][0]["zone"], "z1");
}

TEST_F(Write, AnOldVersionIsAConflict) {
  auto object = created(kServices, service("a"));
  const auto path = std::string(kServices) + "/a";
  object["metadata"]["labels"]["tier"] = "b";
  ASSERT_EQ(client_.send("PUT", path, object.dump()).status, 200);
  object["metadata"]["labels"]["tier"] = "c";
  const auto late = client_.send("PUT", path, object.dump());
  EXPECT_EQ(late.status, 409);
  EXPECT_EQ(late.json()["reason"], "Conflict");
}

TEST_F(Write, PatchesOfEachKindApply) {
  created(kServices, service("a"));
  const auto path = std::string(kServices) + "/a";
  const auto patch = [&](const char* type, const char* body) {
    return client_.send("PATCH", path, body, {{"Content-Type", type}});
  };
  EXPECT_EQ(
      patch("application/merge-patch+json", R"({"metadata":{"labels":{"x":"y"}}})").json()["metadata"]["labels"]["x"],
      "y");
  EXPECT_EQ(patch("application/strategic-merge-patch+json", R"({"spec":{"ports":[{"port":80,"targetPort":9}]}})")
                .json()["spec"]["ports"][0]["name"],
            "http");
  EXPECT_EQ(patch("application/json-patch+json", R"([{"op":"remove","path":"/metadata/labels/x"}])").status, 200);
  const auto deep =
      R"([{"op":"add","path":"/metadata/labels","value":)" + std::string(100000, '[') + std::string(100000, ']') + "}]";
  EXPECT_EQ(patch("application/json-patch+json", deep.c_str()).status, 400);
  EXPECT_EQ(patch("application/apply-patch+yaml", "a: b").status, 415);
  EXPECT_EQ(patch("application/merge-patch+json", R"({"spec":{"ports":[{"port":99999}]}})").status, 422);
}

TEST_F(Write, APodIsThereAtOnceWithoutANodeAndIsBoundOnce) {
  const auto made = created(kPods, pod("p"));
  EXPECT_FALSE(made["spec"].contains("nodeName"));
  EXPECT_EQ(made["status"]["phase"], "Pending");
  const auto path = std::string(kPods) + "/p/binding";
  const auto bind = [&](const char* node) {
    return client_.post(path, Json{{"target", {{"kind", "Node"}, {"name", node}}}}.dump());
  };
  EXPECT_EQ(bind("n1").status, 201);
  EXPECT_EQ(client_.get(std::string(kPods) + "/p").json()["spec"]["nodeName"], "n1");
  EXPECT_EQ(bind("n2").status, 409);
  EXPECT_EQ(bind("").status, 422);
}

TEST_F(Write, TheStatusOfAPodIsWrittenByItsOwnPath) {
  auto made = created(kPods, pod("p"));
  made["status"]["phase"] = "Running";
  made["spec"]["nodeName"] = "n1";
  const auto plain = client_.send("PUT", std::string(kPods) + "/p", made.dump()).json();
  EXPECT_EQ(plain["status"]["phase"], "Pending");
  auto again = plain;
  again["status"]["phase"] = "Running";
  again["spec"]["restartPolicy"] = "Never";
  const auto by_status = client_.send("PUT", std::string(kPods) + "/p/status", again.dump()).json();
  EXPECT_EQ(by_status["status"]["phase"], "Running");
  EXPECT_EQ(by_status["spec"]["restartPolicy"], "Always");
}

TEST_F(Write, AnUnknownFieldIsAnErrorAWarningOrNothingAsAsked) {
  auto object = service("a");
  object["spec"]["prots"] = 1;
  const auto post = [&](const std::string& query) { return client_.post(kServices + query, object.dump()); };
  const auto strict = post("?fieldValidation=Strict");
  EXPECT_EQ(strict.status, 400);
  EXPECT_NE(strict.body.find(R"(unknown field \"spec.prots\")"), std::string::npos);
  const auto warned = post("?fieldValidation=Warn");
  EXPECT_EQ(warned.status, 201);
  EXPECT_EQ(warned.headers.at("warning"), R"(299 - "unknown field \"spec.prots\"")");
  object["metadata"]["name"] = "b";
  EXPECT_FALSE(post("?fieldValidation=Ignore").headers.contains("warning"));
}

TEST_F(Write, ADryRunStoresNothing) {
  EXPECT_EQ(client_.post(std::string(kServices) + "?dryRun=All", service("a").dump()).status, 201);
  EXPECT_EQ(client_.get(std::string(kServices) + "/a").status, 404);
}

TEST_F(Write, CollectionsAreDeletedBySelector) {
  created(kServices, service("a", "x"));
  created(kServices, service("b", "y"));
  ASSERT_EQ(client_.send("DELETE", std::string(kServices) + "?labelSelector=tier%3Dx").status, 200);
  EXPECT_EQ(client_.get(std::string(kServices) + "/a").status, 404);
  EXPECT_EQ(client_.get(std::string(kServices) + "/b").status, 200);
}

TEST_F(Write, ANamespaceMustExistAndTakesItsObjectsWithIt) {
  EXPECT_EQ(client_.post("/api/v1/namespaces/shop/services", service("a").dump()).status, 404);
  created("/api/v1/namespaces", {{"metadata", {{"name", "shop"}}}});
  created("/api/v1/namespaces/shop/services", service("a"));
  ASSERT_EQ(client_.send("DELETE", "/api/v1/namespaces/shop").status, 200);
  EXPECT_EQ(client_.get("/api/v1/services").json()["items"].size(), 0U);
}

TEST_F(Write, BodiesThatAreNoObjectAreRefused) {
  const auto post = [&](const std::string& body) { return client_.post(kServices, body).status; };
  EXPECT_EQ(post("{\"kind\""), 400);
  EXPECT_EQ(post("[]"), 400);
  EXPECT_EQ(post("nonsense"), 400);
  EXPECT_EQ(post(R"({"metadata":[]})"), 400);
  EXPECT_EQ(post(R"({"metadata":{"name":1}})"), 400);
  EXPECT_EQ(post(R"({"metadata":{"name":"a","namespace":"other"}})"), 400);
  EXPECT_EQ(post(R"({"kind":"Pod","metadata":{"name":"a"}})"), 400);
  EXPECT_EQ(post(std::string(100000, '[')), 400);
  EXPECT_EQ(client_.send("POST", kServices, std::string(100000, '['), {{"Content-Type", "application/yaml"}}).status,
            400);
  EXPECT_EQ(client_.send("POST", kServices, "x", {{"Content-Type", "text/plain"}}).status, 415);
  EXPECT_EQ(client_
                .send("POST", kServices, "metadata: {name: y}\nspec: {ports: [{port: 1}]}",
                      {{"Content-Type", "application/yaml"}})
                .status,
            201);
}

TEST_F(Write, PathsAndMethodsThatDoNotExistAreNamed) {
  EXPECT_EQ(client_.get("/api/v1/nopes").json()["message"], "the server could not find the requested resource");
  EXPECT_EQ(client_.get("/apis/nope").body, "404 page not found\n");
  EXPECT_EQ(client_.get(std::string(kServices) + "/nope").json()["message"], "services \"nope\" not found");
  EXPECT_EQ(client_.send("PUT", kServices, "{}").status, 405);
  EXPECT_EQ(client_.send("POST", "/api/v1/services", service("a").dump()).status, 405);
}

Json daemon_set(const Json& rolling_update) {
  return {{"metadata", {{"name", "d"}}},
          {"spec",
           {{"selector", {{"matchLabels", {{"app", "d"}}}}},
            {"template", {{"metadata", {{"labels", {{"app", "d"}}}}}, {"spec", pod("x")["spec"]}}},
            {"updateStrategy", {{"rollingUpdate", rolling_update}}}}}};
}

TEST_F(Write, ADaemonSetGetsItsDefaultsAndThoseOfItsPods) {
  auto object = daemon_set(nullptr);
  object["spec"].erase("updateStrategy");
  const auto made = created(kDaemonSets, object);
  EXPECT_EQ(made["apiVersion"], "apps/v1");
  EXPECT_EQ(made["spec"]["updateStrategy"].dump(),
            R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1,"maxSurge":0}})");
  EXPECT_EQ(made["spec"]["template"]["spec"]["restartPolicy"], "Always");
  EXPECT_FALSE(made["spec"]["template"]["spec"].contains("serviceAccountName"));
}

TEST_F(Write, ADaemonSetEitherSurgesOrLacksPodsWhileItRollsOut) {
  const Fields refused{"spec.updateStrategy.rollingUpdate.maxUnavailable"};
  EXPECT_EQ(causes(kDaemonSets, daemon_set({{"maxSurge", 1}})), refused);
  EXPECT_EQ(causes(kDaemonSets, daemon_set({{"maxUnavailable", 0}})), refused);
  created(kDaemonSets, daemon_set({{"maxUnavailable", 0}, {"maxSurge", 1}}));
}

TEST_F(Write, ADaemonSetSelectsItsOwnPods) {
  auto stranger = daemon_set(nullptr);
  stranger["spec"]["template"]["metadata"]["labels"]["app"] = "another";
  EXPECT_EQ(causes(kDaemonSets, stranger), Fields{"spec.template.metadata.labels"});
  stranger["spec"].erase("selector");
  EXPECT_EQ(causes(kDaemonSets, stranger), Fields{"spec.selector"});
}

TEST_F(Write, WhatADeploymentIsMadeOfIsTakenAndReadBack) {
  const Json metadata = {{"name", "p"}};
  const Json account = {{"metadata", metadata}, {"automountServiceAccountToken", false}};
  const Json files = {{"metadata", metadata}, {"data", {{"a.yaml", "b: 1\n"}}}};
  const Json role = {{"metadata", metadata},
                     {"rules", Json::array({{{"verbs", {"list"}}, {"apiGroups", {""}}, {"resources", {"nodes"}}}})}};
  const Json binding = {
      {"metadata", metadata},
      {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", "p"}, {"namespace", "n"}}})},
      {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", "p"}}}};
  const Json custom = {{"metadata", metadata}, {"spec", {{"anything", Json::array({1, "two"})}}}};
  const std::string monitoring = "/apis/monitoring.coreos.com/v1/namespaces/default/";
  const std::string rbac = "/apis/rbac.authorization.k8s.io/v1/";
  const std::vector<std::pair<std::string, Json>> all{{"/api/v1/namespaces/default/serviceaccounts", account},
                                                      {"/api/v1/namespaces/default/configmaps", files},
                                                      {rbac + "clusterroles", role},
                                                      {rbac + "clusterrolebindings", binding},
                                                      {monitoring + "podmonitors", custom},
                                                      {monitoring + "prometheusrules", custom}};
  for (const auto& [path, object] : all) {
    created(path, object);
    auto read = client_.get(path + "/p").json();
    for (const auto& field : object.items()) {
      if (field.key() == "metadata") continue;
      EXPECT_EQ(read[field.key()], field.value()) << path;
    }
  }
}

}  // namespace
}  // namespace ferry::testing

#include <iostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Kubectl, ThereIsAtLeastOneToTestWithAndTheseRan) {
  ASSERT_FALSE(all_kubectls().empty()) << "no kubectl is in PATH and fetch-kubectl could not unpack one";
  for (const Kubectl& kubectl : all_kubectls()) {
    std::cout << "kubectl " << kubectl.version << " from " << kubectl.path << "\n";
    RecordProperty("kubectl-" + kubectl.version, kubectl.path);
  }
}

void add_objects(Session& session) {
  session.ok({"apply", "-f", "-"}, std::string(kWebService) + "---\n" + kWebPod + "---\n" + kNode + "---\n" + kSlice);
}

TEST(KubectlGet, AnEmptyNamespaceHasNothing) {
  with_each_kubectl([](Session& session) {
    const Outcome outcome = session.run({"get", "pods"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("No resources found in default namespace."));
  });
}

TEST(KubectlGet, ServicesAreATableWithTheColumnsOfARealServer) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    const std::string table = session.ok({"get", "services", "web"});
    EXPECT_THAT(table, ContainsRegex("NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\\(S\\) +AGE"));
    EXPECT_THAT(table, ContainsRegex("web +ClusterIP +10\\.[0-9.]+ +<none> +80/TCP +[0-9]+s"));
    EXPECT_THAT(session.ok({"get", "svc", "web", "-o", "wide"}), ContainsRegex("SELECTOR\nweb .* app=web"));
  });
}

TEST(KubectlGet, EachKindHasATable) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    EXPECT_THAT(session.ok({"get", "pods"}), ContainsRegex("NAME +READY +STATUS +RESTARTS +AGE\nweb-1 +0/1 +Pending"));
    EXPECT_THAT(session.ok({"get", "nodes"}), ContainsRegex("NAME +STATUS +ROLES +AGE +VERSION\nnode-1 "));
    EXPECT_THAT(session.ok({"get", "endpointslices"}),
                ContainsRegex("NAME +ADDRESSTYPE +PORTS +ENDPOINTS +AGE\nweb-abc +IPv4 +8080 +10\\.1\\.0\\.1"));
    EXPECT_THAT(session.ok({"get", "namespaces"}), ContainsRegex("NAME +STATUS +AGE\ndefault +Active"));
  });
}

TEST(KubectlGet, WritesYamlJsonNamesAndTemplates) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    const std::string yaml = session.ok({"get", "service", "web", "-o", "yaml"});
    EXPECT_THAT(yaml, HasSubstr("apiVersion: v1\nkind: Service\n"));
    EXPECT_THAT(yaml, HasSubstr("    targetPort: 8080\n"));
    EXPECT_THAT(session.ok({"get", "service", "web", "-o", "json"}), HasSubstr("\"kind\": \"Service\""));
    EXPECT_EQ(session.ok({"get", "pods,services,nodes", "-o", "name"}), "pod/web-1\nservice/web\nnode/node-1");
    EXPECT_EQ(session.ok({"get", "service", "web", "-o", "jsonpath={.spec.ports[0].targetPort}"}), "8080");
    EXPECT_EQ(session.ok({"get", "pods", "-o", "custom-columns=N:.metadata.name", "--no-headers"}), "web-1");
  });
}

TEST(KubectlGet, SelectsByLabelsAndByFields) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    session.ok({"run", "other", "--image=other"});
    const auto names = [&session](std::vector<std::string> words) {
      words.insert(words.end(), {"-o", "jsonpath={.items[*].metadata.name}"});
      return session.ok(words);
    };
    EXPECT_EQ(names({"get", "pods"}), "other web-1");
    EXPECT_EQ(names({"get", "pods", "--selector", "app=web"}), "web-1");
    EXPECT_EQ(names({"get", "pods", "-l", "app notin (web)"}), "other");
    EXPECT_EQ(names({"get", "pods", "-l", "!run"}), "web-1");
    EXPECT_EQ(names({"get", "pods", "--field-selector", "metadata.name=other"}), "other");
    EXPECT_EQ(names({"get", "pods", "--field-selector", "spec.nodeName!="}), "");
  });
}

TEST(KubectlGet, AllNamespacesSaysWhereEachObjectIs) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    session.ok({"create", "namespace", "shop"});
    session.ok({"apply", "-n", "shop", "-f", "-"}, kWebService);
    const std::string table = session.ok({"get", "services", "-A"});
    EXPECT_THAT(table, ContainsRegex("NAMESPACE +NAME +TYPE"));
    EXPECT_THAT(table, ContainsRegex("default +web "));
    EXPECT_THAT(table, ContainsRegex("shop +web "));
  });
}

TEST(KubectlGet, PagesThroughALongList) {
  with_each_kubectl([](Session& session) {
    std::string manifests;
    for (int i = 100; i < 125; ++i) {
      manifests += "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p" + std::to_string(i) +
                   "}\nspec: {containers: [{name: main, image: web}]}\n";
    }
    session.ok({"create", "-f", "-"}, manifests);
    const std::string names = session.ok({"get", "pods", "--chunk-size=10", "-o", "name"});
    EXPECT_EQ(std::count(names.begin(), names.end(), '\n'), 24);
    EXPECT_THAT(names, HasSubstr("pod/p124"));
  });
}

TEST(KubectlGet, ADescriptionShowsTheServiceAndItsEndpoints) {
  with_each_kubectl([](Session& session) {
    add_objects(session);
    const std::string text = session.ok({"describe", "service", "web"});
    EXPECT_THAT(text, ContainsRegex("Name: +web"));
    EXPECT_THAT(text, ContainsRegex("Selector: +app=web"));
    EXPECT_THAT(session.ok({"describe", "pod", "web-1"}), ContainsRegex("Labels: +app=web"));
    EXPECT_THAT(session.ok({"describe", "node", "node-1"}), ContainsRegex("Name: +node-1"));
  });
}

TEST(KubectlDiscovery, ListsWhatIsServedAndExplainsIt) {
  with_each_kubectl([](Session& session) {
    EXPECT_THAT(session.ok({"api-resources"}), ContainsRegex("endpointslices .*discovery.k8s.io"));
    EXPECT_THAT(session.ok({"api-versions"}), HasSubstr("discovery.k8s.io/v1"));
    EXPECT_THAT(session.ok({"version"}), ContainsRegex("[Ss]erver"));
    EXPECT_THAT(session.ok({"explain", "service.spec.ports"}), HasSubstr("targetPort"));
    EXPECT_THAT(session.ok({"get", "--raw", "/readyz"}), HasSubstr("ok"));
  });
}

}  // namespace
}  // namespace ferry::testing

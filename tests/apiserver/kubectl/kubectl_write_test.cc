#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

std::string field(Session& session, const std::string& object, const std::string& path) {
  return session.ok({"get", object, "-o", "jsonpath={" + path + "}"});
}

TEST(KubectlCreate, MakesObjectsFromManifestsAndFromFlags) {
  with_each_kubectl([](Session& session) {
    EXPECT_EQ(session.ok({"create", "-f", session.write_file("web.yaml", kWebService)}), "service/web created");
    EXPECT_EQ(session.ok({"create", "service", "clusterip", "db", "--tcp=5432:5433"}), "service/db created");
    EXPECT_EQ(field(session, "service/db", ".spec.ports[0].targetPort"), "5433");
    EXPECT_EQ(session.ok({"create", "service", "nodeport", "edge", "--tcp=80"}), "service/edge created");
    EXPECT_EQ(session.ok({"run", "web-1", "--image=web", "--port=8080", "--labels=app=web"}), "pod/web-1 created");
    EXPECT_EQ(session.ok({"expose", "pod", "web-1", "--name=exposed", "--port=80"}), "service/exposed exposed");
    EXPECT_EQ(field(session, "service/exposed", ".spec.selector.app"), "web");
  });
}

TEST(KubectlCreate, TheSecondObjectOfANameIsRefused) {
  with_each_kubectl([](Session& session) {
    session.ok({"create", "-f", "-"}, kWebService);
    EXPECT_THAT(session.fails({"create", "-f", "-"}, kWebService),
                HasSubstr("(AlreadyExists): error when creating \"STDIN\": services \"web\" already exists"));
  });
}

TEST(KubectlApply, CreatesThenSaysUnchangedThenChangesWhatTheManifestChanged) {
  with_each_kubectl([](Session& session) {
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, kWebService), "service/web created");
    const std::string address = field(session, "service/web", ".spec.clusterIP");
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, kWebService), "service/web unchanged");
    session.ok({"annotate", "service", "web", "by-hand=kept"});

    std::string changed = kWebService;
    changed.replace(changed.find("8080"), 4, "9090");
    changed.replace(changed.find("tier: front"), 11, "team: blues");
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, changed), "service/web configured");
    EXPECT_EQ(field(session, "service/web", ".spec.ports[0].targetPort"), "9090");
    EXPECT_EQ(field(session, "service/web", ".metadata.labels"), R"({"team":"blues"})");
    EXPECT_EQ(field(session, "service/web", ".metadata.annotations.by-hand"), "kept");
    EXPECT_EQ(field(session, "service/web", ".spec.clusterIP"), address);
  });
}

TEST(KubectlApply, PortsAreMergedByTheirNumber) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    session.ok({"apply", "-f", "-"},
               std::string(kWebService) + "  - name: admin\n    port: 81\n    targetPort: 8081\n");
    EXPECT_EQ(field(session, "service/web", ".spec.ports[*].name"), "http admin");
    session.ok({"apply", "-f", "-"}, kWebService);
    EXPECT_EQ(field(session, "service/web", ".spec.ports[*].name"), "http");
  });
}

TEST(KubectlApply, TakesSeveralKindsAndAListFromAFolder) {
  with_each_kubectl([](Session& session) {
    session.write_file("all.yaml", std::string(kWebService) + "---\n" + kWebPod + "---\n" + kNode);
    session.write_file("list.json", R"({"apiVersion":"v1","kind":"List","items":[
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}]})");
    const std::string folder = session.environment().at("HOME");
    const std::string said = session.ok({"apply", "-f", folder + "/all.yaml", "-f", folder + "/list.json"});
    EXPECT_EQ(said, "service/web created\npod/web-1 created\nnode/node-1 created\nnamespace/shop created");
  });
}

TEST(KubectlApply, ADaemonSetIsChangedAsDeepAsItsContainersProbes) {
  with_each_kubectl([](Session& session) {
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, kDaemonSet), "daemonset.apps/agent created");
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, kDaemonSet), "daemonset.apps/agent unchanged");
    std::string changed = kDaemonSet;
    changed.replace(changed.find("/livez"), 6, "/alive");
    changed.replace(changed.find("NET_RAW"), 7, "BPF");
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, changed), "daemonset.apps/agent configured");
    const std::string container = ".spec.template.spec.containers[0]";
    EXPECT_EQ(field(session, "daemonset/agent", container + ".livenessProbe.httpGet.path"), "/alive");
    EXPECT_EQ(field(session, "daemonset/agent", container + ".securityContext.capabilities.add[*]"), "NET_ADMIN BPF");
    changed.replace(changed.find("httpGet"), 7, "httpGte");
    EXPECT_THAT(session.fails({"apply", "-f", "-"}, changed), HasSubstr("httpGte"));
  });
}

TEST(KubectlApply, AnEndpointSliceAndEndpointsCanBeGivenByHand) {
  with_each_kubectl([](Session& session) {
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, kSlice), "endpointslice.discovery.k8s.io/web-abc created");
    std::string changed = kSlice;
    changed.replace(changed.find("10.1.0.1"), 8, "10.1.0.2");
    EXPECT_EQ(session.ok({"apply", "-f", "-"}, changed), "endpointslice.discovery.k8s.io/web-abc configured");
    EXPECT_EQ(field(session, "endpointslice/web-abc", ".endpoints[*].addresses[0]"), "10.1.0.2");
    session.ok({"apply", "-f", "-"}, R"({"apiVersion":"v1","kind":"Endpoints","metadata":{"name":"web"},
        "subsets":[{"addresses":[{"ip":"10.1.0.1"}],"ports":[{"port":8080}]}]})");
    EXPECT_EQ(field(session, "endpoints/web", ".subsets[0].addresses[0].ip"), "10.1.0.1");
  });
}

TEST(KubectlPatch, AStrategicPatchMergesListsByTheirKeys) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    session.ok({"patch", "service", "web", "-p", R"({"spec":{"ports":[{"port":81,"name":"admin"}]}})"});
    EXPECT_THAT(field(session, "service/web", ".spec.ports[*].port"), AnyOf("80 81", "81 80"));
    session.ok({"patch", "service", "web", "-p", R"({"spec":{"ports":[{"port":80,"$patch":"delete"}]}})"});
    EXPECT_EQ(field(session, "service/web", ".spec.ports[*].port"), "81");
  });
}

TEST(KubectlPatch, AMergePatchReplacesListsAndRemovesNulls) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    session.ok({"patch", "service", "web", "--type=merge", "-p",
                R"({"metadata":{"labels":{"tier":null,"x":"y"}},"spec":{"ports":[{"port":90}]}})"});
    EXPECT_EQ(field(session, "service/web", ".spec.ports[*].port"), "90");
    EXPECT_EQ(field(session, "service/web", ".metadata.labels"), R"({"x":"y"})");
  });
}

TEST(KubectlPatch, AJsonPatchTestsAddsReplacesAndRemoves) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    session.ok({"patch", "service", "web", "--type=json", "-p",
                R"([{"op":"test","path":"/spec/ports/0/port","value":80},
                    {"op":"replace","path":"/spec/ports/0/targetPort","value":9090},
                    {"op":"add","path":"/metadata/labels/example.com~1x","value":"y"},
                    {"op":"remove","path":"/metadata/labels/tier"}])"});
    EXPECT_EQ(field(session, "service/web", ".spec.ports[0].targetPort"), "9090");
    EXPECT_EQ(field(session, "service/web", ".metadata.labels"), R"({"example.com/x":"y"})");
    session.fails(
        {"patch", "service", "web", "--type=json", "-p", R"([{"op":"test","path":"/spec/type","value":"x"}])"});
  });
}

TEST(KubectlLabel, SetsOverwritesAndRemovesLabelsAndAnnotations) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    EXPECT_EQ(session.ok({"label", "pod", "web-1", "zone=a"}), "pod/web-1 labeled");
    EXPECT_THAT(session.fails({"label", "pod", "web-1", "zone=b"}), HasSubstr("--overwrite is false"));
    session.ok({"label", "pod", "web-1", "--overwrite", "zone=b"});
    session.ok({"label", "pods", "--all", "app-"});
    EXPECT_EQ(field(session, "pod/web-1", ".metadata.labels"), R"({"zone":"b"})");
    EXPECT_EQ(session.ok({"annotate", "pod", "web-1", "note=hello there"}), "pod/web-1 annotated");
    EXPECT_EQ(field(session, "pod/web-1", ".metadata.annotations.note"), "hello there");
  });
}

TEST(KubectlReplace, ReplacesAnObjectAndRefusesAnOldVersion) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    const std::string old = session.ok({"get", "service", "web", "-o", "json"});
    std::string changed = old;
    changed.replace(changed.find("\"targetPort\": 8080"), 18, "\"targetPort\": 9090");
    EXPECT_EQ(session.ok({"replace", "-f", "-"}, changed), "service/web replaced");
    EXPECT_EQ(field(session, "service/web", ".spec.ports[0].targetPort"), "9090");
    EXPECT_THAT(session.fails({"replace", "-f", "-"}, old), HasSubstr("the object has been modified"));
  });
}

TEST(KubectlEdit, WritesWhatTheEditorLeft) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebService);
    session.environment()["KUBE_EDITOR"] = "sed -i s/8080/9090/";
    session.ok({"edit", "service", "web"});
    EXPECT_EQ(field(session, "service/web", ".spec.ports[0].targetPort"), "9090");
  });
}

TEST(KubectlDelete, RemovesByNameByManifestBySelectorAndEverything) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, std::string(kWebService) + "---\n" + kWebPod);
    for (const char* pod : {"a", "b", "c"}) session.ok({"run", pod, "--image=x", "--labels=group=" + std::string(pod)});
    EXPECT_EQ(session.ok({"delete", "service", "web"}), "service \"web\" deleted");
    EXPECT_EQ(session.ok({"delete", "-f", "-"}, kWebPod), "pod \"web-1\" deleted");
    EXPECT_EQ(session.ok({"delete", "pods", "-l", "group=b"}), "pod \"b\" deleted");
    EXPECT_EQ(session.ok({"delete", "pods", "--all"}), "pod \"a\" deleted\npod \"c\" deleted");
    EXPECT_THAT(session.fails({"delete", "service", "web"}), HasSubstr("(NotFound): services \"web\" not found"));
    session.ok({"delete", "service", "web", "--ignore-not-found"});
  });
}

TEST(KubectlDelete, ANamespaceTakesWhatIsInItAlong) {
  with_each_kubectl([](Session& session) {
    session.ok({"create", "namespace", "shop"});
    session.ok({"apply", "-n", "shop", "-f", "-"}, kWebService);
    EXPECT_EQ(session.ok({"delete", "namespace", "shop"}), "namespace \"shop\" deleted");
    EXPECT_THAT(session.fails({"get", "service", "web", "-n", "shop"}), HasSubstr("NotFound"));
  });
}

TEST(KubectlCordon, MarksANodeUnschedulable) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kNode);
    EXPECT_EQ(session.ok({"cordon", "node-1"}), "node/node-1 cordoned");
    EXPECT_EQ(field(session, "node/node-1", ".spec.unschedulable"), "true");
    session.ok({"uncordon", "node-1"});
    EXPECT_EQ(field(session, "node/node-1", ".spec.unschedulable"), "");
  });
}

}  // namespace
}  // namespace ferry::testing

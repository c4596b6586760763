#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::ContainsRegex;

/// Starts a watch of the slices of "web", which tells when the controllers have done their part. As JSON: kubectl's
/// jsonpath ends the command at the first slice without endpoints.
std::unique_ptr<Command> watch_slices(Session& session) {
  return session.start({"get", "endpointslices", "-w", "-l", "kubernetes.io/service-name=web", "-o", "json"});
}

TEST(KubectlCluster, APodIsScheduledPublishedAndTakenOutAgain) {
  const auto test_case = [](Session& session) {
    session.ok({"apply", "-f", "-"}, std::string(kNode) + "---\n" + kWebService + "---\n" + kWebPod);
    session.ok({"wait", "--for=condition=PodScheduled", "pod/web-1", "--timeout=30s"});
    EXPECT_EQ(session.ok({"get", "pod", "web-1", "-o", "jsonpath={.spec.nodeName}"}), "node-1");

    const auto slices = watch_slices(session);
    session.set_pod_running("web-1", "10.1.0.1");
    ASSERT_TRUE(slices->wait_for_output("\"10.1.0.1\"")) << slices->output() << slices->errors();
    ASSERT_TRUE(slices->wait_for_output("zone-a")) << slices->output();
    EXPECT_THAT(slices->output(), ContainsRegex("\"nodeName\": \"node-1\""));
    EXPECT_THAT(session.ok({"get", "endpoints", "web"}), ContainsRegex("web +10\\.1\\.0\\.1:8080"));
    EXPECT_THAT(session.ok({"describe", "service", "web"}), ContainsRegex("Endpoints: +10\\.1\\.0\\.1:8080"));

    session.ok({"label", "pod", "web-1", "--overwrite", "app=other"});
    session.ok({"run", "web-2", "--image=web", "--labels=app=web"});
    session.ok({"wait", "--for=condition=PodScheduled", "pod/web-2", "--timeout=30s"});
    session.set_pod_running("web-2", "10.1.0.2");
    ASSERT_TRUE(slices->wait_for_output("\"10.1.0.2\"")) << slices->output();
    EXPECT_THAT(session.ok({"get", "endpoints", "web"}), ContainsRegex("web +10\\.1\\.0\\.2:8080"));

    session.ok({"delete", "service", "web"});
    EXPECT_EQ(session.ok({"get", "endpointslices", "-l", "kubernetes.io/service-name=web", "-o", "name"}), "");
  };
  with_each_kubectl(test_case, {"--controllers"});
}

TEST(KubectlCluster, WithoutControllersNothingIsScheduledOrPublished) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, std::string(kNode) + "---\n" + kWebService + "---\n" + kWebPod);
    EXPECT_EQ(session.ok({"get", "pod", "web-1", "-o", "jsonpath={.spec.nodeName}"}), "");
    EXPECT_EQ(session.ok({"get", "endpointslices", "-o", "name"}), "");
  });
}

}  // namespace
}  // namespace ferry::testing

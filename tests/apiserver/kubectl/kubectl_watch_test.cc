#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEventLine = "jsonpath={.type} {.object.metadata.name} {.object.metadata.labels.app}{'\\n'}";

TEST(KubectlWatch, ShowsWhatIsThereAndThenEveryChange) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto watch = session.start({"get", "pods", "-w", "--output-watch-events", "-o", kEventLine});
    ASSERT_TRUE(watch->wait_for_output("web-1")) << watch->errors();
    session.ok({"run", "web-2", "--image=web", "--labels=app=second"});
    ASSERT_TRUE(watch->wait_for_output("second")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=third"});
    ASSERT_TRUE(watch->wait_for_output("third")) << watch->errors();
    session.ok({"delete", "pod", "web-2"});
    ASSERT_TRUE(watch->wait_for_output("DELETED")) << watch->output() << watch->errors();
    EXPECT_EQ(watch->output(), "ADDED web-1 web\nADDED web-2 second\nMODIFIED web-1 third\nDELETED web-2 second\n");
  });
}

TEST(KubectlWatch, AnObjectThatStopsMatchingTheSelectorIsDeletedFromTheWatch) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto watch = session.start({"get", "pods", "-w", "-l", "app=web", "--output-watch-events", "-o", kEventLine});
    ASSERT_TRUE(watch->wait_for_output("web-1")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=other"});
    ASSERT_TRUE(watch->wait_for_output("DELETED")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=web"});
    ASSERT_TRUE(watch->wait_for_output("DELETED web-1 web\nADDED")) << watch->output();
    EXPECT_THAT(watch->output(), HasSubstr("ADDED web-1 web\nDELETED web-1 web\nADDED web-1 web\n"));
  });
}

TEST(KubectlWatch, ATableIsWatchedAsATable) {
  with_each_kubectl([](Session& session) {
    session.ok({"create", "service", "clusterip", "db", "--tcp=5432"});
    const auto watch = session.start({"get", "services", "--watch"});
    ASSERT_TRUE(watch->wait_for_output("db ")) << watch->errors();
    session.ok({"apply", "-f", "-"}, kWebService);
    ASSERT_TRUE(watch->wait_for_output("web ")) << watch->output();
    EXPECT_THAT(watch->output(), ::testing::ContainsRegex("web +ClusterIP +10\\.[0-9.]+ +<none> +80/TCP"));
  });
}

TEST(KubectlWait, ADeletionIsWaitedForUntilTheObjectIsGone) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    session.ok({"patch", "pod", "web-1", "--type=merge", "-p", R"({"metadata":{"finalizers":["test/hold"]}})"});
    // Says so once the server has marked the object, and ends when it is gone.
    const auto deletion = session.start({"delete", "pod", "web-1"});
    ASSERT_TRUE(deletion->wait_for_output("deleted")) << deletion->errors();
    EXPECT_NE(session.ok({"get", "pod", "web-1", "-o", "jsonpath={.metadata.deletionTimestamp}"}), "");
    session.ok({"patch", "pod", "web-1", "--type=merge", "-p", R"({"metadata":{"finalizers":null}})"});
    EXPECT_EQ(deletion->finish().code, 0) << deletion->errors();
  });
}

TEST(KubectlWait, ReturnsWhenAConditionHolds) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto wait = session.start({"wait", "--for=condition=Ready", "pod/web-1", "--timeout=30s"});
    session.set_pod_running("web-1", "10.1.0.1");
    EXPECT_EQ(wait->finish().code, 0) << wait->errors();
  });
}

}  // namespace
}  // namespace ferry::testing

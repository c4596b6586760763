#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(KubectlWatch, ShowsWhatIsThereAndThenEveryChange) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto watch = session.start({"get", "pods", "-w", "--output-watch-events", "--no-headers", "-o",
                                      "custom-columns=N:.metadata.name,APP:.metadata.labels.app"});
    ASSERT_TRUE(watch->wait_for_output("web-1")) << watch->errors();
    session.ok({"run", "web-2", "--image=web", "--labels=app=second"});
    ASSERT_TRUE(watch->wait_for_output("second")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=third"});
    ASSERT_TRUE(watch->wait_for_output("third")) << watch->errors();
    session.ok({"delete", "pod", "web-2"});
    ASSERT_TRUE(watch->wait_for_output("DELETED")) << watch->output() << watch->errors();
    EXPECT_THAT(watch->output(), ::testing::ContainsRegex("ADDED +web-1 +web\n"
                                                          "ADDED +web-2 +second\n"
                                                          "MODIFIED +web-1 +third\n"
                                                          "(MODIFIED +web-2 +second\n)*"
                                                          "DELETED +web-2 +second\n"));
  });
}

TEST(KubectlWatch, AnObjectThatStopsMatchingTheSelectorIsDeletedFromTheWatch) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto watch = session.start({"get", "pods", "-w", "-l", "app=web", "--output-watch-events", "--no-headers",
                                      "-o", "custom-columns=N:.metadata.name,APP:.metadata.labels.app"});
    ASSERT_TRUE(watch->wait_for_output("web-1")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=other"});
    ASSERT_TRUE(watch->wait_for_output("DELETED")) << watch->errors();
    session.ok({"label", "pod", "web-1", "--overwrite", "app=web"});
    ASSERT_TRUE(watch->wait_for_output("web\nDELETED")) << watch->output();
    EXPECT_THAT(watch->output(), ::testing::ContainsRegex("ADDED +web-1 +web\nDELETED +web-1 +web\n"));
    EXPECT_THAT(watch->output(), Not(HasSubstr("other")));
  });
}

TEST(KubectlWatch, ATableIsWatchedAsATable) {
  with_each_kubectl([](Session& session) {
    const auto watch = session.start({"get", "services", "--watch"});
    ASSERT_TRUE(watch->wait_for_output("kubernetes")) << watch->errors();
    session.ok({"apply", "-f", "-"}, kWebService);
    ASSERT_TRUE(watch->wait_for_output("web ")) << watch->output();
    EXPECT_THAT(watch->output(), ::testing::ContainsRegex("web +ClusterIP +10\\.[0-9.]+ +<none> +80/TCP"));
  });
}

TEST(KubectlWait, ReturnsWhenTheObjectIsGone) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto wait = session.start({"wait", "--for=delete", "pod/web-1", "--timeout=30s"});
    session.ok({"delete", "pod", "web-1"});
    EXPECT_EQ(wait->finish().code, 0) << wait->errors();
  });
}

TEST(KubectlWait, ReturnsWhenAConditionHolds) {
  with_each_kubectl([](Session& session) {
    session.ok({"apply", "-f", "-"}, kWebPod);
    const auto wait = session.start({"wait", "--for=condition=Ready", "pod/web-1", "--timeout=30s"});
    const std::string pod = session.ok({"get", "pod", "web-1", "-o", "json"});
    std::string running = pod;
    running.replace(running.rfind("\"phase\": \"Pending\""), 18,
                    R"("phase": "Running", "conditions": [{"type": "Ready", "status": "True"}])");
    session.ok({"replace", "--raw", "/api/v1/namespaces/default/pods/web-1/status", "-f", "-"}, running);
    EXPECT_EQ(wait->finish().code, 0) << wait->errors();
  });
}

}  // namespace
}  // namespace ferry::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apiserver/kubectl/kubectl_fixture.h"
#include "tests/apiserver/kubectl/manifests.h"

namespace ferry::testing {
namespace {

using ::testing::HasSubstr;

TEST(KubectlChecks, AFieldThatDoesNotExistIsRefusedAsByARealServer) {
  with_each_kubectl([](Session& session) {
    const std::string said = session.fails({"apply", "-f", "-"}, std::string(kWebService) + "  sprokets: 3\n");
    EXPECT_THAT(said, HasSubstr("sprokets"));
    EXPECT_THAT(session.fails({"get", "service", "web"}), HasSubstr("NotFound"));
  });
}

TEST(KubectlChecks, AFieldOfAWrongTypeIsRefused) {
  with_each_kubectl([](Session& session) {
    std::string manifest = kWebService;
    manifest.replace(manifest.find("port: 80"), 8, "port: eighty");
    session.fails({"apply", "-f", "-"}, manifest);
    EXPECT_THAT(session.fails({"get", "service", "web"}), HasSubstr("NotFound"));
  });
}

TEST(KubectlChecks, ANameThatIsNoDnsLabelIsRefusedWithItsReason) {
  with_each_kubectl([](Session& session) {
    std::string manifest = kWebService;
    manifest.replace(manifest.find("name: web"), 9, "name: Bad_Name");
    EXPECT_THAT(session.fails({"apply", "-f", "-"}, manifest), HasSubstr("a DNS-1035 label must consist of"));
  });
}

TEST(KubectlChecks, APortOutOfRangeIsRefused) {
  with_each_kubectl([](Session& session) {
    std::string manifest = kWebService;
    manifest.replace(manifest.find("port: 80"), 8, "port: 70000");
    EXPECT_THAT(session.fails({"apply", "-f", "-"}, manifest), HasSubstr("must be between 1 and 65535"));
  });
}

TEST(KubectlChecks, AKindThatIsNotServedIsNamed) {
  with_each_kubectl([](Session& session) {
    EXPECT_THAT(session.fails({"get", "deployments"}), HasSubstr("the server doesn't have a resource type"));
    EXPECT_THAT(session.fails({"apply", "-f", "-"}, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n"),
                HasSubstr("no matches for kind \"Deployment\""));
  });
}

TEST(KubectlChecks, AnObjectThatIsNotThereIsNamed) {
  with_each_kubectl([](Session& session) {
    // Some releases also remark on a missing configuration file.
    EXPECT_THAT(session.fails({"get", "service", "nope"}),
                HasSubstr("Error from server (NotFound): services \"nope\" not found\n"));
  });
}

TEST(KubectlChecks, ANamespaceThatIsNotThereIsNamed) {
  with_each_kubectl([](Session& session) {
    EXPECT_THAT(session.fails({"create", "-n", "nowhere", "-f", "-"}, kWebService),
                HasSubstr("namespaces \"nowhere\" not found"));
  });
}

}  // namespace
}  // namespace ferry::testing

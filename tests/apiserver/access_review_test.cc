#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"

namespace ferry::testing {
namespace {

using apiserver::Json;

constexpr const char* kReviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

RawAnswer review(const ServerThread& server, const Json& attributes) {
  const Json question = {{"apiVersion", "authorization.k8s.io/v1"},
                         {"kind", "SelfSubjectAccessReview"},
                         {"spec", {{"resourceAttributes", attributes}}}};
  return RawClient(server.address()).post(kReviews, question.dump());
}

TEST(AccessReview, TellsWhatIsDeniedAndTheRequestItselfIsRefusedToo) {
  apiserver::Options options;
  options.denied = {"list services", "watch endpointslices.discovery.k8s.io"};
  const ServerThread server(options);
  const auto allowed = [&](const Json& attributes) {
    const RawAnswer answer = review(server, attributes);
    EXPECT_EQ(answer.status, 201);
    return answer.json()["status"]["allowed"];
  };
  EXPECT_EQ(allowed({{"verb", "list"}, {"resource", "services"}}), false);
  EXPECT_EQ(allowed({{"verb", "watch"}, {"resource", "services"}}), true);
  const Json slices = {{"verb", "watch"}, {"group", "discovery.k8s.io"}, {"resource", "endpointslices"}};
  EXPECT_EQ(allowed(slices), false);
  RawClient client(server.address());
  EXPECT_EQ(client.get("/api/v1/services").status, 403);
  EXPECT_EQ(client.get("/api/v1/services?watch=1&timeoutSeconds=1").status, 200);
}

TEST(AccessReview, AQuestionWithoutAResourceIsABadRequest) {
  const ServerThread server;
  EXPECT_EQ(RawClient(server.address()).post(kReviews, "{}").status, 400);
  EXPECT_EQ(RawClient(server.address()).get(kReviews).status, 405);
}

}  // namespace
}  // namespace ferry::testing

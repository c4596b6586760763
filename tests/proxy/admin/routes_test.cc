#include "proxy/admin/routes.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace ferry::proxy {
namespace {

TEST(Routes, WithoutPagesEveryPathIsMissing) { EXPECT_EQ(Routes().answer("/").status, 404U); }

TEST(Routes, APathIsMatchedWholeWhateverQueryFollows) {
  Routes routes;
  routes.add("/metrics", [] { return Response{.body = "here"}; });
  EXPECT_EQ(routes.answer("/metrics").body, "here");
  EXPECT_EQ(routes.answer("/metrics?name=x").body, "here");
  EXPECT_EQ(routes.answer("/metrics/").status, 404U);
  EXPECT_EQ(routes.answer("/metric").status, 404U);
  EXPECT_EQ(routes.answer("").status, 404U);
}

TEST(Routes, AMissingPageNamesThoseThatExist) {
  Routes routes;
  routes.add("/livez", [] { return Response{}; });
  routes.add("/healthz", [] { return Response{}; });
  EXPECT_EQ(routes.answer("/health"),
            (Response{.status = 404, .body = "no such page; there are:\n/healthz\n/livez\n"}));
}

TEST(Routes, APageThatThrowsIsAServerErrorWithTheReason) {
  Routes routes;
  routes.add("/", []() -> Response { throw std::runtime_error("no memory for this"); });
  const Response answer = routes.answer("/");
  EXPECT_EQ(answer.status, 500U);
  EXPECT_NE(answer.body.find("no memory for this"), std::string::npos);
}

TEST(Routes, APageIsMadeAnewForEachRequest) {
  int asked = 0;
  Routes routes;
  routes.add("/", [&asked] { return Response{.body = std::to_string(++asked)}; });
  routes.answer("/");
  EXPECT_EQ(routes.answer("/").body, "2");
}

}  // namespace
}  // namespace ferry::proxy

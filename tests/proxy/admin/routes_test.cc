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

TEST(Routes, AHandlerMayStandForAllPathsBelow) {
  Routes routes;
  routes.add_handler("/api/services/*", [](const Request& request, const Routes::Reply& reply) {
    reply({.body = request.path + " " + request.parameter("q")});
  });
  EXPECT_EQ(routes.answer("/api/services/a/b?q=x%20y+z").body, "/api/services/a/b x y z");
  EXPECT_EQ(routes.answer("/api/services").status, 404U);
}

TEST(RequestTest, IsTakenApart) {
  const Request request = Request::parse("/a%2Fb?x=1&empty=&flag&%41=%zz&x=2");
  EXPECT_EQ(request.path, "/a/b");
  EXPECT_EQ(request.parameter("x"), "2");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("A"), "%zz") << "what is not encoded rightly stands as it is";
  EXPECT_EQ(request.parameter("missing"), "");
  EXPECT_EQ(Request::parse("").path, "");
}

TEST(HostGuard, AddressesAndOwnNamesAreOurs) {
  for (const char* const host : {"127.0.0.1", "10.0.0.1:10249", "[fd00::1]", "[fd00::1]:10249", "localhost",
                                 "LocalHost:80", "node-1", "NODE-1:10249"}) {
    EXPECT_TRUE(is_own_host(host, {"node-1"})) << host;
  }
  for (const char* const host :
       {"", "evil.example", "evil.example:10249", "127.0.0.1.evil.example", "node-1.evil", "[", "localhost.evil"}) {
    EXPECT_FALSE(is_own_host(host, {"node-1"})) << host;
  }
}

TEST(HostGuard, OnlyHandlersAreGuardedAndOnlyOnceNamesAreKnown) {
  Routes routes;
  routes.add("/metrics", [] { return Response{}; });
  routes.add_handler("/api/x", [](const Request&, const Routes::Reply& reply) { reply({}); });
  EXPECT_TRUE(routes.admits(*routes.find("/api/x"), "evil.example"));
  routes.set_hosts({});
  EXPECT_FALSE(routes.admits(*routes.find("/api/x"), "evil.example"));
  EXPECT_TRUE(routes.admits(*routes.find("/metrics"), "evil.example")) << "scrapers may use any name";
}

}  // namespace
}  // namespace ferry::proxy

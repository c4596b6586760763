#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {
namespace {

using apiserver::Json;
using apiserver::Server;
using Names = std::vector<std::string>;

Names names(const Json& list) {
  Names out;
  for (const auto& item : list["items"]) out.push_back(item["metadata"]["name"].get<std::string>());
  return out;
}

class List : public ::testing::Test {
 protected:
  List() : client_(server_.address()) {
    for (const char* name : {"a", "b", "c", "d", "e"}) create(name, name[0] < 'c' ? "low" : "high");
  }

  void create(const std::string& name, const std::string& tier = "a") {
    ASSERT_EQ(client_.post(kServices, service(name, tier).dump()).status, 201);
  }

  RawAnswer list(const std::string& query) { return client_.get(kServices + ("?" + query)); }

  ServerThread server_;
  RawClient client_;
};

TEST_F(List, HoldsItemsWithoutTheirKind) {
  const auto json = list("").json();
  EXPECT_EQ(json["kind"], "ServiceList");
  EXPECT_EQ(names(json), (Names{"a", "b", "c", "d", "e"}));
  EXPECT_FALSE(json["items"][0].contains("kind"));
  EXPECT_EQ(json["metadata"].size(), 1U);
}

TEST_F(List, IsIndentedForCurlAndCompactOtherwise) {
  EXPECT_TRUE(list("").body.starts_with(R"({"kind":"ServiceList",)"));
  EXPECT_TRUE(client_.get(kServices, {{"User-Agent", "curl/8"}}).body.starts_with("{\n  \"kind\""));
  EXPECT_TRUE(list("pretty=true").body.starts_with("{\n  \"kind\""));
}

TEST_F(List, ComesInPagesThatTogetherAreTheWhole) {
  Names all;
  std::string token;
  std::vector<std::int64_t> remaining;
  do {
    const auto page = list("limit=2&continue=" + token).json();
    for (auto& name : names(page)) all.push_back(name);
    remaining.push_back(page["metadata"].value("remainingItemCount", std::int64_t{0}));
    token = page["metadata"].value("continue", "");
  } while (!token.empty());
  EXPECT_EQ(all, (Names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(remaining, (std::vector<std::int64_t>{3, 1, 0}));
}

TEST_F(List, LaterPagesShowTheStateOfTheFirst) {
  const auto first = list("limit=2").json();
  ASSERT_EQ(client_.send("DELETE", std::string(kServices) + "/d").status, 200);
  create("bb");
  create("z");
  const auto rest = list("limit=9&continue=" + first["metadata"]["continue"].get<std::string>()).json();
  EXPECT_EQ(names(rest), (Names{"c", "d", "e"}));
  EXPECT_EQ(rest["metadata"]["resourceVersion"], first["metadata"]["resourceVersion"]);
}

TEST_F(List, AnExpiredTokenIs410WithOneToGoOnWith) {
  const auto first = list("limit=2").json();
  create("bb");
  server_.on_loop([](Server& server) { server.storage().compact(); });
  const auto gone = list("limit=2&continue=" + first["metadata"]["continue"].get<std::string>());
  EXPECT_EQ(gone.status, 410);
  EXPECT_EQ(gone.json()["reason"], "Expired");
  const auto fresh = gone.json()["metadata"]["continue"].get<std::string>();
  EXPECT_EQ(names(list("limit=9&continue=" + fresh).json()), (Names{"bb", "c", "d", "e"}));
}

TEST_F(List, ABrokenTokenIsABadRequest) {
  for (const char* token : {"%21", "eyJ2IjoxfQ", "bm9uc2Vuc2U"}) {
    EXPECT_EQ(list(std::string("limit=2&continue=") + token).status, 400) << token;
  }
}

TEST_F(List, VersionZeroIgnoresTheLimit) {
  const auto json = list("limit=2&resourceVersion=0").json();
  EXPECT_EQ(names(json).size(), 5U);
  EXPECT_FALSE(json["metadata"].contains("continue"));
}

TEST_F(List, AnExactVersionIsTheStateOfThatVersion) {
  const auto version = list("").json()["metadata"]["resourceVersion"].get<std::string>();
  create("f");
  const auto then = "resourceVersion=" + version;
  EXPECT_EQ(names(list(then + "&resourceVersionMatch=Exact").json()).size(), 5U);
  EXPECT_EQ(names(list(then + "&resourceVersionMatch=NotOlderThan").json()).size(), 6U);
  EXPECT_EQ(names(list(then).json()).size(), 6U);
  server_.on_loop([](Server& server) { server.storage().compact(); });
  EXPECT_EQ(list(then + "&resourceVersionMatch=Exact").status, 410);
}

TEST_F(List, AVersionFromTheFutureIsATimeoutToBeRetried) {
  const auto answer = list("resourceVersion=999999999");
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(answer.headers.at("retry-after"), "1");
  EXPECT_EQ(answer.json()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
}

TEST_F(List, RefusesOptionsThatMakeNoSense) {
  EXPECT_EQ(list("resourceVersion=abc").status, 400);
  EXPECT_EQ(list("limit=many").status, 400);
  EXPECT_EQ(list("resourceVersionMatch=Exact").status, 422);
  EXPECT_EQ(list("resourceVersion=0&resourceVersionMatch=Exact").status, 422);
  EXPECT_EQ(list("fieldSelector=spec.foo%3Dbar").status, 400);
  EXPECT_EQ(list("labelSelector=a%3D%3D%3D").status, 400);
}

TEST_F(List, SelectsByLabelsAndFieldsAndPagesThroughWhatIsSelected) {
  EXPECT_EQ(names(list("labelSelector=tier%3Dhigh").json()), (Names{"c", "d", "e"}));
  EXPECT_EQ(names(list("fieldSelector=metadata.name%3Db").json()), (Names{"b"}));
  const auto page = list("labelSelector=tier%3Dhigh&limit=2").json();
  EXPECT_EQ(names(page), (Names{"c", "d"}));
  EXPECT_FALSE(page["metadata"].contains("remainingItemCount"));
  const auto token = page["metadata"]["continue"].get<std::string>();
  EXPECT_EQ(names(list("labelSelector=tier%3Dhigh&limit=2&continue=" + token).json()), (Names{"e"}));
}

TEST_F(List, ALargeOneIsGzippedForWhoTakesIt) {
  for (int i = 0; i < 400; ++i) create("many-" + std::to_string(i));
  EXPECT_FALSE(list("").headers.contains("content-encoding"));
  const auto zipped = client_.get(kServices, {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(zipped.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(zipped.headers.at("vary"), "Accept-Encoding");
  EXPECT_TRUE(zipped.body.starts_with("\x1f\x8b"));
}

TEST_F(List, IsATableForKubectl) {
  const auto table = client_.get(kServices, {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}}).json();
  EXPECT_EQ(table["kind"], "Table");
  ASSERT_EQ(table["rows"].size(), 5U);
  EXPECT_EQ(table["rows"][0]["cells"].size(), table["columnDefinitions"].size());
  EXPECT_EQ(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
  EXPECT_EQ(table["rows"][0]["cells"][4], "80/TCP");
}

TEST_F(List, WhatNobodyCanReadIsNotAcceptable) {
  EXPECT_EQ(client_.get(kServices, {{"Accept", "application/vnd.kubernetes.protobuf"}}).status, 406);
  EXPECT_EQ(client_.get(kServices, {{"Accept", "application/vnd.kubernetes.protobuf, */*"}}).status, 200);
}

}  // namespace
}  // namespace ferry::testing

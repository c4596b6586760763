#include <gtest/gtest.h>

#include "tests/apiserver/raw_client.h"
#include "tests/apiserver/server_thread.h"
#include "tests/apiserver/test_objects.h"

namespace ferry::testing {
namespace {

using apiserver::Fault;
using apiserver::Faults;
using apiserver::Json;
using apiserver::Server;

class FaultsTest : public ::testing::Test {
 protected:
  FaultsTest() : admin_(server_.address()), client_(server_.address()) {}

  void ask(const char* fault) { ASSERT_EQ(admin_.post("/_faults", fault).status, 201); }
  void create(const char* name) {
    server_.on_loop([&](Server& server) { return server.storage().create("services", stored_service(name)); }).value();
  }
  int list() { return client_.get("/api/v1/services").status; }
  /// Opens a watch from now on; it is registered when this returns.
  void open_watch(const char* query = "") {
    const auto version = server_.on_loop([](Server& server) { return server.storage().version(); });
    client_.open("/api/v1/services?watch=1&resourceVersion=" + std::to_string(version) + query);
  }

  ServerThread server_;
  RawClient admin_;
  RawClient client_;
};

TEST_F(FaultsTest, AnErrorStrikesAsOftenAsAskedAndPassesOtherRequestsBy) {
  ask(R"({"action":"error","verb":"list","path":"/services","code":429,"retryAfterSeconds":7,"count":2,"skip":1})");
  EXPECT_EQ(client_.get("/api/v1/pods").status, 200);
  EXPECT_EQ(list(), 200);
  const auto struck = client_.get("/api/v1/services");
  EXPECT_EQ(struck.status, 429);
  EXPECT_EQ(struck.headers.at("retry-after"), "7");
  EXPECT_EQ(struck.json()["reason"], "TooManyRequests");
  EXPECT_EQ(list(), 429);
  EXPECT_EQ(list(), 200);
}

TEST_F(FaultsTest, AreSeenAndEndedOnTheAdminPath) {
  ask(R"([{"action":"error","count":0},{"action":"no-bookmarks"}])");
  EXPECT_EQ(admin_.get("/_faults").json()["faults"].size(), 2U);
  EXPECT_EQ(list(), 500);
  EXPECT_EQ(admin_.send("DELETE", "/_faults").json()["faults"].size(), 0U);
  EXPECT_EQ(list(), 200);
}

TEST_F(FaultsTest, WhatIsNoFaultIsRefusedByName) {
  for (const char* text : {"{", "1", R"({"action":"explode"})", R"({})", R"({"action":"error","code":200})",
                           R"({"action":"error","count":-1})", R"({"action":"error","kount":1})"}) {
    EXPECT_EQ(admin_.post("/_faults", text).status, 400) << text;
  }
  EXPECT_EQ(admin_.post("/_faults", std::string(100000, '[') + std::string(100000, ']')).status, 400);
  EXPECT_EQ(admin_.get("/_faults").json()["faults"].size(), 0U);
}

TEST_F(FaultsTest, AnErrorEventEndsAWatchThatBeganWell) {
  ask(R"({"action":"error-event","code":410})");
  const auto answer = client_.get("/api/v1/services?watch=1");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["type"], "ERROR");
  EXPECT_EQ(answer.json()["object"]["code"], 410);
}

TEST_F(FaultsTest, ADelayOnlyDelays) {
  ask(R"({"action":"delay","delayMilliseconds":1})");
  EXPECT_EQ(list(), 200);
}

TEST_F(FaultsTest, AResetTearsTheConnectionDown) {
  ask(R"({"action":"reset","verb":"list"})");
  EXPECT_THROW(list(), std::exception);
}

TEST_F(FaultsTest, ACutLeavesHalfAnAnswer) {
  ask(R"({"action":"cut"})");
  EXPECT_THROW(client_.get("/version"), std::exception);
}

TEST_F(FaultsTest, ACutLeavesHalfAnEvent) {
  ask(R"({"action":"cut","verb":"watch"})");
  open_watch();
  create("x");
  const auto rest = client_.read_rest();
  EXPECT_NE(rest.find(R"({"type":"ADDED")"), std::string::npos);
  EXPECT_EQ(rest.find('\n', rest.find('{')), std::string::npos);
}

TEST_F(FaultsTest, GarbageComesBetweenTheEvents) {
  ask(R"({"action":"garbage","verb":"watch","text":"}garbage{\n"})");
  open_watch();
  create("x");
  EXPECT_EQ(*client_.next_line(), "}garbage{");
  EXPECT_EQ(client_.next_event()["type"], "ADDED");
}

TEST_F(FaultsTest, GarbageTakesThePlaceOfAnAnswer) {
  ask(R"({"action":"garbage","text":"<html>"})");
  EXPECT_EQ(client_.get("/api/v1/services").body, "<html>");
}

TEST_F(FaultsTest, SlowBytesArriveAllTheSame) {
  ask(R"({"action":"slow","bytes":100,"delayMilliseconds":0})");
  EXPECT_EQ(list(), 200);
  ask(R"({"action":"slow","verb":"watch","bytes":7})");
  open_watch();
  create("x");
  EXPECT_EQ(client_.next_event()["object"]["metadata"]["name"], "x");
}

TEST_F(FaultsTest, ASilentWatchStaysOpenAndSaysNothing) {
  ask(R"({"action":"silence","verb":"watch"})");
  open_watch("&timeoutSeconds=1");
  create("x");
  // Only the end of the server ends it: without a last chunk, although its time was up long before.
  server_.on_loop([](Server& server) { server.stop(); });
  EXPECT_EQ(client_.read_rest(), "");
}

TEST_F(FaultsTest, TheOpenWatchesAreNamedButForASilencedOne) {
  const auto watches = [this] { return admin_.get("/_watches").json()["watches"]; };
  EXPECT_EQ(watches(), Json::array());
  open_watch("&allowWatchBookmarks=true");
  ASSERT_EQ(watches().size(), 1U);
  EXPECT_NE(watches()[0].get<std::string>().find("/api/v1/services?watch=1"), std::string::npos);
  ask(R"({"action":"silence","verb":"watch"})");
  create("x");
  EXPECT_EQ(watches(), Json::array());
  // It is there all the same, and a drop ends it.
  ask(R"({"action":"drop"})");
  EXPECT_THROW(client_.next_line(), std::exception);
  EXPECT_EQ(admin_.send("POST", "/_watches").status, 405);
}

TEST_F(FaultsTest, BookmarksCanBeWithheld) {
  ask(R"({"action":"no-bookmarks"})");
  client_.open(
      "/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  // The admin's answer comes after the bookmark would have. Nobody who waits for that is up to date.
  EXPECT_EQ(admin_.get("/_watches").json()["watches"], Json::array());
  create("x");
  EXPECT_EQ(client_.next_event()["type"], "ADDED");
}

TEST_F(FaultsTest, OpenWatchesAreDroppedOrReset) {
  open_watch();
  ask(R"({"action":"drop","path":"/services"})");
  EXPECT_EQ(client_.next_line(), std::nullopt);
  open_watch();
  ask(R"({"action":"reset","verb":"watch"})");
  EXPECT_THROW(client_.next_line(), std::exception);
}

TEST(Faults, TheFirstThatMatchesStrikes) {
  Faults faults;
  Fault first;
  first.path = "/services";
  first.code = 503;
  faults.add(first);
  faults.add(Fault{});
  EXPECT_EQ(faults.strike(Faults::Moment::kRequest, "list", "/api/v1/services")->code, 503);
  EXPECT_EQ(faults.strike(Faults::Moment::kRequest, "list", "/api/v1/services")->code, 500);
  EXPECT_EQ(faults.strike(Faults::Moment::kRequest, "list", "/api/v1/services"), std::nullopt);
}

}  // namespace
}  // namespace ferry::testing

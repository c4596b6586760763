#include <gtest/gtest.h>

#include "tests/apiserver/watch_fixture.h"

namespace ferry::testing {
namespace {

using apiserver::Server;

TEST_F(WatchTest, HearsEveryChangeAfterItsVersionInOrder) {
  const auto base = std::stoi(version());
  open("resourceVersion=" + version());
  create("x");
  set_tier("x", "b");
  remove("x");
  EXPECT_EQ(brief(watch_.next_event()), "ADDED x a@" + std::to_string(base + 1));
  EXPECT_EQ(brief(watch_.next_event()), "MODIFIED x b@" + std::to_string(base + 2));
  EXPECT_EQ(brief(watch_.next_event()), "DELETED x b@" + std::to_string(base + 3));
}

TEST_F(WatchTest, ResumesFromTheHistory) {
  const auto base = version();
  create("x");
  create("y");
  open("resourceVersion=" + base);
  EXPECT_EQ(watch_.next_event()["object"]["metadata"]["name"], "x");
  EXPECT_EQ(watch_.next_event()["object"]["metadata"]["name"], "y");
}

TEST_F(WatchTest, WithoutAVersionWhatIsThereComesFirst) {
  create("y");
  create("x");
  open("");
  create("z");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED x"));
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED y"));
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED z"));
}

TEST_F(WatchTest, ATimeoutEndsItCleanly) {
  open("timeoutSeconds=1&resourceVersion=" + version());
  EXPECT_EQ(watch_.next_line(), std::nullopt);
  EXPECT_EQ(watch_.get("/healthz").status, 200) << "the connection can be used again";
}

TEST_F(WatchTest, AVersionThatIsTooOldIsOneErrorEventInAnAnswerOf200) {
  create("x");
  server_.on_loop([](Server& server) { server.storage().compact(); });
  EXPECT_EQ(open("resourceVersion=1").status, 200);
  const auto event = watch_.next_event();
  EXPECT_EQ(event["type"], "ERROR");
  EXPECT_EQ(event["object"]["code"], 410);
  EXPECT_EQ(event["object"]["reason"], "Expired");
  EXPECT_EQ(watch_.next_line(), std::nullopt);
}

TEST_F(WatchTest, AVersionFromTheFutureIsSilenceUntilItsTime) {
  open("resourceVersion=" + version_after(1));
  create("x");
  create("y");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED y"));
}

TEST_F(WatchTest, ABadVersionIsAnInternalError) { EXPECT_EQ(open("resourceVersion=abc").status, 500); }

TEST_F(WatchTest, OfOneNamespaceHearsNothingOfAnother) {
  create("x");
  watch_.open("/api/v1/namespaces/kube-system/services?watch=1&timeoutSeconds=1");
  EXPECT_EQ(watch_.next_line(), std::nullopt);
}

TEST_F(WatchTest, WatchListMarksTheEndOfTheInitialEvents) {
  create("x");
  const auto at = version();
  open("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED x"));
  const auto end = watch_.next_event();
  EXPECT_EQ(end["type"], "BOOKMARK");
  EXPECT_EQ(end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"], "true");
  EXPECT_EQ(end["object"]["metadata"]["resourceVersion"], at);
  create("y");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED y"));
}

TEST_F(WatchTest, WatchListOfNothingIsOneBookmark) {
  open("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true");
  EXPECT_EQ(*watch_.next_line(),
            R"({"type":"BOOKMARK","object":{"kind":"Service","apiVersion":"v1","metadata":{"resourceVersion":")" +
                version() +
                R"(","annotations":{"k8s.io/initial-events-end":"true"}},"spec":{},"status":{"loadBalancer":{}}}})");
}

TEST_F(WatchTest, WatchListWithoutBookmarksMarksNoEnd) {
  create("x");
  open("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=1");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED x"));
  EXPECT_EQ(watch_.next_line(), std::nullopt);
}

TEST_F(WatchTest, WatchListWantsItsMatchAndAPlainWatchDoesNotTakeOne) {
  EXPECT_EQ(RawClient(server_.address()).get("/api/v1/services?watch=1&sendInitialEvents=true").status, 422);
  EXPECT_EQ(RawClient(server_.address()).get("/api/v1/services?watch=1&resourceVersionMatch=NotOlderThan").status, 422);
}

TEST_F(WatchTest, IsForgottenWhenTheClientLeaves) {
  {
    RawClient leaving(server_.address());
    leaving.open("/api/v1/services?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
    // An answer on the same loop after the head of the watch: it is open by then.
    ASSERT_EQ(watch_.get("/healthz").status, 200);
    EXPECT_EQ(server_.on_loop([](Server& server) { return server.open_watches(); }), 1U);
  }
  // The loop learns of the end by itself; every request here gives it a turn.
  std::size_t open = 1;
  for (int turns = 0; turns < 100000 && open > 0; ++turns) {
    open = server_.on_loop([](Server& server) { return server.open_watches(); });
  }
  EXPECT_EQ(open, 0U);
}

TEST_F(WatchTest, OfATableSendsItsColumnsOnce) {
  create("x");
  create("y");
  watch_.open("/api/v1/services?watch=1", {{"Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"}});
  EXPECT_GT(watch_.next_event()["object"]["columnDefinitions"].size(), 0U);
  const auto second = watch_.next_event();
  EXPECT_TRUE(second["object"]["columnDefinitions"].is_null());
  EXPECT_EQ(second["object"]["rows"][0]["cells"][0], "y");
}

apiserver::Options quick_bookmarks() {
  apiserver::Options options;
  options.bookmark_interval = std::chrono::milliseconds(1);
  return options;
}

class BookmarkTest : public WatchTest {
 protected:
  BookmarkTest() : WatchTest(quick_bookmarks()) {}
};

TEST_F(BookmarkTest, ComeToWhoAsksForThemWithTheCurrentVersion) {
  open("allowWatchBookmarks=true&resourceVersion=" + version());
  const auto event = watch_.next_event();
  EXPECT_EQ(event["type"], "BOOKMARK");
  EXPECT_EQ(event["object"]["metadata"]["resourceVersion"], version());
}

TEST_F(BookmarkTest, DoNotComeUnasked) {
  open("timeoutSeconds=1&resourceVersion=" + version());
  EXPECT_EQ(watch_.next_line(), std::nullopt);
}

apiserver::Options short_queue() {
  apiserver::Options options;
  options.watch_queue = 3;
  return options;
}

class SlowWatcherTest : public WatchTest {
 protected:
  SlowWatcherTest() : WatchTest(short_queue()) {}
};

TEST_F(SlowWatcherTest, IsCutWhenItFallsBehindByMoreThanItsQueue) {
  open("resourceVersion=" + version());
  // All in one turn of the loop, in which nothing is written.
  server_.on_loop([](Server& server) {
    for (const char* name : {"a", "b", "c", "d"}) {
      static_cast<void>(server.storage().create("services", stored_service(name)));
    }
  });
  EXPECT_EQ(watch_.next_line(), std::nullopt);
}

TEST_F(SlowWatcherTest, KeepsUpWithWhatItsQueueHolds) {
  open("resourceVersion=" + version());
  server_.on_loop([](Server& server) {
    for (const char* name : {"a", "b", "c"}) {
      static_cast<void>(server.storage().create("services", stored_service(name)));
    }
  });
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(watch_.next_event()["object"]["metadata"]["name"], name);
}

}  // namespace
}  // namespace ferry::testing

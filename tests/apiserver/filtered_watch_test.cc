// The table of filtered watches: what is sent when an object begins to match, goes on matching, and stops.
#include <gtest/gtest.h>

#include "tests/apiserver/watch_fixture.h"

namespace ferry::testing {
namespace {

using apiserver::Server;

/// A watch of what has the label tier=a.
class FilteredWatch : public WatchTest {
 protected:
  void open_filtered() { open("labelSelector=tier%3Da&resourceVersion=" + version()); }
  /// Ends what is to be heard: an object that matches and that nothing else is said of.
  void expect_nothing_more() {
    create("last", "a");
    EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED last"));
  }
};

TEST_F(FilteredWatch, ACreatedObjectThatMatchesIsAdded) {
  open_filtered();
  const auto at = version_after(1);
  create("x", "a");
  EXPECT_EQ(brief(watch_.next_event()), "ADDED x a@" + at);
  expect_nothing_more();
}

TEST_F(FilteredWatch, ACreatedObjectThatDoesNotMatchIsNoEvent) {
  open_filtered();
  create("x", "b");
  expect_nothing_more();
}

TEST_F(FilteredWatch, AnObjectThatBeginsToMatchIsAdded) {
  create("x", "b");
  open_filtered();
  const auto at = version_after(1);
  set_tier("x", "a");
  EXPECT_EQ(brief(watch_.next_event()), "ADDED x a@" + at);
  expect_nothing_more();
}

TEST_F(FilteredWatch, AnObjectThatStopsMatchingIsDeletedWithItsOldStateAndTheNewVersion) {
  create("x", "a");
  open_filtered();
  const auto at = version_after(1);
  set_tier("x", "b");
  EXPECT_EQ(brief(watch_.next_event()), "DELETED x a@" + at);
  expect_nothing_more();
}

TEST_F(FilteredWatch, AnObjectThatGoesOnMatchingIsModified) {
  create("x", "a");
  open_filtered();
  const auto at = version_after(1);
  server_
      .on_loop([](Server& server) {
        return server.storage().update("services", "default", "x", [](const apiserver::Object& object) {
          auto changed = object.value;
          changed["spec"]["type"] = "NodePort";
          return apiserver::ok(std::move(changed));
        });
      })
      .value();
  EXPECT_EQ(brief(watch_.next_event()), "MODIFIED x a@" + at);
  expect_nothing_more();
}

TEST_F(FilteredWatch, AnObjectThatGoesOnNotMatchingIsNoEvent) {
  create("x", "b");
  open_filtered();
  set_tier("x", "c");
  expect_nothing_more();
}

TEST_F(FilteredWatch, ARemovedObjectThatMatchedIsDeletedUnderTheVersionOfItsRemoval) {
  create("x", "a");
  open_filtered();
  const auto at = version_after(1);
  remove("x");
  EXPECT_EQ(brief(watch_.next_event()), "DELETED x a@" + at);
  expect_nothing_more();
}

TEST_F(FilteredWatch, ARemovedObjectThatDidNotMatchIsNoEvent) {
  create("x", "b");
  open_filtered();
  remove("x");
  expect_nothing_more();
}

TEST_F(FilteredWatch, WithoutAVersionBeginsWithWhatMatches) {
  create("x", "a");
  create("y", "b");
  open("labelSelector=tier%3Da");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("ADDED x a"));
  expect_nothing_more();
}

TEST_F(FilteredWatch, ByNameHearsOneObjectAlone) {
  create("x", "a");
  create("y", "a");
  open("fieldSelector=metadata.name%3Dx&resourceVersion=" + version());
  set_tier("y", "b");
  set_tier("x", "b");
  EXPECT_TRUE(brief(watch_.next_event()).starts_with("MODIFIED x b"));
}

}  // namespace
}  // namespace ferry::testing

#include "tests/apiserver/controllers/label_index.h"

#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

using Keys = std::set<ObjectKey>;

TEST(LabelIndex, AnEmptyIndexSelectsNothing) { EXPECT_EQ(LabelIndex().selected("default", {{"app", "web"}}), Keys()); }

TEST(LabelIndex, FindsTheObjectsThatCarryEveryLabelAskedForInTheirNamespace) {
  LabelIndex index;
  index.set({"default", "a"}, {{"app", "web"}, {"tier", "front"}});
  index.set({"default", "b"}, {{"app", "web"}});
  index.set({"other", "c"}, {{"app", "web"}, {"tier", "front"}});

  EXPECT_EQ(index.selected("default", {{"app", "web"}}), (Keys{{"default", "a"}, {"default", "b"}}));
  EXPECT_EQ(index.selected("default", {{"app", "web"}, {"tier", "front"}}), (Keys{{"default", "a"}}));
  EXPECT_EQ(index.selected("default", {{"app", "db"}}), Keys());
}

TEST(LabelIndex, AnEmptySelectorSelectsNothing) {
  LabelIndex index;
  index.set({"default", "a"}, {{"app", "web"}});
  EXPECT_EQ(index.selected("default", {}), Keys());
}

TEST(LabelIndex, ForgetsOldLabelsAndErasedObjects) {
  LabelIndex index;
  index.set({"default", "a"}, {{"app", "web"}});
  index.set({"default", "b"}, {{"app", "web"}});
  index.set({"default", "a"}, {{"app", "db"}});
  EXPECT_EQ(index.selected("default", {{"app", "web"}}), (Keys{{"default", "b"}}));
  index.erase({"default", "b"});
  index.erase({"default", "never-known"});
  EXPECT_EQ(index.selected("default", {{"app", "web"}}), Keys());
}

TEST(SelectorIndex, FindsTheSelectorsThatSelectASetOfLabels) {
  SelectorIndex index;
  index.set({"default", "web"}, {{"app", "web"}});
  index.set({"default", "front"}, {{"app", "web"}, {"tier", "front"}});
  index.set({"default", "db"}, {{"app", "db"}});
  index.set({"default", "external"}, {});
  index.set({"other", "web"}, {{"app", "web"}});

  EXPECT_EQ(index.selecting("default", {{"app", "web"}}), (Keys{{"default", "web"}}));
  EXPECT_EQ(index.selecting("default", {{"app", "web"}, {"tier", "front"}}),
            (Keys{{"default", "front"}, {"default", "web"}}));
  EXPECT_EQ(index.selecting("default", {}), Keys());
}

TEST(SelectorIndex, ForgetsOldSelectorsAndErasedObjects) {
  SelectorIndex index;
  index.set({"default", "web"}, {{"app", "web"}});
  index.set({"default", "web"}, {{"app", "db"}});
  EXPECT_EQ(index.selecting("default", {{"app", "web"}}), Keys());
  index.erase({"default", "web"});
  EXPECT_EQ(index.selecting("default", {{"app", "db"}}), Keys());
}

}  // namespace
}  // namespace ferry::apiserver

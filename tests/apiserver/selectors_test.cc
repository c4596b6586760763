#include "tests/apiserver/selectors.h"

#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

Json labelled(const Json& labels) {
  return {{"metadata", {{"name", "web"}, {"namespace", "default"}, {"labels", labels}}}};
}

bool selects(std::string_view selector, const Json& labels) {
  return LabelSelector::parse(selector)->matches(labelled(labels));
}

TEST(LabelSelector, TheEmptyOneMatchesEverything) {
  EXPECT_TRUE(selects("", {}));
  EXPECT_TRUE(selects("  ", {{"a", "b"}}));
  EXPECT_TRUE(LabelSelector::parse("")->matches(Json::object()));
}

TEST(LabelSelector, ComparesEqualAndUnequal) {
  EXPECT_TRUE(selects("a=b", {{"a", "b"}}));
  EXPECT_TRUE(selects("a == b", {{"a", "b"}}));
  EXPECT_FALSE(selects("a=b", {{"a", "c"}}));
  EXPECT_TRUE(selects("a!=b", {{"a", "c"}}));
  EXPECT_TRUE(selects("a!=b", {{"x", "y"}}));
  EXPECT_FALSE(selects("a!=b", {{"a", "b"}}));
}

TEST(LabelSelector, AsksForMembershipAndExistence) {
  EXPECT_TRUE(selects("a in (b, c)", {{"a", "c"}}));
  EXPECT_FALSE(selects("a in (b,c)", {{"a", "d"}}));
  EXPECT_TRUE(selects("a notin (b,c)", {{"a", "d"}}));
  EXPECT_TRUE(selects("a notin (b,c)", {{"x", "b"}}));
  EXPECT_TRUE(selects("a", {{"a", ""}}));
  EXPECT_FALSE(selects("!a", {{"a", ""}}));
  EXPECT_TRUE(selects("!service.kubernetes.io/headless", {{"a", "b"}}));
}

TEST(LabelSelector, EveryRequirementMustHold) {
  EXPECT_TRUE(selects("a=b,c in (d,e),!f", {{"a", "b"}, {"c", "e"}}));
  EXPECT_FALSE(selects("a=b,c in (d,e),!f", {{"a", "b"}, {"c", "e"}, {"f", "g"}}));
}

TEST(LabelSelector, RefusesWhatItCannotRead) {
  for (const char* text : {"a=b=c", "a in b", "a in (b", "=b", "a,,b", "a within (b)", "a=b c", "(a)"}) {
    const auto selector = LabelSelector::parse(text);
    EXPECT_TRUE(selector.has_error()) << text;
  }
}

TEST(FieldSelector, SelectsByTheFieldsOfTheResource) {
  const auto* pods = find_resource("pods");
  const Json pod = {{"metadata", {{"name", "web"}, {"namespace", "default"}}},
                    {"spec", {{"nodeName", "n1"}}},
                    {"status", {{"phase", "Running"}}}};
  const auto selects_pod = [&](std::string_view text) {
    return FieldSelector::parse(*pods, text, false)->matches(pod);
  };
  EXPECT_TRUE(selects_pod(""));
  EXPECT_TRUE(selects_pod("metadata.name=web,metadata.namespace==default"));
  EXPECT_TRUE(selects_pod("spec.nodeName=n1,status.phase!=Pending"));
  EXPECT_FALSE(selects_pod("spec.nodeName="));
}

TEST(FieldSelector, AMissingFieldIsTheEmptyText) {
  const auto* services = find_resource("services");
  const Json headless = {{"spec", {{"clusterIP", "None"}}}};
  EXPECT_FALSE(FieldSelector::parse(*services, "spec.clusterIP!=None", false)->matches(headless));
  EXPECT_TRUE(FieldSelector::parse(*services, "spec.clusterIP!=None", false)->matches(Json::object()));
}

TEST(FieldSelector, RefusesAFieldTheResourceIsNotSelectedBy) {
  const auto* services = find_resource("services");
  EXPECT_EQ(FieldSelector::parse(*services, "spec.foo=a", false).error().message,
            "field label not supported: spec.foo");
  EXPECT_EQ(FieldSelector::parse(*services, "spec.foo=a", true).error().message,
            R"("spec.foo" is not a known field selector: only "metadata.name", "metadata.namespace")");
  EXPECT_EQ(FieldSelector::parse(*services, "metadata.name", false).error().code, 400);
}

}  // namespace
}  // namespace ferry::apiserver

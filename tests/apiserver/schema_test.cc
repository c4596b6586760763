#include "tests/apiserver/schema.h"

#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

std::string canonical_text(const char* type, const char* text) {
  std::vector<std::string> unknown;
  return canonical(schema_of(type), Json::parse(text), unknown)->dump();
}

TEST(Canonical, PutsFieldsInTheOrderOfTheTypeAndMapsInTheOrderOfTheirKeys) {
  EXPECT_EQ(canonical_text("Service", R"({"spec":{"clusterIP":"1.2.3.4","selector":{"b":"1","a":"2"}},
                                          "metadata":{"namespace":"n","name":"x"}})"),
            R"({"metadata":{"name":"x","namespace":"n"},)"
            R"("spec":{"selector":{"a":"2","b":"1"},"clusterIP":"1.2.3.4"},"status":{"loadBalancer":{}}})");
}

TEST(Canonical, LeavesOutWhatTheTypeOmitsWhenEmpty) {
  EXPECT_EQ(canonical_text("ServicePort", R"({"name":"","port":80,"nodePort":0,"appProtocol":null})"),
            R"({"port":80})");
  EXPECT_EQ(canonical_text("ObjectMeta", R"({"name":"a","labels":{},"finalizers":[]})"), R"({"name":"a"})");
}

TEST(Canonical, KeepsWhatAPointerPointsTo) {
  EXPECT_EQ(canonical_text("EndpointPort", R"({"name":"","port":80})"), R"({"name":"","port":80})");
  EXPECT_EQ(canonical_text("EndpointConditions", R"({"ready":false})"), R"({"ready":false})");
}

TEST(Canonical, WritesTheEmptyObjectAsABookmarkHoldsIt) {
  EXPECT_EQ(canonical_text("EndpointSlice", R"({"metadata":{"resourceVersion":"25"}})"),
            R"({"metadata":{"resourceVersion":"25"},"addressType":"","endpoints":null,"ports":null})");
}

TEST(Canonical, TellsUnknownFieldsWithTheirPath) {
  std::vector<std::string> unknown;
  const auto out = canonical(schema_of("Service"), Json::parse(R"({"kind":"Service","spce":1,"metadata":{},
    "spec":{"ports":[{"port":80},{"port":81,"foo":1}]}})"),
                             unknown);
  ASSERT_TRUE(out.has_value());
  EXPECT_EQ(unknown, (std::vector<std::string>{"spec.ports[1].foo", "spce"}));
}

TEST(Canonical, AWrongTypeIsABadRequest) {
  for (const char* text :
       {R"([])", R"({"spec":1})", R"({"spec":{"ports":{}}})", R"({"spec":{"ports":[{"port":"80"}]}})",
        R"({"metadata":{"labels":{"a":1}}})", R"({"spec":{"selector":[]}})"}) {
    std::vector<std::string> unknown;
    EXPECT_EQ(canonical(schema_of("Service"), Json::parse(text), unknown).error().code, 400) << text;
  }
}

}  // namespace
}  // namespace ferry::apiserver

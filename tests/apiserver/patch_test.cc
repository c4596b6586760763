#include "tests/apiserver/patch.h"

#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

const Json kService = Json::parse(R"({"metadata":{"name":"web","labels":{"a":"1","b":"2"},"finalizers":["x","y"]},
  "spec":{"selector":{"app":"web"},"externalIPs":["1.1.1.1"],
          "ports":[{"name":"http","port":80,"protocol":"TCP"},{"name":"https","port":443,"protocol":"TCP"}]}})");

Json strategic(const char* patch) { return *strategically_patched(schema_of("Service"), kService, Json::parse(patch)); }

TEST(MergePatch, NullDeletesObjectsMergeAndListsAreReplaced) {
  const auto out = merge_patched(
      kService, Json::parse(R"({"metadata":{"labels":{"a":null,"c":"3"}},"spec":{"ports":[{"port":1}]}})"));
  EXPECT_EQ(out["metadata"]["labels"], Json::parse(R"({"b":"2","c":"3"})"));
  EXPECT_EQ(out["spec"]["ports"], Json::parse(R"([{"port":1}])"));
  EXPECT_EQ(out["spec"]["selector"], kService["spec"]["selector"]);
}

TEST(MergePatch, NullsInANewObjectAreNotKept) {
  EXPECT_EQ(merge_patched(Json::object(), Json::parse(R"({"a":{"b":null,"c":1}})")), Json::parse(R"({"a":{"c":1}})"));
}

TEST(JsonPatch, AppliesOrSaysThatItDoesNot) {
  const auto out = json_patched(kService, Json::parse(R"([{"op":"test","path":"/spec/ports/0/port","value":80},
                                {"op":"replace","path":"/spec/ports/0/port","value":81}])"));
  EXPECT_EQ((*out)["spec"]["ports"][0]["port"], 81);
  EXPECT_EQ(json_patched(kService, Json::parse(R"([{"op":"remove","path":"/none"}])")).error().code, 422);
  EXPECT_EQ(json_patched(kService, Json::object()).error().code, 400);
}

std::vector<int> ports_of(const Json& service) {
  std::vector<int> ports;
  for (const auto& port : service["spec"]["ports"]) ports.push_back(port["port"].get<int>());
  return ports;
}

TEST(StrategicPatch, MergesAListByItsKey) {
  const auto out = strategic(R"({"spec":{"ports":[{"port":80,"nodePort":30001},{"port":81,"name":"new"}]}})");
  EXPECT_EQ(out["spec"]["ports"], Json::parse(R"([{"name":"http","port":80,"protocol":"TCP","nodePort":30001},
    {"port":81,"name":"new"},{"name":"https","port":443,"protocol":"TCP"}])"));
}

TEST(StrategicPatch, ANewElementGoesToTheFront) {
  EXPECT_EQ(ports_of(strategic(R"({"spec":{"ports":[{"port":81}]}})")), (std::vector<int>{81, 80, 443}));
  EXPECT_EQ(ports_of(strategic(R"({"spec":{"ports":[{"port":443},{"port":81}]}})")), (std::vector<int>{80, 443, 81}));
}

TEST(StrategicPatch, DeletesAndReplacesByDirective) {
  EXPECT_EQ(strategic(R"({"spec":{"ports":[{"port":80,"$patch":"delete"}]}})")["spec"]["ports"].size(), 1U);
  EXPECT_EQ(strategic(R"({"spec":{"ports":[{"$patch":"replace"},{"port":9}]}})")["spec"]["ports"],
            Json::parse(R"([{"port":9}])"));
  EXPECT_EQ(strategic(R"({"spec":{"selector":{"$patch":"replace","app":"x"}}})")["spec"]["selector"],
            Json::parse(R"({"app":"x"})"));
  EXPECT_TRUE(strategic(R"({"metadata":{"labels":{"$patch":"delete"}}})")["metadata"]["labels"].empty());
}

TEST(StrategicPatch, ListsWithoutAKeyAreReplaced) {
  EXPECT_EQ(strategic(R"({"spec":{"externalIPs":["2.2.2.2"]}})")["spec"]["externalIPs"], Json::parse(R"(["2.2.2.2"])"));
}

TEST(StrategicPatch, SetsOfScalarsGrowAndShrink) {
  EXPECT_EQ(strategic(R"({"metadata":{"finalizers":["y","z"]}})")["metadata"]["finalizers"],
            Json::parse(R"(["x","y","z"])"));
  EXPECT_EQ(strategic(R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["x"]}})")["metadata"]["finalizers"],
            Json::parse(R"(["y"])"));
}

TEST(StrategicPatch, PutsAListInTheOrderItIsTold) {
  const auto out = strategic(R"({"spec":{"$setElementOrder/ports":[{"port":443},{"port":81},{"port":80}],
                                         "ports":[{"port":81}]}})");
  EXPECT_EQ(ports_of(out), (std::vector<int>{443, 81, 80}));
}

TEST(StrategicPatch, AnOrderThatIsNoneChangesNothing) {
  EXPECT_EQ(ports_of(strategic(R"({"spec":{"$setElementOrder/ports":7,"ports":[{"port":443}]}})")),
            (std::vector<int>{80, 443}));
}

TEST(StrategicPatch, AnOrderAloneMovesWhatIsThere) {
  EXPECT_EQ(ports_of(strategic(R"({"spec":{"$setElementOrder/ports":[{"port":443},{"port":80}]}})")),
            (std::vector<int>{443, 80}));
}

TEST(StrategicPatch, AnElementWithoutItsKeyIsABadRequest) {
  const auto patch = Json::parse(R"({"spec":{"ports":[{"name":"http"}]}})");
  EXPECT_EQ(strategically_patched(schema_of("Service"), kService, patch).error().code, 400);
  EXPECT_EQ(strategically_patched(schema_of("Service"), kService, Json::array()).error().code, 400);
}

}  // namespace
}  // namespace ferry::apiserver

#include "tests/apiserver/storage.h"

#include <gtest/gtest.h>

#include "tests/apiserver/test_objects.h"

namespace ferry::apiserver {
namespace {

using testing::stored_service;

std::vector<std::string> names(const Snapshot& snapshot) {
  std::vector<std::string> out;
  for (const auto& item : snapshot.items) out.emplace_back(item->name());
  return out;
}

using Names = std::vector<std::string>;

Storage::Options small_history() {
  Storage::Options options;
  options.history = 2;
  return options;
}

TEST(Storage, BeginsEmpty) {
  const Storage storage;
  EXPECT_EQ(storage.version(), 0U);
  EXPECT_TRUE(storage.list("services").items.empty());
  EXPECT_EQ(storage.find("services", "default", "a"), nullptr);
}

TEST(Storage, EveryChangeGetsTheNextVersionWhateverTheResource) {
  Storage storage;
  EXPECT_EQ((*storage.create("services", stored_service("a")))->version, 1U);
  EXPECT_EQ((*storage.create("nodes", {{"metadata", {{"name", "n"}}}}))->version, 2U);
  EXPECT_EQ((*storage.remove("services", "default", "a"))->version, 3U);
  EXPECT_EQ(storage.version(), 3U);
}

TEST(Storage, StampsWhatItStores) {
  Storage storage;
  const auto created = *storage.create("services", stored_service("a"));
  const auto& metadata = created->value["metadata"];
  EXPECT_EQ(metadata["resourceVersion"], "1");
  EXPECT_EQ(metadata["uid"].get<std::string>().size(), 36U);
  EXPECT_TRUE(metadata["creationTimestamp"].get<std::string>().ends_with("Z"));
  EXPECT_EQ(created->key, "default/a");
}

TEST(Storage, ANameIsTakenOnce) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", stored_service("a")).has_value());
  const auto again = storage.create("services", stored_service("a"));
  EXPECT_EQ(again.error().code, 409);
  EXPECT_EQ(again.error().reason, "AlreadyExists");
}

TEST(Storage, AReplacementOfAnOldVersionIsAConflict) {
  Storage storage;
  const auto first = *storage.create("services", stored_service("a"));
  auto changed = first->value;
  changed["metadata"]["labels"]["tier"] = "b";
  ASSERT_TRUE(storage.replace("services", changed).has_value());
  const auto late = storage.replace("services", changed);
  EXPECT_EQ(late.error().code, 409);
  EXPECT_EQ(late.error().reason, "Conflict");
}

TEST(Storage, AReplacementThatChangesNothingStoresNothing) {
  Storage storage;
  const auto first = *storage.create("services", stored_service("a"));
  const auto same = *storage.replace("services", first->value);
  EXPECT_EQ(same->version, first->version);
  EXPECT_EQ(storage.version(), 1U);
}

TEST(Storage, APreconditionThatDoesNotHoldKeepsTheObject) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", stored_service("a")).has_value());
  EXPECT_EQ(storage.remove("services", "default", "a", {"another-uid", ""}).error().code, 409);
  EXPECT_EQ(storage.remove("services", "default", "a", {"", "7"}).error().code, 409);
  EXPECT_TRUE(storage.remove("services", "default", "a", {"", "1"}).has_value());
  EXPECT_EQ(storage.remove("services", "default", "a").error().code, 404);
}

TEST(Storage, AFinalizerHoldsAnObjectUntilItIsTakenAway) {
  Storage storage;
  auto object = stored_service("a");
  object["metadata"]["finalizers"] = {"example.com/hold"};
  ASSERT_TRUE(storage.create("services", object).has_value());
  const auto leaving = *storage.remove("services", "default", "a");
  EXPECT_TRUE(leaving->value["metadata"].contains("deletionTimestamp"));
  ASSERT_NE(storage.find("services", "default", "a"), nullptr);
  auto free = leaving->value;
  free["metadata"].erase("finalizers");
  ASSERT_TRUE(storage.replace("services", free).has_value());
  EXPECT_EQ(storage.find("services", "default", "a"), nullptr);
}

TEST(Storage, OldStatesAreRebuiltFromTheHistory) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", stored_service("a")).has_value());
  ASSERT_TRUE(storage.create("services", stored_service("b")).has_value());
  ASSERT_TRUE(storage.remove("services", "default", "a").has_value());
  ASSERT_TRUE(storage.create("services", stored_service("c")).has_value());
  EXPECT_EQ(names(*storage.list_at("services", "", 0)), Names{});
  EXPECT_EQ(names(*storage.list_at("services", "", 2)), (Names{"a", "b"}));
  EXPECT_EQ(names(*storage.list_at("services", "", 3)), (Names{"b"}));
  EXPECT_EQ(names(storage.list("services")), (Names{"b", "c"}));
}

TEST(Storage, WhatTheHistoryNoLongerHoldsIsExpired) {
  Storage storage(small_history());
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(storage.create("services", stored_service(name)).has_value());
  EXPECT_EQ(storage.since("services", 0).error().code, 410);
  EXPECT_EQ(storage.since("services", 0).error().message, "too old resource version: 0 (1)");
  EXPECT_EQ(storage.list_at("services", "", 0).error().code, 410);
  EXPECT_EQ(storage.since("services", 1)->size(), 2U);
}

TEST(Storage, CompactingForgetsEverythingButTheState) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", stored_service("a")).has_value());
  storage.compact();
  EXPECT_EQ(storage.since("services", 0).error().code, 410);
  EXPECT_TRUE(storage.since("services", 1).has_value());
  EXPECT_EQ(storage.since("pods", 0).error().code, 410);
  EXPECT_EQ(names(storage.list("services")), Names{"a"});
}

TEST(Storage, ARestoredBackupHasNothingNewerThanItself) {
  Storage storage;
  ASSERT_TRUE(storage.create("services", stored_service("a")).has_value());
  ASSERT_TRUE(storage.create("services", stored_service("b")).has_value());
  storage.restore_at(1);
  EXPECT_EQ(storage.version(), 1U);
  EXPECT_EQ(storage.find("services", "default", "b")->version, 1U);
  EXPECT_EQ((*storage.create("services", stored_service("c")))->version, 2U);
}

TEST(Storage, ListsOneNamespaceWithoutItsNeighbours) {
  Storage storage;
  for (const char* ns : {"a", "a-b", "b"}) {
    auto object = stored_service("s");
    object["metadata"]["namespace"] = ns;
    ASSERT_TRUE(storage.create("services", object).has_value());
  }
  const auto listed = storage.list("services", "a");
  ASSERT_EQ(listed.items.size(), 1U);
  EXPECT_EQ(listed.items[0]->ns(), "a");
}

TEST(Storage, TellsSubscribersEveryChangeInOrderUntilTheyLeave) {
  Storage storage;
  std::string heard;
  auto subscription = storage.subscribe("services", [&](const Event& event) {
    heard += event.type == Event::Type::kAdded ? "+" : (event.type == Event::Type::kDeleted ? "-" : "~");
    heard += std::to_string(event.version());
  });
  const auto first = *storage.create("services", stored_service("a"));
  auto changed = first->value;
  changed["metadata"]["labels"]["tier"] = "b";
  ASSERT_TRUE(storage.replace("services", changed).has_value());
  ASSERT_TRUE(storage.remove("services", "default", "a").has_value());
  EXPECT_EQ(heard, "+1~2-3");
  subscription.reset();
  ASSERT_TRUE(storage.create("services", stored_service("b")).has_value());
  EXPECT_EQ(heard, "+1~2-3");
}

TEST(Storage, CompletesAGeneratedName) {
  Storage storage;
  auto object = stored_service("");
  object["metadata"]["generateName"] = "web-";
  const auto created = *storage.create("services", object);
  EXPECT_TRUE(created->name().starts_with("web-"));
  EXPECT_EQ(created->name().size(), 9U);
}

TEST(Storage, TheGenerationOfASliceCountsItsEndpointsAlone) {
  Storage storage;
  const Json slice = {{"metadata", {{"name", "s"}, {"namespace", "default"}}},
                      {"addressType", "IPv4"},
                      {"endpoints", Json::array()},
                      {"ports", Json::array()}};
  auto changed = (*storage.create("endpointslices", slice))->value;
  EXPECT_EQ(changed["metadata"]["generation"], 1);
  changed["metadata"]["annotations"] = {{"a", "b"}};
  changed = (*storage.replace("endpointslices", changed))->value;
  EXPECT_EQ(changed["metadata"]["generation"], 1);
  changed["endpoints"].push_back({{"addresses", {"10.0.0.1"}}});
  EXPECT_EQ((*storage.replace("endpointslices", changed))->value["metadata"]["generation"], 2);
}

}  // namespace
}  // namespace ferry::apiserver

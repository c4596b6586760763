#include "tests/apiserver/controllers/slice_reconciler.h"

#include <gtest/gtest.h>

#include "tests/apiserver/controllers/cluster_fixture.h"

namespace ferry::apiserver {
namespace {

EndpointGroup group_of(int first, int last, int port = 8080) {
  EndpointGroup group{
      .address_type = "IPv4", .ports = Json::array({{{"name", "http"}, {"port", port}}}), .endpoints = {}};
  for (int i = first; i < last; ++i) {
    const std::string name = "p" + std::to_string(1000 + i);
    group.endpoints[name] = {{"addresses", Json::array({"10.1.0." + std::to_string(i)})},
                             {"targetRef", {{"kind", "Pod"}, {"name", name}}}};
  }
  return group;
}

/// What stands after the changes, named s0, s1, … as a server would name them.
std::vector<Json> applied(std::vector<Json> slices, const SliceChanges& changes) {
  for (Json slice : changes.create) {
    slice["metadata"]["name"] = "s" + std::to_string(slices.size());
    slices.push_back(std::move(slice));
  }
  for (const Json& changed : changes.replace) {
    for (Json& slice : slices) {
      if (slice["metadata"]["name"] == changed["metadata"]["name"]) slice = changed;
    }
  }
  for (const std::string& name : changes.remove) {
    std::erase_if(slices, [&name](const Json& slice) { return slice["metadata"]["name"] == name; });
  }
  return slices;
}

SliceChanges reconcile(const std::vector<EndpointGroup>& wanted, const std::vector<Json>& slices) {
  std::vector<const Json*> existing;
  for (const Json& slice : slices) existing.push_back(&slice);
  return reconcile_slices(web(), wanted, existing);
}

std::vector<std::size_t> sizes(const std::vector<Json>& slices) {
  std::vector<std::size_t> result;
  for (const Json& slice : slices) result.push_back(slice["endpoints"].size());
  return result;
}

using Sizes = std::vector<std::size_t>;

TEST(ReconcileSlices, AServiceWithoutEndpointsGetsOneEmptySliceAndKeepsIt) {
  const EndpointGroup none{.address_type = "IPv4", .ports = Json::array(), .endpoints = {}};
  const std::vector<Json> slices = applied({}, reconcile({none}, {}));
  EXPECT_EQ(sizes(slices), (Sizes{0}));
  EXPECT_TRUE(reconcile({none}, slices).empty());
}

TEST(ReconcileSlices, ANewSliceIsNamedLabelledAndOwnedByItsService) {
  ServiceFacts service = web();
  service.uid = "uid-1";
  service.headless = true;
  service.labels = {{"team", "blue"}};
  const SliceChanges changes = reconcile_slices(service, {group_of(0, 1)}, {});
  ASSERT_EQ(changes.create.size(), 1U);
  EXPECT_EQ(changes.create[0]["metadata"].dump(),
            R"({"generateName":"web-","namespace":"default","labels":{)"
            R"("endpointslice.kubernetes.io/managed-by":"endpointslice-controller.k8s.io",)"
            R"("kubernetes.io/service-name":"web","service.kubernetes.io/headless":"","team":"blue"},)"
            R"("ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"web","uid":"uid-1",)"
            R"("controller":true,"blockOwnerDeletion":true}]})");
}

TEST(ReconcileSlices, ASliceHoldsAHundredEndpointsAtMost) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 250)}, {}));
  EXPECT_EQ(sizes(slices), (Sizes{100, 100, 50}));
  EXPECT_TRUE(reconcile({group_of(0, 250)}, slices).empty());
}

TEST(ReconcileSlices, OneEndpointLessTouchesTheSliceItWasInAlone) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 250)}, {}));
  EndpointGroup wanted = group_of(0, 250);
  wanted.endpoints.erase("p1150");
  const SliceChanges changes = reconcile({wanted}, slices);
  EXPECT_TRUE(changes.create.empty() && changes.remove.empty());
  ASSERT_EQ(changes.replace.size(), 1U);
  EXPECT_EQ(changes.replace[0]["metadata"]["name"], "s1");
  EXPECT_EQ(sizes(applied(slices, changes)), (Sizes{100, 99, 50}));
}

TEST(ReconcileSlices, ANewEndpointGoesToASliceThatChangesAnyway) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 250)}, {}));
  EndpointGroup wanted = group_of(0, 251);
  wanted.endpoints.erase("p1150");
  const SliceChanges changes = reconcile({wanted}, slices);
  ASSERT_EQ(changes.replace.size(), 1U);
  EXPECT_EQ(sizes(applied(slices, changes)), (Sizes{100, 100, 50}));
}

TEST(ReconcileSlices, ANewEndpointGoesToASliceWithRoomBeforeANewOne) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 199)}, {}));
  EXPECT_EQ(sizes(applied(slices, reconcile({group_of(0, 200)}, slices))), (Sizes{100, 100}));
  EXPECT_EQ(sizes(applied(slices, reconcile({group_of(0, 201)}, slices))), (Sizes{100, 100, 1}));
}

TEST(ReconcileSlices, ASliceThatLosesItsLastEndpointIsRemoved) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 101)}, {}));
  const SliceChanges changes = reconcile({group_of(0, 100)}, slices);
  EXPECT_EQ(changes.remove, std::vector<std::string>{"s1"});
  EXPECT_TRUE(changes.create.empty() && changes.replace.empty());
}

TEST(ReconcileSlices, AChangedEndpointStaysInItsPlace) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 3)}, {}));
  EndpointGroup wanted = group_of(0, 3);
  wanted.endpoints["p1001"]["conditions"]["ready"] = false;
  const std::vector<Json> after = applied(slices, reconcile({wanted}, slices));
  EXPECT_EQ(after[0]["endpoints"][1]["conditions"]["ready"], false);
}

TEST(ReconcileSlices, WhenThePortsChangeTheSlicesAreTakenOverSoThatNoEndpointIsMissing) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 150)}, {}));
  const SliceChanges changes = reconcile({group_of(0, 150, 9090)}, slices);
  EXPECT_TRUE(changes.create.empty() && changes.remove.empty());
  const std::vector<Json> after = applied(slices, changes);
  EXPECT_EQ(sizes(after), (Sizes{100, 50}));
  for (const Json& slice : after) EXPECT_EQ(slice["ports"][0]["port"], 9090);
}

TEST(ReconcileSlices, ASliceOfAnotherFamilyIsNeverTakenOver) {
  const std::vector<Json> slices = applied({}, reconcile({group_of(0, 1)}, {}));
  EndpointGroup v6 = group_of(0, 1);
  v6.address_type = "IPv6";
  const SliceChanges changes = reconcile({v6}, slices);
  EXPECT_EQ(changes.create.size(), 1U);
  EXPECT_EQ(changes.remove, std::vector<std::string>{"s0"});
}

TEST(ReconcileSlices, LabelsThatAreNotWhatTheyShouldBeArePutRight) {
  std::vector<Json> slices = applied({}, reconcile({group_of(0, 1)}, {}));
  slices[0]["metadata"]["labels"]["stray"] = "x";
  const SliceChanges changes = reconcile({group_of(0, 1)}, slices);
  ASSERT_EQ(changes.replace.size(), 1U);
  EXPECT_FALSE(changes.replace[0]["metadata"]["labels"].contains("stray"));
}

}  // namespace
}  // namespace ferry::apiserver

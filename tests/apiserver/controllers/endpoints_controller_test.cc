#include "tests/apiserver/controllers/endpoints_controller.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "tests/apiserver/controllers/cluster_fixture.h"
#include "tests/apiserver/controllers/scheduler.h"

namespace ferry::apiserver {
namespace {

using Texts = std::vector<std::string>;

class EndpointsControllerTest : public ClusterTest {
 protected:
  void start() { controller_ = std::make_unique<EndpointsController>(loop_, storage_); }

  /// "address" of each endpoint in the slices of a service that is ready, "address!" of each that is not.
  Texts in_slices(const std::string& service) {
    Texts found;
    for (const Json& slice : all("endpointslices")) {
      if (text_at(slice, {"metadata", "labels", "kubernetes.io/service-name"}) != service) continue;
      for (const Json& endpoint : array_at(slice, {"endpoints"})) {
        const std::string ready = value_at(endpoint, {"conditions", "ready"}) == true ? "" : "!";
        found.push_back(endpoint["addresses"][0].get<std::string>() + ready);
      }
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  /// The same of the Endpoints object; {"none"} when there is no such object.
  Texts in_endpoints(const std::string& service) {
    const ObjectPtr object = storage_.find("endpoints", kDefault, service);
    if (!object) return {"none"};
    Texts found;
    for (const Json& subset : array_at(object->value, {"subsets"})) {
      for (const Json& address : array_at(subset, {"addresses"})) found.push_back(address["ip"].get<std::string>());
      for (const Json& address : array_at(subset, {"notReadyAddresses"})) {
        found.push_back(address["ip"].get<std::string>() + "!");
      }
    }
    return found;
  }

  void expect_published(const std::string& service, const Texts& expected) {
    settle();
    EXPECT_EQ(in_slices(service), expected) << "slices of " << service;
    EXPECT_EQ(in_endpoints(service), expected) << "Endpoints of " << service;
  }

  /// The slices of all services, with where each change put them.
  std::size_t slice_count() { return all("endpointslices").size(); }

  std::unique_ptr<EndpointsController> controller_;
};

TEST_F(EndpointsControllerTest, AServiceWithoutPodsIsPublishedWithoutEndpoints) {
  start();
  create("services", service_json("web"));
  expect_published("web", {});
  EXPECT_EQ(slice_count(), 1U);
}

TEST_F(EndpointsControllerTest, PublishesAPodOnceItHasAnAddressAndIsReady) {
  start();
  create("services", service_json("web"));
  create("pods", pod_json("a"));
  expect_published("web", {});
  set_running("a", {"10.1.0.1"}, false);
  expect_published("web", {"10.1.0.1!"});
  set_running("a", {"10.1.0.1"}, true);
  expect_published("web", {"10.1.0.1"});
  EXPECT_EQ(slice_count(), 1U);
}

TEST_F(EndpointsControllerTest, PublishesWhatWasThereBeforeIt) {
  create_running("a", "10.1.0.1");
  create("services", service_json("web"));
  start();
  expect_published("web", {"10.1.0.1"});
}

TEST_F(EndpointsControllerTest, ASliceIsNamedAfterItsServiceAndSaysWhoKeepsIt) {
  start();
  create("services", service_json("web"));
  settle();
  const std::vector<Json> slices = all("endpointslices");
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(text_at(slices[0], {"metadata", "name"}).substr(0, 4), "web-");
  EXPECT_EQ(text_at(slices[0], {"metadata", "name"}).size(), 9U);
  EXPECT_EQ(text_at(slices[0], {"metadata", "labels", "endpointslice.kubernetes.io/managed-by"}),
            "endpointslice-controller.k8s.io");
}

TEST_F(EndpointsControllerTest, TakesAPodOutWhenItsLabelsChangeAndPutsItWhereTheySay) {
  start();
  create("services", service_json("web"));
  create("services", service_json("canary", {{"app", "canary"}}));
  create_running("a", "10.1.0.1");
  create_running("b", "10.1.0.2");
  expect_published("web", {"10.1.0.1", "10.1.0.2"});
  edit("pods", "a", [](Json& pod) { pod["metadata"]["labels"]["app"] = "canary"; });
  expect_published("web", {"10.1.0.2"});
  expect_published("canary", {"10.1.0.1"});
}

TEST_F(EndpointsControllerTest, TakesAPodOutWhenItIsDeleted) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  create_running("b", "10.1.0.2");
  settle();
  remove("pods", "a");
  expect_published("web", {"10.1.0.2"});
}

TEST_F(EndpointsControllerTest, APodThatIsGoingIsTerminatingUntilItIsGone) {
  start();
  create("services", service_json("web"));
  Json pod = pod_json("a");
  pod["metadata"]["finalizers"] = Json::array({"example.com/hold"});
  pod["status"] = running_json({"10.1.0.1"}, true);
  create("pods", pod);
  expect_published("web", {"10.1.0.1"});
  remove("pods", "a");
  settle();
  const std::vector<Json> slices = all("endpointslices");
  EXPECT_EQ(slices.at(0)["endpoints"][0]["conditions"].dump(), R"({"ready":false,"serving":true,"terminating":true})");
  EXPECT_EQ(in_endpoints("web"), Texts());
  edit("pods", "a", [](Json& leaving) { leaving["metadata"].erase("finalizers"); });
  expect_published("web", {});
}

TEST_F(EndpointsControllerTest, APodThatHasFinishedIsTakenOut) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  settle();
  edit("pods", "a", [](Json& pod) { pod["status"]["phase"] = "Failed"; });
  expect_published("web", {});
}

TEST_F(EndpointsControllerTest, FollowsTheSelectorAndThePortsOfTheService) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  create("pods", pod_json("b", {{"app", "other"}}));
  set_running("b", {"10.1.0.2"});
  expect_published("web", {"10.1.0.1"});
  edit("services", "web", [](Json& service) { service["spec"]["selector"]["app"] = "other"; });
  expect_published("web", {"10.1.0.2"});
  edit("services", "web", [](Json& service) { service["spec"]["ports"][0]["targetPort"] = 9090; });
  expect_published("web", {"10.1.0.2"});
  EXPECT_EQ(slice_count(), 1U);
  EXPECT_EQ(all("endpointslices").at(0)["ports"][0]["port"], 9090);
  EXPECT_EQ(all("endpoints").at(0)["subsets"][0]["ports"][0]["port"], 9090);
}

TEST_F(EndpointsControllerTest, RemovesEverythingItPublishedWhenTheServiceGoes) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  settle();
  remove("services", "web");
  settle();
  EXPECT_EQ(slice_count(), 0U);
  EXPECT_EQ(in_endpoints("web"), Texts{"none"});
}

TEST_F(EndpointsControllerTest, RemovesTheSlicesOfAServiceThatWentWhileNobodyLooked) {
  start();
  create("services", service_json("web"));
  settle();
  controller_.reset();
  remove("services", "web");
  start();
  settle();
  EXPECT_EQ(slice_count(), 0U);
  EXPECT_EQ(in_endpoints("web"), Texts{"none"});
}

TEST_F(EndpointsControllerTest, LeavesTheEndpointsOfAServiceWithoutASelectorAlone) {
  start();
  create("services", service_json("manual", {}));
  Json slice = {{"metadata", {{"name", "manual-1"}, {"namespace", kDefault}}}, {"addressType", "IPv4"}};
  slice["metadata"]["labels"]["kubernetes.io/service-name"] = "manual";
  slice["endpoints"] = Json::array({{{"addresses", Json::array({"10.9.0.1"})}}});
  create("endpointslices", slice);
  create("endpoints", {{"metadata", {{"name", "manual"}, {"namespace", kDefault}}}});
  settle();
  EXPECT_EQ(in_slices("manual"), Texts{"10.9.0.1!"});
  EXPECT_EQ(in_endpoints("manual"), Texts());
  remove("services", "manual");
  settle();
  EXPECT_EQ(slice_count(), 1U);
  EXPECT_EQ(in_endpoints("manual"), Texts());
}

TEST_F(EndpointsControllerTest, LeavesSlicesThatOthersAddToAServiceAlone) {
  start();
  create("services", service_json("web"));
  Json slice = {{"metadata", {{"name", "web-mine"}, {"namespace", kDefault}}}, {"addressType", "IPv4"}};
  slice["metadata"]["labels"] = {{"kubernetes.io/service-name", "web"},
                                 {"endpointslice.kubernetes.io/managed-by", "somebody"}};
  slice["endpoints"] = Json::array({{{"addresses", Json::array({"10.9.0.1"})}}});
  create("endpointslices", slice);
  settle();
  EXPECT_EQ(slice_count(), 2U);
  EXPECT_EQ(in_slices("web"), Texts{"10.9.0.1!"});
}

TEST_F(EndpointsControllerTest, PutsRightWhatOthersDoToItsObjects) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  settle();
  remove("endpointslices", text_at(all("endpointslices").at(0), {"metadata", "name"}));
  remove("endpoints", "web");
  expect_published("web", {"10.1.0.1"});
  edit("endpointslices", text_at(all("endpointslices").at(0), {"metadata", "name"}),
       [](Json& slice) { slice["endpoints"] = Json::array(); });
  edit("endpoints", "web", [](Json& endpoints) { endpoints.erase("subsets"); });
  expect_published("web", {"10.1.0.1"});
}

TEST_F(EndpointsControllerTest, AnEndpointSaysTheZoneOfItsNodeAndFollowsIt) {
  start();
  create("nodes", node_json("n1", "zone-a"));
  create("services", service_json("web"));
  create_running("a", "10.1.0.1", "n1");
  settle();
  EXPECT_EQ(all("endpointslices").at(0)["endpoints"][0]["zone"], "zone-a");
  edit("nodes", "n1", [](Json& node) { node["metadata"]["labels"]["topology.kubernetes.io/zone"] = "zone-b"; });
  settle();
  EXPECT_EQ(all("endpointslices").at(0)["endpoints"][0]["zone"], "zone-b");
  remove("nodes", "n1");
  settle();
  EXPECT_FALSE(all("endpointslices").at(0)["endpoints"][0].contains("zone"));
}

TEST_F(EndpointsControllerTest, ADualStackServiceHasSlicesOfEachFamilyAndEndpointsOfThePrimaryOne) {
  start();
  Json service = service_json("web");
  service["spec"]["ipFamilies"] = Json::array({"IPv6", "IPv4"});
  create("services", service);
  create("pods", pod_json("a"));
  set_running("a", {"10.1.0.1", "fd00::1"});
  settle();
  EXPECT_EQ(in_slices("web"), (Texts{"10.1.0.1", "fd00::1"}));
  EXPECT_EQ(in_endpoints("web"), (Texts{"fd00::1"}));
  EXPECT_EQ(slice_count(), 2U);
}

TEST_F(EndpointsControllerTest, TwoHundredAndFiftyPodsFillThreeSlices) {
  create("services", service_json("web"));
  for (int i = 0; i < 250; ++i) create_running("p" + std::to_string(i), "10.1.0." + std::to_string(i));
  start();
  settle();
  std::vector<std::size_t> sizes;
  for (const Json& slice : all("endpointslices")) sizes.push_back(slice["endpoints"].size());
  std::sort(sizes.begin(), sizes.end());
  EXPECT_EQ(sizes, (std::vector<std::size_t>{50, 100, 100}));
}

TEST_F(EndpointsControllerTest, AChangeConcernsTheServicesItAffectsAlone) {
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(i);
    create("services", service_json("s" + number, {{"app", "a" + number}}));
  }
  create("pods", pod_json("p", {{"app", "a7"}}));
  start();
  settle();
  const std::uint64_t before = controller_->syncs();
  EXPECT_EQ(before, 1000U);
  set_running("p", {"10.1.0.1"});
  settle();
  EXPECT_EQ(controller_->syncs() - before, 1U);
}

TEST_F(EndpointsControllerTest, ABurstOfChangesIsOneLookAndOneWrite) {
  start();
  create("services", service_json("web"));
  settle();
  const std::uint64_t syncs = controller_->syncs();
  for (int i = 0; i < 50; ++i) create_running("p" + std::to_string(i), "10.1.0." + std::to_string(i));
  const Version version = storage_.version();
  settle();
  EXPECT_EQ(controller_->syncs() - syncs, 1U);
  EXPECT_EQ(storage_.version() - version, 2U) << "one slice and one Endpoints";
}

TEST_F(EndpointsControllerTest, WhatDoesNotConcernEndpointsIsNotLookedAt) {
  start();
  create("services", service_json("web"));
  create_running("a", "10.1.0.1");
  settle();
  const std::uint64_t syncs = controller_->syncs();
  edit("pods", "a", [](Json& pod) { pod["metadata"]["annotations"]["note"] = "x"; });
  edit("services", "web", [](Json& service) { service["metadata"]["annotations"]["note"] = "x"; });
  settle();
  EXPECT_EQ(controller_->syncs(), syncs);
}

TEST_F(EndpointsControllerTest, BesideTheSchedulerAPodGoesFromCreatedToPublished) {
  create("nodes", node_json("n1", "zone-a"));
  const Scheduler scheduler(loop_, storage_);
  start();
  create("services", service_json("web"));
  create("pods", pod_json("a"));
  settle();
  set_running("a", {"10.1.0.1"});
  expect_published("web", {"10.1.0.1"});
  EXPECT_EQ(all("endpointslices").at(0)["endpoints"][0]["nodeName"], "n1");
  EXPECT_EQ(all("endpointslices").at(0)["endpoints"][0]["zone"], "zone-a");
}

}  // namespace
}  // namespace ferry::apiserver

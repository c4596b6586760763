#include "tests/apiserver/controllers/endpoint_plan.h"

#include <gtest/gtest.h>

#include "tests/apiserver/controllers/cluster_fixture.h"

namespace ferry::apiserver {
namespace {

std::string no_zone(const std::string&) { return {}; }

PodFacts ready_pod(const std::string& name, std::vector<std::string> ips) {
  PodFacts pod;
  pod.key = {.name_space = kDefault, .name = name};
  pod.uid = "uid-" + name;
  pod.ips = std::move(ips);
  pod.ready = true;
  return pod;
}

TEST(ReadService, AServiceThatSaysNothingHasOneFamilyAndNoPorts) {
  const ServiceFacts facts = read_service(Json::object());
  EXPECT_EQ(facts.families, std::vector<std::string>{"IPv4"});
  EXPECT_TRUE(facts.ports.empty());
  EXPECT_FALSE(facts.selects_pods());
}

TEST(ReadService, ATargetPortIsANumberOrANameAndThePortItselfWhenAbsent) {
  Json service = service_json("web");
  service["spec"]["ports"] = Json::parse(R"([{"port":80},{"port":81,"targetPort":8081},{"port":82,"targetPort":"web"},
                                             {"port":83,"targetPort":0,"protocol":"UDP"}])");
  const ServiceFacts facts = read_service(service);
  ASSERT_EQ(facts.ports.size(), 4U);
  EXPECT_EQ(std::get<std::uint16_t>(facts.ports[0].target), 80);
  EXPECT_EQ(std::get<std::uint16_t>(facts.ports[1].target), 8081);
  EXPECT_EQ(std::get<std::string>(facts.ports[2].target), "web");
  EXPECT_EQ(std::get<std::uint16_t>(facts.ports[3].target), 83);
  EXPECT_EQ(facts.ports[3].protocol, "UDP");
}

TEST(ReadPod, PartsOfAWrongTypeCountAsAbsent) {
  const Json pod = Json::parse(R"({"metadata":[],"spec":{"containers":[1,{"ports":{"a":1}}]},"status":{"podIPs":7}})");
  EXPECT_EQ(read_pod(pod), PodFacts());
}

TEST(ReadPod, NamesThePortsOfContainersAndOfSideCars) {
  const Json pod = Json::parse(R"({"spec":{
    "containers":[{"ports":[{"name":"web","containerPort":8080},{"name":"web","containerPort":9,"protocol":"UDP"}]},
                  {"ports":[{"name":"web","containerPort":9999},{"name":"bad","containerPort":70000}]}],
    "initContainers":[{"ports":[{"name":"setup","containerPort":1}]},
                      {"restartPolicy":"Always","ports":[{"name":"mesh","containerPort":15000}]}]}})");
  const decltype(PodFacts::named_ports) expected = {
      {{"web", "TCP"}, 8080}, {{"web", "UDP"}, 9}, {{"mesh", "TCP"}, 15000}};
  EXPECT_EQ(read_pod(pod).named_ports, expected);
}

TEST(PlanEndpoints, AServiceWithoutPodsHasOneEmptyGroupInEachFamily) {
  ServiceFacts service = web();
  service.families = {"IPv4", "IPv6"};
  const std::vector<EndpointGroup> groups = plan_endpoints(service, {}, no_zone);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].address_type, "IPv4");
  EXPECT_EQ(groups[1].address_type, "IPv6");
  EXPECT_TRUE(groups[0].endpoints.empty());
  EXPECT_EQ(groups[0].ports, Json::array());
}

TEST(PlanEndpoints, AnEndpointSaysWhatItsPodAndItsNodeAre) {
  PodFacts pod = ready_pod("a", {"10.1.0.1"});
  pod.node = "n1";
  pod.hostname = "host-a";
  pod.subdomain = "web";
  const auto groups = plan_endpoints(web(), {&pod}, [](const std::string& node) { return "zone-of-" + node; });
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].ports.dump(), R"([{"name":"http","protocol":"TCP","port":8080}])");
  EXPECT_EQ(groups[0].endpoints.at("a").dump(),
            R"({"addresses":["10.1.0.1"],"conditions":{"ready":true,"serving":true,"terminating":false},)"
            R"("hostname":"host-a","targetRef":{"kind":"Pod","namespace":"default","name":"a","uid":"uid-a"},)"
            R"("nodeName":"n1","zone":"zone-of-n1"})");
}

TEST(PlanEndpoints, TheConditionsFollowThePodAndWhetherUnreadyOnesArePublished) {
  struct Case {
    bool ready, terminating, publish;
    const char* conditions;
  };
  const Case cases[] = {
      {true, false, false, R"({"ready":true,"serving":true,"terminating":false})"},
      {false, false, false, R"({"ready":false,"serving":false,"terminating":false})"},
      {true, true, false, R"({"ready":false,"serving":true,"terminating":true})"},
      {false, true, false, R"({"ready":false,"serving":false,"terminating":true})"},
      {false, false, true, R"({"ready":true,"serving":false,"terminating":false})"},
      {true, true, true, R"({"ready":true,"serving":true,"terminating":true})"},
  };
  for (const Case& one : cases) {
    ServiceFacts service = web();
    service.publish_not_ready = one.publish;
    PodFacts pod = ready_pod("a", {"10.1.0.1"});
    pod.ready = one.ready;
    pod.terminating = one.terminating;
    const auto groups = plan_endpoints(service, {&pod}, no_zone);
    EXPECT_EQ(groups[0].endpoints.at("a")["conditions"].dump(), one.conditions);
  }
}

TEST(PlanEndpoints, LeavesOutPodsWithoutAnAddressOfTheFamilyAndThoseThatHaveFinished) {
  PodFacts none = ready_pod("none", {});
  PodFacts other = ready_pod("other", {"fd00::1"});
  PodFacts finished = ready_pod("finished", {"10.1.0.2"});
  finished.finished = true;
  const auto groups = plan_endpoints(web(), {&none, &other, &finished}, no_zone);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_TRUE(groups[0].endpoints.empty());
}

TEST(PlanEndpoints, ADualStackServiceHasAGroupOfEachFamily) {
  ServiceFacts service = web();
  service.families = {"IPv4", "IPv6"};
  PodFacts pod = ready_pod("a", {"10.1.0.1", "fd00::1"});
  const auto groups = plan_endpoints(service, {&pod}, no_zone);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].endpoints.at("a")["addresses"].dump(), R"(["10.1.0.1"])");
  EXPECT_EQ(groups[1].endpoints.at("a")["addresses"].dump(), R"(["fd00::1"])");
}

TEST(PlanEndpoints, PodsThatResolveANamedPortDifferentlyAreInDifferentGroups) {
  Json json = service_json("web");
  json["spec"]["ports"][0]["targetPort"] = "web";
  PodFacts a = ready_pod("a", {"10.1.0.1"});
  a.named_ports = {{{"web", "TCP"}, 8080}};
  PodFacts b = ready_pod("b", {"10.1.0.2"});
  b.named_ports = {{{"web", "TCP"}, 9090}};
  PodFacts c = ready_pod("c", {"10.1.0.3"});
  c.named_ports = {{{"web", "UDP"}, 9090}};
  const auto groups = plan_endpoints(read_service(json), {&a, &b, &c}, no_zone);
  std::map<std::string, std::string> ports_of;
  for (const EndpointGroup& group : groups) {
    for (const auto& [name, endpoint] : group.endpoints) ports_of[name] = group.ports.dump();
  }
  EXPECT_EQ(ports_of, (std::map<std::string, std::string>{{"a", R"([{"name":"http","protocol":"TCP","port":8080}])"},
                                                          {"b", R"([{"name":"http","protocol":"TCP","port":9090}])"},
                                                          {"c", "[]"}}));
}

TEST(PlanSubsets, ReadyAndUnreadyAddressesShareASubsetAndTerminatingOnesAreLeftOut) {
  PodFacts a = ready_pod("a", {"10.1.0.2"});
  a.node = "n1";
  PodFacts b = ready_pod("b", {"10.1.0.1"});
  b.ready = false;
  PodFacts c = ready_pod("c", {"10.1.0.3"});
  c.terminating = true;
  EXPECT_EQ(plan_subsets(web(), {&a, &b, &c}).subsets.dump(),
            R"([{"addresses":[{"ip":"10.1.0.2","nodeName":"n1",)"
            R"("targetRef":{"kind":"Pod","namespace":"default","name":"a","uid":"uid-a"}}],)"
            R"("notReadyAddresses":[{"ip":"10.1.0.1",)"
            R"("targetRef":{"kind":"Pod","namespace":"default","name":"b","uid":"uid-b"}}],)"
            R"("ports":[{"name":"http","port":8080,"protocol":"TCP"}]}])");
}

TEST(PlanSubsets, NoPodsMeanNoSubsets) { EXPECT_EQ(plan_subsets(web(), {}).subsets, Json::array()); }

TEST(PlanSubsets, HoldsAThousandAddressesAndPrefersReadyOnes) {
  std::vector<PodFacts> pods;
  for (int i = 0; i < 1001; ++i) {
    pods.push_back(
        ready_pod("p" + std::to_string(i), {"10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250)}));
  }
  pods[0].ready = false;
  std::vector<const PodFacts*> pointers;
  for (const PodFacts& pod : pods) pointers.push_back(&pod);
  const EndpointSubsets cut = plan_subsets(web(), pointers);
  EXPECT_TRUE(cut.truncated);
  ASSERT_EQ(cut.subsets.size(), 1U);
  EXPECT_EQ(cut.subsets[0]["addresses"].size(), 1000U);
  EXPECT_FALSE(cut.subsets[0].contains("notReadyAddresses"));
  pointers.pop_back();
  EXPECT_FALSE(plan_subsets(web(), pointers).truncated);
}

}  // namespace
}  // namespace ferry::apiserver

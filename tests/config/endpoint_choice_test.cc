#include "config/endpoint_choice.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ferry::config {
namespace {

/// Says an endpoint the short way: E("10.0.0.1").on("n1").zones({"a"}).not_ready()…
struct E : Endpoint {
  explicit E(std::string_view ip) { address = IpAddress::parse(ip).value(); }
  E& on(std::string_view node) { return node_name = node, *this; }
  E& zones(const std::vector<std::string>& names) { return hint(TopologyHint::Kind::kZone, names); }
  E& nodes(const std::vector<std::string>& names) { return hint(TopologyHint::Kind::kNode, names); }
  E& hint(TopologyHint::Kind kind, const std::vector<std::string>& names) {
    for (const std::string& name : names) hints.push_back({kind, name});
    return *this;
  }
  E& not_ready() { return ready = false, serving = false, *this; }
  E& draining() { return ready = false, serving = true, terminating = true, *this; }
  E& dead() { return ready = false, serving = false, terminating = true, *this; }
};

const NodeIdentity kNode{"n1", "zone-a"};

FamilyBackends choose(const std::vector<E>& endpoints, TrafficRules rules = {true, false}, NodeIdentity node = kNode) {
  std::vector<Candidate> candidates;
  for (const E& endpoint : endpoints) candidates.push_back({&endpoint, 80});
  FamilyBackends chosen = choose_endpoints(candidates, rules, node);
  // The order in which endpoints arrive never matters.
  std::reverse(candidates.begin(), candidates.end());
  EXPECT_EQ(chosen, choose_endpoints(candidates, rules, node));
  return chosen;
}

std::vector<std::string> addresses(const std::shared_ptr<const BackendSet>& set) {
  std::vector<std::string> texts;
  for (const Backend& backend : set->backends) {
    texts.push_back(backend.address.to_string() + (backend.local ? " local" : "") +
                    (backend.terminating ? " terminating" : ""));
  }
  return texts;
}

using Texts = std::vector<std::string>;
constexpr TrafficRules kLocalOnly{false, true};
constexpr TrafficRules kBoth{true, true};

TEST(EndpointChoice, NothingComesOfNothing) {
  const FamilyBackends chosen = choose({}, kBoth);
  EXPECT_TRUE(chosen.cluster->empty());
  EXPECT_TRUE(chosen.local->empty());
  EXPECT_FALSE(chosen.any_usable);
}

TEST(EndpointChoice, TakesReadyEndpointsSorted) {
  const FamilyBackends chosen = choose({E("10.0.0.3"), E("10.0.0.1").on("n1"), E("10.0.0.2").not_ready()});
  EXPECT_EQ(addresses(chosen.cluster), (Texts{"10.0.0.1 local", "10.0.0.3"}));
  EXPECT_TRUE(chosen.any_usable);
}

TEST(EndpointChoice, FallsBackToServingTerminatingOnlyWhenNoneIsReady) {
  EXPECT_EQ(addresses(choose({E("10.0.0.1"), E("10.0.0.2").draining()}).cluster), (Texts{"10.0.0.1"}));
  const FamilyBackends chosen = choose({E("10.0.0.1").not_ready(), E("10.0.0.2").draining(), E("10.0.0.3").dead()});
  EXPECT_EQ(addresses(chosen.cluster), (Texts{"10.0.0.2 terminating"}));
  EXPECT_TRUE(chosen.any_usable);
}

TEST(EndpointChoice, ServesNothingThatNeitherIsReadyNorServesWhileTerminating) {
  const FamilyBackends chosen = choose({E("10.0.0.1").not_ready(), E("10.0.0.3").dead()});
  EXPECT_TRUE(chosen.cluster->empty());
  EXPECT_FALSE(chosen.any_usable);
}

TEST(EndpointChoice, StaysInTheZoneWhenEveryReadyEndpointIsHinted) {
  const std::vector<E> hinted = {E("10.0.0.1").zones({"zone-a"}), E("10.0.0.2").zones({"zone-b"}),
                                 E("10.0.0.3").zones({"zone-b", "zone-a"}), E("10.0.0.4").not_ready()};
  EXPECT_EQ(addresses(choose(hinted).cluster), (Texts{"10.0.0.1", "10.0.0.3"}));
}

TEST(EndpointChoice, OneReadyEndpointWithoutHintsSwitchesTopologyOff) {
  EXPECT_EQ(
      addresses(choose({E("10.0.0.1").zones({"zone-a"}), E("10.0.0.2").zones({"zone-b"}), E("10.0.0.3")}).cluster),
      (Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"}));
}

TEST(EndpointChoice, IgnoresHintsWhenNoneNamesThisZoneOrTheZoneIsUnknown) {
  const std::vector<E> elsewhere = {E("10.0.0.1").zones({"zone-b"}), E("10.0.0.2").zones({"zone-c"})};
  EXPECT_EQ(addresses(choose(elsewhere).cluster), (Texts{"10.0.0.1", "10.0.0.2"}));
  EXPECT_EQ(addresses(choose({E("10.0.0.1").zones({""})}, {true, false}, {"n1", ""}).cluster), (Texts{"10.0.0.1"}));
}

TEST(EndpointChoice, PrefersTheNodeOverTheZone) {
  const std::vector<E> hinted = {E("10.0.0.1").zones({"zone-a"}).nodes({"n1"}),
                                 E("10.0.0.2").zones({"zone-a"}).nodes({"n2"})};
  EXPECT_EQ(addresses(choose(hinted).cluster), (Texts{"10.0.0.1"}));
  EXPECT_EQ(addresses(choose(hinted, {true, false}, {"n3", "zone-a"}).cluster), (Texts{"10.0.0.1", "10.0.0.2"}));
}

TEST(EndpointChoice, TopologyNeverAppliesToTheTerminatingFallBack) {
  EXPECT_EQ(
      addresses(
          choose({E("10.0.0.1").zones({"zone-a"}).draining(), E("10.0.0.2").zones({"zone-b"}).draining()}).cluster),
      (Texts{"10.0.0.1 terminating", "10.0.0.2 terminating"}));
}

TEST(EndpointChoice, TheLocalSetIgnoresTopologyAndFallsBackOnItsOwn) {
  const FamilyBackends chosen =
      choose({E("10.0.0.1").on("n1").zones({"zone-b"}), E("10.0.0.2").zones({"zone-a"})}, kBoth);
  EXPECT_EQ(addresses(chosen.local), (Texts{"10.0.0.1 local"}));
  EXPECT_EQ(addresses(chosen.cluster), (Texts{"10.0.0.2"}));
  EXPECT_EQ(addresses(choose({E("10.0.0.1").on("n1").draining(), E("10.0.0.2")}, kBoth).local),
            (Texts{"10.0.0.1 local terminating"}));
}

TEST(EndpointChoice, TellsNoLocalEndpointFromNoEndpointAtAll) {
  const FamilyBackends elsewhere = choose({E("10.0.0.2").on("n2")}, kLocalOnly);
  EXPECT_TRUE(elsewhere.local->empty());
  EXPECT_TRUE(elsewhere.cluster->empty());
  EXPECT_TRUE(elsewhere.any_usable);
  EXPECT_FALSE(choose({E("10.0.0.2").on("n2").not_ready()}, kLocalOnly).any_usable);
}

TEST(EndpointChoice, NothingIsLocalToANodeWithoutAName) {
  EXPECT_TRUE(choose({E("10.0.0.1")}, kLocalOnly, {"", ""}).local->empty());
}

TEST(EndpointChoice, OfDuplicatesTheLocalThenTheReadiestCounts) {
  const FamilyBackends chosen =
      choose({E("10.0.0.1"), E("10.0.0.1").on("n1"), E("10.0.0.2").draining(), E("10.0.0.2")});
  EXPECT_EQ(addresses(chosen.cluster), (Texts{"10.0.0.1 local", "10.0.0.2"}));
}

TEST(EndpointChoice, TheSamePodOnTwoPortsIsTwoBackends) {
  const E pod("10.0.0.1");
  const FamilyBackends chosen = choose_endpoints({{&pod, 8080}, {&pod, 80}, {&pod, 8080}}, {true, false}, kNode);
  ASSERT_EQ(chosen.cluster->backends.size(), 2U);
  EXPECT_EQ(chosen.cluster->backends[0].port, 80);
  EXPECT_EQ(chosen.cluster->backends[1].port, 8080);
}

TEST(TrafficRules, FollowPoliciesAndReachabilityFromOutside) {
  Service service;
  ServicePort port{"http", Protocol::kTcp, 80, 0};
  const auto rules = [&] {
    const TrafficRules derived = traffic_rules(service, port);
    return std::make_pair(derived.uses_cluster, derived.uses_local);
  };
  EXPECT_EQ(rules(), std::make_pair(true, false));
  service.external_traffic_policy = TrafficPolicy::kLocal;
  EXPECT_EQ(rules(), std::make_pair(true, false)) << "the external policy means nothing to an internal service";
  port.node_port = 30080;
  EXPECT_EQ(rules(), std::make_pair(true, true));
  port.node_port = 0;
  service.external_ips = {IpAddress::parse("192.0.2.1").value()};
  EXPECT_EQ(rules(), std::make_pair(true, true));
  service.external_ips.clear();
  service.internal_traffic_policy = TrafficPolicy::kLocal;
  EXPECT_EQ(rules(), std::make_pair(false, true));
  service.load_balancer_ips = {IpAddress::parse("192.0.2.1").value()};
  EXPECT_EQ(rules(), std::make_pair(true, true));
}

std::vector<EndpointUse> uses(const std::vector<E>& endpoints, TrafficRules rules = {true, false}) {
  std::vector<Candidate> candidates;
  for (const E& endpoint : endpoints) candidates.push_back({&endpoint, 80});
  return explain_endpoints(candidates, rules, kNode);
}
using Uses = std::vector<EndpointUse>;

TEST(EndpointUses, SaysWhatBecomesOfEach) {
  EXPECT_EQ(uses({}), Uses{});
  EXPECT_EQ(uses({E("10.0.0.1"), E("10.0.0.2").not_ready(), E("10.0.0.3").draining(), E("10.0.0.4").dead()}),
            (Uses{EndpointUse::kUsed, EndpointUse::kNotReady, EndpointUse::kTerminating, EndpointUse::kTerminating}));
}

TEST(EndpointUses, TerminatingOnesAreTheLastResort) {
  EXPECT_EQ(uses({E("10.0.0.1").draining(), E("10.0.0.2").not_ready()}),
            (Uses{EndpointUse::kUsedTerminating, EndpointUse::kNotReady}));
}

TEST(EndpointUses, HintsLeaveOthersUnused) {
  EXPECT_EQ(uses({E("10.0.0.1").zones({"zone-a"}), E("10.0.0.2").zones({"zone-b"})}),
            (Uses{EndpointUse::kUsed, EndpointUse::kOtherZone}));
  EXPECT_EQ(uses({E("10.0.0.1").nodes({"n1"}), E("10.0.0.2").nodes({"n2"})}),
            (Uses{EndpointUse::kUsed, EndpointUse::kOtherNode}));
}

TEST(EndpointUses, TheLocalPolicyLeavesThoseElsewhereUnused) {
  EXPECT_EQ(uses({E("10.0.0.1").on("n1"), E("10.0.0.2").on("n2")}, kLocalOnly),
            (Uses{EndpointUse::kUsed, EndpointUse::kElsewhere}));
}

TEST(EndpointChoice, WhoDrainsKnowsWhichEndpointsStay) {
  EXPECT_EQ(choose({E("10.0.0.1")}).staying, nullptr);
  TrafficRules drains;
  drains.drains = true;
  const auto chosen = choose({E("10.0.0.1"), E("10.0.0.2").not_ready(), E("10.0.0.3").draining()}, drains);
  EXPECT_EQ(addresses(chosen.staying), (Texts{"10.0.0.1", "10.0.0.2"}));
}

}  // namespace
}  // namespace ferry::config

#include "tests/apiserver/controllers/placement.h"

#include <gtest/gtest.h>

namespace ferry::apiserver {
namespace {

PodDemand port(std::uint16_t number, const std::string& protocol = "TCP", const std::string& ip = {}) {
  return {.host_ports = {{.ip = ip, .protocol = protocol, .port = number}}, .node_selector = {}};
}

Placement three_nodes() {
  Placement placement;
  for (const char* name : {"n3", "n1", "n2"}) placement.set_node(name, {});
  return placement;
}

TEST(Placement, WithoutNodesThereIsNoneToChoose) { EXPECT_EQ(Placement().choose({}), std::nullopt); }

TEST(Placement, GoesRoundTheNodesInTheOrderOfTheirNames) {
  Placement placement = three_nodes();
  std::string order;
  for (int i = 0; i < 5; ++i) order += *placement.choose({}) + " ";
  EXPECT_EQ(order, "n1 n2 n3 n1 n2 ");
}

TEST(Placement, GoesOnWhereItWasWhenANodeGoesAndAnotherComes) {
  Placement placement = three_nodes();
  EXPECT_EQ(placement.choose({}), "n1");
  EXPECT_EQ(placement.choose({}), "n2");
  placement.erase_node("n2");
  EXPECT_EQ(placement.choose({}), "n3");
  placement.set_node("n4", {});
  EXPECT_EQ(placement.choose({}), "n4");
  EXPECT_EQ(placement.choose({}), "n1");
}

TEST(Placement, PassesNodesThatAreNotSchedulableOrLackALabel) {
  Placement placement;
  placement.set_node("n1", {.labels = {{"disk", "ssd"}}, .schedulable = false});
  placement.set_node("n2", {.labels = {{"disk", "hdd"}}});
  placement.set_node("n3", {.labels = {{"disk", "ssd"}}});
  const PodDemand ssd{.host_ports = {}, .node_selector = {{"disk", "ssd"}}};
  EXPECT_EQ(placement.choose(ssd), "n3");
  EXPECT_EQ(placement.choose(ssd), "n3");
  EXPECT_EQ(placement.choose({}), "n2");
}

TEST(Placement, KeepsPodsWithTheSameHostPortApart) {
  Placement placement = three_nodes();
  placement.occupy({"default", "a"}, "n1", port(80).host_ports);
  placement.occupy({"default", "b"}, "n2", port(80).host_ports);
  EXPECT_EQ(placement.choose(port(80)), "n3");
  placement.occupy({"default", "c"}, "n3", port(80).host_ports);
  EXPECT_EQ(placement.choose(port(80)), std::nullopt);
  EXPECT_EQ(placement.choose(port(81)), "n1");
  EXPECT_EQ(placement.choose(port(80, "UDP")), "n2");
  EXPECT_TRUE(placement.release({"default", "b"}));
  EXPECT_FALSE(placement.release({"default", "b"}));
  EXPECT_EQ(placement.choose(port(80)), "n2");
}

TEST(Placement, HostPortsCollideWhereTheirAddressesOverlap) {
  const HostPort any{.ip = "", .protocol = "TCP", .port = 80};
  const HostPort zero{.ip = "0.0.0.0", .protocol = "TCP", .port = 80};
  const HostPort one{.ip = "10.0.0.1", .protocol = "TCP", .port = 80};
  const HostPort two{.ip = "10.0.0.2", .protocol = "TCP", .port = 80};
  EXPECT_TRUE(collide(any, one));
  EXPECT_TRUE(collide(two, zero));
  EXPECT_TRUE(collide(one, one));
  EXPECT_FALSE(collide(one, two));
}

TEST(Placement, AHostPortOfZeroAsksForNone) {
  Json pod;
  pod["spec"]["containers"] = Json::parse(
      R"([{"ports":[{"containerPort":80,"hostPort":0},{"containerPort":81},{"hostPort":82,"protocol":"UDP"}]},
          {"ports":[{"hostPort":"83"},{"hostPort":70000},{"hostPort":84,"hostIP":"10.0.0.1"}]}])");
  const std::vector<HostPort> expected = {{.ip = "", .protocol = "UDP", .port = 82},
                                          {.ip = "10.0.0.1", .protocol = "TCP", .port = 84}};
  EXPECT_EQ(read_demand(pod).host_ports, expected);
}

TEST(Placement, ACordonedOrUnreadyNodeIsNotSchedulable) {
  EXPECT_TRUE(read_offer(Json::object()).schedulable);
  EXPECT_FALSE(read_offer(Json::parse(R"({"spec":{"unschedulable":true}})")).schedulable);
  EXPECT_FALSE(
      read_offer(Json::parse(R"({"status":{"conditions":[{"type":"Ready","status":"Unknown"}]}})")).schedulable);
  EXPECT_TRUE(read_offer(Json::parse(R"({"status":{"conditions":[{"type":"Ready","status":"True"}]}})")).schedulable);
}

}  // namespace
}  // namespace ferry::apiserver

#include <string>

#include <gtest/gtest.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/objects.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

/// What becomes of connections while the cluster changes.
class Traffic : public WebTest {};

TEST_F(Traffic, ConnectionsSpreadEvenlyOverTheBackends) {
  const Tally tally = call_times(web_, 300);
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  for (const char* name : {"a", "b", "c"}) EXPECT_NEAR(static_cast<double>(tally.answers.at(name)), 100, 10) << name;
}

TEST_F(Traffic, WithOneOfThreeBackendsDeadEveryConnectionSucceeds) {
  backend("b").stop();
  const Tally tally = call_times(web_, 1000);
  EXPECT_EQ(tally.succeeded(), 1000U) << tally.to_string();
  EXPECT_EQ(tally.answers.count("b"), 0U);
}

TEST_F(Traffic, TwoServicesReachTheirOwnBackends) {
  add_pod("x", "shop");
  const auto shop = create_service("shop");
  wait_for_answers(shop, {"x"});
  wait_for_answers(web_, {"a", "b", "c"});
}

TEST_F(Traffic, ADeletedServiceRefusesAndLeavesCarriedConnectionsAlone) {
  EchoConnection carried(web_);
  ASSERT_TRUE(carried.echo("before")) << carried.error();
  api().remove(kServices + "/web");
  wait_until_refused(web_);
  EXPECT_TRUE(carried.echo("after")) << carried.error();
  EXPECT_TRUE(carried.finish()) << carried.error();
}

TEST_F(Traffic, AServiceScaledToZeroRefusesUntilItIsScaledUpAgain) {
  for (const char* name : {"a", "b", "c"}) remove_pod(name);
  wait_until_refused(web_);
  add_pod("d", "web");
  wait_for_answers(web_, {"d"});
}

TEST_F(Traffic, ScalingAndRelabellingUnderTrafficFailsNoConnection) {
  SteadyLoad load(web_);
  add_pod("d", "web");
  wait_for_answers(web_, {"a", "b", "c", "d"});
  api().merge_patch(kPods + "/a", Json{{"metadata", {{"labels", {{"app", "apart"}}}}}});
  wait_for_answers(web_, {"b", "c", "d"});
  // The pod lives on, but is not the service's any more; gone for good, nobody misses it.
  load.pause();
  backend("a").stop();
  backend("b").stop();
  load.resume();
  load.wait_for_more(200);
  const Tally tally = load.stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

TEST_F(Traffic, APodThatIsNotReadyGetsNoConnections) {
  Json unready = running_status(addresses().pod_address(1));
  unready["status"]["conditions"][0]["status"] = "False";
  api().merge_patch(kPods + "/a/status", unready);
  wait_for_answers(web_, {"b", "c"});
}

TEST_F(Traffic, ASecondPortOfTheServiceIsServedAndClosedAgain) {
  Json one_port = service_object("web", backend_port())["spec"]["ports"];
  one_port[0]["name"] = "first";
  Json two_ports = one_port;
  two_ports.push_back(Json{{"name", "second"}, {"port", kServicePort + 1}, {"targetPort", backend_port()}});
  const boost::asio::ip::tcp::endpoint second(web_.address(), kServicePort + 1);

  api().merge_patch(kServices + "/web", Json{{"spec", {{"ports", two_ports}}}});
  wait_for_answers(second, {"a", "b", "c"});
  api().merge_patch(kServices + "/web", Json{{"spec", {{"ports", one_port}}}});
  wait_until_refused(second);
  wait_for_answers(web_, {"a", "b", "c"});
}

}  // namespace
}  // namespace ferry::testing

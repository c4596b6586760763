#include <string>

#include <gtest/gtest.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/objects.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

/// What becomes of the proxy when the API server dies and comes back.
class ControlPlane : public WebTest {
 protected:
  /// Everything the API server knows that a restart must not lose, as one List.
  Json dump() const {
    Json items = Json::array();
    for (const auto& [kind, path] : {std::pair{"Node", kNodes}, {"Pod", kPods}, {"Service", kServices}}) {
      const Json list = api().get(path);
      for (Json item : list["items"]) {
        item["kind"] = kind;
        item["apiVersion"] = "v1";
        item["metadata"].erase("resourceVersion");
        items.push_back(std::move(item));
      }
    }
    return Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}};
  }

  long version() const { return std::stol(api().get(kServices)["metadata"]["resourceVersion"].get<std::string>()); }

  /// Changes nothing that matters, `times` times.
  void raise_version(int times) const {
    for (int i = 0; i < times; ++i) {
      api().merge_patch(kNodes + "/node-1", Json{{"metadata", {{"labels", {{"turn", std::to_string(i)}}}}}});
    }
  }

  /// The proxy hears of what happens now: a service made after the restart is served, and the first one still is.
  void expect_the_proxy_follows_again() {
    add_pod("x", "shop");
    wait_for_answers(create_service("shop"), {"x"});
    wait_for_answers(web_, {"a", "b", "c"});
  }
};

TEST_F(ControlPlane, TheLastStateServesWhileTheApiServerIsAway) {
  EchoConnection carried(web_);
  ASSERT_TRUE(carried.echo("before")) << carried.error();
  kill_api_server();
  const Tally tally = call_times(web_, 300);
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  EXPECT_TRUE(carried.echo("after")) << carried.error();
}

TEST_F(ControlPlane, ARestartWithALowerResourceVersionFailsNoConnectionAndIsFollowed) {
  raise_version(300);
  const long before = version();
  const std::string seed = write_file("seed.json", dump().dump());
  SteadyLoad load(web_);
  EchoConnection carried(web_);

  kill_api_server();
  load.wait_for_more(50);
  restart_api_server(seed);
  ASSERT_LT(version(), before);
  expect_the_proxy_follows_again();

  EXPECT_TRUE(carried.echo("carried through")) << carried.error();
  const Tally tally = load.stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

TEST_F(ControlPlane, ARestartWithAHigherResourceVersionFailsNoConnectionAndIsFollowed) {
  const long before = version();
  Json state = dump();
  for (int i = 0; i < 300; ++i) state["items"].push_back(node_object("other-" + std::to_string(i)));
  const std::string seed = write_file("seed.json", state.dump());
  SteadyLoad load(web_);

  kill_api_server();
  load.wait_for_more(50);
  restart_api_server(seed);
  ASSERT_GT(version(), before);
  expect_the_proxy_follows_again();

  const Tally tally = load.stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

TEST_F(ControlPlane, WhatChangedWhileTheApiServerWasAwayIsMadeUpFor) {
  add_pod("x", "shop");
  const auto shop = create_service("shop");
  add_pod("y", "stall");
  const auto stall = create_service("stall");
  wait_for_answers(shop, {"x"});
  wait_for_answers(stall, {"y"});
  raise_version(300);
  Json state = dump();
  Json& items = state["items"];
  for (auto item = items.begin(); item != items.end();) {
    const std::string name = (*item)["metadata"]["name"];
    item = name == "a" || name == "shop" || name == "y" ? items.erase(item) : std::next(item);
  }

  kill_api_server();
  restart_api_server(write_file("seed.json", state.dump()));

  wait_for_answers(web_, {"b", "c"});
  wait_until_refused(shop);
  wait_until_refused(stall);
}

TEST_F(ControlPlane, WatchesDroppedAgainAndAgainLoseNoChange) {
  SteadyLoad load(web_);
  for (int round = 0; round < 3; ++round) {
    api().create("/_faults", Json{{"action", "drop"}, {"verb", "watch"}});
    const std::string name = "extra-" + std::to_string(round);
    add_pod(name, "web");
    wait_for_answers(web_, {"a", "b", "c", name});
    delete_pod(name);
    // Until the proxy knows, the pod still answers, as one does that terminates in good order.
    wait_for_answers(web_, {"a", "b", "c"});
    backend(name).stop();
  }
  const Tally tally = load.stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
}

}  // namespace
}  // namespace ferry::testing

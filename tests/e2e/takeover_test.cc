#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/udp.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/datagram_echo.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

/// One kube-ferry takes the place of another while a service is called all the time; by each way of capture.
class Takeover : public ClusterTest, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "sk_lookup" && ::getuid() != 0) {
      GTEST_SKIP() << "capture by sk_lookup is for root alone";
    }
    start_api_server();
    for (const char* name : {"a", "b", "c"}) add_pod(name, "web");
    web_ = create_service("web");
    start_proxy({"--takeover-socket", folder() + "/take.sock", "--capture", GetParam()});
    wait_for_answers(web_, {"a", "b", "c"});
    load_ = std::make_unique<SteadyLoad>(web_, 300, 4);
    load_->wait_for_more(50);
    for (int count = 0; count < 30; ++count) held_.push_back(std::make_unique<EchoConnection>(web_));
  }

  /// What the proxy that ran says when it has ended.
  int upgrade() {
    auto former = exchange_proxy(start_another_proxy());
    return former->wait();
  }

  void expect_that_held_connections_go_on(const std::string& word) const {
    for (const auto& connection : held_) EXPECT_TRUE(connection->echo(word)) << connection->error();
  }

  void expect_that_no_call_failed() {
    const Tally tally = load_->stop();
    EXPECT_GT(tally.succeeded(), 50U);
    EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  }

  std::size_t open_descriptors() {
    const auto all = std::filesystem::directory_iterator("/proc/" + std::to_string(proxy().pid()) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  boost::asio::ip::tcp::endpoint web_;
  std::unique_ptr<SteadyLoad> load_;
  std::vector<std::unique_ptr<EchoConnection>> held_;
};

TEST_P(Takeover, TwentyUpgradesInARowRefuseAndResetNothing) {
  const std::size_t before = open_descriptors();
  for (int count = 0; count < 20; ++count) {
    load_->wait_for_more(20);
    ASSERT_EQ(upgrade(), 0);
    expect_that_held_connections_go_on("upgrade " + std::to_string(count));
  }
  load_->wait_for_more(50);
  expect_that_no_call_failed();
  // And the calls that were under way.
  EXPECT_GE(metric("kube_ferry_connections_taken_over_total"), 30);
  EXPECT_EQ(page("/healthz").status, 200);
  // Listeners that were taken over are closed once no handshake can be under way at them.
  eventually("no more descriptors are open than before", [&] { return open_descriptors() <= before; });
  api().remove(kServices + "/web");
  wait_until_refused(web_);
  expect_that_held_connections_go_on("the service is gone");
}

TEST_P(Takeover, OneThatIsKilledBeforeItServesChangesNothing) {
  const auto hopeless = start_another_proxy({"--master", "http://127.0.0.1:9"});
  hopeless->wait_for_output("serves until this one knows what to serve");
  hopeless->kill();
  proxy().wait_for_output("going on as before");
  add_pod("d", "web");
  wait_for_answers(web_, {"a", "b", "c", "d"});
  expect_that_held_connections_go_on("nothing has changed");
  EXPECT_EQ(upgrade(), 0);
  expect_that_held_connections_go_on("it still can be replaced");
  expect_that_no_call_failed();
}

TEST_P(Takeover, WhenTheOneBeforeIsKilledTheNextServesWithoutIt) {
  api_server().signal(SIGSTOP);
  auto next = start_another_proxy();
  next->wait_for_output("serves until this one knows what to serve");
  proxy().kill();
  api_server().signal(SIGCONT);
  exchange_proxy(std::move(next));
  wait_for_answers(web_, {"a", "b", "c"});
  const std::string health = proxy().wait_for_output("serving health on (http://[^\n]*)\n");
  EXPECT_EQ(http("GET", health).status, 200);
}

TEST_P(Takeover, OneThatIsToldToEndGoesOnUntilItsPlaceIsTaken) {
  // The next one cannot know what to serve before the API server answers.
  api_server().signal(SIGSTOP);
  auto next = start_another_proxy();
  next->wait_for_output("serves until this one knows what to serve");
  proxy().signal(SIGTERM);
  proxy().wait_for_output("going on until it has");
  load_->wait_for_more(50);
  api_server().signal(SIGCONT);
  const auto former = exchange_proxy(std::move(next));
  EXPECT_EQ(former->wait(), 0);
  expect_that_held_connections_go_on("it was worth waiting");
  load_->wait_for_more(50);
  expect_that_no_call_failed();
}

TEST_P(Takeover, AClientOfUdpKeepsItsEndpointThroughUpgrades) {
  DatagramEcho first("first", {boost::asio::ip::address_v4::loopback(), 0});
  Json service = service_object("names", first.endpoint().port());
  service["spec"]["ports"][0]["protocol"] = "UDP";
  service["spec"].erase("selector");
  const Json created = api().create(kServices, service);
  const std::string slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
  const Json slice = {{"apiVersion", "discovery.k8s.io/v1"},
                      {"kind", "EndpointSlice"},
                      {"metadata", {{"name", "names-1"}, {"labels", {{"kubernetes.io/service-name", "names"}}}}},
                      {"addressType", "IPv4"},
                      {"endpoints", Json::array({{{"addresses", {"127.0.0.1"}}, {"conditions", {{"ready", true}}}}})},
                      {"ports", Json::array({{{"name", service["spec"]["ports"][0].value("name", "")},
                                              {"port", first.endpoint().port()},
                                              {"protocol", "UDP"}}})}};
  api().create(slices, slice);
  const boost::asio::ip::udp::endpoint names(
      boost::asio::ip::make_address(created["spec"]["clusterIP"].get<std::string>()), kServicePort);
  eventually("the service is there", [&] { return ask(names).ok(); });
  for (int count = 0; count < 3; ++count) {
    ASSERT_EQ(upgrade(), 0);
    const Tally tally = ask_times(names, 20);
    EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  }
}

TEST_P(Takeover, OneThatIsToWaitEndsWhenItIsToldTo) {
  exchange_proxy(start_another_proxy({"--after-takeover", "wait"}))->wait();
  auto former = exchange_proxy(start_another_proxy());
  former->wait_for_output("nothing is left to do here: waiting for SIGTERM");
  EXPECT_TRUE(former->running());
  expect_that_held_connections_go_on("elsewhere");
  former->signal(SIGTERM);
  EXPECT_EQ(former->wait(), 0);
  expect_that_no_call_failed();
}

INSTANTIATE_TEST_SUITE_P(Capture, Takeover, ::testing::Values("sk_lookup", "bind"),
                         [](const auto& capture) { return std::string(capture.param); });

}  // namespace
}  // namespace ferry::testing

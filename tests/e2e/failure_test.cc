#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "tests/e2e/cluster_network.h"
#include "tests/e2e/echo_client.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

/// So many that of the calls that meet a failure first, one from each caller and one whenever the endpoint is tried
/// again, fewer than a hundredth are.
constexpr std::size_t kCalls = 1500;
constexpr std::size_t kCallers = 6;
constexpr std::size_t kRate = 200;

/// Longer than anybody may take to find out that an endpoint is gone.
constexpr seconds kPatience{40};

const boost::asio::ip::tcp::endpoint kHere1(boost::asio::ip::make_address("10.244.0.3"), 9000);

/// How a connection ended, and when.
struct Ending {
  std::string how;
  steady_clock::time_point at;
};

/// What a client sees of endpoints that fail: a service "web" with the pods here-1, here-2 and there-1.
class Failure : public ClusterNetwork {
 protected:
  void SetUp() override {
    ClusterNetwork::SetUp();
    start_proxy();
    const Json service = create_service("web");
    web_ = {boost::asio::ip::make_address(service["spec"]["clusterIP"].get<std::string>()), 80};
    set_pods("web", {"here-1", "here-2", "there-1"});
    wait_for_answers(client(), cluster_address(service), {"here-1", "here-2", "there-1"});
  }

  std::unique_ptr<SteadyLoad> start_load() const {
    return client()->inside([this] { return std::make_unique<SteadyLoad>(web_, kRate, kCallers); });
  }

  /// Calls, between two of which here-2 fails by `fail`: none of them may fail, and one of a hundred may be greeted
  /// late. What a busy machine does to them, it does as well to calls that go straight to a pod, and is not counted.
  template <typename Fail>
  void expect_that_calls_do_not_mind(const Fail& fail) const {
    const std::unique_ptr<SteadyLoad> load = start_load();
    load->wait_for_more(100);
    load->pause();
    const Tally before = load->tally();
    fail();
    SteadyLoad direct(kHere1, kRate, kCallers);
    load->resume();
    load->wait_for_more(kCalls);
    const Tally after = load->stop();
    const std::size_t late = after.slow - before.slow;
    const std::size_t late_anyway = 2 * direct.stop().slow;
    EXPECT_EQ(after.failed, 0U) << after.to_string();
    EXPECT_EQ(after.answers.at("here-2"), before.answers.at("here-2"));
    EXPECT_LE(100 * late, after.succeeded() - before.succeeded() + 100 * late_anyway)
        << late << " were late; the slowest took " << after.slowest.count() << " ms";
  }

  /// How many dials have failed in that way.
  std::size_t dial_failures(const std::string& kind) const {
    const std::string sample = "kube_ferry_dial_failures_total{kind=\"" + kind + "\"} ";
    const std::string page = metrics();
    return std::stoul(page.substr(page.find(sample) + sample.size()));
  }

  /// A connection that the pod answers.
  std::unique_ptr<EchoConnection> carried_by(const std::string& pod) const {
    return client()->inside([this, &pod] {
      for (int tries = 0; tries < 12; ++tries) {
        auto connection = std::make_unique<EchoConnection>(web_, kPatience);
        if (connection->name() == pod) return connection;
      }
      throw std::runtime_error("no connection came to " + pod);
    });
  }

  boost::asio::ip::tcp::endpoint web_;
};

TEST_F(Failure, OneOfThreeEndpointsThatRefusesCostsNoCallAndHardlyAnyTime) {
  expect_that_calls_do_not_mind([this] { stop_pod("here-2"); });
  EXPECT_GT(dial_failures("refused"), 0U);
}

TEST_F(Failure, OneOfThreeEndpointsWhosePacketsAreDroppedCostsNoCallAndHardlyAnyTime) {
  expect_that_calls_do_not_mind([this] { pod("here-2")->go_dark(); });
  EXPECT_GT(dial_failures("timed_out"), 0U);
}

TEST_F(Failure, ConnectionsWhoseEndpointGoesDarkAreResetWithin35Seconds) {
  const auto asking = carried_by("here-2");
  const auto idle = carried_by("here-2");
  const auto elsewhere = carried_by("there-1");
  ASSERT_TRUE(asking->echo("before")) << asking->error();
  ASSERT_TRUE(idle->echo("before")) << idle->error();
  pod("here-2")->go_dark();
  const auto begin = steady_clock::now();
  auto asked = std::async(std::launch::async, [&asking] {
    asking->echo("nobody hears this");
    return Ending{asking->error(), steady_clock::now()};
  });
  const Ending idled{idle->wait_for_end(), steady_clock::now()};
  for (const Ending& ending : {asked.get(), idled}) {
    EXPECT_EQ(ending.how, "read: Connection reset by peer");
    EXPECT_LE(std::chrono::duration_cast<seconds>(ending.at - begin), seconds(35));
  }
  EXPECT_TRUE(elsewhere->echo("after")) << elsewhere->error();
}

TEST_F(Failure, ReplacingAllEndpointsOneByOneFailsNoCall) {
  add_pod_on_node_2("there-3", "10.244.1.5");
  add_pod_on_node_2("there-4", "10.244.1.6");
  const auto carried = carried_by("here-1");
  const std::unique_ptr<SteadyLoad> load = start_load();
  load->wait_for_more(50);
  std::vector<std::string> ready{"here-1", "here-2", "there-1"};
  for (const auto& [leaving, coming] :
       {std::pair("here-1", "there-2"), std::pair("here-2", "there-3"), std::pair("there-1", "there-4")}) {
    ready.emplace_back(coming);
    set_pods("web", ready);
    load->wait_for_more(100);
    ready.erase(std::find(ready.begin(), ready.end(), leaving));
    std::vector<Json> endpoints{
        endpoint(leaving, Json{{"conditions", {{"ready", false}, {"serving", true}, {"terminating", true}}}})};
    for (const std::string& pod : ready) endpoints.push_back(endpoint(pod));
    set_slice("web", "web", endpoints);
    load->wait_for_more(100);
    if (leaving == carried->name()) {
      EXPECT_TRUE(carried->echo("while it terminates")) << carried->error();
    }
    // It refuses, and is still in the slice.
    stop_pod(leaving);
    load->wait_for_more(50);
    set_pods("web", ready);
  }
  load->wait_for_more(50);
  const Tally tally = load->stop();
  EXPECT_EQ(tally.failed, 0U) << tally.to_string();
  EXPECT_EQ(tally.answers.size(), 6U) << tally.to_string();
}

}  // namespace
}  // namespace ferry::testing

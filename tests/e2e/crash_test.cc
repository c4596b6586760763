#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/e2e/cluster.h"
#include "tests/e2e/cluster_network.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/steady_load.h"

namespace ferry::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

const std::string kExternal = "203.0.113.5";

/// Kills of each kind; a start takes a tenth of a second.
constexpr int kRounds = 5;
/// From the start of the process until the last service is served as it should be, on a busy machine.
constexpr std::chrono::seconds kRecovery{20};

/// SIGKILL at random moments, and what the next start makes of what was left behind. The moments are the same in each
/// run, as far as the machine is as fast.
class Crash : public ClusterNetwork, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    if (std::string(GetParam()) == "sk_lookup" && ::getuid() != 0) {
      GTEST_SKIP() << "capture by sk_lookup is for root alone";
    }
    ClusterNetwork::SetUp();
    const Json service = create_service("web");
    web_ = cluster_address(service);
    set_pods("web", {"here-1", "there-1"});
    socket_ = write_file("admin", "") + ".sock";
    start();
    expect_served({"here-1", "there-1"});
    needed_ = state_of_the_kernel();
  }

  /// With everything that a former run could be in the way of: addresses it listens at, which it must have, a socket
  /// file, routes and rules.
  void start() {
    daemon_ = std::make_unique<ChildProcess>(
        std::vector<std::string>{program("kube-ferry"), "--master", api().url(), "--hostname-override", "node-1",
                                 "--cluster-cidr", "10.244.0.0/16", "--capture", GetParam(), "--healthz-bind-address",
                                 "127.0.0.1:10256", "--metrics-bind-address", "127.0.0.1:10249", "--admin-socket",
                                 socket_, "--bind-address-hard-fail", "--steering=off", "--steering-pin-path=/none"});
    started_ = steady_clock::now();
  }

  void kill_within(milliseconds most) {
    std::this_thread::sleep_for(std::uniform_int_distribution<>(0, static_cast<int>(most.count()))(random_) *
                                milliseconds(1));
    ASSERT_TRUE(daemon_->running()) << daemon_->output();
    daemon_->kill();
  }

  void expect_served(const std::set<std::string>& pods) {
    wait_for_answers(client(), web_, pods);
    EXPECT_LE(steady_clock::now() - started_, kRecovery) << daemon_->output();
    EXPECT_EQ(run({program("kube-ferry"), "get", "services", "--socket", socket_}).status, 0);
  }

  static Json ports_from(int first) {
    return Json::array({{{"name", "stream"}, {"port", first}, {"targetPort", 9000}},
                        {{"name", "datagrams"}, {"port", first}, {"targetPort", 9000}, {"protocol", "UDP"}}});
  }

  /// What the proxy has asked of the kernel. Not its own table, which stays once it was needed: without a rule that
  /// names it, it says nothing.
  static std::string state_of_the_kernel() {
    std::istringstream routes(run({"ip", "route", "show", "table", "all", "proto", "70"}).output);
    std::string state;
    for (std::string route; std::getline(routes, route);) {
      if (route.find("table 7070") == std::string::npos) state += route + "\n";
    }
    return state + run({"ip", "rule", "show"}).output;
  }

  std::mt19937 random_{20260101};
  std::string web_;
  std::string socket_;
  std::string needed_;
  std::unique_ptr<ChildProcess> daemon_;
  steady_clock::time_point started_;
};
INSTANTIATE_TEST_SUITE_P(Capture, Crash, ::testing::Values("sk_lookup", "bind"),
                         [](const auto& capture) { return std::string(capture.param); });

TEST_P(Crash, KilledAtRandomMomentsTheNextStartServesAndNothingIsLeftOver) {
  const boost::asio::ip::tcp::endpoint target(boost::asio::ip::make_address(web_.substr(0, web_.find(':'))), 80);
  daemon_->kill();
  for (int round = 0; round < kRounds; ++round) {
    // Before it is there, or just when.
    start();
    kill_within(milliseconds(150));
    start();
    expect_served({"here-1", "there-1"});

    // While it carries connections.
    {
      const auto load = client()->inside([&] { return std::make_unique<SteadyLoad>(target, 400, 4); });
      load->wait_for_more(20);
      kill_within(milliseconds(50));
    }
    start();
    expect_served({"here-1", "there-1"});

    // While services, endpoints, routes and rules change.
    std::atomic<bool> over = false;
    std::thread changes([&] {
      for (int turn = 0; !over; ++turn) {
        const std::string name = "turn-" + std::to_string(turn % 3);
        create_service(name, Json{{"externalIPs", Json::array({kExternal})}, {"ports", ports_from(8000 + turn % 3)}});
        set_pods(name, {"here-2"});
        set_pods("web", {"here-2"});
        set_pods("web", {"here-1", "there-1"});
        delete_service(name);
      }
    });
    kill_within(milliseconds(150));
    over = true;
    changes.join();
    start();
    expect_served({"here-1", "there-1"});
    std::string state;
    const auto same = [&] { return (state = state_of_the_kernel()) == needed_; };
    try {
      eventually("what the earlier run needed is gone", same);
    } catch (const std::runtime_error&) {
      FAIL() << "what the earlier run needed is not gone:\n"
             << state << "but it was:\n"
             << needed_ << daemon_->output();
    }
  }
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->output();
}

}  // namespace
}  // namespace ferry::testing

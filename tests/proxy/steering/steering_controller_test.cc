#include "proxy/steering/steering_controller.h"

#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

namespace ferry::proxy {
namespace {

using boost::asio::ip::tcp;
using config::Backend;
using config::IpAddress;
using config::ServicePortChange;
using config::ServicePortInfo;
using config::ServicePortName;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IpAddress ip(const char* text) { return *IpAddress::parse(text); }

/// What is told to those who steer.
struct Told {
  std::vector<std::string> service_ports;
  std::vector<std::string> changed;
  std::set<ServicePortName> paused;
  Steering::OnTrouble on_trouble;
};

class NotedSteering final : public Steering {
 public:
  explicit NotedSteering(Told& told) : told_(told) {}

  void apply(const std::vector<ServicePortChange>& changes) override {
    for (const ServicePortChange& change : changes) told_.changed.push_back(change.name.service.name);
  }
  void pause(const ServicePortName& name, bool paused) override {
    if (paused) {
      told_.paused.insert(name);
    } else {
      told_.paused.erase(name);
    }
  }
  std::string why_not() const override { return ""; }
  std::optional<SteeredPort> port(const ServicePortName& name) const override {
    const bool paused = told_.paused.count(name) > 0;
    return SteeredPort{paused ? "paused" : "", paused, {}};
  }
  SteeringSnapshot snapshot() const override { return {}; }
  SteeredCounters totals() const override { return {}; }

 private:
  Told& told_;
};

class NotedRelay final : public SteeringRelay {
 public:
  void suspect(const SteeringTrouble& trouble) override { suspected.push_back(trouble.endpoint); }
  bool suspects(const ServicePortName& /*name*/) const override { return has_doubts; }

  std::vector<Backend> suspected;
  bool has_doubts = false;
};

class SteeringControllerTest : public ::testing::Test {
 protected:
  SteeringController& make(SteeringMode mode = SteeringMode::kAuto, const std::string& failure = {}) {
    SteeringSettings settings;
    settings.mode = mode;
    settings.built = built_;
    settings.cgroup = "/group";
    // No BPF file system: that of this machine is not to be touched.
    settings.pin_path = "/none/kube-ferry";
    controller_.emplace(
        loop_.get_executor(), settings, relay_, spdlog::default_logger(),
        [this, failure](const auto& /*executor*/, const SteeringOptions& options, const Steering::ServicePorts& ports,
                        Steering::OnTrouble on_trouble, const auto& /*logger*/) -> std::unique_ptr<Steering> {
          if (!failure.empty()) throw std::runtime_error(failure);
          options_ = options;
          for (const auto& port : ports) told_.service_ports.push_back(port->name.service.name);
          told_.on_trouble = std::move(on_trouble);
          return std::make_unique<NotedSteering>(told_);
        });
    return *controller_;
  }
  void start() { make().start({}); }

  static ServicePortChange added(const std::string& name, const char* address = "10.96.0.1") {
    auto info = std::make_shared<ServicePortInfo>();
    info->name = {{"default", name}, "http", config::Protocol::kTcp};
    info->cluster_ips = {ip(address)};
    return {info->name, nullptr, info};
  }

  /// A place where somebody listens, or nobody does any more.
  Backend endpoint(bool alive) {
    tcp::acceptor listener(loop_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    const Backend made{.address = ip("127.0.0.1"), .port = listener.local_endpoint().port()};
    if (alive) listeners_.push_back(std::move(listener));
    return made;
  }
  void report(const Backend& endpoint, int error = ECONNREFUSED) { told_.on_trouble({name_, endpoint, error}); }

  template <typename Condition>
  void run_until(const Condition& condition) {
    const auto deadline = steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (steady_clock::now() > deadline) throw std::runtime_error("it never came true");
      loop_.restart();
      loop_.run_one_for(milliseconds(100));
    }
  }
  void run_until_paused() {
    run_until([this] { return told_.paused.count(name_) > 0; });
  }
  void run_until_steered() {
    run_until([this] { return told_.paused.empty(); });
  }

  const ServicePortName name_{{"default", "web"}, "http", config::Protocol::kTcp};
  boost::asio::io_context loop_{1};
  bool built_ = true;
  Told told_;
  NotedRelay relay_;
  SteeringOptions options_;
  std::vector<tcp::acceptor> listeners_;
  std::optional<SteeringController> controller_;
};

TEST_F(SteeringControllerTest, BeginsWithWhatThereIsAndFollowsWhatChanges) {
  SteeringController& controller = make();
  controller.apply({added("a"), added("b")});
  controller.apply({{added("a").name, added("a").after, nullptr}});
  EXPECT_THAT(controller.why_not(), HasSubstr("not in force yet"));
  controller.start({});
  EXPECT_EQ(controller.why_not(), "");
  EXPECT_THAT(told_.service_ports, ElementsAre("b"));
  EXPECT_EQ(options_.cgroup, "/group");
  EXPECT_EQ(options_.pin_path, "") << "there is no BPF file system in /none";
  controller.apply({added("c")});
  EXPECT_THAT(told_.changed, ElementsAre("c"));
}

TEST_F(SteeringControllerTest, AnEndpointThatRefusesHereTooLeavesItsServicePortToTheRelay) {
  start();
  const Backend dead = endpoint(false);
  report(dead);
  run_until_paused();
  EXPECT_THAT(relay_.suspected, ElementsAre(dead));
  run_until_steered();
}

TEST_F(SteeringControllerTest, AnEndpointThatAnswersHereIsNoReasonToPause) {
  start();
  const Backend alive = endpoint(true);
  const Backend dead = endpoint(false);
  report(alive, 0);
  run_until([this] {
    boost::system::error_code none;
    tcp::socket probe(loop_);
    listeners_.front().non_blocking(true);
    listeners_.front().accept(probe, none);
    return !none;
  });
  report(dead);
  run_until_paused();
  EXPECT_THAT(relay_.suspected, ElementsAre(dead));
}

TEST_F(SteeringControllerTest, APauseGoesOnWhileTheRelayHasDoubts) {
  start();
  relay_.has_doubts = true;
  report(endpoint(false));
  run_until_paused();
  const auto past_the_first_pause = steady_clock::now() + SteeringController::kFirstPause + milliseconds(300);
  run_until([&] { return steady_clock::now() > past_the_first_pause; });
  EXPECT_EQ(told_.paused.count(name_), 1U);
  relay_.has_doubts = false;
  run_until_steered();
}

TEST_F(SteeringControllerTest, APauseThatComesSoonAfterAnotherIsLonger) {
  start();
  const Backend dead = endpoint(false);
  report(dead);
  run_until_paused();
  run_until_steered();
  const auto began = steady_clock::now();
  report(dead);
  run_until_paused();
  run_until_steered();
  EXPECT_GE(steady_clock::now() - began, 2 * SteeringController::kFirstPause);
}

TEST_F(SteeringControllerTest, WhatTheRelayLeavesOutPausesAsWell) {
  start();
  controller_->ejected(name_);
  EXPECT_EQ(told_.paused.count(name_), 1U);
  EXPECT_THAT(relay_.suspected, IsEmpty());
}

TEST_F(SteeringControllerTest, TheEndOfTheProcessEndsPauses) {
  start();
  controller_->ejected(name_);
  controller_->stop();
  EXPECT_THAT(told_.paused, IsEmpty());
  EXPECT_THAT(controller_->why_not(), HasSubstr("ending"));
}

TEST_F(SteeringControllerTest, WhatCannotBeHadIsLeftToTheRelayOrEndsTheStart) {
  make(SteeringMode::kAuto, "the kernel says no").start({});
  EXPECT_EQ(controller_->why_not(), "the kernel says no");
  EXPECT_FALSE(controller_->port(name_));
  try {
    make(SteeringMode::kRequire).start({});
    FAIL() << "it was required";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "--steering require: /none is in no BPF file system");
  }
}

TEST_F(SteeringControllerTest, ABuildWithoutItSaysThatBeforeWhatTheSystemLacks) {
  built_ = false;
  try {
    make(SteeringMode::kRequire).start({});
    FAIL() << "it was required";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "--steering require: this kube-ferry was built without it");
  }
  make().start({});
  EXPECT_EQ(controller_->why_not(), "this kube-ferry was built without it");
}

TEST_F(SteeringControllerTest, OffAndTrialsSteerNothing) {
  make(SteeringMode::kOff).start({});
  EXPECT_EQ(controller_->why_not(), "--steering is off");
  make().start({*config::IpPrefix::parse("127.96.0.0/16")});
  EXPECT_THAT(controller_->why_not(), HasSubstr("loopback"));
  make().apply({added("a", "127.96.0.1")});
  controller_->start({});
  EXPECT_THAT(controller_->why_not(), HasSubstr("loopback"));
  EXPECT_EQ(told_.on_trouble, nullptr);
}

}  // namespace
}  // namespace ferry::proxy

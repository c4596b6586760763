// What a change costs in the kernel's maps, by the number of endpoints of its service. Needs root.
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>
#include <spdlog/logger.h>

#include "proxy/steering/pins.h"
#include "proxy/steering/steering.h"
#include "tests/support/own_control_group.h"

namespace ferry::proxy {
namespace {

using config::IpAddress;
using Info = std::shared_ptr<const config::ServicePortInfo>;

/// A service port with so many endpoints, the one in the middle at this port.
Info service_port(std::int64_t endpoints, std::uint16_t port_of_one) {
  config::BackendSet set;
  for (std::int64_t number = 0; number < endpoints; ++number) {
    const auto high = static_cast<std::uint8_t>(number >> 8U);
    const auto low = static_cast<std::uint8_t>(number);
    const std::uint16_t port = number == endpoints / 2 ? port_of_one : 8080;
    set.backends.push_back({IpAddress::from_v4_bytes({10, 128, high, low}), port, false, false});
  }
  auto made = std::make_shared<config::ServicePortInfo>();
  made->name = {{"default", "web"}, "http", config::Protocol::kTcp};
  made->port = 80;
  made->cluster_ips = {IpAddress::from_v4_bytes({10, 96, 0, 10})};
  made->backends.front().cluster = std::make_shared<config::BackendSet>(std::move(set));
  return made;
}

/// One endpoint gives way to another, as in a rollout.
void steer_to_another_endpoint(benchmark::State& state) try {
  const ferry::testing::OwnControlGroup own;
  boost::asio::io_context loop(1);
  Info now = service_port(state.range(0), 8080);
  Info next = service_port(state.range(0), 8081);
  SteeringOptions options;
  options.cgroup = own.path();
  options.pin_path = own.bpf_filesystem() + "/kube-ferry";
  const auto steering = Steering::attach(
      loop.get_executor(), options, {now}, [](const SteeringTrouble&) {}, std::make_shared<spdlog::logger>("steering"));
  for (auto _ : state) {
    steering->apply({{now->name, now, next}});
    std::swap(now, next);
  }
  if (!steering->port(now->name).value().why_not.empty()) state.SkipWithError("the service is not steered");
  remove_pins(options.pin_path);
} catch (const std::exception& error) {
  state.SkipWithError(error.what());
}
BENCHMARK(steer_to_another_endpoint)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ferry::proxy

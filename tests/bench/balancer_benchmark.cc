#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include <benchmark/benchmark.h>

#include "proxy/balancer/dial_plan.h"
#include "proxy/balancer/load_balancer.h"

namespace ferry::proxy {
namespace {

config::BackendSet set_of(std::int64_t endpoints) {
  config::BackendSet set;
  for (std::int64_t number = 0; number < endpoints; ++number) {
    const auto high = static_cast<std::uint8_t>(number >> 8U);
    const auto low = static_cast<std::uint8_t>(number);
    set.backends.push_back({config::IpAddress::from_v4_bytes({10, 128, high, low}), 8080, false, false});
  }
  return set;
}

/// The endpoint whose turn it is, as each connection asks without affinity.
void pick(benchmark::State& state) {
  static LoadBalancer balancer;
  const config::BackendSet set = set_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(set));
}
BENCHMARK(pick)->Arg(1)->Arg(1000)->Threads(1)->Threads(2)->UseRealTime();

/// The same with all that decides whom a connection dials first, and for how long.
void first_dial(benchmark::State& state) {
  LoadBalancer balancer;
  const EjectionOptions options;
  Ejections ejections(options);
  const config::BackendSet set = set_of(state.range(0));
  const DialPlan::Timeouts timeouts{std::chrono::milliseconds{250}, std::chrono::milliseconds{500},
                                    std::chrono::milliseconds{1000}, std::chrono::milliseconds{2000}};
  const auto now = std::chrono::steady_clock::now();
  for (auto _ : state) {
    DialPlan plan(timeouts, now);
    benchmark::DoNotOptimize(plan.next(balancer, ejections, set, now));
  }
}
BENCHMARK(first_dial)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace ferry::proxy

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
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

class Loads : public EndpointLoads {
 public:
  explicit Loads(const config::BackendSet& set) {
    for (const config::Backend& endpoint : set.backends) loads_[endpoint].latency.observe(kLatency, {});
  }
  const EndpointLoad* find(const config::Backend& endpoint) const override {
    const auto found = loads_.find(endpoint);
    return found == loads_.end() ? nullptr : &found->second;
  }

 private:
  static constexpr std::chrono::microseconds kLatency{300};
  std::unordered_map<config::Backend, EndpointLoad, EndpointHash, EndpointEqual> loads_;
};

/// The endpoint that each algorithm chooses.
void pick_by(benchmark::State& state, LoadBalancing algorithm) {
  LoadBalancer balancer;
  const config::BackendSet set = set_of(state.range(0));
  const Loads loads(set);
  const MaglevTable maglev(set);
  std::minstd_rand random;
  PickContext by{.now = std::chrono::steady_clock::now(), .random = random, .loads = loads, .algorithm = algorithm};
  by.maglev = &maglev;
  for (auto _ : state) {
    ++by.client;
    benchmark::DoNotOptimize(balancer.pick(set, by));
  }
}
BENCHMARK_CAPTURE(pick_by, round_robin, LoadBalancing::kRoundRobin)->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(pick_by, random, LoadBalancing::kRandom)->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(pick_by, least_connections, LoadBalancing::kLeastConnections)->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(pick_by, peak_ewma, LoadBalancing::kPeakEwma)->Arg(1)->Arg(1000);
BENCHMARK_CAPTURE(pick_by, maglev, LoadBalancing::kMaglev)->Arg(1)->Arg(1000);

void maglev_table(benchmark::State& state) {
  const config::BackendSet set = set_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(MaglevTable(set));
}
BENCHMARK(maglev_table)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

/// The same with all that decides whom a connection dials first, and for how long.
void first_dial(benchmark::State& state) {
  LoadBalancer balancer;
  const EjectionOptions options;
  Ejections ejections(options);
  const config::BackendSet set = set_of(state.range(0));
  const DialPlan::Timeouts timeouts{std::chrono::milliseconds{250}, std::chrono::milliseconds{500},
                                    std::chrono::milliseconds{1000}, std::chrono::milliseconds{2000}};
  const Loads loads(set);
  std::minstd_rand random;
  const PickContext by{.now = std::chrono::steady_clock::now(), .random = random, .loads = loads};
  for (auto _ : state) {
    DialPlan plan(timeouts, by.now);
    benchmark::DoNotOptimize(plan.next(balancer, ejections, set, by));
  }
}
BENCHMARK(first_dial)->Arg(1)->Arg(1000);

}  // namespace
}  // namespace ferry::proxy

// What a change costs in the store, by the number of services it holds: the curve should be flat.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "config/store.h"

namespace ferry::config {
namespace {

IpAddress address(std::uint8_t net, std::size_t i) {
  return IpAddress::from_v4_bytes({10, static_cast<std::uint8_t>(net + (i >> 16U)), static_cast<std::uint8_t>(i >> 8U),
                                   static_cast<std::uint8_t>(i)});
}

Service service(std::size_t i) {
  Service made;
  made.name = {"default", "service-" + std::to_string(i)};
  made.cluster_ips = {address(96, i)};
  made.ports = {{"http", Protocol::kTcp, 80, 0}};
  return made;
}

EndpointSlice slice(std::size_t i, std::size_t endpoints) {
  EndpointSlice made;
  made.name = {"default", "service-" + std::to_string(i) + "-x7k2p"};
  made.service = "service-" + std::to_string(i);
  EndpointSubset subset;
  for (std::size_t e = 0; e < endpoints; ++e) {
    Endpoint endpoint;
    endpoint.address = address(0, i * endpoints + e);
    endpoint.node_name = "node-" + std::to_string(e);
    subset.endpoints.push_back(endpoint);
  }
  subset.ports = {{"http", Protocol::kTcp, 8080}};
  made.subsets = {subset};
  return made;
}

void one_slice_changes(benchmark::State& state) {
  const auto services = static_cast<std::size_t>(state.range(0));
  std::size_t heard = 0;
  Store store({}, [&heard](const std::vector<ServicePortChange>& changes) { heard += changes.size(); });
  Store::Source& source = store.add_source("api");
  std::vector<Service> all;
  std::vector<EndpointSlice> slices;
  for (std::size_t i = 0; i < services; ++i) {
    all.push_back(service(i));
    slices.push_back(slice(i, 10));
  }
  source.set_services(std::move(all));
  source.set_slices(std::move(slices));
  const EndpointSlice ten = slice(services / 2, 10);
  EndpointSlice nine = ten;
  nine.subsets[0].endpoints.pop_back();
  bool flip = false;
  for (auto _ : state) {
    source.add_slice(flip ? ten : nine);
    flip = !flip;
  }
  benchmark::DoNotOptimize(heard);
}
BENCHMARK(one_slice_changes)->Arg(100)->Arg(1000)->Arg(10000)->Arg(44000)->Unit(benchmark::kMicrosecond);

void relist_without_a_difference(benchmark::State& state) {
  const auto services = static_cast<std::size_t>(state.range(0));
  Store store({}, [](const std::vector<ServicePortChange>&) {});
  Store::Source& source = store.add_source("api");
  std::vector<EndpointSlice> slices;
  for (std::size_t i = 0; i < services; ++i) slices.push_back(slice(i, 10));
  source.set_services({});
  source.set_slices(slices);
  for (auto _ : state) source.set_slices(slices);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(relist_without_a_difference)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ferry::config

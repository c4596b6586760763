#include "proxy/balancer/load_balancer.h"

#include <utility>

namespace ferry::proxy {

namespace {

/// Choices made at most before one that is not warm yet is taken as it is.
constexpr int kMostTries = 16;

/// What an endpoint that was never measured is taken to cost when it has something to do already, in microseconds: as
/// long as a slow one, so that it is not flooded before its first answer.
constexpr double kUnknownCost = 30'000;

std::uint32_t open_connections(const PickContext& by, const config::Backend& endpoint) {
  const EndpointLoad* const load = by.loads.find(endpoint);
  return load == nullptr ? 0 : load->open();
}

double expected_wait(const PickContext& by, const config::Backend& endpoint) {
  const EndpointLoad* const load = by.loads.find(endpoint);
  if (load == nullptr) return 0;
  const double open = load->open();
  const double latency = load->latency.at(by.now);
  return latency == 0 ? kUnknownCost * open : latency * (open + 1);
}

/// Two positions that differ; there must be as many.
std::pair<std::size_t, std::size_t> two_of(std::size_t size, std::minstd_rand& random) {
  const std::size_t first = random() % size;
  const std::size_t second = random() % (size - 1);
  return {first, second < first ? second : second + 1};
}

/// "The power of two choices" (Mitzenmacher 2001): nearly as even as comparing all of them.
template <typename Cost>
std::size_t cheaper_of_two(const config::BackendSet& set, std::minstd_rand& random, Cost cost) {
  if (set.backends.size() == 1) return 0;
  const auto [first, second] = two_of(set.backends.size(), random);
  return cost(set.backends[second]) < cost(set.backends[first]) ? second : first;
}

}  // namespace

std::size_t LoadBalancer::pick(const config::BackendSet& set, const PickContext& by, unsigned draw) {
  std::size_t position = pick_cold(set, by, draw);
  if (by.warm_ups == nullptr || by.algorithm == LoadBalancing::kMaglev) return position;
  for (int tries = 1; tries < kMostTries && !by.warm_ups->admits(set.backends[position], by.now, by.random); ++tries) {
    position = pick_cold(set, by, draw);
  }
  return position;
}

std::size_t LoadBalancer::pick_cold(const config::BackendSet& set, const PickContext& by, unsigned draw) {
  switch (by.algorithm) {
    case LoadBalancing::kRoundRobin:
      break;
    case LoadBalancing::kLeastConnections:
      return cheaper_of_two(set, by.random, [&by](const config::Backend& one) { return open_connections(by, one); });
    case LoadBalancing::kPeakEwma:
      return cheaper_of_two(set, by.random, [&by](const config::Backend& one) { return expected_wait(by, one); });
    case LoadBalancing::kMaglev:
      if (by.maglev != nullptr) return by.maglev->pick(by.client, draw);
      break;
    case LoadBalancing::kRandom:
      return by.random() % set.backends.size();
  }
  return turn_.next(set.backends.size());
}

void LoadBalancer::set_changed(const config::BackendSet& before, const config::BackendSet& after) noexcept {
  if (disjoint(before, after)) {
    turn_.restart();
  }
}

}  // namespace ferry::proxy

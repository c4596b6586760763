#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "config/backend_set.h"
#include "proxy/balancer/endpoint_load.h"
#include "proxy/balancer/endpoint_order.h"
#include "proxy/balancer/maglev_table.h"
#include "proxy/balancer/round_robin.h"
#include "proxy/balancer/warm_ups.h"
#include "proxy/settings/service_settings.h"

namespace ferry::proxy {

/// What the choice of an endpoint goes by, beside the set. What it points to outlives it.
struct PickContext {
  using TimePoint = std::chrono::steady_clock::time_point;

  TimePoint now;
  std::minstd_rand& random;
  const EndpointLoads& loads;
  LoadBalancing algorithm = LoadBalancing::kRoundRobin;
  /// Of the same set; null: the algorithm is another.
  const MaglevTable* maglev = nullptr;
  /// Null: nobody warms up.
  const WarmUps* warm_ups = nullptr;
  /// stable_hash() of the client's address.
  std::uint64_t client = 0;
  /// Connections an endpoint may have; 0: any number.
  std::uint32_t max_connections = 0;

  /// The endpoint has all the connections it may have.
  bool is_full(const config::Backend& endpoint) const {
    const EndpointLoad* const load = max_connections == 0 ? nullptr : loads.find(endpoint);
    return load != nullptr && load->open() >= max_connections;
  }
};

/// Says which backend of one service port, in one address family, the next connection is carried to. It outlives the
/// sets it picks from: the caller brings the set it sees, so that threads may see different ones for a moment.
class LoadBalancer {
 public:
  /// The position in `set` whose turn it is; nullopt when the set is empty. Safe from any thread.
  std::optional<std::size_t> pick(const config::BackendSet& set) noexcept {
    if (set.empty()) {
      return std::nullopt;
    }
    return turn_.next(set.backends.size());
  }

  /// The position by the algorithm of `by`; `set` must not be empty. `draw`: which choice for the same connection this
  /// is. Safe from any thread.
  std::size_t pick(const config::BackendSet& set, const PickContext& by, unsigned draw = 0);

  /// The set changed. The turn goes on where it was, so that a rolling update does not favour the first backends;
  /// only a set that shares no backend with the former starts at its first.
  void set_changed(const config::BackendSet& before, const config::BackendSet& after) noexcept;

 private:
  std::size_t pick_cold(const config::BackendSet& set, const PickContext& by, unsigned draw);

  RoundRobin turn_;
};

}  // namespace ferry::proxy

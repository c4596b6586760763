#pragma once

#include <cstddef>
#include <optional>

#include "config/backend_set.h"
#include "proxy/balancer/round_robin.h"

namespace ferry::proxy {

/// Says which backend of one service port, in one address family, the next connection is carried to. It outlives the
/// sets it picks from: the caller brings the set it sees, so that threads may see different ones for a moment.
class LoadBalancer {
 public:
  /// A position in `set`; nullopt when the set is empty. Safe from any thread.
  std::optional<std::size_t> pick(const config::BackendSet& set) noexcept {
    if (set.empty()) {
      return std::nullopt;
    }
    return turn_.next(set.backends.size());
  }

  /// The set changed. The turn goes on where it was, so that a rolling update does not favour the first backends;
  /// only a set that shares no backend with the former starts at its first.
  void set_changed(const config::BackendSet& before, const config::BackendSet& after) noexcept;

 private:
  RoundRobin turn_;
};

/// Whether both name the same endpoint, whatever else is known about it.
bool same_endpoint(const config::Backend& a, const config::Backend& b) noexcept;

/// The position of `backend` in `set`; nullopt when the set does not have it.
std::optional<std::size_t> position_of(const config::BackendSet& set, const config::Backend& backend) noexcept;

/// The position in `set` that follows `backend` in the order of addresses and ports, wrapping round, whether or not
/// the set has it. `set` must not be empty.
std::size_t position_after(const config::BackendSet& set, const config::Backend& backend) noexcept;

}  // namespace ferry::proxy

#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "config/backend_set.h"

namespace ferry::proxy {

/// Whether both name the same endpoint, whatever else is known about it.
bool same_endpoint(const config::Backend& a, const config::Backend& b) noexcept;

/// The position of `backend` in `set`; nullopt when the set does not have it.
std::optional<std::size_t> position_of(const config::BackendSet& set, const config::Backend& backend) noexcept;

/// The position in `set` that follows `backend` in the order of addresses and ports, wrapping round, whether or not
/// the set has it. `set` must not be empty.
std::size_t position_after(const config::BackendSet& set, const config::Backend& backend) noexcept;

/// Whether the sets have no endpoint in common.
bool disjoint(const config::BackendSet& a, const config::BackendSet& b) noexcept;

/// For tables by endpoint.
struct EndpointHash {
  std::size_t operator()(const config::Backend& endpoint) const noexcept {
    return std::hash<config::IpAddress>()(endpoint.address) * 65599U + endpoint.port;
  }
};
struct EndpointEqual {
  bool operator()(const config::Backend& a, const config::Backend& b) const noexcept { return same_endpoint(a, b); }
};

}  // namespace ferry::proxy

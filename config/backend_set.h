#pragma once

#include <compare>
#include <cstdint>
#include <vector>

#include "config/ip_address.h"

namespace ferry::config {

/// Where a connection can be carried to.
struct Backend {
  IpAddress address;
  std::uint16_t port = 0;
  /// Runs on this node.
  bool local = false;
  /// Used only because no ready endpoint was left.
  bool terminating = false;

  friend auto operator<=>(const Backend&, const Backend&) = default;
  friend bool operator==(const Backend&, const Backend&) = default;
};

/// The backends of one service port in one address family, sorted by address and port, without duplicates.
/// Immutable once handed out: an unchanged set is the same object from one change to the next.
struct BackendSet {
  std::vector<Backend> backends;

  bool empty() const { return backends.empty(); }

  friend bool operator==(const BackendSet&, const BackendSet&) = default;
};

}  // namespace ferry::config

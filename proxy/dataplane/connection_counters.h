#pragma once

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/relay/counter.h"

namespace ferry::proxy {

/// What one worker did for one service port, for one endpoint of it, or for all. Written by that worker; on a cache
/// line of its own.
struct alignas(64) PortCounters {
  Counter accepted;
  Counter closed;
  Counter failed;
  Counter retried;
  Counter to_backend;
  Counter to_client;

  /// Adds what these counters say to `sum`.
  void add_to(ConnectionCounters& sum) const {
    // Closed before accepted: read the other way round, a connection opened and closed in between would count -1.
    const std::uint64_t closed_now = closed.value();
    const std::uint64_t accepted_now = accepted.value();
    sum.accepted += accepted_now;
    sum.open += accepted_now - closed_now;
    sum.failed += failed.value();
    sum.retried += retried.value();
    sum.bytes_to_backend += to_backend.value();
    sum.bytes_to_client += to_client.value();
  }
};

}  // namespace ferry::proxy

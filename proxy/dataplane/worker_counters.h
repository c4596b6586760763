#pragma once

#include <array>
#include <cstddef>

#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/served_port.h"
#include "proxy/relay/counter.h"

namespace ferry::proxy {

/// What one worker did since the start. Written by that worker; anyone may read.
struct WorkerCounters {
  /// Linux numbers its errors up to 133.
  static constexpr std::size_t kErrnos = 134;

  PortCounters connections;
  /// Of UDP.
  PortCounters flows;
  Counter flows_evicted;
  Counter datagrams_dropped;
  /// By DialFailure.
  std::array<Counter, 4> dial_failures;
  Counter ejections;
  Counter half_close_timeouts;
  Counter resets_passed;
  Counter shed;
  Counter proxy_header_errors;
  Counter proxied_strangers;
  Counter batches_done;
  std::array<Counter, kErrnos> accept_errors;

  void count_accept_error(int error) { accept_errors[static_cast<std::size_t>(error) % kErrnos].add(); }

  void add_to(DataplaneTotals& totals) const;
};

}  // namespace ferry::proxy

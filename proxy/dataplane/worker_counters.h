#pragma once

#include <array>
#include <cstddef>

#include "proxy/balancer/dial_failure.h"
#include "proxy/dataplane/connection_counters.h"
#include "proxy/dataplane/dataplane_snapshot.h"
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
  /// Second dials beside the first, and those that were quicker.
  Counter hedges;
  Counter hedges_won;
  /// Looks at endpoints that all had the connections they may have.
  Counter place_waits;
  Counter half_close_timeouts;
  Counter idle_timeouts;
  Counter drained;
  Counter vanished_peers;
  Counter resets_passed;
  /// Connections given to another process, and taken over from one; these count as accepted, too.
  Counter given;
  Counter taken_over;
  Counter shed;
  Counter shed_for_memory;
  Counter proxy_header_errors;
  Counter proxied_strangers;
  Counter batches_done;
  std::array<Counter, kErrnos> accept_errors;
  /// Dials that failed for want of something of ours, by errno.
  std::array<Counter, kErrnos> dial_shortages;

  void count_accept_error(int error) { accept_errors[static_cast<std::size_t>(error) % kErrnos].add(); }

  /// What the dial met; counts the errno where it is ours.
  DialFailure dial_failed(int error) {
    const DialFailure failure = classify_dial_error(error);
    if (failure == DialFailure::kLocalShortage) dial_shortages[static_cast<std::size_t>(error) % kErrnos].add();
    return failure;
  }

  void add_to(DataplaneTotals& totals) const;
};

}  // namespace ferry::proxy

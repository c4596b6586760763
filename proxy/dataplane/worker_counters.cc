#include "proxy/dataplane/worker_counters.h"

#include <map>

namespace ferry::proxy {

namespace {

void add_errors(std::map<int, std::uint64_t>& into, const std::array<Counter, WorkerCounters::kErrnos>& counts) {
  for (std::size_t error = 0; error < counts.size(); ++error) {
    if (const std::uint64_t count = counts[error].value(); count > 0) into[static_cast<int>(error)] += count;
  }
}

}  // namespace

void WorkerCounters::add_to(DataplaneTotals& totals) const {
  connections.add_to(totals.connections);
  flows.add_to(totals.flows);
  totals.flows_evicted += flows_evicted.value();
  totals.datagrams_dropped += datagrams_dropped.value();
  totals.accepted_by_worker.push_back(connections.accepted.value());
  const auto dials = [this](DialFailure kind) { return dial_failures[static_cast<std::size_t>(kind)].value(); };
  totals.dial_failures.refused += dials(DialFailure::kRefused);
  totals.dial_failures.timed_out += dials(DialFailure::kTimedOut);
  totals.dial_failures.unreachable += dials(DialFailure::kUnreachable);
  totals.dial_failures.local_shortage += dials(DialFailure::kLocalShortage);
  totals.hedges += hedges.value();
  totals.hedges_won += hedges_won.value();
  totals.place_waits += place_waits.value();
  totals.half_close_timeouts += half_close_timeouts.value();
  totals.idle_timeouts += idle_timeouts.value();
  totals.drained += drained.value();
  totals.vanished_peers += vanished_peers.value();
  totals.ejections += ejections.value();
  totals.given += given.value();
  totals.taken_over += taken_over.value();
  totals.resets_passed += resets_passed.value();
  totals.shed += shed.value();
  totals.proxy_header_errors += proxy_header_errors.value();
  totals.proxied_strangers += proxied_strangers.value();
  totals.shed_for_memory += shed_for_memory.value();
  add_errors(totals.accept_errors, accept_errors);
  add_errors(totals.dial_shortages, dial_shortages);
}

}  // namespace ferry::proxy

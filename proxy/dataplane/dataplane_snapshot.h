#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/backend_set.h"
#include "config/ip_address.h"
#include "config/service_port_name.h"
#include "proxy/dataplane/durations.h"

namespace ferry::proxy {

/// Connections and bytes since the start. Counters, except `open`.
struct ConnectionCounters {
  std::uint64_t accepted = 0;
  /// Being dialled or carried now.
  std::uint64_t open = 0;
  /// Reset because no endpoint could be reached.
  std::uint64_t failed = 0;
  /// Dials beyond a connection's first.
  std::uint64_t retried = 0;
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;

  friend bool operator==(const ConnectionCounters&, const ConnectionCounters&) = default;
};

/// One endpoint that a service port's connections were dialled to.
struct EndpointSnapshot {
  config::Backend endpoint;
  ConnectionCounters connections;
};

/// What there is to say of a service port that was used.
struct ServicePortDetail {
  /// Times an endpoint was ejected, and ejected anew after a trial.
  std::uint64_t ejections = 0;
  ConnectTimes::Counts connect_times{};
  LifeTimes::Counts life_times{};
  std::vector<EndpointSnapshot> endpoints{};
};

/// One service port, also a removed one while connections to it are still carried.
struct ServicePortSnapshot {
  std::shared_ptr<const config::ServicePortName> name;
  ConnectionCounters connections;
  bool removed = false;
  /// Null for one that never had a connection, as most of a node.
  std::shared_ptr<const ServicePortDetail> detail{};
};

/// An address and port that should have a listener and has none.
struct UnservedAddress {
  config::ServicePortName name;
  config::IpAddress address;
  std::uint16_t port = 0;
  /// One sentence for people, such as "Address already in use".
  std::string reason;

  friend bool operator==(const UnservedAddress&, const UnservedAddress&) = default;
};

/// Dials that brought no connection, by what they met.
struct DialFailures {
  std::uint64_t refused = 0;
  std::uint64_t timed_out = 0;
  std::uint64_t unreachable = 0;
  /// Local shortage (ports, descriptors, memory): never the endpoint's fault.
  std::uint64_t local_shortage = 0;

  friend bool operator==(const DialFailures&, const DialFailures&) = default;
};

/// Sums over everything since the start, removed service ports included.
struct DataplaneTotals {
  ConnectionCounters connections;
  /// UDP's: `failed` found no endpoint, `retried` were given another one.
  ConnectionCounters flows;
  /// Flows closed because there were too many.
  std::uint64_t flows_evicted = 0;
  /// Datagrams that could not be passed on.
  std::uint64_t datagrams_dropped = 0;
  DialFailures dial_failures;
  /// Endpoints ejected, and ejected anew after a trial.
  std::uint64_t ejections = 0;
  /// Second dials beside the first, and those that were quicker.
  std::uint64_t hedges = 0;
  std::uint64_t hedges_won = 0;
  /// Times a connection waited because every endpoint had all the connections it may have.
  std::uint64_t place_waits = 0;
  std::uint64_t half_close_timeouts = 0;
  std::uint64_t idle_timeouts = 0;
  /// Connections closed because their endpoint had terminated or was gone.
  std::uint64_t drained = 0;
  /// Connections reset because one side was silent that ought to have answered.
  std::uint64_t vanished_peers = 0;
  /// Connections given to another process that took this one's place, and taken over from one; those count as
  /// accepted, too.
  std::uint64_t given = 0;
  std::uint64_t taken_over = 0;
  /// Connections ended by a reset from either side.
  std::uint64_t resets_passed = 0;
  /// accept(2) failures by errno.
  std::map<int, std::uint64_t> accept_errors;
  /// Connections accepted and reset at once because descriptors were short.
  std::uint64_t shed = 0;
  /// Connections closed because there was no memory for them.
  std::uint64_t shed_for_memory = 0;
  /// Dials that failed for want of something of ours, by errno.
  std::map<int, std::uint64_t> dial_shortages;
  /// Connections of load balancers that did not begin with a PROXY header, and those made for clients who are not
  /// answered. Both are reset.
  std::uint64_t proxy_header_errors = 0;
  std::uint64_t proxied_strangers = 0;
  std::uint64_t listen_failures = 0;
  /// Bytes held in user memory for slow peers now.
  std::uint64_t held_bytes = 0;
  /// Pipes that exist now, in use or pooled.
  std::uint64_t pipes = 0;
  /// Times a stream was copied because no pipe was to be had.
  std::uint64_t pipes_denied = 0;
  /// Connections accepted by each worker.
  std::vector<std::uint64_t> accepted_by_worker;
};

/// What the data path did and how it stands, for metrics and pages.
struct DataplaneSnapshot {
  std::vector<ServicePortSnapshot> service_ports;
  DataplaneTotals totals;
  /// Listening sockets that are open, and those being closed.
  std::size_t listeners = 0;
  std::size_t listeners_closing = 0;
  /// Endpoints that new connections leave out now, counted for each service port.
  std::size_t endpoints_ejected = 0;
  /// Clients remembered for their affinity.
  std::size_t affinity_entries = 0;
  /// Batches of commands sent to each worker so far, and those that every worker has carried out.
  std::uint64_t batches_posted = 0;
  std::uint64_t batches_done = 0;
  /// Listeners that could not be opened (they are tried again) and addresses that another service port claimed first.
  std::vector<UnservedAddress> unserved;
  /// Service ports of protocols that are not carried yet.
  std::size_t sctp_ports_not_served = 0;
};

}  // namespace ferry::proxy

#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "config/service_port_info.h"
#include "proxy/balancer/load_balancer.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/relay/counter.h"

namespace ferry::proxy {

/// What one worker did for one service port (or for all). Written by that worker; on a cache line of its own.
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

/// What all threads share of one service port: whose turn it is, and a row of counters for each worker.
class ServedPort {
 public:
  ServedPort(config::ServicePortName name, std::size_t workers)
      : name_(std::make_shared<const config::ServicePortName>(std::move(name))), counters_(workers) {}

  const std::shared_ptr<const config::ServicePortName>& name() const { return name_; }

  LoadBalancer& balancer(config::AddressFamily family) { return balancers_[static_cast<std::size_t>(family)]; }

  /// Belongs to the worker of that index; anyone may read.
  PortCounters& counters(std::size_t worker) { return counters_[worker]; }

  ConnectionCounters connections() const {
    ConnectionCounters sum;
    for (const PortCounters& row : counters_) {
      row.add_to(sum);
    }
    return sum;
  }

 private:
  std::shared_ptr<const config::ServicePortName> name_;
  std::array<LoadBalancer, 2> balancers_;
  std::vector<PortCounters> counters_;
};

/// The backend sets that one service port balances over, by AddressFamily. Never null.
using FamilySets = std::array<std::shared_ptr<const config::BackendSet>, 2>;

/// One worker's view of a service port: no other thread touches it.
struct WorkerPort {
  std::shared_ptr<ServedPort> shared;
  PortCounters* counters = nullptr;
  FamilySets sets{config::FamilyBackends::empty_set(), config::FamilyBackends::empty_set()};
};

}  // namespace ferry::proxy

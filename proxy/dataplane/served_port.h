#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/service_port_info.h"
#include "proxy/balancer/ejections.h"
#include "proxy/balancer/load_balancer.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/frontend.h"
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

/// Which of a service port's backend sets.
struct SetChoice {
  static constexpr std::size_t kCount = 4;

  config::AddressFamily family = config::AddressFamily::kIpv4;
  Scope scope = Scope::kCluster;

  std::size_t index() const { return 2 * static_cast<std::size_t>(family) + static_cast<std::size_t>(scope); }
};

/// What all threads share of one service port: whose turn it is, and a row of counters for each worker.
class ServedPort {
 public:
  /// `id`: no other service port of the dataplane, now or later, has it.
  /// `ejection` outlives it.
  ServedPort(config::ServicePortName name, std::size_t workers, const EjectionOptions& ejection, std::uint64_t id = 0)
      : name_(std::make_shared<const config::ServicePortName>(std::move(name))),
        id_(id),
        ejections_(ejection, id),
        counters_(workers) {}

  const std::shared_ptr<const config::ServicePortName>& name() const { return name_; }

  std::uint64_t id() const { return id_; }

  LoadBalancer& balancer(SetChoice choice) { return balancers_[choice.index()]; }
  /// Of all its sets.
  Ejections& ejections() { return ejections_; }

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
  std::uint64_t id_;
  std::array<LoadBalancer, SetChoice::kCount> balancers_;
  Ejections ejections_;
  std::vector<PortCounters> counters_;
};

/// What the workers go by when they carry the connections of one service port.
struct PortState {
  /// By SetChoice. Never null.
  std::array<std::shared_ptr<const config::BackendSet>, SetChoice::kCount> sets{
      config::FamilyBackends::empty_set(), config::FamilyBackends::empty_set(), config::FamilyBackends::empty_set(),
      config::FamilyBackends::empty_set()};
  /// How long after its last connection a client keeps its backend; 0: each connection goes where its turn is.
  std::chrono::seconds affinity{0};
  /// Datagrams that answer one of UDP; 0: nobody knows.
  std::uint32_t udp_responses = 0;
  /// Endpoints of TCP hear first, by the PROXY protocol, who their client is.
  bool proxy_protocol = false;

  const config::BackendSet& set(SetChoice choice) const { return *sets[choice.index()]; }
};

/// Where a client that came to the frontend is carried to; `client` none: it does not matter who it is. One that was
/// let in while there still were endpoints in its scope is better carried elsewhere than nowhere.
SetChoice choose_set(const Frontend& frontend, const PortState& state, const std::optional<config::IpAddress>& client);

/// How a connection came.
struct Arrival {
  SetChoice choice;
  /// Who made it; known only where it matters.
  std::optional<config::IpAddress> client;
  /// The endpoint hears this first, before any byte of the client; mostly empty.
  std::string header{};
};

/// One worker's view of a service port: no other thread touches it.
struct WorkerPort {
  std::shared_ptr<ServedPort> shared;
  PortCounters* counters = nullptr;
  PortState state;
};

}  // namespace ferry::proxy

#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/service_port_info.h"
#include "proxy/balancer/ejections.h"
#include "proxy/balancer/load_balancer.h"
#include "proxy/balancer/maglev_table.h"
#include "proxy/balancer/warm_ups.h"
#include "proxy/dataplane/connection_counters.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/dataplane/durations.h"
#include "proxy/dataplane/endpoint_table.h"
#include "proxy/dataplane/frontend.h"
#include "proxy/dataplane/worker_endpoints.h"
#include "proxy/relay/socket_address.h"
#include "proxy/settings/service_settings.h"

namespace ferry::proxy {

/// How long things took that one worker did for one service port.
struct PortTimes {
  ConnectTimes connect;
  LifeTimes life;
};

/// Which of a service port's backend sets.
struct SetChoice {
  static constexpr std::size_t kCount = 4;

  config::AddressFamily family = config::AddressFamily::kIpv4;
  Scope scope = Scope::kCluster;

  std::size_t index() const { return 2 * static_cast<std::size_t>(family) + static_cast<std::size_t>(scope); }
};

/// DataplaneOptions::on_ejected.
using OnEjected = std::function<void(const config::ServicePortName&)>;

/// What all threads share of one service port: whose turn it is, what is known of its endpoints, and a row of counters
/// for each worker.
class ServedPort {
 public:
  /// `id`: no other service port of the dataplane, now or later, has it.
  /// `ejection` and `on_ejected` outlive it.
  ServedPort(config::ServicePortName name, std::size_t workers, const EjectionOptions& ejection, std::uint64_t id = 0,
             const OnEjected* on_ejected = nullptr)
      : name_(std::make_shared<const config::ServicePortName>(std::move(name))),
        id_(id),
        ejections_(ejection, id),
        on_ejected_(on_ejected),
        endpoints_(workers),
        counters_(workers) {}
  ~ServedPort();
  ServedPort(const ServedPort&) = delete;
  ServedPort& operator=(const ServedPort&) = delete;

  const std::shared_ptr<const config::ServicePortName>& name() const { return name_; }

  std::uint64_t id() const { return id_; }

  LoadBalancer& balancer(SetChoice choice) { return balancers_[choice.index()]; }
  /// Of all its sets.
  Ejections& ejections() { return ejections_; }
  const Ejections& ejections() const { return ejections_; }
  /// Ejections::failed(), which tells whoever asked for it.
  bool eject(const config::Backend& endpoint, const config::BackendSet& set, Ejections::TimePoint now,
             EjectionCause cause) {
    const bool left_out = ejections_.failed(endpoint, set, now, cause);
    if (left_out && on_ejected_ != nullptr && *on_ejected_) (*on_ejected_)(*name_);
    return left_out;
  }
  EndpointTable& endpoints() { return endpoints_; }
  const EndpointTable& endpoints() const { return endpoints_; }

  /// Belongs to the worker of that index; anyone may read.
  PortCounters& counters(std::size_t worker) { return counters_[worker]; }

  /// Like counters(); made with the first connection.
  PortTimes& times(std::size_t worker);
  /// Of all workers.
  ConnectTimes::Counts connect_times() const;
  LifeTimes::Counts life_times() const;

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
  const OnEjected* on_ejected_;
  EndpointTable endpoints_;
  std::vector<PortCounters> counters_;
  /// One for each worker; null before the first connection, which most service ports of a node never have.
  std::atomic<PortTimes*> times_{nullptr};
};

/// What few services need.
struct PortExtras {
  /// Never null.
  std::shared_ptr<const ServiceSettings> settings = ServiceSettings::defaults();
  /// By SetChoice; null unless the algorithm is maglev, and for empty sets.
  std::array<std::shared_ptr<const MaglevTable>, SetChoice::kCount> maglev;
  /// Null: nobody warms up.
  std::shared_ptr<const WarmUps> warm_ups;
  /// By family: the endpoints that are there and do not terminate, whose connections stay; null: all stay.
  std::array<std::shared_ptr<const config::BackendSet>, 2> staying;

  bool any() const { return *this != PortExtras{}; }
  friend bool operator==(const PortExtras&, const PortExtras&) = default;
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
  /// Null for most: there are tens of thousands of these.
  std::shared_ptr<const PortExtras> extras;

  const ServiceSettings& settings() const { return extras ? *extras->settings : *ServiceSettings::defaults(); }
  const config::BackendSet& set(SetChoice choice) const { return *sets[choice.index()]; }
};

/// Whether one of the sets has the endpoint.
bool is_in_use(const PortState& state, const config::Backend& endpoint);

/// Where a client that came to the frontend is carried to. One that was let in while there still were endpoints in its
/// scope is better carried elsewhere than nowhere.
SetChoice choose_set(const Frontend& frontend, const PortState& state, const config::IpAddress& client);

/// How a connection came.
struct Arrival {
  SetChoice choice;
  /// Who made it, or for whom it was made.
  Peer client;
  /// The endpoint hears this first, before any byte of the client; mostly empty.
  std::string header{};
};

/// One worker's view of a service port: no other thread touches it.
struct WorkerPort {
  WorkerPort(std::shared_ptr<ServedPort> port, std::size_t index, PortState now = {})
      : shared(std::move(port)), worker(index), counters(shared->counters(index)), state(std::move(now)) {}

  std::shared_ptr<ServedPort> shared;
  /// The worker's index, and its row.
  std::size_t worker;
  PortCounters& counters;
  PortState state;
  /// The endpoints that this worker has dialled or weighed.
  WorkerEndpoints endpoints;
  /// Connections that wait until an endpoint may have one more.
  std::uint32_t waiting = 0;

  WorkerEndpoint& endpoint(const config::Backend& backend) {
    return endpoints.of(backend, shared->endpoints(), worker);
  }
  PickContext pick_context(SetChoice choice, const config::IpAddress& client, std::minstd_rand& random,
                           std::chrono::steady_clock::time_point now);
};

}  // namespace ferry::proxy

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <spdlog/logger.h>

#include "config/backend_set.h"
#include "config/service_port_info.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

struct SteeringOptions {
  /// Processes of this control group (v2) and of those below it are steered.
  std::string cgroup{};
  /// A folder of a BPF file system in which steering lives on without a process; empty: it ends with this one.
  std::string pin_path{};
  /// What does not fit goes through the relay.
  std::size_t most_service_ports = std::size_t{1} << 14U;
  /// Of these a quarter may be of service ports with affinity.
  std::size_t most_endpoints = std::size_t{1} << 17U;
  /// Open at a time.
  std::size_t most_connections = std::size_t{1} << 16U;
  /// Clients that are to keep their endpoints; of more, those give way who have not connected for the longest.
  std::size_t most_affinities = std::size_t{1} << 13U;
};

/// An endpoint that did not take a steered connection.
struct SteeringTrouble {
  config::ServicePortName name;
  config::Backend endpoint;
  /// What connect(2) has failed with; 0: the first SYN was not answered in time.
  int error = 0;
};

/// Brings connections that processes of this host make to service addresses straight to an endpoint, at connect(2), for
/// service ports that ask for nothing that only a relay can do. What is not steered comes to the relay, which captures
/// the same addresses: so a service port may be taken out at any time. Belongs to one thread, that of its executor, but
/// for what there is to see (SteeringView).
class Steering : public SteeringView {
 public:
  using OnTrouble = std::function<void(const SteeringTrouble&)>;
  using ServicePorts = std::vector<std::shared_ptr<const config::ServicePortInfo>>;

  /// Steers to these service ports, all there are, from now on; what an earlier process has pinned is brought to that
  /// and goes on. Throws std::runtime_error that says why it cannot be had: this program was built without it, the
  /// control group is none of version 2, or the kernel refuses (it takes CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON;
  /// Linux 5.14).
  static std::unique_ptr<Steering> attach(const boost::asio::any_io_executor& executor, const SteeringOptions& options,
                                          const ServicePorts& service_ports, OnTrouble on_trouble,
                                          std::shared_ptr<spdlog::logger> logger);

  /// Loads the programs for a moment, attached to nothing. Throws std::runtime_error that says why attach() would fail
  /// with this control group.
  static void try_to_load(const std::string& cgroup);

  /// Follows the changes, at a cost in proportion to them. Each connection goes to an endpoint of the set before or of
  /// the one after.
  virtual void apply(const std::vector<config::ServicePortChange>& changes) = 0;
  /// Leaves new connections of the service port to the relay, or no more.
  virtual void pause(const config::ServicePortName& name, bool paused) = 0;
};

/// Why connections to this service port's cluster addresses cannot be steered; empty: they can.
std::string_view why_not_steered(const config::ServicePortInfo& info);

/// Whether this program has it.
bool steering_was_built();

}  // namespace ferry::proxy

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

namespace ferry::proxy {

struct SteeringOptions {
  /// Processes of this control group (v2) and of those below it are steered.
  std::string cgroup;
  std::size_t most_addresses = std::size_t{1} << 16U;
  std::size_t most_endpoints = std::size_t{1} << 19U;
  std::size_t most_service_ports = std::size_t{1} << 16U;
};

/// What became of the steered connections of a service port.
struct SteeredCounters {
  std::uint64_t dialled = 0;
  std::uint64_t established = 0;
  std::uint64_t failed = 0;
  std::uint64_t closed = 0;
  /// Of connections that have ended.
  std::uint64_t bytes_to_endpoint = 0;
  std::uint64_t bytes_to_client = 0;

  friend bool operator==(const SteeredCounters&, const SteeredCounters&) = default;
};

/// An endpoint that did not take a steered connection.
struct SteeringTrouble {
  config::ServicePortName name;
  config::Backend endpoint;
  /// It refused, or the connect was given up; else it has not answered a SYN in time.
  bool failed = false;
};

/// Brings connections that processes of this host make to service addresses straight to an endpoint, at connect(2), for
/// service ports that ask for nothing that only a relay can do. What is not steered comes to the relay, which captures
/// the same addresses: so a service port may be taken out at any time. Belongs to one thread, that of its executor.
class Steering {
 public:
  using OnTrouble = std::function<void(const SteeringTrouble&)>;

  /// Attaches. Throws std::runtime_error that says why it cannot be had: this program was built without it, the control
  /// group is none of version 2, or the kernel refuses (it takes CAP_BPF and CAP_NET_ADMIN; Linux 5.11).
  static std::unique_ptr<Steering> attach(const boost::asio::any_io_executor& executor, SteeringOptions options,
                                          OnTrouble on_trouble, std::shared_ptr<spdlog::logger> logger);
  virtual ~Steering() = default;

  /// Follows the changes, at a cost in proportion to them. Each connection goes to an endpoint of the set before or of
  /// the one after.
  virtual void apply(const std::vector<config::ServicePortChange>& changes) = 0;
  /// Leaves new connections of the service port to the relay, or no more.
  virtual void pause(const config::ServicePortName& name, bool paused) = 0;
  /// Why the relay carries the service port's connections; empty: they are steered.
  virtual std::string why_not(const config::ServicePortName& name) const = 0;
  virtual SteeredCounters counters(const config::ServicePortName& name) const = 0;
};

/// Why connections of this service port cannot be steered; empty: they can.
std::string_view why_not_steered(const config::ServicePortInfo& info);

/// Whether this program has it.
bool steering_was_built();

}  // namespace ferry::proxy

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/service_port_name.h"

namespace ferry::proxy {

/// What became of steered connections. Counters, which a process takes over from the one before it.
struct SteeredCounters {
  std::uint64_t dialled = 0;
  /// The endpoint refused, was silent until the kernel gave up, or could not be reached.
  std::uint64_t failed = 0;
  /// Their client has closed them before the endpoint answered.
  std::uint64_t given_up = 0;
  std::uint64_t closed = 0;
  /// Of connections that have ended.
  std::uint64_t bytes_to_endpoint = 0;
  std::uint64_t bytes_to_client = 0;

  /// Being dialled or in use now.
  std::uint64_t open() const {
    const std::uint64_t ended = failed + given_up + closed;
    return dialled > ended ? dialled - ended : 0;
  }
  SteeredCounters& operator+=(const SteeredCounters& more);

  friend bool operator==(const SteeredCounters&, const SteeredCounters&) = default;
};

/// How new connections to a service port's cluster addresses go.
struct SteeredPort {
  /// Why the relay carries them; empty: they are steered.
  std::string why_not;
  /// For a while only: an endpoint has not taken a connection lately.
  bool paused = false;
  SteeredCounters connections;

  bool steered() const { return why_not.empty(); }
};

/// How full one of the kernel's maps is.
struct SteeringMap {
  std::string name;
  std::size_t entries = 0;
  std::size_t most = 0;
};

struct SteeringSnapshot {
  /// Why nothing is steered; empty: it is.
  std::string why_not;
  /// Steering goes on while no kube-ferry runs.
  bool pinned = false;
  /// Those that there are now.
  std::map<config::ServicePortName, SteeredPort> service_ports;
  /// Removed service ports included.
  SteeredCounters totals;
  std::vector<SteeringMap> maps;
  /// Times a service port was left to the relay because an endpoint had not taken a connection.
  std::uint64_t pauses = 0;
};

/// What there is to see of steering. Safe from any thread.
class SteeringView {
 public:
  virtual ~SteeringView() = default;

  /// Why nothing is steered, as SteeringSnapshot has it.
  virtual std::string why_not() const = 0;
  /// None: there is no such service port, or nothing is steered.
  virtual std::optional<SteeredPort> port(const config::ServicePortName& name) const = 0;
  /// All of it, at a cost in proportion to the service ports; the log is warned of maps that are nearly full.
  virtual SteeringSnapshot snapshot() const = 0;
  /// SteeringSnapshot::totals, cheaper.
  virtual SteeredCounters totals() const = 0;
};

}  // namespace ferry::proxy

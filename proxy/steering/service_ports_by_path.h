#pragma once

#include <cstddef>

#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// How many service ports' new connections go which way.
struct ServicePortsByPath {
  std::size_t steered = 0;
  /// Always, as far as one can tell.
  std::size_t relayed = 0;
  /// By the relay, for a while.
  std::size_t paused = 0;
};

inline ServicePortsByPath by_path(const SteeringSnapshot& steering) {
  ServicePortsByPath ports;
  for (const auto& [name, port] : steering.service_ports) {
    ++(port.steered() ? ports.steered : port.paused ? ports.paused : ports.relayed);
  }
  return ports;
}

}  // namespace ferry::proxy

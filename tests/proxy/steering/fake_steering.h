#pragma once

#include <optional>
#include <string>
#include <utility>

#include "proxy/steering/steering_view.h"

namespace ferry::proxy::testing {

/// A service port that the relay carries, for good.
inline SteeredPort relayed(std::string why_not) {
  SteeredPort port;
  port.why_not = std::move(why_not);
  return port;
}

/// The same for a while.
inline SteeredPort paused() {
  SteeredPort port = relayed("an endpoint has not taken a connection lately");
  port.paused = true;
  return port;
}

inline SteeringSnapshot none_steered(std::string why_not) {
  SteeringSnapshot snapshot;
  snapshot.why_not = std::move(why_not);
  return snapshot;
}

/// Shows what a test puts there.
class FakeSteering : public SteeringView {
 public:
  std::string why_not() const override { return shown.why_not; }
  std::optional<SteeredPort> port(const config::ServicePortName& name) const override {
    const auto found = shown.service_ports.find(name);
    return found == shown.service_ports.end() ? std::nullopt : std::optional(found->second);
  }
  SteeringSnapshot snapshot() const override { return shown; }
  SteeredCounters totals() const override { return shown.totals; }

  SteeringSnapshot shown;
};

}  // namespace ferry::proxy::testing

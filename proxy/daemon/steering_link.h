#pragma once

#include "proxy/dataplane/dataplane.h"
#include "proxy/steering/steering_controller.h"

namespace ferry::proxy {

/// Has the relay know what steered connections met, and steering what the relay knows. For the control thread.
class SteeringLink final : public SteeringRelay {
 public:
  /// `dataplane` outlives it.
  explicit SteeringLink(Dataplane& dataplane) : dataplane_(dataplane) {}

  void suspect(const SteeringTrouble& trouble) override;
  bool suspects(const config::ServicePortName& name) const override { return dataplane_.suspects(name); }

 private:
  Dataplane& dataplane_;
};

}  // namespace ferry::proxy

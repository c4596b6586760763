#pragma once

#include <string>

#include "proxy/preflight/finding.h"
#include "proxy/steering/steering_controller.h"

namespace ferry::proxy {

/// Whether connections could be steered at connect(2), and for how long.
struct SteeringFacts {
  SteeringMode mode = SteeringMode::kAuto;
  bool built = true;
  /// Service addresses are loopback's: auto leaves such a trial to the relay.
  bool trial = false;
  /// Whose processes would be steered; empty: none is in sight.
  std::string cgroup{};
  /// Why the programs cannot be had there; empty: they can, or nobody has tried.
  std::string refused{};
  /// Where they would be pinned; empty: nowhere.
  std::string pin_folder{};
};

/// Loads the programs for a moment, attached to nothing, where there is a control group for them.
SteeringFacts read_steering_facts(const SteeringSettings& settings, bool trial);

Findings check_steering(const SteeringFacts& facts);

}  // namespace ferry::proxy

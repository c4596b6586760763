#pragma once

#include <string>
#include <vector>

#include "proxy/options/options.h"

namespace ferry::proxy {

/// What becomes of options that were read anew.
struct ReloadPlan {
  /// To be in force from now on.
  Options options;
  /// The flags that have another value by it, such as "--cluster-cidr".
  std::vector<std::string> changed;
  /// The flags whose new value has to wait for the next start.
  std::vector<std::string> needs_restart;
};

/// `read_before`: what was read the last time. Where somebody has set the verbosity otherwise meanwhile, that stays
/// unless another is read now.
ReloadPlan plan_reload(const Options& in_force, const Options& read_before, const Options& read);

}  // namespace ferry::proxy

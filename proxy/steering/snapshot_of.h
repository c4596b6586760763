#pragma once

#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// All that there is to see. Null: a daemon that has no steering, which steers nothing.
inline SteeringSnapshot snapshot_of(const SteeringView* steering) {
  if (steering != nullptr) return steering->snapshot();
  SteeringSnapshot none;
  none.why_not = "off";
  return none;
}

}  // namespace ferry::proxy

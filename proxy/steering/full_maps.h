#pragma once

#include <set>
#include <string>
#include <vector>

#include <spdlog/logger.h>

#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// Warns of maps that are nearly full, once each until there is room again.
class FullMaps {
 public:
  void look(const std::vector<SteeringMap>& maps, spdlog::logger& logger);

 private:
  std::set<std::string> warned_of_;
};

}  // namespace ferry::proxy

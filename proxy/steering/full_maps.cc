#include "proxy/steering/full_maps.h"

#include <cstddef>

namespace ferry::proxy {

namespace {

/// How much of a map is in use when it is warned of, and when that is over; percent.
constexpr std::size_t kNearlyFull = 80;
constexpr std::size_t kFullNoMore = 70;

}  // namespace

void FullMaps::look(const std::vector<SteeringMap>& maps, spdlog::logger& logger) {
  for (const SteeringMap& map : maps) {
    if (100 * map.entries >= kNearlyFull * map.most && warned_of_.insert(map.name).second) {
      logger.warn(
          "the steering map of {} holds {} entries of {} that it may have: connections to what does not fit go through "
          "the relay; --steering-max-service-ports, --steering-max-endpoints and --steering-max-connections say how "
          "many fit",
          map.name, map.entries, map.most);
    } else if (100 * map.entries < kFullNoMore * map.most) {
      warned_of_.erase(map.name);
    }
  }
}

}  // namespace ferry::proxy

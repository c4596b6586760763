#include "proxy/daemon/inspector_sources.h"

#include <numeric>

namespace ferry::proxy {

Json watches_json(const std::vector<watch::ReflectorStatus>& resources) {
  Json watches = Json::array();
  for (const watch::ReflectorStatus& status : resources) {
    watches.push_back({{"resource", status.resource},
                       {"apiVersion", status.api_version},
                       {"synced", status.synced},
                       {"watching", status.watching},
                       {"lists", status.lists},
                       {"relists", status.relists},
                       {"events", std::accumulate(status.events.begin(), status.events.end(), std::uint64_t{0})},
                       {"lastEventAt", status.last_event ? time_json(*status.last_event) : Json(nullptr)},
                       {"lastError", status.last_error}});
  }
  return watches;
}

Json files_json(const std::vector<watch::FileSourceStatus>& files) {
  Json all = Json::array();
  for (const watch::FileSourceStatus& status : files) {
    all.push_back({{"path", status.path},
                   {"services", status.services},
                   {"slices", status.slices},
                   {"loads", status.loads},
                   {"lastError", status.last_error}});
  }
  return all;
}

}  // namespace ferry::proxy

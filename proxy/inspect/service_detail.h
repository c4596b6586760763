#pragma once

#include <chrono>
#include <vector>

#include "config/service_join.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/inspect/history_book.h"
#include "proxy/inspect/json_parts.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// The answer to /api/services/NAMESPACE/NAME (docs/api.md): what the cluster says of the service, with what is known
/// of its endpoints here. `ports` are those of this service alone; `steering` may be null.
Json service_detail_json(const config::ServiceDescription& service, const std::vector<Dataplane::Port>& ports,
                         const HistoryBook& histories, const SteeringView* steering,
                         std::chrono::steady_clock::time_point now);

/// The same of a service that is gone, while connections are left.
Json removed_service_json(const config::NamespacedName& name, const std::vector<Dataplane::Port>& ports,
                          const HistoryBook& histories);

}  // namespace ferry::proxy

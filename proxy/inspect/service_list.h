#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "proxy/admin/routes.h"
#include "proxy/dataplane/dataplane.h"
#include "proxy/inspect/history_book.h"
#include "proxy/inspect/json_parts.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// What part of the list of service ports is asked for.
struct ServiceQuery {
  enum class Sort { kName, kOpen, kConnections, kFailures, kBytes, kAccepted, kEndpoints, kEjected, kP99 };

  std::string contains;
  /// Empty: all.
  std::string ns;
  Sort sort = Sort::kName;
  bool descending = false;
  std::size_t offset = 0;
  std::size_t limit = 50;
  bool history = false;

  static constexpr std::size_t kMostLimit = 500;

  /// From a request's parameters. Throws std::invalid_argument with one sentence for whoever asked.
  static ServiceQuery parse(const Request& request);
};

/// The answer to /api/services (docs/api.md). `steering` may be null.
Json service_list_json(const std::vector<Dataplane::Port>& ports, const HistoryBook& histories,
                       const SteeringView* steering, const ServiceQuery& query);

/// One service port as an item of that list.
Json service_port_json(const Dataplane::Port& port, const HistoryBook& histories, const SteeringView* steering,
                       bool with_history);

/// Reads a whole number of a request's parameter; `otherwise` without it. Throws std::invalid_argument.
std::size_t number_parameter(const Request& request, std::string_view name, std::size_t otherwise, std::size_t most);

}  // namespace ferry::proxy

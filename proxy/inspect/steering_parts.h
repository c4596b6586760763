#pragma once

#include <optional>
#include <string>

#include "proxy/dataplane/dataplane.h"
#include "proxy/inspect/json_parts.h"
#include "proxy/steering/steering_view.h"

namespace ferry::proxy {

/// Carried and steered ones together.
ConnectionCounters with_steered(const ConnectionCounters& carried, const SteeredCounters& steered);

/// How new connections to the service port go. None where nothing is known of it: nothing is steered, or it is gone and
/// has a namesake perhaps. `steering` may be null.
std::optional<SteeredPort> steered_port(const SteeringView* steering, const Dataplane::Port& port);

/// The field `steering` of a service port (docs/api.md), and the one of /api/status.
Json steered_port_json(const std::optional<SteeredPort>& port);
Json steering_json(const SteeringSnapshot& steering);

/// One sentence on how new connections to a service port go; empty where there is nothing to say.
std::string steering_words(const SteeringView* steering, const Dataplane::Port& port);

}  // namespace ferry::proxy

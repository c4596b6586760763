#pragma once

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

#include "config/backend_set.h"
#include "config/service_port_info.h"
#include "proxy/dataplane/dataplane_snapshot.h"
#include "proxy/inspect/history.h"
#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

/// Objects whose fields stand in the order they were put, as docs/api.md shows them.
using Json = nlohmann::ordered_json;

Json connections_json(const ConnectionCounters& counters);
Json rates_json(const Sample& sample);
/// `history` null: nothing has happened.
Json connect_json(const History* history);
Json history_json(const History& history);

/// RFC 3339, in whole seconds of UTC; null for the epoch.
Json time_json(std::chrono::system_clock::time_point time);

/// "10.0.0.1:80", "[fd00::1]:80".
std::string place_text(const config::IpAddress& address, std::uint16_t port);

/// The addresses a service port is reached at: cluster, external, load-balancer, node port ("*:30080").
std::vector<std::string> addresses_of(const config::ServicePortInfo& info);

}  // namespace ferry::proxy

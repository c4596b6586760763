#include "proxy/inspect/steering_parts.h"

#include <utility>

#include <spdlog/fmt/fmt.h>

#include "proxy/steering/service_ports_by_path.h"

namespace ferry::proxy {

namespace {

Json steered_connections_json(const SteeredCounters& counters) {
  return {{"open", counters.open()},
          {"accepted", counters.dialled},
          {"failed", counters.failed},
          {"givenUp", counters.given_up},
          {"bytesToBackend", counters.bytes_to_endpoint},
          {"bytesToClient", counters.bytes_to_client}};
}

/// "12 open, 345 made, 1 failed".
std::string counted(const SteeredCounters& counters) {
  std::string words = fmt::format("{} open, {} made, {} failed", counters.open(), counters.dialled, counters.failed);
  if (counters.given_up > 0) words += fmt::format(", {} given up by their client", counters.given_up);
  return words;
}

}  // namespace

ConnectionCounters with_steered(const ConnectionCounters& carried, const SteeredCounters& steered) {
  ConnectionCounters sum = carried;
  sum.accepted += steered.dialled;
  sum.open += steered.open();
  sum.failed += steered.failed;
  sum.bytes_to_backend += steered.bytes_to_endpoint;
  sum.bytes_to_client += steered.bytes_to_client;
  return sum;
}

std::optional<SteeredPort> steered_port(const SteeringView* steering, const Dataplane::Port& port) {
  return steering != nullptr && port.info ? steering->port(*port.served->name()) : std::nullopt;
}

Json steered_port_json(const std::optional<SteeredPort>& port) {
  if (!port) return nullptr;
  return {{"steered", port->steered()},
          {"why", port->why_not},
          {"paused", port->paused},
          {"connections", steered_connections_json(port->connections)}};
}

Json steering_json(const SteeringSnapshot& steering) {
  const ServicePortsByPath ports = by_path(steering);
  Json maps = Json::array();
  for (const SteeringMap& map : steering.maps) {
    maps.push_back({{"name", map.name}, {"entries", map.entries}, {"most", map.most}});
  }
  return {{"on", steering.why_not.empty()},
          {"why", steering.why_not},
          {"pinned", steering.pinned},
          {"servicePorts", {{"steered", ports.steered}, {"relayed", ports.relayed}, {"paused", ports.paused}}},
          {"connections", steered_connections_json(steering.totals)},
          {"pauses", steering.pauses},
          {"maps", std::move(maps)}};
}

std::string steering_words(const SteeringView* steering, const Dataplane::Port& port) {
  if (steering == nullptr) return {};
  const bool tcp = port.served->name()->protocol == config::Protocol::kTcp;
  if (const std::string why = steering->why_not(); !why.empty()) return tcp ? "steering is off: " + why : "";
  const std::optional<SteeredPort> seen = steered_port(steering, port);
  if (!seen) return {};
  if (seen->steered()) {
    return fmt::format("new connections from this node go straight to an endpoint (steered): {}",
                       counted(seen->connections));
  }
  std::string words = !tcp           ? fmt::format("the relay carries it all: {}", seen->why_not)
                      : seen->paused ? fmt::format("the relay carries new connections for now: {}", seen->why_not)
                                     : fmt::format("the relay carries every new connection: {}", seen->why_not);
  // Those from before go on.
  if (seen->connections.dialled > 0) words += fmt::format("; steered so far: {}", counted(seen->connections));
  return words;
}

}  // namespace ferry::proxy

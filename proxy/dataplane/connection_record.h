#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "config/backend_set.h"
#include "config/service_port_name.h"
#include "proxy/relay/socket_address.h"

namespace ferry::proxy {

/// How a connection stands.
enum class ConnectionState : std::uint8_t {
  kDialling,
  /// For an endpoint that may have one more.
  kWaiting,
  kCarried,
  kHalfClosed,
};
/// "dialling", "waiting", "carried", "half-closed".
std::string_view to_string(ConnectionState state);

/// How a connection ended.
enum class ConnectionEnd : std::uint8_t {
  /// Both sides had finished.
  kFinished,
  kResetByClient,
  kResetByEndpoint,
  /// The client left before there was an endpoint.
  kClientLeft,
  /// No endpoint took it.
  kNoEndpoint,
  kHalfCloseTimeout,
  kIdleTimeout,
  /// Its endpoint terminated or was gone for longer than the service allows.
  kDrained,
  /// Who ought to have answered was silent for too long.
  kClientVanished,
  kEndpointVanished,
  /// There was no memory to go on with it.
  kNoMemory,
  /// The daemon ended.
  kShutdown,
};
/// "finished", "reset by client" and so on.
std::string_view to_string(ConnectionEnd end);

/// One TCP connection, for those who look.
struct ConnectionRecord {
  std::shared_ptr<const config::ServicePortName> service;
  Peer client;
  /// The service address it was made to.
  Peer address;
  /// Where it is carried to, or the last one dialled; none: not yet any.
  std::optional<config::Backend> endpoint;
  ConnectionState state = ConnectionState::kDialling;
  /// Dials so far.
  unsigned attempts = 0;
  std::uint64_t bytes_to_backend = 0;
  std::uint64_t bytes_to_client = 0;
  /// Since it was accepted, and since a byte last passed (or it was accepted).
  std::chrono::milliseconds age{};
  std::chrono::milliseconds idle{};
  std::size_t worker = 0;
  /// None while it is open.
  std::optional<ConnectionEnd> end;
};

}  // namespace ferry::proxy

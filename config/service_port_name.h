#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ferry::config {

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };

/// "TCP", "UDP" or "SCTP", as Kubernetes writes them.
std::string_view to_string(Protocol protocol);
/// The reverse, exact case; nullopt for anything else.
std::optional<Protocol> parse_protocol(std::string_view text);

/// The name of a namespaced object.
struct NamespacedName {
  std::string ns;
  std::string name;

  /// "namespace/name"
  std::string to_string() const;

  friend auto operator<=>(const NamespacedName&, const NamespacedName&) = default;
  friend bool operator==(const NamespacedName&, const NamespacedName&) = default;
};

/// What one service port is known by everywhere: in the store, the balancer, logs and metrics.
struct ServicePortName {
  NamespacedName service;
  /// Empty when the service has a single, unnamed port.
  std::string port;
  Protocol protocol = Protocol::kTcp;

  /// "namespace/name:port/TCP"; without ":port" when the port has no name.
  std::string to_string() const;

  friend auto operator<=>(const ServicePortName&, const ServicePortName&) = default;
  friend bool operator==(const ServicePortName&, const ServicePortName&) = default;
};

}  // namespace ferry::config

template <>
struct std::hash<ferry::config::NamespacedName> {
  std::size_t operator()(const ferry::config::NamespacedName& name) const noexcept;
};

template <>
struct std::hash<ferry::config::ServicePortName> {
  std::size_t operator()(const ferry::config::ServicePortName& name) const noexcept;
};

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config/ip_address.h"
#include "config/service_port_name.h"

namespace ferry::proxy {

using Prefixes = std::vector<config::IpPrefix>;

/// An address and port at which a service port is reached.
struct ListenAddress {
  config::IpAddress address;
  std::uint16_t port = 0;
  config::Protocol protocol = config::Protocol::kTcp;

  friend auto operator<=>(const ListenAddress&, const ListenAddress&) = default;
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "10.0.0.1:80" or "[fd00::1]:80", followed by "/UDP" where it is not TCP.
std::string to_string(const ListenAddress& at);

/// Whose connections are answered. What others send is ignored: to them it is as if nobody had the address.
struct Admission {
  bool everyone = true;
  /// Unless everyone is admitted: those from these ranges.
  Prefixes sources;

  friend bool operator==(const Admission&, const Admission&) = default;
};

}  // namespace ferry::proxy

template <>
struct std::hash<ferry::proxy::ListenAddress> {
  std::size_t operator()(const ferry::proxy::ListenAddress& at) const noexcept {
    return std::hash<ferry::config::IpAddress>()(at.address) * 65599U + 4U * at.port +
           static_cast<std::size_t>(at.protocol);
  }
};

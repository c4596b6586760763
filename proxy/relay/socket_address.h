#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include <sys/socket.h>

#include "config/ip_address.h"

namespace ferry::proxy {

/// An address and port as the socket calls want it.
class SocketAddress {
 public:
  SocketAddress(const config::IpAddress& address, std::uint16_t port) noexcept;

  /// AF_INET or AF_INET6.
  int domain() const noexcept { return storage_.ss_family; }
  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// The address in what a socket call answered; none for a family that is neither IPv4 nor IPv6.
std::optional<config::IpAddress> address_of(const sockaddr_storage& storage) noexcept;

/// Someone at the other end.
struct Peer {
  config::IpAddress address;
  std::uint16_t port = 0;

  friend bool operator==(const Peer&, const Peer&) = default;
};

/// The same with its port; 0.0.0.0:0 for a family that is neither.
Peer peer_of(const sockaddr_storage& storage) noexcept;

}  // namespace ferry::proxy

template <>
struct std::hash<ferry::proxy::Peer> {
  std::size_t operator()(const ferry::proxy::Peer& peer) const noexcept {
    return std::hash<ferry::config::IpAddress>()(peer.address) * 65599U + peer.port;
  }
};

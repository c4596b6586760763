#pragma once

#include <cstdint>
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

}  // namespace ferry::proxy

#include "proxy/relay/socket_address.h"

#include <array>
#include <cstring>

#include <netinet/in.h>

namespace ferry::proxy {

SocketAddress::SocketAddress(const config::IpAddress& address, std::uint16_t port) noexcept {
  if (address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, address.bytes().data(), sizeof(v4.sin_addr));
    std::memcpy(&storage_, &v4, sizeof(v4));
    size_ = sizeof(v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, address.bytes().data(), sizeof(v6.sin6_addr));
    std::memcpy(&storage_, &v6, sizeof(v6));
    size_ = sizeof(v6);
  }
}

std::optional<config::IpAddress> address_of(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) {
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(storage).sin_addr, bytes.size());
    return config::IpAddress::from_v4_bytes(bytes);
  }
  if (storage.ss_family == AF_INET6) {
    config::IpAddress::Bytes bytes{};
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr, bytes.size());
    return config::IpAddress::from_v6_bytes(bytes);
  }
  return std::nullopt;
}

Peer peer_of(const sockaddr_storage& storage) noexcept {
  const std::optional<config::IpAddress> address = address_of(storage);
  if (!address) {
    return {};
  }
  return {*address, address->is_v4() ? ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port)
                                     : ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port)};
}

}  // namespace ferry::proxy
